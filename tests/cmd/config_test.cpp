#include <gtest/gtest.h>

#include "lib/core/json.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

TEST(ConfigTest, ShowsEverySettingAndItsOrigin) {
  TempDir home;
  const auto file = home.write("x.toml", "[pool]\nmax_retries = 5\n");
  const auto shown = run(
      home, {"config", "show", "--config", file}, "",
      {{"MAX_FAILURES", "9"}, {"MYSQL_HOST", "x"}, {"ALLOWED_TOKENS", "sk-quite-secret-token"}});
  EXPECT_EQ(shown.status, 0);
  EXPECT_NE(shown.out.find("x.toml:2"), std::string::npos) << shown.out;
  EXPECT_NE(shown.out.find("environment MAX_FAILURES"), std::string::npos);
  EXPECT_EQ(shown.out.find("quite-secret"), std::string::npos);
  EXPECT_NE(shown.err.find("MYSQL_HOST has no effect"), std::string::npos);
  const auto json = *parse_json(run(home, {"config", "show", "--json", "--config", file}).out);
  EXPECT_EQ(json["settings"]["pool.max_retries"]["origin"], "x.toml:2");
}

TEST(ConfigTest, ChecksAFile) {
  TempDir home;
  EXPECT_EQ(run(home, {"config", "check"}).status, 0);
  const auto bad =
      run(home, {"config", "check", "--config", home.write("bad.toml", "[pool]\nmax_retry = 5\n")});
  EXPECT_EQ(bad.status, 2);
  EXPECT_EQ(
      bad.err,
      "gembal: bad.toml:2: unknown setting 'pool.max_retry'\nhint: did you mean 'pool.max_retries'?\n");
}

TEST(ConfigTest, SaysWhereThingsAreAndPrintsAnExample) {
  TempDir home;
  const auto paths = run(home, {"config", "path"}).out;
  EXPECT_NE(paths.find(home.file("config") + "/gembal/gembal.toml"), std::string::npos) << paths;
  EXPECT_NE(paths.find(home.file("data") + "/gembal/gembal.db"), std::string::npos) << paths;
  const auto example = home.write("example.toml", run(home, {"config", "example"}).out);
  EXPECT_EQ(run(home, {"config", "check", "--config", example}).status, 0);
}

}  // namespace
}  // namespace gembal::testing
