// The manual and the completions name every command and option that there is.

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "cmd/command.hpp"

namespace gembal::cmd {
namespace {

std::string read(const std::string& name) {
  std::stringstream text;
  text << std::ifstream(std::string(GEMBAL_SOURCE) + "/" + name).rdbuf();
  return text.str();
}

/// Every command name and long option, from the parser itself.
void collect(const CLI::App& app, std::vector<std::string>& commands,
             std::vector<std::string>& options) {
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) options.push_back(name);
  }
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    commands.push_back(command->get_name());
    collect(*command, commands, options);
  }
}

TEST(DocsTest, TheManualAndTheCompletionsAreComplete) {
  CLI::App app;
  Context context;
  Action chosen;
  build_app(app, context, chosen);
  std::vector<std::string> commands, options;
  collect(app, commands, options);
  ASSERT_GT(commands.size(), 10u);
  ASSERT_GT(options.size(), 30u);

  std::string manual = read("man/gembal.1");
  for (auto at = manual.find("\\-"); at != std::string::npos; at = manual.find("\\-", at + 1))
    manual.replace(at, 2, "-");
  const std::string bash = read("completions/gembal.bash"), zsh = read("completions/_gembal"),
                    fish = read("completions/gembal.fish");
  for (const auto& command : commands) {
    SCOPED_TRACE(command);
    EXPECT_NE(manual.find(command), std::string::npos);
    for (const auto* text : {&bash, &zsh, &fish}) EXPECT_NE(text->find(command), std::string::npos);
  }
  for (const auto& option : options) {
    SCOPED_TRACE(option);
    EXPECT_NE(manual.find("--" + option), std::string::npos) << "manual";
    EXPECT_NE(bash.find("--" + option), std::string::npos) << "bash";
    EXPECT_NE(zsh.find("--" + option), std::string::npos) << "zsh";
    EXPECT_NE(fish.find("-l " + option), std::string::npos) << "fish";
  }
}

}  // namespace
}  // namespace gembal::cmd
