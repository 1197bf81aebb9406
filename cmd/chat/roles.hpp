#pragma once

#include <optional>
#include <string>

#include "lib/core/result.hpp"

namespace gembal::cmd {

/// A system instruction that is used again and again: $XDG_CONFIG_HOME/gembal/roles/NAME.md. Its
/// first lines may be "model: NAME" and "temperature: T", between two lines of "---".
struct Role {
  std::string system;
  std::string model;  ///< "": the usual one
  std::optional<double> temperature;
};

/// Errors: usage (no such role: names those that there are; a head that cannot be read), io.
Result<Role> read_role(const std::string& name);

}  // namespace gembal::cmd
