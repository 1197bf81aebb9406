// Legacy completions through the running binary.

#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "lib/core/json.hpp"
#include "tests/e2e/bodies.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

/// Answers each prompt with itself in brackets.
void echo(Call& call) {
  const Json json = *parse_json(call.request.body);
  const std::string prompt = json["contents"][0]["parts"][0]["text"];
  call.reply(200, R"({"candidates":[{"content":{"parts":[{"text":)" +
                      to_text(Json("[" + prompt + "]")) + R"(}]},"finishReason":"STOP"}]})");
}

TEST(CompletionsRouteTest, CompletesAText) {
  TempDir home, sandbox_home;
  SandboxProcess sandbox(sandbox_home);
  Daemon daemon(home, sandbox.base_url(), {"key-1"});
  for (const std::string path : {"/v1/completions", "/hf/v1/completions"}) {
    const auto reply = daemon.post(
        path,
        R"({"model":"gemini-2.5-flash","prompt":"sandbox:{\"text\":\" and more\"}","max_tokens":50})");
    ASSERT_EQ(reply.status(), 200) << reply.body;
    const Json json = *parse_json(reply.body);
    EXPECT_EQ(json["object"], "text_completion");
    EXPECT_TRUE(json["id"].get<std::string>().starts_with("cmpl-"));
    EXPECT_EQ(json["choices"][0]["text"], " and more");
    EXPECT_EQ(json["choices"][0]["finish_reason"], "stop");
    EXPECT_GT(json["usage"]["total_tokens"].get<int>(), 0);
  }
  EXPECT_EQ(daemon.get("/v1/completions").status(), 405);
}

TEST(CompletionsRouteTest, StreamsAText) {
  TempDir home, sandbox_home;
  SandboxProcess sandbox(sandbox_home);
  Daemon daemon(home, sandbox.base_url(), {"key-1"});
  const auto reply = daemon.post(
      "/v1/completions",
      R"({"model":"gemini-2.5-flash","stream":true,"prompt":"sandbox:{\"text\":\"one two three\",\"events\":3}"})");
  ASSERT_EQ(reply.status(), 200) << reply.body;
  EXPECT_EQ(reply.header("content-type"), "text/event-stream; charset=utf-8");
  EXPECT_TRUE(reply.body.ends_with("data: [DONE]\n\n"));
  EXPECT_NE(reply.body.find(R"("finish_reason":"stop")"), std::string::npos);
}

TEST(CompletionsRouteTest, PromptsGoSideBySideEachWithAKeyOfItsOwn) {
  std::atomic<int> running{0};
  Gate all_running;
  FakeUpstream upstream([&](Call& call) {
    if (++running == 6) all_running.open();
    EXPECT_TRUE(all_running.wait());
    echo(call);
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-1", "key-2", "key-3"});
  const auto reply =
      daemon.post("/v1/completions", R"({"model":"m","prompt":["a","b","c"],"n":2,"echo":true})");
  ASSERT_EQ(reply.status(), 200) << reply.body;
  const Json choices = (*parse_json(reply.body))["choices"];
  ASSERT_EQ(choices.size(), 6u);
  const char* const texts[] = {"a[a]", "a[a]", "b[b]", "b[b]", "c[c]", "c[c]"};
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(choices[i]["index"], i);
    EXPECT_EQ(choices[i]["text"], texts[i]);
  }
  std::set<std::string> keys;
  for (const auto& line : upstream.log()) keys.insert(line.substr(0, line.find(' ')));
  EXPECT_EQ(keys.size(), 3u);
}

TEST(CompletionsRouteTest, OnePromptThatIsRefusedFailsTheRequest) {
  FakeUpstream upstream([](Call& call) {
    if (call.request.body.find("\"bad\"") == std::string::npos) return echo(call);
    call.reply(400,
               R"({"error":{"code":400,"message":"no such thing","status":"INVALID_ARGUMENT"}})");
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-1"});
  const auto reply = daemon.post("/v1/completions", R"({"model":"m","prompt":["a","bad"]})");
  EXPECT_EQ(reply.status(), 400) << reply.body;
  EXPECT_EQ((*parse_json(reply.body))["error"]["type"], "invalid_request_error");
}

TEST(CompletionsRouteTest, WhatCannotBeAskedNeverReachesUpstream) {
  FakeUpstream upstream([](Call& call) { echo(call); });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-1"});
  const auto reply = daemon.post("/v1/completions", R"({"model":"m","prompt":[1,2,3]})");
  EXPECT_EQ(reply.status(), 400);
  EXPECT_EQ((*parse_json(reply.body))["error"]["param"], "prompt");
  EXPECT_TRUE(upstream.log().empty());
}

TEST(CompletionsRouteTest, AStreamThatBreaksOffEndsWithAnErrorAndAnOutageGoesToAnotherKey) {
  std::atomic<int> calls{0};
  FakeUpstream upstream([&](Call& call) {
    if (calls++ == 0)
      return call.reply(500, R"({"error":{"code":500,"message":"Internal","status":"INTERNAL"}})");
    call.begin_stream();
    call.chunk("data: " + kPart + "\r\n\r\n");
    call.reset();
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-1", "key-2"});
  const auto reply = daemon.post("/v1/completions", R"({"model":"m","prompt":"a","stream":true})");
  EXPECT_EQ(reply.status(), 200);
  EXPECT_EQ(calls, 2);
  EXPECT_NE(reply.body.find("\"hel\""), std::string::npos) << reply.body;
  EXPECT_NE(reply.body.find("\"error\""), std::string::npos);
  EXPECT_EQ(reply.body.find("[DONE]"), std::string::npos);
  EXPECT_TRUE(reply.whole);
}

TEST(CompletionsRouteTest, AClientThatLeavesEndsAllCalls) {
  std::atomic<int> came{0}, left{0};
  Gate all_came;
  FakeUpstream upstream([&](Call& call) {
    if (++came == 3) all_came.open();
    if (call.caller_leaves()) ++left;
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-1"});
  {
    auto socket = Socket::connect(daemon.port());
    socket.send(http_request("POST", "/v1/completions", R"({"model":"m","prompt":["a","b","c"]})",
                             {"x-goog-api-key: sk-test"}));
    ASSERT_TRUE(all_came.wait());
  }
  EXPECT_TRUE(eventually([&] { return left == 3; }));
}

}  // namespace
}  // namespace gembal::testing
