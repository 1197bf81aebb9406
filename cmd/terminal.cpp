#include "cmd/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

namespace gembal::cmd {

std::size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

bool stdout_is_terminal() { return ::isatty(STDOUT_FILENO) == 1; }

bool stdin_is_terminal() { return ::isatty(STDIN_FILENO) == 1; }

}  // namespace gembal::cmd
