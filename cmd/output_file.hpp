#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/core/result.hpp"

namespace gembal::cmd {

/// What is to become of a file that is already there.
enum class Existing {
  refuse,   ///< it stays as it is, and so it is an error
  replace,  ///< it is replaced as a whole, when the new one is finished
  extend,   ///< it is written on in place; made when it is not there
};

/// Where a command's data goes: a file, or standard output.
///
/// A file is written under another name beside its own and renamed by finish(), so that nobody ever
/// finds half of it; without finish() nothing is left. Devices and pipes, and files that are
/// extended, are written as they are. Not thread-safe, but may be used by one thread after another.
///
/// An error of kind io with an empty message: nobody reads standard output any more.
class OutputFile {
 public:
  /// Errors: usage (there is such a file, and it is to stay; a folder), io.
  static Result<OutputFile> open(const std::string& path, Existing existing);
  static OutputFile standard_output();
  /// Standard output that write_at() works on: everything is kept in a file without a name until
  /// finish(). Errors: io.
  static Result<OutputFile> spooled_standard_output();

  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&& other) noexcept;
  ~OutputFile();

  /// Errors: io.
  Result<void> write(std::string_view bytes);
  /// Over what was written there before. Errors: io.
  Result<void> write_at(std::uint64_t offset, std::string_view bytes);

  /// Of a file that is extended: the next bytes of what it holds, at most `most`; "" at its end.
  /// Errors: io.
  Result<std::string> read(std::size_t most);
  /// Of a file that is extended: keeps that many bytes of it; the next ones are written there.
  /// Errors: io.
  Result<void> cut_to(std::uint64_t bytes);

  /// Puts the file in its place. Errors: io, usage (a file has appeared there meanwhile).
  Result<void> finish();

 private:
  OutputFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  Error failure() const;
  Result<void> copy_to_standard_output();
  void discard();

  std::string path_;       ///< as it was named; "" for standard output
  std::string target_;     ///< to be renamed to; "": nothing is renamed
  std::string temporary_;  ///< the name until then
  int descriptor_ = -1;
  bool may_replace_ = false;
  bool is_spooled_ = false;
};

}  // namespace gembal::cmd
