#include "lib/gemini/text_pacing.hpp"

#include <algorithm>
#include <cmath>

#include "lib/core/grapheme.hpp"

namespace gembal::gemini {
namespace {

using std::chrono::milliseconds;

/// The parts of the event's one candidate; nullptr when it is not worth cutting.
Json* parts_of(Json& event) {
  if (!event.is_object()) return nullptr;
  const auto candidates = event.find("candidates");
  if (candidates == event.end() || !candidates->is_array() || candidates->size() != 1)
    return nullptr;
  auto& candidate = (*candidates)[0];
  if (!candidate.is_object()) return nullptr;
  const auto content = candidate.find("content");
  if (content == candidate.end() || !content->is_object()) return nullptr;
  const auto parts = content->find("parts");
  return parts == content->end() || !parts->is_array() || parts->empty() ? nullptr : &*parts;
}

bool is_words(const Json& part) {
  return part.is_object() && !string_in(part, "text").empty() &&
         !bool_in(part, "thought").value_or(false);
}

/// What every piece of an event says besides its words.
Json head_of(const Json& event) {
  const auto& candidate = event["candidates"][0];
  Json content = Json::object();
  content["parts"] = Json::array();
  if (const Json* role = find(candidate["content"], "role")) content["role"] = *role;
  Json shown = {{"content", std::move(content)}};
  if (const Json* index = find(candidate, "index")) shown["index"] = *index;
  Json head;
  head["candidates"] = Json::array();
  head["candidates"].push_back(std::move(shown));
  for (const auto* name : {"modelVersion", "responseId"}) {
    if (const Json* value = find(event, name)) head[name] = *value;
  }
  return head;
}

}  // namespace

milliseconds delay_after_piece(std::size_t characters, const PacingRules& rules) {
  const auto length = static_cast<double>(characters);
  if (length <= rules.short_text) return rules.max_delay;
  if (length >= rules.long_text) return rules.min_delay;
  const double share = std::log(length / rules.short_text) /
                       std::log(static_cast<double>(rules.long_text) / rules.short_text);
  const auto range = static_cast<double>((rules.max_delay - rules.min_delay).count());
  return rules.max_delay - milliseconds{static_cast<std::int64_t>(share * range)};
}

CutEvent::CutEvent(std::string event, const PacingRules& rules, bool hurries) {
  auto json = parse_json(event);
  Json* parts = json ? parts_of(*json) : nullptr;
  if (!parts || std::none_of(parts->begin(), parts->end(), is_words)) {
    whole_ = std::move(event);
    return;
  }
  head_ = head_of(*json);
  for (auto& part : *parts) cut(part, rules, hurries);
  *parts = Json::array();
  event_ = *std::move(json);
}

void CutEvent::cut(const Json& part, const PacingRules& rules, bool hurries) {
  if (!is_words(part)) {
    pieces_.push_back({part, {}});
    return;
  }
  const auto text = string_in(part, "text");
  const auto characters = graphemes(text);
  const bool is_long = hurries || characters.size() >= static_cast<std::size_t>(rules.long_text);
  const auto size = is_long ? static_cast<std::size_t>(rules.chunk_size) : 1u;
  const auto delay = is_long ? rules.min_delay : delay_after_piece(characters.size(), rules);
  for (std::size_t first = 0; first < characters.size(); first += size) {
    const auto last = std::min(first + size, characters.size()) - 1;
    const auto* const begin = characters[first].data();
    const auto* const end = characters[last].data() + characters[last].size();
    // What else the part has, a signature, belongs to its end.
    Json piece = last + 1 == characters.size() ? part : Json::object();
    piece["text"] = std::string(begin, end);
    pieces_.push_back({std::move(piece), delay});
  }
}

std::string CutEvent::next() {
  if (whole_ || at_ + 1 == pieces_.size()) {
    const auto delay = whole_ ? milliseconds{} : pieces_[at_].delay;
    auto last = rest();
    delay_ = delay;
    return last;
  }
  auto& piece = pieces_[at_++];
  delay_ = piece.delay;
  auto& parts = head_["candidates"][0]["content"]["parts"];
  parts = Json::array();
  parts.push_back(std::move(piece.part));
  return gembal::to_text(head_);
}

std::string CutEvent::rest() {
  delay_ = {};
  if (whole_) {
    auto event = *std::move(whole_);
    whole_.reset();
    return event;
  }
  auto& parts = event_["candidates"][0]["content"]["parts"];
  for (; at_ < pieces_.size(); ++at_) {
    auto& part = pieces_[at_].part;
    // Pieces of one text are put together again.
    const bool goes_on =
        !parts.empty() && is_words(parts.back()) && parts.back().size() == 1 && is_words(part);
    if (goes_on)
      part["text"] =
          std::string(string_in(parts.back(), "text")) + std::string(string_in(part, "text"));
    if (goes_on) {
      parts.back() = std::move(part);
    } else {
      parts.push_back(std::move(part));
    }
  }
  return gembal::to_text(event_);
}

}  // namespace gembal::gemini
