#include "lib/config/setting_types.hpp"

#include "lib/core/json.hpp"

namespace gembal::config {

std::string in_quotes(const std::string& text) { return to_text(Json(text)); }

std::string quoted_list(const std::vector<std::string>& items) {
  std::vector<std::string> texts;
  for (const auto& item : items) texts.push_back(in_quotes(item));
  return "[" + join(texts, ", ") + "]";
}

std::string one(const Values& values) { return values.empty() ? "" : values.front(); }

bool is_address(std::string_view text) {
  const auto colon = text.rfind(':');
  int port = 0;
  return colon != std::string_view::npos && colon > 0 &&
         whole_number(std::string(text.substr(colon + 1)), 0, 65535, port).empty();
}

std::pair<std::string, std::string> read_pair(std::string_view line) {
  auto colon = line.find(": ");
  if (colon == std::string_view::npos) colon = line.find(':');
  if (colon == std::string_view::npos) return {};
  return {std::string(trim(line.substr(0, colon))), std::string(trim(line.substr(colon + 1)))};
}

std::string in_hours(const std::string& text) { return text + "h"; }
std::string in_seconds(const std::string& text) { return text + "s"; }
std::string in_days(const std::string& text) { return text + "d"; }

}  // namespace gembal::config
