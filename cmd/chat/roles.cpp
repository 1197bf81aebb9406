#include "cmd/chat/roles.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <vector>

#include "cmd/command.hpp"
#include "cmd/user_folders.hpp"
#include "lib/core/text.hpp"

namespace gembal::cmd {
namespace {

std::string known_roles(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failure)) {
    if (entry.path().extension() == ".md") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  if (names.empty()) return "write what the model is to be into " + folder.string() + "/NAME.md";
  return "there are " + join(names, ", ");
}

/// Takes a head of "name: value" lines off the front of the text.
Result<void> take_head(std::string_view& text, const std::string& name, Role& role) {
  if (!text.starts_with("---\n")) return {};
  const auto end = text.find("\n---\n", 3);
  if (end == std::string_view::npos)
    return Error{ErrorKind::usage, "the head of role '" + name + "' does not end",
                 "end it with ---"};
  for (const auto line : split(text.substr(4, end - 3), '\n')) {
    const auto colon = line.find(':');
    const auto field = trim(line.substr(0, colon));
    const auto value =
        colon == std::string_view::npos ? std::string_view() : trim(line.substr(colon + 1));
    if (field.empty()) continue;
    double number = 0;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), number);
    if (field == "model" && !value.empty()) {
      role.model = value;
    } else if (field == "temperature" && read.ec == std::errc() &&
               read.ptr == value.data() + value.size()) {
      role.temperature = number;
    } else {
      return Error{ErrorKind::usage,
                   "the head of role '" + name + "' has a line that means nothing: '" +
                       std::string(line) + "'",
                   "it may have 'model: NAME' and 'temperature: T'"};
    }
  }
  text.remove_prefix(end + 5);
  return {};
}

}  // namespace

Result<Role> read_role(const std::string& name) {
  const auto folder = config_folder() / "roles";
  const auto path = folder / (name + ".md");
  std::error_code failure;
  const bool is_name = !name.empty() && name.find('/') == std::string::npos && name[0] != '.';
  if (!is_name || !std::filesystem::exists(path, failure))
    return Error{ErrorKind::usage, "there is no role '" + name + "'", known_roles(folder)};
  const auto text = read_file(path.string());
  if (!text) return text.error();
  Role role;
  std::string_view rest = *text;
  if (auto taken = take_head(rest, name, role); !taken) return std::move(taken).error();
  role.system = trim(rest);
  return role;
}

}  // namespace gembal::cmd
