#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/config/config.hpp"
#include "lib/config/values.hpp"
#include "lib/core/result.hpp"

namespace gembal::config {

/// A value given on the command line: "--listen" for "server.listen".
struct Override {
  std::string key;
  std::string flag;
  Values values;
};

/// Where settings come from besides the defaults.
struct Sources {
  std::optional<std::string> file;  ///< --config; none: the usual places, where it need not exist
  std::map<std::string, std::string> environment;
  std::vector<Override> overrides;  ///< win over everything else
};

struct Ignored {
  std::string name;  ///< of an environment variable
  std::string why;
};

struct Loaded {
  Config config;
  std::map<std::string, std::string>
      origins;  ///< setting -> "default", "gembal.toml:12", "environment MAX_RETRIES", "--listen"
  std::vector<Ignored> ignored;  ///< the original's variables that are set but mean nothing here
  std::string file;              ///< that was read; "" for none
};

/// The environment of this process.
std::map<std::string, std::string> process_environment();

/// Where the file is looked for, in this order.
std::vector<std::string> usual_files(const std::map<std::string, std::string>& environment);

/// Puts defaults, file, environment and overrides together; later ones win.
/// Errors: config (the file cannot be read or parsed, an unknown name, a wrong type, out of range),
/// naming file and line or the variable.
Result<Loaded> load(const Sources& sources);

}  // namespace gembal::config
