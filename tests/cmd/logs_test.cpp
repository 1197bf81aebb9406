// Tokens of clients, and the logs and statistics of what they asked, on the command line.

#include <gtest/gtest.h>
#include <signal.h>

#include "lib/core/json.hpp"
#include "tests/e2e/bodies.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

class LogsTest : public ::testing::Test {
 protected:
  Json json(std::vector<std::string> words) {
    words.push_back("--json");
    const auto finished = run(home_, words);
    EXPECT_EQ(finished.status, 0) << finished.err;
    const auto read = parse_json(finished.out);
    return read ? *read : Json();
  }
  /// Waits until the store knows of so many requests.
  bool remembers(std::size_t requests) {
    return eventually([&] { return json({"logs", "requests"})["requests"].size() >= requests; });
  }

  FakeUpstream upstream_{[](Call& call) {
    if (call.path().find("gemini-broken") == std::string::npos) return call.reply(200, kAnswer);
    call.reply(400,
               R"({"error":{"code":400,"message":"no such thing","status":"INVALID_ARGUMENT"}})");
  }};
  TempDir home_;
};

TEST_F(LogsTest, ATokenIsMadeListedLimitedAndTakenBack) {
  const auto made = run(home_, {"tokens", "add", "laptop", "--rpm", "60", "--models", "a,b"});
  ASSERT_EQ(made.status, 0) << made.err;
  EXPECT_TRUE(made.out.starts_with("gembal-")) << made.out;
  EXPECT_NE(made.err.find("only time"), std::string::npos);
  EXPECT_EQ(run(home_, {"tokens", "add", "laptop"}).status, 2) << "twice";
  EXPECT_EQ(run(home_, {"tokens", "add", "no/name"}).status, 2);

  auto listed = json({"tokens", "list"})["tokens"];
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0]["rpm"], 60);
  EXPECT_EQ(listed[0]["models"], Json({"a", "b"}));
  EXPECT_EQ(to_text(listed).find(made.out.substr(0, made.out.size() - 1)), std::string::npos);
  EXPECT_NE(run(home_, {"tokens", "list"}).out.find("60 a minute"), std::string::npos);

  EXPECT_EQ(run(home_, {"tokens", "limit", "laptop"}).status, 2) << "nothing was said";
  EXPECT_EQ(run(home_, {"tokens", "limit", "nobody", "--rpm", "1"}).status, 2);
  EXPECT_EQ(run(home_, {"tokens", "limit", "laptop", "--expires", "soon"}).status, 2);
  EXPECT_EQ(run(home_, {"tokens", "limit", "laptop", "--expires", "2027-01-31", "--models", "",
                        "--disable"})
                .status,
            0);
  listed = json({"tokens", "list"})["tokens"];
  EXPECT_EQ(listed[0]["expires_at"], "2027-01-31T00:00:00Z");
  EXPECT_EQ(listed[0]["rpm"], 60) << "what is not given stays";
  EXPECT_TRUE(listed[0]["models"].empty());
  EXPECT_EQ(listed[0]["disabled"], true);
  EXPECT_EQ(run(home_, {"tokens", "remove", "laptop"}).out, "removed 1\n");
  EXPECT_EQ(run(home_, {"tokens", "remove", "laptop"}).status, 2);
}

TEST_F(LogsTest, RequestsAndErrorsAreShownFilteredAndOneByOne) {
  const auto made = run(home_, {"tokens", "add", "laptop", "-q"});
  const auto token = made.out.substr(0, made.out.size() - 1);
  Daemon daemon(home_, upstream_.base_url(), {"key-one"});
  const auto ask_as = [&](const std::string& model) {
    return ask(daemon.port(), http_request("POST", "/v1beta/models/" + model + ":generateContent",
                                           kHello, {"x-goog-api-key: " + token}))
        .status();
  };
  ASSERT_EQ(ask_as("gemini-fine"), 200);
  ASSERT_EQ(ask_as("gemini-broken"), 400);
  ASSERT_TRUE(remembers(2));

  const auto requests = json({"logs", "requests"})["requests"];
  EXPECT_EQ(requests[0]["model"], "gemini-fine") << "oldest first";
  EXPECT_EQ(requests[1]["token"], "laptop");
  EXPECT_EQ(json({"logs", "requests", "--status", "failed"})["requests"].size(), 1u);
  EXPECT_EQ(json({"logs", "requests", "--model", "gemini-fine"})["requests"].size(), 1u);
  EXPECT_EQ(json({"logs", "requests", "--token", "phone"})["requests"].size(), 0u);
  EXPECT_EQ(run(home_, {"logs", "requests", "--status", "bad"}).status, 2);
  EXPECT_EQ(run(home_, {"logs", "requests", "--since", "bad"}).status, 2);
  const auto shown = run(home_, {"logs", "errors"});
  EXPECT_NE(shown.out.find("no such thing"), std::string::npos) << shown.out;

  const auto errors = json({"logs", "errors"})["errors"];
  ASSERT_EQ(errors.size(), 1u);
  const std::string id = errors[0]["id"];
  EXPECT_NE(run(home_, {"logs", "errors", "--id", id}).out.find("INVALID_ARGUMENT"),
            std::string::npos);
  EXPECT_EQ(json({"logs", "requests", "--id", std::string(requests[1]["id"])})["errors"].size(),
            1u);
  EXPECT_EQ(run(home_, {"logs", "errors", "--id", "nothing"}).status, 2);

  const auto stats = json({"stats", "--by", "token"});
  EXPECT_EQ(stats["rows"], Json::array({{{"token", "laptop"}, {"requests", 2}, {"tokens", 0}}}));
}

TEST_F(LogsTest, ADaemonIsLookedAfterFromAfar) {
  Daemon daemon(home_, upstream_.base_url(), {"key-one"});
  TempDir laptop;
  const std::string url = "http://127.0.0.1:" + std::to_string(daemon.port());
  const auto there = [&](std::vector<std::string> words, const std::string& input = "") {
    words.insert(words.end(), {"--via", url, "--token", "sk-test"});
    return run(laptop, words, input);
  };
  EXPECT_EQ(there({"keys", "add", "--exact", "--label", "second"}, "key-two\n").out,
            "added 1, already there 0\n");
  const auto listed = there({"keys", "list"});
  EXPECT_NE(listed.out.find("second"), std::string::npos) << listed.out << listed.err;
  EXPECT_EQ(there({"keys", "disable", "second"}).out, "disabled 1\n");
  EXPECT_EQ(there({"keys", "label", "second", "third"}).out, "labelled 1\n");
  EXPECT_NE(there({"keys", "list", "--status", "disabled"}).out.find("third"), std::string::npos);
  EXPECT_EQ(there({"keys", "check", "-q"}).status, 0);
  EXPECT_EQ(there({"keys", "remove", "third"}).out, "removed 1\n");
  EXPECT_EQ(there({"keys", "remove", "third"}).status, 2);
  ASSERT_EQ(daemon.post(kGenerate, kHello).status(), 200);
  ASSERT_TRUE(remembers(1));
  EXPECT_NE(there({"stats"}).out.find("gemini-2.5-flash"), std::string::npos);
  const auto wrong = run(laptop, {"keys", "list", "--via", url, "--token", "wrong"});
  EXPECT_EQ(wrong.status, 2);
  EXPECT_NE(wrong.err.find("refuses the token"), std::string::npos) << wrong.err;
  const auto nobody = run(laptop, {"keys", "list", "--via", "http://127.0.0.1:1", "--token", "x"});
  EXPECT_EQ(nobody.status, 4) << nobody.err;
  EXPECT_EQ(run(laptop, {"keys", "list", "--via", url}).status, 2) << "without a token";
}

TEST_F(LogsTest, FollowsUntilItIsInterrupted) {
  Daemon daemon(home_, upstream_.base_url(), {"key-one"});
  ASSERT_EQ(daemon.post(kGenerate, kHello).status(), 200);
  ASSERT_TRUE(remembers(1));
  Process follower(home_, {"logs", "requests", "-f", "--json"});
  EXPECT_TRUE(follower.says("gemini-2.5-flash"));
  ASSERT_EQ(daemon.post("/v1beta/models/gemini-new:generateContent", kHello).status(), 200);
  EXPECT_TRUE(follower.says("gemini-new"));
  follower.signal(SIGINT);
  EXPECT_TRUE(follower.wait());
  const auto out = follower.out();
  EXPECT_EQ(out.find("\"model\":\"gemini-new\""), out.rfind("\"model\":\"gemini-new\""))
      << "each once";
}

}  // namespace
}  // namespace gembal::testing
