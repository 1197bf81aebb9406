#include "cmd/chat/session.hpp"

#include <sys/stat.h>

#include <filesystem>

#include "cmd/command.hpp"
#include "cmd/output_file.hpp"
#include "cmd/user_folders.hpp"

namespace gembal::cmd {
namespace {

constexpr int kVersion = 1;

namespace fs = std::filesystem;

fs::path sessions_folder() { return data_folder() / "sessions"; }

bool is_name(const std::string& name) {
  return !name.empty() && name.size() <= 100 && name[0] != '.' &&
         name.find_first_of("/\\\n") == std::string::npos;
}

Result<void> write_whole(const fs::path& path, std::string_view text) {
  const auto mask = ::umask(0077);  // for the owner alone
  auto file = OutputFile::open(path.string(), Existing::replace);
  ::umask(mask);
  if (!file) return std::move(file).error();
  if (auto written = file->write(text); !written) return written;
  return file->finish();
}

Result<Session> read_session(const fs::path& path) {
  Session session;
  session.name = path.stem().string();
  std::error_code failure;
  if (!fs::exists(path, failure)) return session;
  const auto text = read_file(path.string());
  if (!text) return text.error();
  auto json = parse_json(*text);
  const auto version = json ? integer_in(*json, "version") : std::nullopt;
  if (!version || !json->is_object()) {
    return Error{ErrorKind::usage,
                 "the session '" + session.name + "' is damaged: " + path.string(),
                 "move that file away to begin anew"};
  }
  if (*version > kVersion) {
    return Error{ErrorKind::usage,
                 "the session '" + session.name + "' was written by a newer gembal",
                 "update gembal, or use another name"};
  }
  session.model = string_in(*json, "model");
  session.system = string_in(*json, "system");
  if (const auto contents = json->find("contents"); contents != json->end() && contents->is_array())
    session.contents = std::move(*contents);
  return session;
}

}  // namespace

Result<Session> load_session(const std::string& name) {
  if (!is_name(name))
    return Error{ErrorKind::usage, "'" + name + "' is no name for a session", "use a short word"};
  return read_session(sessions_folder() / (name + ".json"));
}

Result<Session> load_last_session() {
  std::error_code failure;
  fs::path last;
  fs::file_time_type at{};
  for (const auto& entry : fs::directory_iterator(sessions_folder(), failure)) {
    if (entry.path().extension() != ".json") continue;
    const auto written = entry.last_write_time(failure);
    if (failure || (!last.empty() && written <= at)) continue;
    last = entry.path();
    at = written;
  }
  if (last.empty())
    return Error{ErrorKind::usage, "there is no chat to go on with",
                 "begin one: gembal chat 'Hello'"};
  return read_session(last);
}

Result<void> save_session(const Session& session) {
  const auto folder = sessions_folder();
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (failure) {
    return Error{ErrorKind::io, "cannot make '" + folder.string() + "': " + failure.message(), ""};
  }
  fs::permissions(folder, fs::perms::owner_all, failure);
  Json json = object_with_room(8);
  json["version"] = kVersion;
  json["name"] = session.name;
  json["model"] = session.model;
  json["system"] = session.system;
  json["contents"] = session.contents;
  return write_whole(folder / (session.name + ".json"), to_text(json) + "\n");
}

}  // namespace gembal::cmd
