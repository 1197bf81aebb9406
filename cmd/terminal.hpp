#pragma once

#include <cstddef>

namespace gembal::cmd {

/// Columns of the terminal on stdout, as it is now: people change it midway. 80 when nobody knows.
std::size_t terminal_width();

bool stdout_is_terminal();
bool stdin_is_terminal();

}  // namespace gembal::cmd
