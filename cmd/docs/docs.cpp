// The hidden command that writes man/ and completions/ anew from the command line itself. Packages
// have these files already; the test that compares them can write them, too.

#include "cmd/docs/docs.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "cmd/command.hpp"
#include "cmd/docs/shells.hpp"

namespace gembal::cmd {
namespace docs {

Result<Pieces> read_pieces(const std::filesystem::path& folder, const Command& root) {
  std::map<std::string, std::string> paths;  // by the names of files
  for (const auto* command : all_commands(root)) {
    auto name = command->path.empty() ? std::string("gembal") : command->path;
    std::replace(name.begin(), name.end(), ' ', '-');
    paths[name + ".man"] = command->path;
  }
  Pieces pieces;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failure)) {
    const auto path = paths.find(entry.path().filename().string());
    if (path == paths.end()) {
      return Error{ErrorKind::usage, "'" + entry.path().string() + "' is about no command",
                   "keys-add.man is about 'keys add'"};
    }
    auto text = read_file(entry.path().string());
    if (!text) return std::move(text).error();
    pieces[path->second] = *std::move(text);
  }
  if (failure) return Error{ErrorKind::io, "cannot read '" + folder.string() + "'", ""};
  return pieces;
}

Files completion_files(const Command& root) {
  return {{"gembal.bash", bash_completion(root)},
          {"_gembal", zsh_completion(root)},
          {"gembal.fish", fish_completion(root)}};
}

}  // namespace docs

namespace {

Result<int> write_files(const docs::Files& files, const std::filesystem::path& folder) {
  for (const auto& [name, text] : files) {
    const auto path = folder / name;
    std::ofstream stream(path, std::ios::binary);
    if (!(stream << text << std::flush)) {
      return Error{ErrorKind::io, "cannot write '" + path.string() + "': " + std::strerror(errno),
                   ""};
    }
  }
  return 0;
}

docs::Command whole_command_line() {
  CLI::App app;
  Context context;
  Action chosen;
  build_app(app, context, chosen);
  return docs::describe(app);
}

}  // namespace

void add_docs_command(CLI::App& app, Action& chosen) {
  auto* command = app.add_subcommand("docs", "Write the manual and the completions anew");
  command->group("");
  command->require_subcommand(1);
  auto folder = std::make_shared<std::string>();

  auto* man = command->add_subcommand("man", "Manual pages, with the pieces in DIR/pieces");
  man->add_option("folder", *folder, "Where they go")->type_name("DIR")->required();
  man->callback([&chosen, folder] {
    chosen = [folder](Context&) -> Result<int> {
      const auto root = whole_command_line();
      const auto pieces = docs::read_pieces(std::filesystem::path(*folder) / "pieces", root);
      if (!pieces) return pieces.error();
      return write_files(docs::manual_pages(root, *pieces), *folder);
    };
  });

  auto* completions = command->add_subcommand("completions", "For bash, zsh and fish");
  completions->add_option("folder", *folder, "Where they go")->type_name("DIR")->required();
  completions->callback([&chosen, folder] {
    chosen = [folder](Context&) {
      return write_files(docs::completion_files(whole_command_line()), *folder);
    };
  });
}

}  // namespace gembal::cmd
