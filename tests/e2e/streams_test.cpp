// Streams that are not passed on as they come: made of whole replies, or cut and paced.

#include <gtest/gtest.h>

#include <chrono>

#include "tests/e2e/bodies.hpp"
#include "tests/e2e/events.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

const std::string kThinking =
    R"({"candidates":[{"content":{"parts":[{"text":"hm","thought":true},{"text":"Hello."},)"
    R"({"functionCall":{"name":"f","args":{}}}],"role":"model"},"finishReason":"STOP"}],)"
    R"("usageMetadata":{"totalTokenCount":5}})";

constexpr auto kFake = "[stream]\nfake = true\nfake_interval = \"50ms\"\n";

/// What comes until `text` has.
std::string read_until(MessageReader& reader, const std::string& text) {
  std::string all;
  while (all.find(text) == std::string::npos) {
    const auto more = reader.more();
    if (!more || more->empty()) break;
    all += *more;
  }
  return all;
}

TEST(FakeStreamTest, SignsOfLifeAndThenEverything) {
  const struct {
    const char* name;
    const char* query;
    const char* sign;
    const char* end;
  } cases[] = {
      {"events", "?alt=sse", "\"text\":\"\"", "\"totalTokenCount\":5}}\r\n\r\n"},
      {"a JSON array", "", "\n", "\"totalTokenCount\":5}}]"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Gate gate;
    FakeUpstream upstream([&](Call& call) {
      gate.wait();
      call.reply(200, kThinking);
    });
    TempDir home;
    Daemon daemon(home, upstream.base_url(), {"key-one"}, kFake);
    auto socket = Socket::connect(daemon.port());
    socket.send(http_request("POST", stream("m") + c.query, kHello, {"x-goog-api-key: sk-test"}));
    MessageReader reader(socket);
    const auto head = reader.read_head();
    ASSERT_TRUE(head);
    EXPECT_EQ(head->status(), 200);
    // Upstream answers only once the client has seen a sign of life.
    gate.open();
    const auto rest = read_until(reader, c.end);
    EXPECT_NE(rest.find(c.sign), std::string::npos) << rest;
    EXPECT_NE(rest.find(kThinking), std::string::npos) << rest;
    EXPECT_EQ(upstream.last().path(), generate("m"));
  }
}

TEST(FakeStreamTest, AQuickAnswerComesAtOnceAndAnErrorAsOne) {
  FakeUpstream upstream([](Call& call) {
    if (call.path().find("bad") != std::string::npos)
      return call.reply(400,
                        R"({"error":{"code":400,"message":"no","status":"INVALID_ARGUMENT"}})");
    call.reply(200, "{\n" + kAnswer.substr(1));
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"},
                "[stream]\nfake = true\nfake_interval = \"60s\"\n");
  const auto events = daemon.post(stream("m") + "?alt=sse", kHello);
  EXPECT_EQ(events.header("content-type"), "text/event-stream");
  EXPECT_EQ(events.body, "data: " + kAnswer + "\r\n\r\n");
  const auto array = daemon.post(stream("m"), kHello);
  EXPECT_EQ(array.body, "[" + kAnswer + "]");
  const auto bad = daemon.post(stream("bad") + "?alt=sse", kHello);
  EXPECT_EQ(bad.status(), 400);
  EXPECT_EQ(parsed(bad.body)["error"]["message"], "no");
  EXPECT_EQ(parsed(daemon.post(stream("bad"), kHello).body)[0]["error"]["message"], "no");
}

TEST(FakeStreamTest, AnErrorAfterASignOfLifeIsAnEvent) {
  Gate gate;
  FakeUpstream upstream([&](Call& call) {
    gate.wait();
    call.reply(400, R"({"error":{"code":400,"message":"no","status":"INVALID_ARGUMENT"}})");
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"}, kFake);
  auto socket = Socket::connect(daemon.port());
  socket.send(http_request("POST", stream("m") + "?alt=sse", kHello, {"x-goog-api-key: sk-test"}));
  MessageReader reader(socket);
  ASSERT_TRUE(reader.read_head());
  gate.open();
  EXPECT_NE(read_until(reader, "0\r\n\r\n").find("\"code\":400,\"message\":\"no\""),
            std::string::npos);
}

TEST(FakeStreamTest, AClientThatLeavesEndsTheUpstreamCall) {
  Gate left;
  FakeUpstream upstream([&](Call& call) {
    if (call.caller_leaves()) left.open();
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"}, kFake);
  {
    auto socket = Socket::connect(daemon.port());
    socket.send(
        http_request("POST", stream("m") + "?alt=sse", kHello, {"x-goog-api-key: sk-test"}));
    MessageReader reader(socket);
    ASSERT_TRUE(reader.read_head());
  }
  EXPECT_TRUE(left.wait());
}

TEST(PacedStreamTest, CutsTextsAndPausesBetweenThePieces) {
  const std::string last =
      R"({"candidates":[{"content":{"parts":[{"text":"né."}],"role":"model"},"finishReason":"STOP"}],)"
      R"("usageMetadata":{"totalTokenCount":5}})";
  FakeUpstream upstream([&](Call& call) {
    call.begin_stream();
    call.chunk("data: " + kPart + "\r\n\r\n");
    call.chunk("data: " + last + "\r\n\r\n");
    call.end_stream();
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"},
                "[stream]\noptimizer = true\nmin_delay = \"20ms\"\nmax_delay = \"20ms\"\n"
                "chunk_size = 1\n");
  const auto before = std::chrono::steady_clock::now();
  const auto reply = daemon.post(stream("m") + "?alt=sse", kHello);
  const auto elapsed = std::chrono::steady_clock::now() - before;
  const auto events = events_in(reply.body);
  ASSERT_EQ(events.size(), 6u) << reply.body;
  EXPECT_EQ(text_of(events), "helné.");
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(find(events[i], "usageMetadata") != nullptr, i == 5) << i;
    EXPECT_EQ(find(events[i]["candidates"][0], "finishReason") != nullptr, i == 5) << i;
  }
  EXPECT_GE(elapsed, milliseconds{5 * 20});
  const auto array = parsed(daemon.post(stream("m"), kHello).body);
  ASSERT_EQ(array.size(), 6u);
}

TEST(PacedStreamTest, AStreamThatBreaksOffEndsWithAnError) {
  FakeUpstream upstream([&](Call& call) {
    call.begin_stream();
    call.chunk("data: " + kPart + "\r\n\r\n");
    call.cut();
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"}, "[stream]\noptimizer = true\n");
  const auto reply = daemon.post(stream("m") + "?alt=sse", kHello);
  EXPECT_TRUE(reply.whole);
  const auto events = events_in(reply.body);
  EXPECT_EQ(text_of(events), "hel");
  EXPECT_EQ(events.back()["error"]["code"], 502);
}

TEST(FakeStreamTest, AChatHasSignsOfLifeAndThenEverything) {
  Gate gate;
  FakeUpstream upstream([&](Call& call) {
    gate.wait();
    call.reply(200, kThinking);
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"}, kFake);
  auto socket = Socket::connect(daemon.port());
  socket.send(http_request("POST", "/v1/chat/completions", chat("m", R"(,"stream":true)"),
                           {"x-goog-api-key: sk-test"}));
  MessageReader reader(socket);
  const auto head = reader.read_head();
  ASSERT_TRUE(head);
  EXPECT_EQ(head->header("content-type"), "text/event-stream; charset=utf-8");
  gate.open();
  const auto body = read_until(reader, "data: [DONE]\n\n");
  EXPECT_NE(body.find(": waiting\n\n"), std::string::npos);
  EXPECT_EQ(content_of(chunks_in(body)), "Hello.");
  EXPECT_NE(body.find(R"("reasoning_content":"hm")"), std::string::npos) << body;
  EXPECT_NE(body.find(R"("name":"f")"), std::string::npos);
  EXPECT_NE(body.find(R"("finish_reason":"tool_calls")"), std::string::npos);
  EXPECT_EQ(upstream.last().path(), generate("m"));
}

TEST(PacedStreamTest, AChatIsCutAndPaced) {
  FakeUpstream upstream([&](Call& call) {
    call.begin_stream();
    call.chunk("data: " + kPart + "\r\n\r\n");
    call.chunk("data: " + kAnswer + "\r\n\r\n");
    call.end_stream();
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"},
                "[stream]\noptimizer = true\nmin_delay = \"20ms\"\nmax_delay = \"20ms\"\n"
                "chunk_size = 1\n");
  for (const std::string more : {R"(,"stream":true)", R"(,"stream":true,"n":2)"}) {
    const auto before = std::chrono::steady_clock::now();
    const auto reply = daemon.post("/v1/chat/completions", chat("m", more));
    EXPECT_GE(std::chrono::steady_clock::now() - before, milliseconds{7 * 20});
    std::string pieces;
    for (const auto& chunk : chunks_in(reply.body)) {
      const Json* choices = find(chunk, "choices");
      if (!choices || choices->empty() || (*choices)[0]["index"] != 0) continue;
      const auto content = string_in((*choices)[0]["delta"], "content");
      if (!content.empty()) pieces += std::string(content) + "|";
    }
    EXPECT_EQ(pieces, "h|e|l|h|e|l|l|o|");
    EXPECT_TRUE(reply.body.ends_with("data: [DONE]\n\n")) << reply.body;
  }
}

}  // namespace
}  // namespace gembal::testing
