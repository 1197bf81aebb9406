#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gembal::config {

/// A setting's value as any layer gives it: one text, or the items of a list.
using Values = std::vector<std::string>;

/// The items of a list in an environment variable: a JSON array of texts, or comma separated.
/// Blanks around items do not count; empty ones are left out.
Values split_list(std::string_view text);

/// "true", "1", "yes", "on" and their opposites, in any case.
std::optional<bool> parse_bool(std::string_view text);

}  // namespace gembal::config
