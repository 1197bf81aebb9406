// The native face through the running binary: what upstream sends arrives, byte for byte.

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

#include "lib/core/json.hpp"
#include "tests/e2e/bodies.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/process.hpp"
#include "tests/support/recording.hpp"

namespace gembal::testing {
namespace {

/// Whether the path is one that the native face passes on.
bool is_native(const Recording& recording) {
  return recording.path.starts_with("/v1beta/") || recording.path.starts_with("/v1alpha/") ||
         recording.path.starts_with("/v1/models/") || recording.path.starts_with("/download/");
}

/// A verdict takes these away from the client: they are about the key, or worth another try.
bool is_retried(const Recording& recording) { return recording.kind.starts_with("error"); }

TEST(NativeTest, PassesEveryRecordedExchangeOnByteForByte) {
  const auto all = recordings();
  std::atomic<const Recording*> current{nullptr};
  FakeUpstream upstream([&](Call& call) {
    const Recording& now = *current;
    if (!now.streamed) return call.reply(now.status, now.body);
    call.begin_stream();
    for (std::size_t at = 0; at < now.body.size(); at += 700)
      call.chunk(std::string_view(now.body).substr(at, 700));
    call.end_stream();
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"}, "[pool]\nmax_retries = 0\n");
  std::size_t passed = 0;
  for (const auto& recording : all) {
    if (!is_native(recording) || is_retried(recording) || recording.method.empty()) continue;
    // Of models gembal tells itself: what all its keys can use.
    if (recording.method == "GET" && recording.path.find("/models") != std::string::npos) continue;
    if (recording.path.find("/openai/") != std::string::npos ||
        recording.path.find("/upload/") != std::string::npos)
      continue;
    SCOPED_TRACE(recording.name);
    current = &recording;
    const auto target = recording.path + (recording.query.empty() ? "" : "?" + recording.query);
    const bool posts = recording.method == "POST" || recording.method == "PATCH";
    const auto reply =
        ask(daemon.port(),
            http_request(recording.method, target, posts ? recording.request_body + " " : "",
                         {"x-goog-api-key: sk-test", "Content-Type: application/json"}));
    ASSERT_TRUE(reply.whole);
    EXPECT_EQ(reply.status(), recording.status);
    EXPECT_EQ(reply.body, recording.body);
    EXPECT_EQ(upstream.last().path(), target);
    if (posts) EXPECT_EQ(upstream.last().body, recording.request_body + " ");
    ++passed;
  }
  if (!all.empty()) EXPECT_GT(passed, 80u);
}

TEST(NativeTest, SendsUpstreamItsKeyAndNothingOfTheClients) {
  FakeUpstream upstream([](Call& call) {
    call.reply(200, kAnswer, "application/json",
               {"X-Gemini-Service-Tier: standard", "Set-Cookie: NID=1", "Server: ESF"});
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"});
  const auto reply =
      ask(daemon.port(),
          http_request("POST", "/v1beta/models/m:generateContent?key=sk-test&alt=json", kHello,
                       {"Authorization: Bearer sk-test", "x-api-key: sk-test", "Cookie: a=b",
                        "X-Goog-Api-Client: genai/1", "Content-Type: application/json"}));
  EXPECT_EQ(reply.status(), 200);
  const auto seen = upstream.last();
  EXPECT_EQ(seen.path(), "/v1beta/models/m:generateContent?alt=json");
  EXPECT_EQ(seen.header("x-goog-api-key"), "key-one");
  EXPECT_EQ(seen.header("authorization"), "");
  EXPECT_EQ(seen.header("x-api-key"), "");
  EXPECT_EQ(seen.header("cookie"), "");
  EXPECT_EQ(seen.header("x-goog-api-client"), "genai/1");
  EXPECT_EQ(seen.header("content-type"), "application/json");
  EXPECT_EQ(reply.header("x-gemini-service-tier"), "standard");
  EXPECT_EQ(reply.header("set-cookie"), "");
  EXPECT_FALSE(reply.header("x-gembal-request-id").empty());
  EXPECT_EQ(reply.header("x-gembal-key").size(), 12u);
  EXPECT_FALSE(reply.header("x-gembal-overhead").empty());
  daemon.stop();
  const auto log = daemon.process().err() + daemon.process().out();
  EXPECT_EQ(log.find("sk-test"), std::string::npos) << log;
  EXPECT_EQ(log.find("key-one"), std::string::npos) << log;
  EXPECT_NE(log.find("path=/v1beta/models/m:generateContent"), std::string::npos) << log;
}

TEST(NativeTest, ABadTokenIsAnErrorOfTheDialect) {
  FakeUpstream upstream([](Call& call) { call.reply(200, kAnswer); });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"});
  const auto native =
      ask(daemon.port(), http_request("POST", kGenerate, kHello, {"x-goog-api-key: sk-wrong"}));
  EXPECT_EQ(native.status(), 401);
  EXPECT_EQ((*parse_json(native.body))["error"]["status"], "UNAUTHENTICATED");
  const auto openai = ask(daemon.port(), http_request("POST", "/v1/chat/completions", "{}",
                                                      {"Authorization: Bearer sk-wrong"}));
  EXPECT_EQ(openai.status(), 401);
  EXPECT_EQ((*parse_json(openai.body))["error"]["code"], "invalid_api_key");
  EXPECT_EQ(ask(daemon.port(), http_request("GET", "/v1beta/models", "")).status(), 401);
  EXPECT_TRUE(upstream.log().empty());
}

TEST(NativeTest, StreamsEventByEventAsTheyCome) {
  Gate second, third;
  FakeUpstream upstream([&](Call& call) {
    call.begin_stream();
    call.chunk("data: " + kAnswer.substr(0, kAnswer.find(",\"finishReason")) + "}]}\r\n\r\n");
    second.wait();
    call.chunk("data: {\"candidates\":[{\"content\":{\"par");
    third.wait();
    call.chunk("ts\":[{\"text\":\"x\"}]},\"finishReason\":\"STOP\"}]}\r\n\r\n");
    call.end_stream();
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"});
  auto socket = Socket::connect(daemon.port());
  socket.send(http_request("POST", kStream, kHello, {"x-goog-api-key: sk-test"}));
  MessageReader reader(socket);
  const auto head = reader.read_head();
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status(), 200);
  EXPECT_EQ(head->header("content-type"), "text/event-stream");
  std::string body;
  while (body.find("hello") == std::string::npos) {
    const auto more = reader.more();
    ASSERT_TRUE(more && !more->empty()) << "the first event must not wait for the second";
    body += *more;
  }
  second.open();
  EXPECT_EQ(socket.receive(milliseconds{150}), std::nullopt) << "half an event is held back";
  third.open();
  while (body.find("0\r\n\r\n") == std::string::npos) {
    const auto more = reader.more();
    ASSERT_TRUE(more && !more->empty());
    body += *more;
  }
  EXPECT_NE(body.find("\"finishReason\""), std::string::npos);
}

TEST(NativeTest, AStreamArrivesWholeWhereverUpstreamsPiecesAreCut) {
  const auto recorded = recordings("stream.text");
  const std::string body = recorded.empty() ? "data: " + kAnswer + "\r\n\r\n"
                                            : recording("stream.text-gemini-2.5-flash").body;
  std::atomic<std::size_t> cut{0};
  FakeUpstream upstream([&](Call& call) {
    call.begin_stream();
    call.chunk(std::string_view(body).substr(0, cut));
    if (cut < body.size()) call.chunk(std::string_view(body).substr(cut));
    call.end_stream();
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"}, "[logs]\nrequests = false\n");
  auto socket = Socket::connect(daemon.port());
  MessageReader reader(socket);
  for (cut = 1; cut <= body.size(); ++cut) {
    socket.send(http_request("POST", kStream, kHello, {"x-goog-api-key: sk-test"}));
    const auto reply = reader.read();
    ASSERT_TRUE(reply) << cut;
    ASSERT_EQ(reply->body, body) << cut;
  }
}

TEST(NativeTest, HeadAsksWithoutABody) {
  FakeUpstream upstream([](Call& call) { call.reply(200, R"({"models":[]})"); });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"});
  auto socket = Socket::connect(daemon.port());
  socket.send(http_request("HEAD", "/v1beta/models", "", {"x-goog-api-key: sk-test"}));
  MessageReader reader(socket);
  const auto head = reader.read(true);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status(), 200);
  EXPECT_EQ(head->header("content-length"), "13");
  socket.send(http_request("GET", "/healthz", ""));
  const auto next = reader.read();
  ASSERT_TRUE(next) << "the connection goes on behind it";
  EXPECT_EQ(next->status(), 200);
}

TEST(NativeTest, WhatIsNotOfferedSaysSo) {
  FakeUpstream upstream([](Call& call) { call.reply(200, "{}"); });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"});
  EXPECT_EQ(daemon.post("/v1/conversations", "{}").status(), 501);
  EXPECT_EQ(daemon.get("/nothing").status(), 404);
  EXPECT_TRUE(upstream.log().empty());
}

}  // namespace
}  // namespace gembal::testing
