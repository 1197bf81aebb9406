#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "lib/core/result.hpp"
#include "lib/core/time.hpp"
#include "lib/images/host.hpp"

namespace gembal::images {

/// How much a shelf holds, and for how long.
struct ShelfLimits {
  Milliseconds keep{};
  std::uint64_t total_bytes = 0;
};

/// What was found on a shelf.
struct Kept {
  std::string media_type;
  std::string bytes;
  TimePoint expires{};
};

/// Pictures that gembal keeps itself: files of one folder, each gone after a while, the oldest
/// earlier when there are too many bytes. A file's time says when it came, so that nothing else has
/// to be remembered.
///
/// Every call reads or writes files and is for a worker. Thread-safe, and so are several processes
/// on one folder: files come and go whole. Folder and files are the owner's alone.
class Shelf {
 public:
  /// The folder is made when the first picture comes.
  explicit Shelf(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Keeps a picture; returns the name that it is found by, which nobody can guess. Errors: io (the
  /// folder cannot be written), too_large (over the limit of all), upstream (no base64).
  Result<std::string> put(const Picture& picture, const ShelfLimits& limits, TimePoint now);

  /// Errors: not_found (also: its time has passed, or no name of ours), io.
  Result<Kept> find(std::string_view name, const ShelfLimits& limits, TimePoint now) const;

  /// Removes what has had its time, and the oldest beyond the limit of all.
  void sweep(const ShelfLimits& limits, TimePoint now) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace gembal::images
