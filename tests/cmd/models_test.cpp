#include <gtest/gtest.h>

#include "lib/core/json.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

std::string model(const std::string& id, const std::string& method) {
  return R"({"name":"models/)" + id + R"(","displayName":"The )" + id +
         R"(","inputTokenLimit":1000,"outputTokenLimit":8,"supportedGenerationMethods":[")" +
         method + "\"]}";
}

std::vector<std::string> ids_of(const std::string& json) {
  std::vector<std::string> ids;
  const auto parsed = parse_json(json);
  EXPECT_TRUE(parsed) << json;
  if (!parsed) return ids;
  for (const auto& one : (*parsed)["models"]) ids.push_back(one["id"]);
  return ids;
}

using Ids = std::vector<std::string>;

class ModelsTest : public ::testing::Test {
 protected:
  ModelsTest()
      : upstream_([](Call& call) {
          if (call.path().find("pageToken=two") != std::string::npos) {
            call.reply(200, R"({"models":[)" + model("gemini-b", "embedContent") + "," +
                                model("gemini-hidden", "generateContent") + "]}");
          } else {
            call.reply(200, R"({"models":[)" + model("gemini-a", "generateContent") + "," +
                                model("veo", "predictLongRunning") + R"(],"nextPageToken":"two"})");
          }
        }),
        environment_{{"BASE_URL", upstream_.base_url()},
                     {"FILTERED_MODELS", "[\"gemini-hidden\"]"}} {
    run(home_, {"keys", "add", "--exact"}, "key-one\nkey-two\n");
  }

  FakeUpstream upstream_;
  TempDir home_;
  Environment environment_;
};

TEST_F(ModelsTest, AllPagesOfOneKeyWithoutWhatIsOfNoUse) {
  const auto json = run(home_, {"models", "--json"}, "", environment_);
  EXPECT_EQ(json.status, 0) << json.err;
  EXPECT_EQ(ids_of(json.out), (Ids{"gemini-a", "gemini-b"}));
  const Json first = (*parse_json(json.out))["models"][0];
  EXPECT_EQ(first["display_name"], "The gemini-a");
  EXPECT_EQ(first["input_token_limit"], 1000);
  EXPECT_EQ(first["output_token_limit"], 8);
  EXPECT_EQ(first["methods"], Json::array({"generateContent"}));
  const auto log = upstream_.log();
  ASSERT_EQ(log.size(), 2u);
  EXPECT_EQ(log[0].substr(0, log[0].find(' ')), log[1].substr(0, log[1].find(' ')));

  EXPECT_EQ(ids_of(run(home_, {"models", "--all", "--json"}, "", environment_).out),
            (Ids{"gemini-a", "veo", "gemini-b", "gemini-hidden"}));
}

TEST_F(ModelsTest, PeopleGetATable) {
  const auto table = run(home_, {"models"}, "", environment_);
  EXPECT_EQ(table.status, 0) << table.err;
  EXPECT_EQ(table.out,
            "id        name          input  output  methods\n"
            "gemini-a  The gemini-a  1000   8       generateContent\n"
            "gemini-b  The gemini-b  1000   8       embedContent\n");
}

TEST_F(ModelsTest, ADaemonsListIsTheDaemons) {
  Daemon daemon(home_, upstream_.base_url(), {}, "[models]\nsearch = [\"gemini-a\"]\n");
  TempDir laptop;
  const auto done =
      run(laptop, {"models", "--json", "--via", "http://127.0.0.1:" + std::to_string(daemon.port()),
                   "--token", "sk-test"});
  EXPECT_EQ(done.status, 0) << done.err;
  const auto ids = ids_of(done.out);
  EXPECT_NE(std::find(ids.begin(), ids.end(), "gemini-a-search"), ids.end()) << done.out;
}

TEST_F(ModelsTest, FailuresHaveTheirStatus) {
  TempDir other;
  const auto keyless = run(other, {"models"}, "", environment_);
  EXPECT_EQ(keyless.status, 3);
  EXPECT_NE(keyless.err.find("gembal keys add"), std::string::npos) << keyless.err;
  const auto nobody =
      run(home_, {"models"}, "", {{"BASE_URL", "http://127.0.0.1:1/v1beta"}, {"MAX_RETRIES", "0"}});
  EXPECT_EQ(nobody.status, 4) << nobody.err;
}

}  // namespace
}  // namespace gembal::testing
