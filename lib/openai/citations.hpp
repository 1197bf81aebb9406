#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "lib/core/json.hpp"

namespace gembal::openai {

/// Remembers where the characters of a text begin, not the text: a bit for each byte, up to a
/// bound.
class CharacterIndex {
 public:
  void append(std::string_view utf8);

  /// How many characters (code points) begin before the byte at `offset`.
  std::size_t characters_before(std::size_t offset) const;
  std::size_t bytes() const { return bytes_; }

 private:
  std::vector<std::uint8_t> begins_;  ///< a bit for each byte, the lowest first
  std::size_t bytes_ = 0;
};

/// The links of a groundingMetadata as OpenAI's annotations, of type url_citation. Upstream counts
/// in bytes of UTF-8, OpenAI in characters of `text`. `flat`: the members stand in the annotation
/// itself, as the Responses API has them, not in an object `url_citation`.
Json citations_of(const Json& grounding, const CharacterIndex& text, bool flat);

}  // namespace gembal::openai
