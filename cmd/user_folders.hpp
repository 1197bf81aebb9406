#pragma once

#include <filesystem>

namespace gembal::cmd {

/// $XDG_DATA_HOME/gembal, or ~/.local/share/gembal. Need not exist.
std::filesystem::path data_folder();
/// $XDG_CONFIG_HOME/gembal, or ~/.config/gembal. Need not exist.
std::filesystem::path config_folder();

}  // namespace gembal::cmd
