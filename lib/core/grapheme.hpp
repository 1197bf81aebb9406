#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace gembal {

/// Takes a text apart into what people see as one character each: letters with their accents,
/// families of emoji, flags. Bytes that are no UTF-8 stand alone. The views point into `text`.
std::vector<std::string_view> graphemes(std::string_view text);

}  // namespace gembal
