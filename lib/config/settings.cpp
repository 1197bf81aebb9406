#include "lib/config/settings.hpp"

#include <iterator>
#include <utility>

#include "lib/config/sections.hpp"

namespace gembal::config {

const char* to_string(SettingType type) {
  switch (type) {
    case SettingType::text: return "text";
    case SettingType::choice: return "choice";
    case SettingType::integer: return "integer";
    case SettingType::boolean: return "boolean";
    case SettingType::duration: return "duration";
    case SettingType::size: return "size";
    case SettingType::list: return "list";
    case SettingType::pairs: return "pairs";
  }
  return "text";
}

Setting Setting::original(std::string name,
                          std::function<std::string(const std::string&)> convert) && {
  original_name = std::move(name);
  from_original = std::move(convert);
  return std::move(*this);
}

Setting Setting::means(std::string text) && {
  meaning = std::move(text);
  return std::move(*this);
}

Setting Setting::at_restart() && {
  needs_restart = true;
  return std::move(*this);
}

std::string Setting::environment_name() const {
  std::string name = "GEMBAL_";
  for (const char c : key)
    name += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return name;
}

const std::vector<Setting>& settings() {
  static const std::vector<Setting> all = [] {
    std::vector<Setting> made;
    for (const auto section : {server_settings, upstream_settings, pool_settings, model_settings,
                               stream_settings, image_settings, log_settings}) {
      auto some = section();
      std::move(some.begin(), some.end(), std::back_inserter(made));
    }
    return made;
  }();
  return all;
}

const Setting* find_setting(std::string_view key) {
  for (const auto& setting : settings()) {
    if (setting.key == key) return &setting;
  }
  return nullptr;
}

}  // namespace gembal::config
