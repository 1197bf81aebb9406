#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "lib/core/result.hpp"

namespace gembal {

/// A folder of the system's for what is to last as long as this. It goes with everything in it.
class TemporaryFolder {
 public:
  /// `name`: how it is called, before something that no other is called. Errors: io.
  static Result<std::unique_ptr<TemporaryFolder>> make(const std::string& name);
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace gembal
