#include "lib/openai/citations.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "lib/gemini/grounding.hpp"

namespace gembal::openai {
namespace {

constexpr std::size_t kMostBytes = 4u << 20;  // of text whose characters are told apart

/// Which of the first eight bytes begin a character: all but those of the form 10xxxxxx.
std::uint8_t begins_of_eight(std::string_view utf8) {
  std::uint64_t word = 0;
  std::memcpy(&word, utf8.data(), 8);
  const std::uint64_t begins = ~((word >> 7) & ~(word >> 6)) & 0x0101010101010101;
  // Moves the lowest bit of each byte beside each other, into the highest byte.
  return static_cast<std::uint8_t>((begins * 0x0102040810204080) >> 56);
}

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
  utf8 = utf8.substr(0, kMostBytes - std::min(kMostBytes, bytes_));
  while (!utf8.empty()) {
    if (bytes_ % 8 == 0 && utf8.size() >= 8) {
      begins_.push_back(begins_of_eight(utf8));
      bytes_ += 8;
      utf8.remove_prefix(8);
      continue;
    }
    if (bytes_ % 8 == 0) begins_.push_back(0);
    const bool begins = (static_cast<unsigned char>(utf8.front()) & 0xC0) != 0x80;
    begins_.back() |= static_cast<std::uint8_t>(begins << bytes_ % 8);
    ++bytes_;
    utf8.remove_prefix(1);
  }
}

std::size_t CharacterIndex::characters_before(std::size_t offset) const {
  offset = std::min(offset, bytes_);
  std::size_t count = 0;
  for (std::size_t i = 0; i < offset / 8; ++i)
    count += static_cast<std::size_t>(std::popcount(begins_[i]));
  if (const auto rest = offset % 8; rest > 0) {
    const auto low = static_cast<std::uint8_t>(begins_[offset / 8] & ((1u << rest) - 1));
    count += static_cast<std::size_t>(std::popcount(low));
  }
  return count;
}

Json citations_of(const Json& grounding, const CharacterIndex& text, bool flat) {
  Json made = Json::array();
  if (!find(grounding, "groundingChunks")) return made;
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
