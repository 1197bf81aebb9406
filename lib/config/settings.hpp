#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/config/config.hpp"
#include "lib/config/values.hpp"

namespace gembal::config {

/// What a value looks like; an editor offers what fits.
enum class SettingType { text, choice, integer, boolean, duration, size, list, pairs };

const char* to_string(SettingType type);

/// One setting: everything that the file, the environment, the example, the man page and `config
/// show` know about it.
struct Setting {
  std::string key;            ///< "server.listen"
  std::string default_text;   ///< as it would stand in the file: `"30s"`, `["127.0.0.1:8000"]`
  std::string original_name;  ///< the environment name that gemini-balance has for it; "" for none
  std::string meaning;        ///< one line, with its unit and range
  SettingType type = SettingType::text;
  std::vector<std::string> choices{};  ///< of a choice: its words
  bool is_list = false;                ///< of texts; pairs are "NAME: OTHER" texts
  bool is_secret = false;
  bool needs_restart = false;

  /// Puts a value into the configuration. Returns what is wrong with it ("must be a duration, as in
  /// 30s"); "" when nothing is.
  std::function<std::string(Config&, const Values&)> set;
  /// The value in force, as it would stand in the file; secrets redacted.
  std::function<std::string(const Config&)> show;
  /// The same with its secrets as they are; null for a setting that has none.
  std::function<std::string(const Config&)> reveal;
  /// Turns the original's unit into ours ("300" seconds into "300s"); null when they are the same.
  std::function<std::string(const std::string&)> from_original;

  /// "GEMBAL_SERVER_LISTEN"
  std::string environment_name() const;

  // What a setting is made with; see sections.hpp.
  /// `convert`: from_original.
  Setting original(std::string name,
                   std::function<std::string(const std::string&)> convert = nullptr) &&;
  Setting means(std::string text) &&;
  Setting at_restart() &&;
};

/// Every setting, in the order of the example file.
const std::vector<Setting>& settings();

const Setting* find_setting(std::string_view key);

}  // namespace gembal::config
