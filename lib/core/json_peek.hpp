#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gembal {

/// The string member `name` at the top level of a JSON object, found without building a tree: much
/// cheaper than parse_json() on a large body. nullopt when it is missing, no string, or the text is
/// no JSON object. Never throws.
std::optional<std::string> top_level_string(std::string_view json, std::string_view name);

}  // namespace gembal
