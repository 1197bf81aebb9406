#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cmd/docs/reference.hpp"

namespace gembal::cmd::docs {

// What each shell completes 'gembal' with: the commands, options and fixed values are written out,
// the rest is asked of `gembal complete`.

std::string bash_completion(const Command& root);
std::string zsh_completion(const Command& root);
std::string fish_completion(const Command& root);

/// In single quotes, as bash and zsh read them.
std::string in_quotes(std::string_view text);

/// The names of those options of a command that take a value, with blanks between them.
std::string names_with_value(const std::vector<Option>& options);

/// The names of its subcommands.
std::vector<std::string> names_of(const std::vector<Command>& commands);

}  // namespace gembal::cmd::docs
