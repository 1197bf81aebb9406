#include "cmd/output_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "lib/core/digest.hpp"

namespace gembal::cmd {
namespace {

namespace fs = std::filesystem;

Error cannot_write(const std::string& path, int reason) {
  return {ErrorKind::io, "cannot write '" + path + "': " + std::strerror(reason), ""};
}

Error is_there(const std::string& path) {
  return {ErrorKind::usage, "'" + path + "' is already there", "--force replaces it"};
}

/// Where a link leads: it is the file there that is replaced, not the link.
std::string behind_links(const std::string& path) {
  std::error_code failed;
  const auto real = fs::canonical(path, failed);
  return failed ? path : real.string();
}

std::string temporary_name(const std::string& target) {
  const fs::path path(target);
  return (path.parent_path() / ("." + path.filename().string() + "." + random_hex(4) + ".part"))
      .string();
}

Result<void> write_all(int descriptor, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const auto written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && path.empty() && errno == EPIPE) return Error{ErrorKind::io, "", ""};
    if (written < 0) return cannot_write(path.empty() ? "standard output" : path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

Result<OutputFile> OutputFile::open(const std::string& path, Existing existing) {
  struct stat found {};
  const bool exists = ::stat(path.c_str(), &found) == 0;
  if (path.empty() || path.ends_with('/') || (exists && S_ISDIR(found.st_mode)))
    return Error{ErrorKind::usage, "cannot write '" + path + "': it is a folder", ""};
  const bool is_plain = !exists || S_ISREG(found.st_mode);
  if (exists && is_plain && existing == Existing::refuse) return is_there(path);
  if (!is_plain && existing == Existing::extend)
    return Error{ErrorKind::usage, "'" + path + "' is no file that can be gone on with", ""};
  if (existing == Existing::extend || !is_plain) {
    const int access = existing == Existing::extend ? O_RDWR : O_WRONLY;
    const int descriptor = ::open(path.c_str(), access | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor < 0) return cannot_write(path, errno);
    OutputFile file(path, descriptor);
    if (existing == Existing::extend && ::flock(descriptor, LOCK_EX | LOCK_NB) != 0 &&
        errno == EWOULDBLOCK)
      return Error{ErrorKind::io, "'" + path + "' is being written by another command", ""};
    return file;
  }
  const auto target = behind_links(path);
  // A file that may not be written is not replaced either, although its folder would allow it.
  if (exists && ::access(target.c_str(), W_OK) != 0) return cannot_write(path, errno);
  const auto temporary = temporary_name(target);
  const int descriptor =
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, exists ? 0600 : 0666);
  if (descriptor < 0) return cannot_write(path, errno);
  // Who may read it stays as it was.
  if (exists) static_cast<void>(::fchmod(descriptor, found.st_mode & 07777));
  OutputFile file(path, descriptor);
  file.target_ = target;
  file.temporary_ = temporary;
  file.may_replace_ = existing == Existing::replace;
  return file;
}

OutputFile OutputFile::standard_output() { return {"", STDOUT_FILENO}; }

Result<OutputFile> OutputFile::spooled_standard_output() {
  std::error_code ignored;
  auto folder = fs::temp_directory_path(ignored);
  if (folder.empty()) folder = "/tmp";
  auto name = (folder / "gembal-XXXXXX").string();
  const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor < 0) return cannot_write(folder.string(), errno);
  ::unlink(name.c_str());
  OutputFile file("", descriptor);
  file.is_spooled_ = true;
  return file;
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)),
      target_(std::move(other.target_)),
      temporary_(std::exchange(other.temporary_, {})),
      descriptor_(std::exchange(other.descriptor_, -1)),
      may_replace_(other.may_replace_),
      is_spooled_(other.is_spooled_) {}

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
  if (this == &other) return *this;
  discard();
  path_ = std::move(other.path_);
  target_ = std::move(other.target_);
  temporary_ = std::exchange(other.temporary_, {});
  descriptor_ = std::exchange(other.descriptor_, -1);
  may_replace_ = other.may_replace_;
  is_spooled_ = other.is_spooled_;
  return *this;
}

OutputFile::~OutputFile() { discard(); }

void OutputFile::discard() {
  if (descriptor_ > STDERR_FILENO) ::close(descriptor_);
  descriptor_ = -1;
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  temporary_.clear();
}

Error OutputFile::failure() const {
  return cannot_write(path_.empty() ? "standard output" : path_, errno);
}

Result<void> OutputFile::write(std::string_view bytes) {
  return write_all(descriptor_, bytes, is_spooled_ ? "a temporary file" : path_);
}

Result<void> OutputFile::write_at(std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written =
        ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failure();
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return {};
}

Result<std::string> OutputFile::read(std::size_t most) {
  std::string bytes(most, '\0');
  ssize_t count = 0;
  do {
    count = ::read(descriptor_, bytes.data(), most);
  } while (count < 0 && errno == EINTR);
  if (count < 0)
    return Error{ErrorKind::io, "cannot read '" + path_ + "': " + std::strerror(errno), ""};
  bytes.resize(static_cast<std::size_t>(count));
  return bytes;
}

Result<void> OutputFile::cut_to(std::uint64_t bytes) {
  const auto end = static_cast<off_t>(bytes);
  if (::ftruncate(descriptor_, end) != 0) return failure();
  if (::lseek(descriptor_, end, SEEK_SET) < 0) return failure();
  return {};
}

Result<void> OutputFile::copy_to_standard_output() {
  if (::lseek(descriptor_, 0, SEEK_SET) < 0) return failure();
  for (;;) {
    const auto piece = read(1 << 20);
    if (!piece) return piece.error();
    if (piece->empty()) return {};
    if (auto written = write_all(STDOUT_FILENO, *piece, ""); !written) return written;
  }
}

Result<void> OutputFile::finish() {
  if (is_spooled_) return copy_to_standard_output();
  if (path_.empty()) return {};
  // What it holds must be on the disk before its name is, or a crash could leave an empty file.
  if (!target_.empty() && ::fdatasync(descriptor_) != 0) return failure();
  if (::close(std::exchange(descriptor_, -1)) != 0) return failure();
  if (target_.empty()) return {};
  if (may_replace_) {
    if (::rename(temporary_.c_str(), target_.c_str()) != 0) return failure();
  } else if (::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, target_.c_str(),
                         RENAME_NOREPLACE) != 0) {
    if (errno == EEXIST) return is_there(path_);
    // Not every file system knows how not to replace.
    if (errno != EINVAL || ::rename(temporary_.c_str(), target_.c_str()) != 0) return failure();
  }
  temporary_.clear();
  return {};
}

}  // namespace gembal::cmd
