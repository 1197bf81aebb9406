// What goes wrong upstream, and clients that leave, through the running binary.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "lib/core/json.hpp"
#include "lib/core/secret.hpp"
#include "tests/e2e/bodies.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/process.hpp"
#include "tests/support/recording.hpp"

namespace gembal::testing {
namespace {

const std::string kChat =
    R"({"model":"gemini-2.5-flash","messages":[{"role":"user","content":"hi"}]})";
const std::string kStreamedChat =
    R"({"model":"gemini-2.5-flash","stream":true,"messages":[{"role":"user","content":"hi"}]})";

std::string error_body(int code, const std::string& message, const std::string& status) {
  return R"({"error":{"code":)" + std::to_string(code) + R"(,"message":")" + message +
         R"(","status":")" + status + "\"}}";
}
const std::string kLeaked = error_body(
    403, "Your API key was reported as leaked. Please use another API key.", "PERMISSION_DENIED");
const std::string kOverloaded =
    error_body(503, "The model is overloaded. Please try again later.", "UNAVAILABLE");

Json status_of(const TempDir& home, const std::string& key) {
  const auto listed = run(home, {"keys", "list", "--json"});
  const auto json = parse_json(listed.out);
  for (const auto& one : json ? (*json)["keys"] : Json::array()) {
    if (one["id"] == Secret(key).id()) return one;
  }
  return nullptr;
}

class FaultsTest : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Own, FaultsTest, ::testing::Values(kOwnHttp));
INSTANTIATE_TEST_SUITE_P(Curl, FaultsTest, ::testing::Values(kOverCurl));

TEST_P(FaultsTest, ADeadKeyIsLeftForAnotherAndDisabled) {
  FakeUpstream upstream([](Call& call) {
    call.key() == "key-bad" ? call.reply(403, kLeaked) : call.reply(200, kAnswer);
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(GetParam()), {"key-bad", "key-good"});
  const auto reply = daemon.post(kGenerate, kHello);
  EXPECT_EQ(reply.status(), 200);
  EXPECT_EQ(reply.body, kAnswer);
  EXPECT_EQ(reply.header("x-gembal-key"), Secret("key-good").id());
  EXPECT_NE(reply.header("x-gembal-attempts").find(Secret("key-bad").id() + ": "),
            std::string::npos);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(daemon.post(kGenerate, kHello).status(), 200);
  const auto log = upstream.log();
  EXPECT_EQ(std::count_if(log.begin(), log.end(),
                          [](const auto& line) { return line.starts_with("key-bad"); }),
            1);
  EXPECT_TRUE(eventually([&] { return status_of(home, "key-bad")["status"] == "disabled"; }));
  EXPECT_EQ(status_of(home, "key-bad")["reason"], "leaked");
}

TEST_P(FaultsTest, EveryRecordedErrorAboutAKeyIsHealedByAnotherAndACallersIsAnsweredAtOnce) {
  const auto all = recordings("error");
  std::atomic<const Recording*> current{nullptr};
  FakeUpstream upstream([&](Call& call) {
    const Recording* now = current;
    call.key().starts_with("key-bad") ? call.reply(now->status, now->body)
                                      : call.reply(200, kAnswer);
  });
  for (const auto& recording : all) {
    SCOPED_TRACE(recording.name);
    current = &recording;
    TempDir home;
    Daemon daemon(home, upstream.base_url(GetParam()), {"key-bad", "key-good"},
                  "[pool]\nmax_retries = 1\n");
    const auto before = upstream.log().size();
    const auto reply = daemon.post(kGenerate, kHello);
    const bool callers =
        (recording.status == 400 && recording.body.find("API_KEY_INVALID") == std::string::npos &&
         recording.body.find("User location") == std::string::npos &&
         recording.body.find("Multiple auth") == std::string::npos) ||
        (recording.status == 404 && recording.body.find("new users") == std::string::npos);
    if (callers) {
      EXPECT_EQ(reply.status(), recording.status);
      EXPECT_EQ(reply.body, recording.body);
      EXPECT_EQ(upstream.log().size() - before, 1u);
      EXPECT_EQ(status_of(home, "key-bad")["status"], "ok");
      continue;
    }
    if (recording.body.find("Multiple auth") != std::string::npos)
      continue;  // our own mistake: nothing to heal
    EXPECT_EQ(reply.status(), 200) << reply.body;
    EXPECT_EQ(reply.body, kAnswer);
  }
}

TEST_P(FaultsTest, WhenAllKeysWaitTheClientIsToldForHowLong) {
  const std::string minute =
      R"({"error":{"code":429,"message":"Please retry in 30s.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerMinutePerProjectPerModel"}]},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"30s"}]}})";
  FakeUpstream upstream([&](Call& call) { call.reply(429, minute); });
  TempDir home;
  Daemon daemon(home, upstream.base_url(GetParam()), {"key-one", "key-two"});
  for (const auto& path : {kGenerate, kStream}) {
    const auto reply = daemon.post(path, kHello);
    EXPECT_EQ(reply.status(), 429);
    EXPECT_EQ((*parse_json(reply.body))["error"]["status"], "RESOURCE_EXHAUSTED");
    const int seconds = std::atoi(reply.header("retry-after").c_str());
    EXPECT_GE(seconds, 25);
    EXPECT_LE(seconds, 32);
  }
  EXPECT_EQ(upstream.log().size(), 2u) << "no key is asked again while it is known to be unusable";
  const auto chat = daemon.post("/v1/chat/completions", kChat);
  EXPECT_EQ(chat.status(), 429);
  EXPECT_EQ((*parse_json(chat.body))["error"]["code"], "rate_limit_exceeded");
  EXPECT_TRUE(eventually([&] { return status_of(home, "key-one")["status"] == "cooling"; }));
}

TEST_P(FaultsTest, WithoutAnyKeyItSaysHowToAddOne) {
  FakeUpstream upstream([](Call& call) { call.reply(200, kAnswer); });
  TempDir home;
  Daemon daemon(home, upstream.base_url(GetParam()), {});
  const auto reply = daemon.post(kGenerate, kHello);
  EXPECT_EQ(reply.status(), 503);
  EXPECT_NE(reply.body.find("gembal keys add"), std::string::npos);
  const auto readiness = daemon.get("/readyz");
  EXPECT_EQ(readiness.status(), 503);
  EXPECT_NE(readiness.body.find("gembal keys add"), std::string::npos) << readiness.body;
  EXPECT_EQ(daemon.get("/healthz").status(), 200);
}

TEST_P(FaultsTest, WithAllKeysDisabledItSaysWhereToLook) {
  FakeUpstream upstream([](Call& call) { call.reply(200, kAnswer); });
  TempDir home;
  ASSERT_EQ(run(home, {"keys", "add", "--exact"}, "key-one\n").status, 0);
  ASSERT_EQ(run(home, {"keys", "disable", Secret("key-one").id()}).status, 0);
  Daemon daemon(home, upstream.base_url(GetParam()), {});
  const auto readiness = daemon.get("/readyz");
  EXPECT_EQ(readiness.status(), 503);
  EXPECT_NE(readiness.body.find("gembal keys list"), std::string::npos) << readiness.body;
}

TEST_P(FaultsTest, AnOverloadIsTriedAgainAndBlamesNoKey) {
  std::atomic<int> calls{0};
  FakeUpstream upstream(
      [&](Call& call) { ++calls < 3 ? call.reply(503, kOverloaded) : call.reply(200, kAnswer); });
  TempDir home;
  Daemon daemon(home, upstream.base_url(GetParam()), {"key-one"});
  EXPECT_EQ(daemon.post(kGenerate, kHello).status(), 200);
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(status_of(home, "key-one")["status"], "ok");
  EXPECT_EQ(status_of(home, "key-one")["failures"], 0);
}

TEST_P(FaultsTest, WhenTriesEndTheLastFailureIsPassedOn) {
  FakeUpstream upstream([](Call& call) { call.reply(503, kOverloaded); });
  TempDir home;
  Daemon daemon(home, upstream.base_url(GetParam()), {"key-one", "key-two"},
                "[pool]\nmax_retries = 1\n");
  const auto reply = daemon.post(kGenerate, kHello);
  EXPECT_EQ(reply.status(), 503);
  EXPECT_EQ(reply.body, kOverloaded);
  EXPECT_EQ(upstream.log().size(), 2u);
  const auto chat = daemon.post("/v1/chat/completions", kChat);
  EXPECT_EQ(chat.status(), 503);
  EXPECT_EQ((*parse_json(chat.body))["error"]["message"],
            "The model is overloaded. Please try again later.");
}

TEST_P(FaultsTest, BrokenAnswersAreTriedAgain) {
  const struct {
    const char* name;
    std::function<void(Call&)> fail;
  } cases[] = {
      {"no reply at all", [](Call& call) { call.cut(); }},
      {"a reset", [](Call& call) { call.reset(); }},
      {"garbage in place of HTTP",
       [](Call& call) {
         call.send("\x16\x03\x01 this is no HTTP\r\n\r\n");
         call.cut();
       }},
      {"an endless status line",
       [](Call& call) {
         call.send("HTTP/1.1 200 " + std::string(200'000, 'x'));
         call.cut();
       }},
      {"cut inside the headers",
       [](Call& call) {
         call.send("HTTP/1.1 200 OK\r\nContent-Ty");
         call.cut();
       }},
      {"cut inside the body",
       [](Call& call) {
         call.send(
             "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"candi");
         call.cut();
       }},
      {"500",
       [](Call& call) {
         call.reply(500, error_body(500, "Internal error encountered.", "INTERNAL"));
       }},
      {"502 as a page", [](Call& call) { call.reply(502, "<html>502</html>", "text/html"); }},
      {"no candidates", [](Call& call) { call.reply(200, R"({"usageMetadata":{}})"); }},
      {"STOP without content",
       [](Call& call) {
         call.reply(200, R"({"candidates":[{"content":{"role":"model"},"finishReason":"STOP"}]})");
       }},
      {"a malformed call",
       [](Call& call) {
         call.reply(200,
                    R"({"candidates":[{"content":{},"finishReason":"MALFORMED_FUNCTION_CALL"}]})");
       }},
      {"an empty body", [](Call& call) { call.reply(200, ""); }},
  };
  std::atomic<int> calls{0};
  std::atomic<const std::function<void(Call&)>*> fail{nullptr};
  FakeUpstream upstream([&](Call& call) {
    if (calls++ == 0) return (*fail.load())(call);
    call.reply(200, kAnswer);
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(GetParam()), {"key-one", "key-two"});
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    calls = 0;
    fail = &c.fail;
    const auto reply = daemon.post(kGenerate, kHello);
    EXPECT_EQ(reply.status(), 200) << reply.body;
    EXPECT_EQ(reply.body, kAnswer);
    EXPECT_EQ(calls, 2);
  }
  EXPECT_EQ(status_of(home, "key-one")["failures"], 0);
}

TEST_P(FaultsTest, AStreamThatFailsBeforeItsFirstContentIsTriedAgain) {
  const struct {
    const char* name;
    std::function<void(Call&)> fail;
  } cases[] = {
      {"an error event",
       [](Call& call) {
         call.begin_stream();
         call.chunk("data: " + kOverloaded + "\r\n\r\n");
         call.end_stream();
       }},
      {"an error without a frame",
       [](Call& call) {
         call.begin_stream();
         call.chunk("{\n  \"error\": {\n    \"code\": 503,\n    \"message\": \"x\"\n  }\n}\n");
         call.end_stream();
       }},
      {"an empty stream",
       [](Call& call) {
         call.begin_stream();
         call.end_stream();
       }},
      {"STOP without content",
       [](Call& call) {
         call.begin_stream();
         call.chunk("data: {\"candidates\":[{\"content\":{},\"finishReason\":\"STOP\"}]}\r\n\r\n");
         call.end_stream();
       }},
      {"a cut before anything",
       [](Call& call) {
         call.begin_stream();
         call.cut();
       }},
      {"half an event",
       [](Call& call) {
         call.begin_stream();
         call.chunk("data: {\"candid");
         call.cut();
       }},
  };
  std::atomic<int> calls{0};
  std::atomic<const std::function<void(Call&)>*> fail{nullptr};
  FakeUpstream upstream([&](Call& call) {
    if (calls++ == 0) return (*fail.load())(call);
    call.begin_stream();
    call.chunk("data: " + kAnswer + "\r\n\r\n");
    call.end_stream();
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(GetParam()), {"key-one", "key-two"});
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    for (const bool translated : {false, true}) {
      calls = 0;
      fail = &c.fail;
      const auto reply = translated ? daemon.post("/v1/chat/completions", kStreamedChat)
                                    : daemon.post(kStream, kHello);
      EXPECT_EQ(reply.status(), 200) << reply.body;
      EXPECT_NE(reply.body.find("hello"), std::string::npos) << reply.body;
      EXPECT_EQ(reply.body.find("error"), std::string::npos) << reply.body;
      EXPECT_EQ(calls, 2);
    }
  }
}

TEST_P(FaultsTest, AStreamThatBreaksOffEndsWithAnErrorEventWhereverItBreaks) {
  const std::string first = "data: " + kPart + "\r\n\r\n";
  const std::string second = std::string("data: ") +
                             R"({"candidates":[{"content":{"parts":[{"text":"lo"}]}}]})" +
                             "\r\n\r\n";
  std::atomic<std::size_t> cut{0};
  std::atomic<bool> resets{false};
  FakeUpstream upstream([&](Call& call) {
    call.begin_stream();
    call.chunk(first + second.substr(0, cut));
    resets ? call.reset() : call.cut();
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(GetParam()), {"key-one"}, "[logs]\nrequests = false\n");
  for (cut = 0; cut <= second.size(); ++cut) {
    SCOPED_TRACE(cut.load());
    resets = cut % 7 == 3;
    const auto reply = daemon.post(kStream, kHello);
    ASSERT_TRUE(reply.whole) << "the body must come to a proper end";
    if (!reply.body.starts_with(first)) {
      // A reset may overtake the bytes before it: then nothing was passed on, and the whole try was
      // repeated in vain.
      ASSERT_TRUE(resets) << reply.body;
      continue;
    }
    const auto last = reply.body.rfind("data: ");
    const auto event = parse_json(std::string_view(reply.body).substr(last + 6));
    ASSERT_TRUE(event) << reply.body;
    EXPECT_EQ((*event)["error"]["code"], 502) << reply.body;
    EXPECT_TRUE(reply.body.ends_with("\r\n\r\n"));
    if (cut < second.size())
      EXPECT_EQ(reply.body.find("lo\"}"), std::string::npos)
          << "half an event is not passed on: " << reply.body;
  }
  cut = 10;
  resets = false;
  const auto chat = daemon.post("/v1/chat/completions", kStreamedChat);
  ASSERT_TRUE(chat.whole);
  EXPECT_NE(chat.body.find("\"content\":\"hel\""), std::string::npos);
  EXPECT_NE(chat.body.find("data: {\"error\":"), std::string::npos) << chat.body;
  EXPECT_EQ(chat.body.find("[DONE]"), std::string::npos);
}

TEST_P(FaultsTest, AStreamThatEndsWithoutAFinishIsToldToBeCutShort) {
  FakeUpstream upstream([](Call& call) {
    call.begin_stream();
    call.chunk("data: " + kPart + "\r\n\r\n");
    call.end_stream();
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(GetParam()), {"key-one"});
  const auto native = daemon.post(kStream, kHello);
  EXPECT_TRUE(native.whole);
  EXPECT_NE(native.body.find("\"code\":502"), std::string::npos) << native.body;
  const auto chat = daemon.post("/v1/chat/completions", kStreamedChat);
  EXPECT_NE(chat.body.find("data: {\"error\":"), std::string::npos) << chat.body;
  EXPECT_EQ(chat.body.find("[DONE]"), std::string::npos);
}

TEST_P(FaultsTest, AWholeReplyThatBreaksOffIsNeverTakenForWhole) {
  FakeUpstream upstream([](Call& call) {
    call.send(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 300000\r\n\r\n" +
        std::string(100'000, ' '));
    call.cut();
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(GetParam()), {"key-one"});
  const auto reply = daemon.get("/v1beta/tunedModels");
  EXPECT_FALSE(reply.whole);
}

TEST_P(FaultsTest, AClientThatLeavesEndsTheUpstreamCallWithinATenthOfASecond) {
  std::atomic<int> in_progress{0};
  std::atomic<long> left_after{-1};
  std::atomic<std::int64_t> gone_at{0};
  const auto now = [] {
    return std::chrono::duration_cast<milliseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
  };
  FakeUpstream upstream([&](Call& call) {
    const bool streams = call.path().find("stream") != std::string::npos;
    if (streams) {
      call.begin_stream();
      call.chunk("data: " + kPart + "\r\n\r\n");
    }
    ++in_progress;
    const bool left = call.caller_leaves();
    left_after = left ? now() - gone_at : -1;
    --in_progress;
    call.cut();
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(GetParam()), {"key-one"});
  for (const auto& path : {kGenerate, kStream}) {
    SCOPED_TRACE(path);
    auto socket = Socket::connect(daemon.port());
    socket.send(http_request("POST", path, kHello, {"x-goog-api-key: sk-test"}));
    ASSERT_TRUE(eventually([&] { return in_progress == 1; }));
    if (path == kStream) ASSERT_TRUE(socket.receive(milliseconds{5'000}));
    gone_at = now();
    path == kStream ? socket.close() : socket.reset();
    ASSERT_TRUE(eventually([&] { return in_progress == 0; }));
    EXPECT_GE(left_after, 0) << "the upstream call went on";
    // The machine may be busy; ten times the target still tells a hang-up from a time-out.
    EXPECT_LT(left_after, 1000);
  }
  EXPECT_EQ(daemon.post("/healthz", "").status() / 100, 4);
  EXPECT_EQ(daemon.get("/healthz").status(), 200);
}

TEST_P(FaultsTest, AStalledUpstreamIsGivenUpInTime) {
  FakeUpstream upstream([](Call& call) {
    const auto path = call.path();
    if (path.find("after-first") != std::string::npos) {
      call.begin_stream();
      call.chunk("data: " + kPart + "\r\n\r\n");
    } else if (path.find("before-first") != std::string::npos) {
      call.begin_stream();
    } else if (path.find("in-body") != std::string::npos) {
      call.send(
          "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{");
    }
    call.caller_leaves();
    call.cut();
  });
  TempDir home;
  Daemon daemon(
      home, upstream.base_url(GetParam()), {"key-one"},
      "[pool]\nmax_retries = 0\n[upstream]\nheader_timeout = \"300ms\"\nidle_timeout = \"300ms\"\nfirst_token_timeout = \"300ms\"\ntimeout = \"600ms\"\n");
  const auto ask_for = [&](const std::string& model, bool streams) {
    return daemon.post("/v1beta/models/" + model +
                           (streams ? ":streamGenerateContent?alt=sse" : ":generateContent"),
                       kHello);
  };
  EXPECT_EQ(ask_for("no-header", false).status(), 504);
  EXPECT_EQ(ask_for("in-body", false).status(), 504);
  EXPECT_EQ(ask_for("before-first", true).status(), 504);
  const auto cut = ask_for("after-first", true);
  EXPECT_EQ(cut.status(), 200);
  EXPECT_TRUE(cut.whole);
  EXPECT_NE(cut.body.find("\"error\""), std::string::npos) << cut.body;
}

TEST_P(FaultsTest, AnUpstreamThatIsNotThereIsAClearError) {
  int port = 0;
  { port = ListenSocket().port(); }
  TempDir home;
  Daemon daemon(home, "http://" + std::string(GetParam()) + ":" + std::to_string(port) + "/v1beta",
                {"key-one"}, "[pool]\nmax_retries = 1\n");
  const auto reply = daemon.post(kGenerate, kHello);
  EXPECT_EQ(reply.status(), 502);
  EXPECT_EQ((*parse_json(reply.body))["error"]["status"], "UNAVAILABLE");
  EXPECT_EQ(status_of(home, "key-one")["failures"], 0);
}

TEST_P(FaultsTest, AConnectionThatDiedWhileIdleIsReplaced) {
  std::atomic<int> calls{0};
  FakeUpstream upstream([&](Call& call) {
    ++calls;
    call.reply(200, kAnswer);
    if (calls % 2 == 1) call.cut();
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(GetParam()), {"key-one"}, "[pool]\nmax_retries = 0\n");
  for (int i = 0; i < 20; ++i) EXPECT_EQ(daemon.post(kGenerate, kHello).status(), 200) << i;
}

TEST_P(FaultsTest, ASlowReaderSlowsUpstreamDownAndNobodyElse) {
  std::atomic<std::size_t> sent{0};
  std::atomic<bool> done{false};
  FakeUpstream upstream([&](Call& call) {
    if (call.path().find("stream") == std::string::npos) return call.reply(200, kAnswer);
    call.begin_stream();
    const std::string event = "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"" +
                              std::string(60'000, 'x') + "\"}]}}]}\r\n\r\n";
    for (int i = 0; i < 2'000 && call.chunk(event); ++i) sent += event.size();
    done = true;
    call.end_stream();
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(GetParam()), {"key-one"});
  auto slow = Socket::connect(daemon.port(), 4096);
  slow.send(http_request("POST", kStream, kHello, {"x-goog-api-key: sk-test"}));
  ASSERT_TRUE(eventually([&] { return sent > 100'000; }));
  // Buffers fill up, then upstream must stop; meanwhile others are served all the same.
  int rounds_at_rest = 0;
  ASSERT_TRUE(eventually([&] {
    const std::size_t before = sent;
    for (int i = 0; i < 10; ++i) EXPECT_EQ(daemon.post(kGenerate, kHello).status(), 200);
    rounds_at_rest = sent == before ? rounds_at_rest + 1 : 0;
    return rounds_at_rest == 20;
  }));
  EXPECT_FALSE(done);
  EXPECT_LT(sent, 60'000'000u) << "a hundred and twenty megabytes must not be held";
}

}  // namespace
}  // namespace gembal::testing
