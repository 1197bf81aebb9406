#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/config/config.hpp"
#include "lib/config/settings.hpp"
#include "lib/config/values.hpp"
#include "lib/core/result.hpp"

namespace gembal::config {

/// A value given on the command line: "--listen" for "server.listen".
struct Override {
  std::string key;
  std::string flag;
  Values values;
};

/// Settings by name.
using Saved = std::map<std::string, Values>;

/// Where settings come from besides the defaults.
struct Sources {
  std::optional<std::string> file;  ///< --config; none: the usual places, where it need not exist
  /// What is saved in the store at a place (store.url); may be null: nothing.
  std::function<Result<Saved>(const store::Url&)> saved;
  std::map<std::string, std::string> environment;
  std::vector<Override> overrides;  ///< win over everything else
};

struct Ignored {
  std::string name;  ///< of an environment variable
  std::string why;
};

struct Loaded {
  Config config;
  std::map<std::string, std::string> origins;  ///< setting -> "default", "gembal.toml:12", "the
                                               ///< store", "environment MAX_RETRIES", "--listen"
  std::vector<Ignored> ignored;  ///< the original's variables that are set but mean nothing here
  std::string file;              ///< that was read; "" for none
  Saved saved;                   ///< in the store; in force where no later layer wins
};

/// What `origins` calls the settings that are saved in the store.
inline constexpr const char* kFromStore = "the store";

/// The environment of this process.
std::map<std::string, std::string> process_environment();

/// Where the file is looked for, in this order.
std::vector<std::string> usual_files(const std::map<std::string, std::string>& environment);

/// Puts defaults, file, store, environment and overrides together; later ones win.
/// Errors: config (the file cannot be read or parsed, an unknown name, a wrong type, out of range),
/// naming file and line or the variable; those of `Sources::saved`.
Result<Loaded> load(const Sources& sources);

/// No setting has this name; the hint has the nearest. `where`: where it was met ("x.toml:3"); ""
/// for nowhere. Kind: config.
Error unknown_setting(const std::string& where, const std::string& key);

/// Why a setting cannot be saved in the store; none when it can. Kind: usage.
std::optional<Error> unfit_for_store(const Setting& setting);

/// Whether a setting takes these values. `where` they were met: as in unknown_setting(). Errors:
/// config.
Result<void> check_values(const std::string& where, const Setting& setting, const Values& values);

/// The setting that an environment variable gives, by our name or the original's; null for none.
const Setting* setting_of_variable(const std::string& name);

/// What such a variable's text means for the setting; nullopt when it stands for "not set".
std::optional<Values> values_of_variable(const Setting& setting, const std::string& name,
                                         const std::string& text);

/// Whether it is one of the original's variables that together name a database.
bool is_of_database(const std::string& name);

/// Why a variable of the original's has no effect here; "" for all others.
std::string why_without_effect(const std::string& name);

}  // namespace gembal::config
