#pragma once

#include <string>
#include <vector>

#include "cmd/command.hpp"

namespace gembal::cmd {

enum class Health { ok, warn, fail };

/// What was found about one thing.
struct Finding {
  std::string name;  ///< "store": stable, for scripts
  Health health = Health::ok;
  std::string message;
  std::string hint;  ///< what to do; "" for nothing
};
using Findings = std::vector<Finding>;

// What doctor looks at; each takes a few seconds at most, and none needs another.

/// Variables that mean nothing: misspelt, or gemini-balance's without a counterpart.
Finding check_environment(const config::Loaded& loaded,
                          const std::map<std::string, std::string>& environment);
/// Who may use the store's file. Opening it makes it private again, so this comes first.
Finding check_permissions(const config::Config& config);
/// The store ("store", "space") and the keys in it ("keys"), and `permissions` in between. Makes no
/// store.
Findings check_store(const config::Config& config, const Finding& permissions);
Finding check_terminal();

/// The way to the API: "proxy" (one for each that is configured), "name", "upstream" and "clock".
/// Sends no key.
Findings check_network(const config::Config& config,
                       const std::map<std::string, std::string>& environment);
/// Whether the daemon could listen, or does: a finding for each address.
Findings check_listen(const config::Config& config);

}  // namespace gembal::cmd
