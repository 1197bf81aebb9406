#include "lib/core/grapheme.hpp"

#include <utf8proc.h>

#include <algorithm>

namespace gembal {
namespace {

/// How many bytes the character at the beginning of `text` has, and which it is; -1: none.
std::size_t read_character(std::string_view text, utf8proc_int32_t& character) {
  const auto* const bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const auto read = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size()), &character);
  if (read > 0) return static_cast<std::size_t>(read);
  character = -1;
  return 1;
}

}  // namespace

std::vector<std::string_view> graphemes(std::string_view text) {
  std::vector<std::string_view> found;
  utf8proc_int32_t before = -1, state = 0;
  std::size_t start = 0;
  for (std::size_t at = 0; at < text.size();) {
    utf8proc_int32_t character = -1;
    const auto length = read_character(text.substr(at), character);
    const bool breaks = at > 0 && (before < 0 || character < 0 ||
                                   utf8proc_grapheme_break_stateful(before, character, &state));
    if (breaks) {
      found.push_back(text.substr(start, at - start));
      start = at;
      if (before < 0 || character < 0) state = 0;
    }
    before = character;
    at += length;
  }
  if (start < text.size()) found.push_back(text.substr(start));
  return found;
}

std::size_t display_width(std::string_view text) {
  // Most of what is shown is ASCII, where a byte is a column. Only its neighbours can join what is
  // not: an accent the letter before, a mark the digit behind.
  const auto is_ascii = [](char c) { return c >= 0; };
  const auto first = std::find_if_not(text.begin(), text.end(), is_ascii);
  if (first == text.end()) return text.size();
  const auto last = std::find_if_not(text.rbegin(), text.rend(), is_ascii).base();
  const auto begin =
      static_cast<std::size_t>(first - text.begin() - (first == text.begin() ? 0 : 1));
  const auto end = static_cast<std::size_t>(last - text.begin() + (last == text.end() ? 0 : 1));
  std::size_t columns = text.size() - (end - begin);
  constexpr utf8proc_int32_t kEmojiStyle = 0xFE0F, kFirstFlag = 0x1F1E6, kLastFlag = 0x1F1FF;
  for (const auto one : graphemes(text.substr(begin, end - begin))) {
    int widest = 0;
    for (std::size_t at = 0; at < one.size();) {
      utf8proc_int32_t character = -1;
      at += read_character(one.substr(at), character);
      const bool is_wide =
          character == kEmojiStyle || (character >= kFirstFlag && character <= kLastFlag);
      widest = std::max(widest, is_wide ? 2 : character < 0 ? 1 : utf8proc_charwidth(character));
    }
    columns += static_cast<std::size_t>(widest);
  }
  return columns;
}

}  // namespace gembal
