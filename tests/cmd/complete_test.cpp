// What the completions ask for; tests/completions_test.py sees how the shells show it.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

TEST(CompleteTest, OffersIdsAndThoseLabelsThatNameOneKey) {
  TempDir home;
  run(home, {"keys", "add", "--exact", "--label", "laptop"}, "key-one\n");
  run(home, {"keys", "add", "--exact", "--label", "many"}, "key-two\nkey-three\n");
  run(home, {"keys", "disable", "laptop"});
  const auto keys = run(home, {"complete", "keys"});
  EXPECT_EQ(keys.status, 0);
  EXPECT_EQ(std::count(keys.out.begin(), keys.out.end(), '\n'), 4);
  EXPECT_TRUE(keys.out.starts_with("laptop\t")) << keys.out;
  EXPECT_NE(keys.out.find(", disabled\n"), std::string::npos);
  EXPECT_EQ(keys.out.find("\nmany\t"), std::string::npos);
  EXPECT_EQ(keys.out.find("key-one"), std::string::npos);
}

TEST(CompleteTest, ReadsTheStoreThatTheCommandLineNames) {
  TempDir home;
  const auto other = home.file("other.db");
  run(home, {"keys", "add", "--exact", "--label", "elsewhere", "--store", other}, "key-one\n");
  EXPECT_EQ(run(home, {"complete", "keys"}).out, "");
  for (const std::vector<std::string>& words : {std::vector<std::string>{"--store", other, "keys"},
                                                {"keys", "enable", "--store=" + other},
                                                {"keys", "--store", "~/other.db"}}) {
    std::vector<std::string> all = {"complete", "keys", "--"};
    all.insert(all.end(), words.begin(), words.end());
    EXPECT_TRUE(run(home, all, "", {{"HOME", home.path().string()}}).out.starts_with("elsewhere\t"))
        << words[0];
  }
}

TEST(CompleteTest, SaysNothingWhenSomethingIsWrong) {
  TempDir home;
  home.write("broken.toml", "[nothing");
  home.write("broken.db", "this is no database, whatever it is called");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--config", home.file("broken.toml")},
        {"--store", home.file("broken.db")},
        {"--store", home.file("nowhere/nothing.db")},
        {"--store", "mysql://127.0.0.1/gembal"},
        {"--", "--store"}}) {
    std::vector<std::string> all = {"complete", "keys", "--"};
    all.insert(all.end(), words.begin(), words.end());
    const auto finished = run(home, all);
    EXPECT_EQ(finished.status, 0);
    EXPECT_EQ(finished.out + finished.err, "") << words.back();
  }
  EXPECT_FALSE(std::filesystem::exists(home.file("nowhere")));
  EXPECT_EQ(run(home, {"complete", "weather"}).out, "");
}

TEST(CompleteTest, OffersModelsThatFitTheCommand) {
  TempDir home;
  home.write("gembal.toml", "[client]\nmodel = \"gemini-of-our-own\"\n");
  const auto file = home.file("gembal.toml");
  const auto models = [&](const std::string& command) {
    return run(home, {"complete", "models", "--", "--config", file, command}).out;
  };
  EXPECT_TRUE(models("chat").starts_with("gemini-of-our-own\t"));
  EXPECT_NE(models("chat").find("\ngemini-flash-latest\t"), std::string::npos);
  EXPECT_EQ(models("chat").find("embedding"), std::string::npos);
  EXPECT_NE(models("embed").find("\ngemini-embedding-001\t"), std::string::npos);
  EXPECT_EQ(models("embed").find("gemini-flash-latest"), std::string::npos);
}

TEST(CompleteTest, OffersRolesAndSessions) {
  TempDir home;
  std::filesystem::create_directories(home.path() / "config/gembal/roles");
  std::filesystem::create_directories(home.path() / "data/gembal/sessions");
  home.write("config/gembal/roles/poet.md", "You are a poet.");
  home.write("data/gembal/sessions/trip.json", "{}");
  home.write("data/gembal/sessions/trip.json.part", "{}");
  EXPECT_EQ(run(home, {"complete", "roles"}).out, "poet\t\n");
  EXPECT_EQ(run(home, {"complete", "sessions"}).out, "trip\t\n");
}

TEST(CompleteTest, OffersSettingsWithWhatTheyMean) {
  TempDir home;
  const auto settings = run(home, {"complete", "settings"}).out;
  EXPECT_TRUE(settings.starts_with("server.listen\taddresses"));
  EXPECT_NE(settings.find("\npool.max_retries\t"), std::string::npos);
}

}  // namespace
}  // namespace gembal::testing
