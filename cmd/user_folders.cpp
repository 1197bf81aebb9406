#include "cmd/user_folders.hpp"

#include <cstdlib>

namespace gembal::cmd {
namespace {

std::filesystem::path folder(const char* variable, const char* standard) {
  // The XDG specification wants relative paths ignored.
  const char* given = std::getenv(variable);
  if (given && *given == '/') return std::filesystem::path(given) / "gembal";
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home && *home ? home : ".") / standard / "gembal";
}

}  // namespace

std::filesystem::path data_folder() { return folder("XDG_DATA_HOME", ".local/share"); }

std::filesystem::path config_folder() { return folder("XDG_CONFIG_HOME", ".config"); }

}  // namespace gembal::cmd
