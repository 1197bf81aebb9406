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

/// The states of each quota subject.
using StatesBySubject = std::map<std::string, std::vector<keypool::ModelState>>;
StatesBySubject by_subject(const std::vector<keypool::SubjectState>& states);

/// A key with what was learned about it.
struct Listed {
  keypool::Key key;
  std::vector<keypool::ModelState> states;
  std::uint64_t requests = 0;  ///< of the last 24 hours
  std::uint64_t tokens = 0;
};

/// Every key of the store. Errors: config, store.
Result<std::vector<Listed>> list_all(const Context& context);

/// Whether a key can stand in a header as it is.
bool is_sendable_key(std::string_view key);

/// What came of adding keys, as text or JSON.
void print_added(const Context& context, const store::Added& added);

/// --status with the statuses that there are.
void add_status_option(CLI::App& command, std::string& status);

// The subcommands of `keys`, a file for each of these.
void add_keys_add_command(CLI::App& keys, Action& chosen);
void add_keys_check_command(CLI::App& keys, Action& chosen);
void add_keys_list_commands(CLI::App& keys, Action& chosen);
void add_keys_change_commands(CLI::App& keys, Action& chosen);
void add_keys_transfer_commands(CLI::App& keys, Action& chosen);
void add_keys_why_command(CLI::App& keys, Action& chosen);

}  // namespace gembal::cmd
