#include "lib/config/values.hpp"

#include "lib/core/json.hpp"
#include "lib/core/text.hpp"

namespace gembal::config {

Values split_list(std::string_view text) {
  Values items;
  const auto trimmed = trim(text);
  if (trimmed.starts_with('[') || trimmed.starts_with('{')) {
    if (const auto parsed = parse_json(trimmed)) {
      for (const auto& [name, item] : parsed->items()) {
        const std::string value = item.is_string() ? item.get<std::string>() : to_text(item);
        items.push_back(parsed->is_object() ? name + ": " + value : value);
      }
      return items;
    }
  }
  for (const auto item : split(trimmed, ',')) {
    if (!trim(item).empty()) items.emplace_back(trim(item));
  }
  return items;
}

std::optional<bool> parse_bool(std::string_view text) {
  const auto word = lower(trim(text));
  if (word == "true" || word == "1" || word == "yes" || word == "on") return true;
  if (word == "false" || word == "0" || word == "no" || word == "off") return false;
  return std::nullopt;
}

}  // namespace gembal::config
