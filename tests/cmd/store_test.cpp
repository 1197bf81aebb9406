// The command on files; tests/e2e/databases_test.cpp has it on servers.

#include <gtest/gtest.h>

#include "lib/core/json.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

TEST(StoreCommandTest, MovesAStoreAndSaysWhatIsInIt) {
  TempDir home;
  ASSERT_EQ(run(home, {"--store", "a.db", "keys", "add", "--exact"}, "key-one\nkey-two\n").status,
            0);
  const auto moved = run(home, {"store", "migrate", "a.db", "sqlite://b.db"});
  EXPECT_EQ(moved.status, 0) << moved.err;
  EXPECT_NE(moved.out.find("api_keys       2\n"), std::string::npos) << moved.out;
  EXPECT_NE(moved.err.find("copied to b.db"), std::string::npos) << moved.err;
  EXPECT_EQ(run(home, {"--store", "b.db", "keys", "export"}).out, "key-one\nkey-two\n");
  EXPECT_EQ(run(home, {"-q", "store", "migrate", "a.db", "c.db"}).out, "");

  const auto info = *parse_json(run(home, {"--store", "b.db", "store", "info", "--json"}).out);
  EXPECT_EQ(info["store"], "b.db");
  EXPECT_EQ(info["database"], "SQLite");
  EXPECT_EQ(info["tables"]["api_keys"], 2);
  EXPECT_NE(run(home, {"--store", "b.db", "store", "info"}).out.find("database  SQLite"),
            std::string::npos);
}

TEST(StoreCommandTest, SaysWhatIsWrong) {
  TempDir home;
  const auto expect = [&](const std::vector<std::string>& words, int status, const char* what) {
    const auto finished = run(home, words);
    EXPECT_EQ(finished.status, status) << what;
    EXPECT_NE(finished.err.find(what), std::string::npos) << finished.err;
    EXPECT_EQ(finished.err.find("secret"), std::string::npos) << finished.err;
  };
  expect({"store", "info"}, 1, "there is no key store at");
  expect({"store", "migrate", "none.db", "b.db"}, 1, "there is no key store at 'none.db'");
  EXPECT_FALSE(std::filesystem::exists(home.file("none.db")));
  EXPECT_FALSE(std::filesystem::exists(home.file("b.db")));
  run(home, {"--store", "a.db", "keys", "add", "--exact"}, "key-one\n");
  expect({"store", "migrate", "a.db", "a.db"}, 2, "both are the same store");
  expect({"store", "migrate", "a.db", "mysql://gembal:secret@db"}, 2, "TO: it has to name one");
  expect({"store", "migrate", "oracle://gembal:secret@db/x", "a.db"}, 2, "FROM: it has no known");
  expect({"store", "migrate", "a.db", "mysql://gembal:secret@127.0.0.1:1/x"}, 1,
         "mysql://gembal:…@127.0.0.1:1/x");
}

}  // namespace
}  // namespace gembal::testing
