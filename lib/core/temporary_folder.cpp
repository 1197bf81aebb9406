#include "lib/core/temporary_folder.hpp"

#include <cstdlib>

namespace gembal {

Result<std::unique_ptr<TemporaryFolder>> TemporaryFolder::make(const std::string& name) {
  std::error_code failed;
  auto path = std::filesystem::temp_directory_path(failed).string() + "/" + name + "-XXXXXX";
  if (failed || ::mkdtemp(path.data()) == nullptr)
    return Error{ErrorKind::io, "cannot make a folder for a while: '" + path + "'",
                 "check $TMPDIR"};
  return std::unique_ptr<TemporaryFolder>(new TemporaryFolder(path));
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace gembal
