#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace gembal {

/// Takes a text apart into what people see as one character each: letters with their accents,
/// families of emoji, flags. Bytes that are no UTF-8 stand alone. The views point into `text`.
std::vector<std::string_view> graphemes(std::string_view text);

/// How many columns of a terminal a line of text takes: two for Chinese characters and emoji, none
/// for what joins the character before.
std::size_t display_width(std::string_view text);

}  // namespace gembal
