// The manual and the completions are what the command line itself says, and leave nothing out.

#include "cmd/docs/docs.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "cmd/command.hpp"
#include "cmd/docs/shells.hpp"
#include "tests/support/process.hpp"

namespace gembal::cmd::docs {
namespace {

namespace fs = std::filesystem;

const fs::path kSource = GEMBAL_SOURCE;

std::string read(const fs::path& file) {
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

Command command_line() {
  CLI::App app;
  Context context;
  Action chosen;
  build_app(app, context, chosen);
  return describe(app);
}

/// The folder must hold these files and no others that end so; with GEMBAL_WRITE in the environment
/// it is made to.
void expect_files(const fs::path& folder, const Files& files, const std::string& end) {
  std::set<std::string> there;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (name.ends_with(end)) there.insert(name);
  }
  if (std::getenv("GEMBAL_WRITE")) {
    for (const auto& [name, text] : files) std::ofstream(folder / name) << text;
    for (const auto& name : there) {
      if (!files.contains(name)) fs::remove(folder / name);
    }
    return;
  }
  for (const auto& [name, text] : files) {
    there.erase(name);
    EXPECT_EQ(read(folder / name), text) << name << ": run this test with GEMBAL_WRITE=1";
  }
  EXPECT_TRUE(there.empty()) << *there.begin() << " is of no command: run with GEMBAL_WRITE=1";
}

TEST(DocsTest, TheManualIsMadeFromTheCommandLine) {
  const auto root = command_line();
  const auto pieces = read_pieces(kSource / "man/pieces", root);
  ASSERT_TRUE(pieces) << pieces.error().message;
  expect_files(kSource / "man", manual_pages(root, *pieces), ".1");
}

TEST(DocsTest, TheCompletionsAreMadeFromTheCommandLine) {
  expect_files(kSource / "completions", completion_files(command_line()), "");
}

/// Without the escapes and fonts of roff.
std::string plain(std::string page) {
  for (const std::string mark : {"\\fB", "\\fI", "\\fR", "\\"}) {
    for (auto at = page.find(mark); at != page.npos; at = page.find(mark, at))
      page.erase(at, mark.size());
  }
  return page;
}

TEST(DocsTest, EveryCommandAndOptionIsInTheManualAndTheCompletions) {
  const auto root = command_line();
  ASSERT_GT(all_commands(root).size(), 15u);
  const auto pages = manual_pages(root, {});
  const auto bash = bash_completion(root), zsh = zsh_completion(root), fish = fish_completion(root);
  for (const auto* command : all_commands(root)) {
    SCOPED_TRACE("gembal " + command->path);
    const auto top = command->path.substr(0, command->path.find(' '));
    const auto page = plain(pages.at((top.empty() ? "gembal" : "gembal-" + top) + ".1"));
    EXPECT_NE(page.find("gembal " + command->path), page.npos);
    EXPECT_NE(bash.find("'" + command->path + "')"), bash.npos);
    if (command != &root) {
      EXPECT_NE(fish.find(" -a " + command->name), fish.npos);
    }
    for (const auto& option : command->options) {
      for (const auto& name : option.names()) {
        EXPECT_NE(page.find(name), page.npos) << name << " in the manual";
        EXPECT_NE(bash.find(name), bash.npos) << name << " for bash";
        EXPECT_NE(zsh.find(name), zsh.npos) << name << " for zsh";
        const auto in_fish =
            name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
        EXPECT_NE(fish.find(in_fish), fish.npos) << name << " for fish";
      }
    }
  }
}

TEST(DocsTest, KnowsWhatCanStandForAnArgument) {
  const auto root = command_line();
  const auto option = [&](const std::string& path, const std::string& name) {
    for (const auto* command : all_commands(root)) {
      if (command->path != path) continue;
      for (const auto& each : command->options) {
        for (const auto& known : each.names()) {
          if (known == name) return each;
        }
      }
    }
    return Option{};
  };
  EXPECT_EQ(option("", "--store").argument.offer, Offer::files);
  EXPECT_EQ(option("", "--json").takes_value(), false);
  EXPECT_EQ(option("", "--color").argument.name, "WHEN");
  EXPECT_EQ(option("", "--color").argument.values,
            (std::vector<std::string>{"auto", "always", "never"}));
  EXPECT_EQ(option("keys add", "--env").argument.offer, Offer::variables);
  EXPECT_EQ(option("keys why", "--model").argument.asks_for, "models");
  // One command checks its STATUS, the others do not: it means the same.
  EXPECT_EQ(option("keys check", "--status").argument.values,
            option("keys list", "--status").argument.values);
  EXPECT_EQ(option("serve", "--listen").argument.name, "HOST:PORT");
  EXPECT_TRUE(option("serve", "--listen").argument.repeats);
  for (const auto* command : all_commands(root)) {
    if (command->path == "keys add") {
      EXPECT_EQ(command->arguments.at(0).offer, Offer::nothing);
    }
    if (command->path == "keys remove") {
      EXPECT_EQ(command->arguments.at(0).asks_for, "keys");
    }
    EXPECT_NE(command->path, "docs");
    EXPECT_NE(command->path, "complete");
  }
}

TEST(DocsTest, TheHiddenCommandWritesTheSame) {
  testing::TempDir home;
  fs::create_directories(home.path() / "man/pieces");
  fs::create_directories(home.path() / "completions");
  EXPECT_EQ(testing::run(home, {"docs", "man", home.file("man")}).status, 0);
  EXPECT_EQ(testing::run(home, {"docs", "completions", home.file("completions")}).status, 0);
  const auto root = command_line();
  EXPECT_EQ(read(home.path() / "man/gembal.1"), manual_pages(root, {}).at("gembal.1"));
  EXPECT_EQ(read(home.path() / "completions/_gembal"), zsh_completion(root));
  const auto missing = testing::run(home, {"docs", "completions", home.file("nowhere")});
  EXPECT_EQ(missing.status, 1);
  EXPECT_NE(missing.err.find("nowhere"), std::string::npos);

  home.write("man/pieces/keys-sell.man", "");
  const auto stray = testing::run(home, {"docs", "man", home.file("man")});
  EXPECT_EQ(stray.status, 2);
  EXPECT_NE(stray.err.find("keys-sell.man"), std::string::npos);
}

}  // namespace
}  // namespace gembal::cmd::docs
