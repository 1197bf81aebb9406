// Events of the native face that are told in small pieces, or shown as text: no word is lost.

#include "lib/core/grapheme.hpp"
#include "lib/gemini/shown_text.hpp"
#include "lib/gemini/text_pacing.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace gembal {
namespace {

/// The words of an event's only candidate.
std::string words_of(const Json& event) {
  std::string words;
  const Json* candidates = find(event, "candidates");
  if (!candidates || !candidates->is_array() || candidates->empty()) return words;
  const Json* content = find(candidates->front(), "content");
  const Json* parts = content ? find(*content, "parts") : nullptr;
  if (!parts || !parts->is_array()) return words;
  for (const auto& part : *parts) words += string_in(part, "text");
  return words;
}

void check_cut(const std::string& text, const Json& event, bool hurries) {
  gemini::CutEvent cut(text, {}, hurries);
  std::string words;
  std::size_t count = 0;
  while (!cut.done()) {
    const auto piece = cut.next();
    promise(cut.delay().count() >= 0, "a wait is no less than none");
    const auto json = parse_json(piece);
    promise(static_cast<bool>(json), "a piece is an event", piece);
    words += words_of(*json);
    promise(++count <= text.size() + 1, "there are no more pieces than characters");
  }
  promise(words == words_of(event), "the words of the pieces are those of the event", words);
}

}  // namespace

void fuzz_one(std::string_view input) {
  std::size_t bytes = 0;
  for (const auto one : graphemes(input)) {
    promise(!one.empty() && one.data() == input.data() + bytes, "characters follow each other");
    bytes += one.size();
  }
  promise(bytes == input.size(), "each byte is in a character");

  const auto event = parse_json(input);
  if (!event || !event->is_object()) return;
  const std::string text(input);
  for (const bool hurries : {false, true}) check_cut(text, *event, hurries);
  gemini::ShownAnswer shown({true, true});
  Json changed = *event;
  shown.show(changed);
  promise(is_json(to_text(changed)), "an event stays one");
}

}  // namespace gembal
