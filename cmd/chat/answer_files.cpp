#include "cmd/chat/answer_files.hpp"

#include "cmd/output_file.hpp"
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
    auto opened = OutputFile::open(name, Existing::refuse);
    if (!opened && opened.error().kind == ErrorKind::usage) continue;  // the name is taken
    if (!opened) return std::move(opened).error();
    if (auto written = opened->write(*bytes); !written) return std::move(written).error();
    if (auto finished = opened->finish(); !finished) return std::move(finished).error();
    return name;
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

std::string answer_pictures(const ChatAnswer& answer, PictureProtocol protocol) {
  std::string shown;
  for (const auto& file : answer.files) {
    if (!file.mime_type.starts_with("image/")) continue;
    if (const auto bytes = base64_decode(file.base64))
      shown += picture_sequence(protocol, file.mime_type, *bytes);
  }
  return shown;
}

}  // namespace gembal::cmd
