#include "lib/core/pattern.hpp"

#include <algorithm>

namespace gembal {

bool matches_pattern(std::string_view name, std::string_view pattern) {
  auto star = pattern.find('*');
  if (star == std::string_view::npos) return name == pattern;
  if (!name.starts_with(pattern.substr(0, star))) return false;
  name.remove_prefix(star);
  // The first place that fits a piece between two stars is as good as any later one.
  for (;;) {
    pattern.remove_prefix(star + 1);
    star = pattern.find('*');
    if (star == std::string_view::npos) return name.ends_with(pattern);
    const auto at = name.find(pattern.substr(0, star));
    if (at == std::string_view::npos) return false;
    name.remove_prefix(at + star);
  }
}

bool matches_any(std::string_view name, const std::vector<std::string>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [name](const auto& pattern) { return matches_pattern(name, pattern); });
}

}  // namespace gembal
