#pragma once

#include <map>
#include <string>
#include <vector>

#include "cmd/command.hpp"

namespace gembal::cmd {

struct CheckKeysOptions {
  std::vector<std::string> names;  ///< none: all keys
  std::string model;               ///< "": pool.test_model
  std::string status;              ///< only keys of this status; "": any
  std::size_t jobs = 16;
  bool disable = false;
  bool enable = false;
};

/// Asks the API with each key, prints and remembers what came of it. Status: 0 all usable, 1 some
/// bad, 3 none usable, 4 could not tell.
Result<int> check_keys(Context& context, const CheckKeysOptions& options);

/// "ok", "cooling", "exhausted", "unsupported" or "disabled".
std::string status_of(const keypool::Key& key, const std::vector<keypool::ModelState>& states);

/// The states of each key, by id.
using StatesById = std::map<std::string, std::vector<keypool::ModelState>>;
StatesById by_id(const std::vector<std::pair<std::string, keypool::ModelState>>& states);

}  // namespace gembal::cmd
