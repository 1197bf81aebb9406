#include "lib/images/shelf.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "lib/core/base64.hpp"
#include "lib/core/digest.hpp"
#include "lib/core/picture.hpp"

namespace gembal::images {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNameBytes = 16;
constexpr std::string_view kUnfinished = ".part";
constexpr auto kLongestWrite = std::chrono::hours{1};

Error io_error(const std::string& doing) {
  return {ErrorKind::io, "cannot " + doing + ": " + std::strerror(errno), ""};
}

/// The extension of a name that put() gave; "" when it is none.
std::string_view extension_of(std::string_view name) {
  constexpr auto kDigits = kNameBytes * 2;
  if (name.size() < kDigits + 2 || name[kDigits] != '.') return {};
  if (name.substr(0, kDigits).find_first_not_of("0123456789abcdef") != std::string_view::npos)
    return {};
  const auto extension = name.substr(kDigits + 1);
  return type_of_extension(extension).empty() ? std::string_view{} : extension;
}

TimePoint time_of(const struct stat& facts) {
  return TimePoint{std::chrono::duration_cast<TimePoint::duration>(
      std::chrono::seconds{facts.st_mtim.tv_sec} +
      std::chrono::nanoseconds{facts.st_mtim.tv_nsec})};
}

/// A file handle that closes itself.
class File {
 public:
  File(const std::string& path, int flags)
      : handle_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (handle_ >= 0) ::close(handle_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool is_open() const { return handle_ >= 0; }

  bool facts(struct stat& facts) const { return ::fstat(handle_, &facts) == 0; }

  bool read(std::string& bytes) const {
    std::size_t done = 0;
    while (done < bytes.size()) {
      const auto count = ::read(handle_, bytes.data() + done, bytes.size() - done);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return false;
      done += static_cast<std::size_t>(count);
    }
    return true;
  }

  bool write(std::string_view bytes, TimePoint time) const {
    while (!bytes.empty()) {
      const auto count = ::write(handle_, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    const auto since = time.time_since_epoch();
    const auto whole = std::chrono::floor<std::chrono::seconds>(since);
    const timespec at{static_cast<time_t>(whole.count()),
                      static_cast<long>(std::chrono::nanoseconds{since - whole}.count())};
    const timespec times[2] = {at, at};
    return ::futimens(handle_, times) == 0;
  }

 private:
  int handle_;
};

}  // namespace

Result<std::string> Shelf::put(const Picture& picture, const ShelfLimits& limits, TimePoint now) {
  std::string bytes;
  if (!append_decoded(bytes, picture.base64))
    return Error{ErrorKind::upstream, "the model's picture is not base64", ""};
  if (bytes.size() > limits.total_bytes) {
    return Error{ErrorKind::too_large, "the picture is larger than all that may be kept",
                 "raise images.keep_bytes"};
  }
  std::error_code failed;
  if (fs::create_directories(folder_, failed))
    fs::permissions(folder_, fs::perms::owner_all, failed);
  const std::string name =
      random_hex(kNameBytes) + "." + std::string(picture_extension(picture.media_type));
  if (extension_of(name).empty())
    return Error{ErrorKind::unsupported, "this is no type of picture: " + picture.media_type, ""};

  // Room is made before, so that the limit holds at every moment.
  sweep({limits.keep, limits.total_bytes - bytes.size()}, now);
  const std::string unfinished = (folder_ / ("." + name)).string() + std::string(kUnfinished);
  {
    const File file(unfinished, O_CREAT | O_EXCL | O_WRONLY);
    if (!file.is_open()) return io_error("make '" + unfinished + "'");
    if (!file.write(bytes, now)) {
      auto error = io_error("write '" + unfinished + "'");
      ::unlink(unfinished.c_str());
      return error;
    }
  }
  if (::rename(unfinished.c_str(), (folder_ / name).c_str()) != 0) {
    auto error = io_error("rename '" + unfinished + "'");
    ::unlink(unfinished.c_str());
    return error;
  }
  return name;
}

Result<Kept> Shelf::find(std::string_view name, const ShelfLimits& limits, TimePoint now) const {
  const Error none{ErrorKind::not_found, "there is no such picture, or its time has passed", ""};
  const auto extension = extension_of(name);
  if (extension.empty()) return none;
  const std::string path = (folder_ / std::string(name)).string();
  const File file(path, O_RDONLY | O_NOFOLLOW);
  struct stat facts {};
  if (!file.is_open() || !file.facts(facts)) return none;
  Kept kept;
  kept.expires = time_of(facts) + limits.keep;
  if (kept.expires <= now) return none;
  kept.media_type = type_of_extension(extension);
  kept.bytes.resize(static_cast<std::size_t>(facts.st_size));
  if (!file.read(kept.bytes)) return io_error("read '" + path + "'");
  return kept;
}

void Shelf::sweep(const ShelfLimits& limits, TimePoint now) const {
  struct Item {
    TimePoint time;
    std::uint64_t bytes;
    std::string path;
  };
  std::vector<Item> items;
  std::uint64_t total = 0;
  std::error_code failed;
  for (fs::directory_iterator entry(folder_, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    const std::string path = entry->path().string();
    const std::string name = entry->path().filename().string();
    const bool is_unfinished = name.starts_with('.') && name.ends_with(kUnfinished);
    struct stat facts {};
    if ((!is_unfinished && extension_of(name).empty()) || ::stat(path.c_str(), &facts) != 0)
      continue;
    const auto time = time_of(facts);
    if (time + (is_unfinished ? Milliseconds{kLongestWrite} : limits.keep) <= now) {
      ::unlink(path.c_str());
      continue;
    }
    if (is_unfinished) continue;
    const auto bytes = static_cast<std::uint64_t>(facts.st_size);
    total += bytes;
    items.push_back({time, bytes, path});
  }
  if (total <= limits.total_bytes) return;
  std::sort(items.begin(), items.end(),
            [](const Item& a, const Item& b) { return a.time < b.time; });
  for (const auto& item : items) {
    if (total <= limits.total_bytes) break;
    ::unlink(item.path.c_str());
    total -= item.bytes;
  }
}

}  // namespace gembal::images
