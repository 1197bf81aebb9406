#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cmd/command.hpp"

namespace gembal::cmd {

/// Where a setting's value comes from.
std::string origin_of(const config::Loaded& loaded, const std::string& key);

/// What a setting would be with these values, as it would stand in the file; secrets redacted. The
/// values must be good.
std::string shown_as(const config::Setting& setting, const config::Values& values);

/// What in this environment wins over a setting that is saved: "environment MAX_RETRIES". `loaded`:
/// without or with what is saved.
std::optional<std::string> wins_over_saved(const config::Loaded& loaded, const std::string& key);

/// Says, on stderr, when the settings that were saved or taken back will not be in force at once.
void tell_when_in_force(const Context& context, const config::Loaded& loaded,
                        const std::vector<const config::Setting*>& settings);

// The subcommands of `config`.
void add_config_get_command(CLI::App& config, Action& chosen);
void add_config_set_commands(CLI::App& config, Action& chosen);  ///< set, unset
void add_config_import_command(CLI::App& config, Action& chosen);

}  // namespace gembal::cmd
