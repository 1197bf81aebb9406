#pragma once

#include <map>
#include <string>
#include <vector>

#include "cmd/admin_access.hpp"
#include "cmd/command.hpp"
#include "daemon/admin/key_listing.hpp"

namespace gembal::cmd {

/// The ids of a daemon's keys that names mean, as resolve_keys() understands them, and that are of
/// a status; no names, or "": all. Errors: usage; those of the daemon.
Result<std::vector<std::string>> ids_at(const AdminAccess& daemon,
                                        const std::vector<std::string>& names,
                                        const std::string& status);

struct CheckKeysOptions {
  std::vector<std::string> names;  ///< none: all keys
  std::string model;               ///< "": pool.test_model
  std::string status;              ///< only keys of this status; "": any
  std::size_t jobs = 16;
  bool disable = false;
  bool enable = false;
  Via via;
};

/// Asks the API with each key, prints and remembers what came of it. Status: 0 all usable, 1 some
/// bad, 3 none usable, 4 could not tell.
Result<int> check_keys(Context& context, const CheckKeysOptions& options);

using daemon::admin::by_subject;
using daemon::admin::Listed;
using daemon::admin::status_of;

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
