#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gembal {

/// Whether `name` is like `pattern`, in which "*" stands for any characters.
bool matches_pattern(std::string_view name, std::string_view pattern);

/// Whether it is like any of them.
bool matches_any(std::string_view name, const std::vector<std::string>& patterns);

}  // namespace gembal
