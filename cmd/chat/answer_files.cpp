#include "cmd/chat/answer_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "lib/core/base64.hpp"

namespace gembal::cmd {
namespace {

constexpr int kMostNames = 10'000;

std::string ending_of(std::string_view mime_type) {
  if (mime_type == "image/jpeg") return "jpg";
  if (mime_type.starts_with("audio/L16") || mime_type.starts_with("audio/pcm")) return "pcm";
  const auto slash = mime_type.find('/');
  std::string ending(mime_type.substr(slash == std::string_view::npos ? 0 : slash + 1));
  ending = ending.substr(0, ending.find_first_of(";+"));
  return ending.empty() ? "bin" : ending;
}

Result<std::string> save(const AnswerFile& file) {
  const auto bytes = base64_decode(file.base64);
  if (!bytes) return Error{ErrorKind::upstream, "the answer holds a file that is none", ""};
  for (int number = 1; number <= kMostNames; ++number) {
    const auto name = "gembal-" + std::to_string(number) + "." + ending_of(file.mime_type);
    const int opened = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (opened < 0 && errno == EEXIST) continue;
    bool good = opened >= 0;
    for (std::string_view rest = *bytes; good && !rest.empty();) {
      const auto count = ::write(opened, rest.data(), rest.size());
      good = count > 0;
      if (good) rest.remove_prefix(static_cast<std::size_t>(count));
    }
    Error error{ErrorKind::io, "cannot write '" + name + "': " + std::strerror(errno), ""};
    if (opened >= 0) ::close(opened);
    if (good) return name;
    if (opened >= 0) ::unlink(name.c_str());
    return error;
  }
  return Error{ErrorKind::io, "there are too many files gembal-N in this folder", ""};
}

}  // namespace

Result<std::vector<std::string>> save_answer_files(const ChatAnswer& answer) {
  std::vector<std::string> names;
  for (const auto& file : answer.files) {
    auto name = save(file);
    if (!name) return std::move(name).error();
    names.push_back(*std::move(name));
  }
  return names;
}

}  // namespace gembal::cmd
