#include <gtest/gtest.h>

#include "lib/core/json.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

TEST(UsageTest, SaysWhoItIsAndWhatItCan) {
  TempDir home;
  EXPECT_TRUE(run(home, {"--version"}).out.starts_with("gembal "));
  for (const std::vector<std::string>& words : {std::vector<std::string>{"--help"},
                                                {"serve", "--help"},
                                                {"keys", "--help"},
                                                {"keys", "add", "-h"},
                                                {"chat", "--help"},
                                                {"config", "--help"},
                                                {"sandbox", "--help"}}) {
    const auto help = run(home, words);
    EXPECT_EQ(help.status, 0);
    EXPECT_NE(help.out.find("Usage: gembal"), std::string::npos);
    EXPECT_EQ(help.err, "");
    EXPECT_LE(std::count(help.out.begin(), help.out.end(), '\n'), 45) << "help fits a screen";
  }
}

TEST(UsageTest, WrongWordsAreStatusTwoWithAHint) {
  TempDir home;
  const struct {
    std::vector<std::string> words;
    const char* says;
  } cases[] = {
      {{"keys", "lst"}, "did you mean 'list'?"},
      {{"kyes"}, "did you mean 'keys'?"},
      {{"keys", "list", "--stauts", "ok"}, "did you mean '--status'?"},
      {{"keys", "list", "--status", "fine"}, "fine"},
      {{"chat", "--temperature", "9", "hi"}, "9"},
      {{"keys", "check", "--jobs", "none"}, "none"},
      {{"keys"}, "subcommand"},
      {{"keys", "check", "--nothing-like-it"}, "see 'gembal keys check --help'"},
      {{"--color", "sometimes", "keys", "list"}, "sometimes"},
  };
  for (const auto& c : cases) {
    const auto finished = run(home, c.words);
    SCOPED_TRACE(finished.err);
    EXPECT_EQ(finished.status, 2);
    EXPECT_TRUE(finished.err.starts_with("gembal: "));
    EXPECT_NE(finished.err.find(c.says), std::string::npos) << c.says;
    EXPECT_LE(std::count(finished.err.begin(), finished.err.end(), '\n'), 2);
  }
  const auto json = run(home, {"--json", "keys", "remove", "nobody"});
  EXPECT_EQ(json.status, 2);
  EXPECT_EQ((*parse_json(json.out))["error"]["kind"], "usage");
}

TEST(UsageTest, GlobalOptionsStandOnEitherSide) {
  TempDir home;
  const auto store = home.file("other.db");
  EXPECT_EQ(run(home, {"--store", store, "keys", "add", "--exact"}, "key-one\n").status, 0);
  EXPECT_NE(run(home, {"keys", "list", "--json", "--store", store}).out.find("\"id\""),
            std::string::npos);
}

}  // namespace
}  // namespace gembal::testing
