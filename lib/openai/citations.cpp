#include "lib/openai/citations.hpp"

#include <algorithm>

#include "lib/gemini/grounding.hpp"

namespace gembal::openai {
namespace {

constexpr std::size_t kMostBytes = 4u << 20;  // of text whose characters are told apart

Json citation(const Json& source, std::size_t start, std::size_t end, bool flat) {
  Json link = {{"url", string_in(source, "uri")},
               {"title", string_in(source, "title")},
               {"start_index", start},
               {"end_index", end}};
  Json made = {{"type", "url_citation"}};
  if (flat) {
    made.update(link);
  } else {
    made["url_citation"] = std::move(link);
  }
  return made;
}

}  // namespace

void CharacterIndex::append(std::string_view utf8) {
  const auto room = kMostBytes - std::min(kMostBytes, begins_.size());
  for (const char c : utf8.substr(0, room))
    begins_.push_back((static_cast<unsigned char>(c) & 0xC0) != 0x80);
}

std::size_t CharacterIndex::characters_before(std::size_t offset) const {
  const auto end = begins_.begin() + static_cast<std::ptrdiff_t>(std::min(offset, begins_.size()));
  return static_cast<std::size_t>(std::count(begins_.begin(), end, true));
}

Json citations_of(const Json& grounding, const CharacterIndex& text, bool flat) {
  Json made = Json::array();
  if (!find(grounding, "groundingSupports")) {
    const auto end = text.characters_before(text.bytes());
    for (const Json* source : gemini::sources_in(grounding))
      made.push_back(citation(*source, end, end, flat));
    return made;
  }
  for (const auto& [segment, source] : gemini::supports_in(grounding)) {
    const auto offset = [&text, &part = *segment](const char* name) {
      const auto bytes = std::max<std::int64_t>(integer_in(part, name).value_or(0), 0);
      return text.characters_before(static_cast<std::size_t>(bytes));
    };
    made.push_back(citation(*source, offset("startIndex"), offset("endIndex"), flat));
  }
  return made;
}

}  // namespace gembal::openai
