// Google's own OpenAI-compatible surface through the running binary: pooled keys, and replies that
// OpenAI's SDKs can read whatever happens.

#include <gtest/gtest.h>

#include <atomic>
#include <map>

#include "lib/core/json.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

const std::string kChatPath = "/openai/v1/chat/completions";
const std::string kAsk =
    R"({"model":"gemini-2.5-flash","messages":[{"role":"user","content":"hi"}]})";
const std::string kAskStream =
    R"({"model":"gemini-2.5-flash","stream":true,"messages":[{"role":"user","content":"hi"}]})";
const std::string kCompletion =
    R"({"choices":[{"finish_reason":"stop","index":0,"message":{"content":"hello","role":"assistant"}}],"object":"chat.completion"})";
const std::string kChunk =
    "data: {\"choices\":[{\"delta\":{\"content\":\"hel\"},\"index\":0}],\"object\":\"chat.completion.chunk\"}\n\n";
const std::string kDone = "data: [DONE]\n\n";

/// Google's error as this surface gives it.
std::string googles(int code, const std::string& message, const std::string& more = "") {
  return R"([{"error":{"code":)" + std::to_string(code) + R"(,"message":")" + message + "\"" +
         more + "}}]";
}

Json error_in(const Message& reply) {
  const auto json = parse_json(reply.body);
  const Json* error = json ? find(*json, "error") : nullptr;
  return error && error->is_object() ? *error : Json{{"message", "no error: " + reply.body}};
}

TEST(OpenAiForwardTest, ErrorsComeInOpenAisShapeWithTheRightStatus) {
  const struct {
    const char* name;
    int upstream;
    std::string body;
    int status;
    const char* type;
    const char* says;
    std::size_t calls;
  } cases[] = {
      {"the caller's fault, in an array", 400, googles(400, "Invalid value at 'messages'"), 400,
       "invalid_request_error", "Invalid value", 1},
      {"no such model", 404, googles(404, "models/x is not found for API version v1main"), 404,
       "invalid_request_error", "not found", 1},
      {"a page", 404, "<html><title>404</title></html>", 404, "invalid_request_error", "upstream",
       1},
      {"a dead key", 400,
       googles(400, "API key not valid.", R"(,"details":[{"reason":"API_KEY_INVALID"}])"), 503,
       "server_error", "no usable API key", 2},
      {"an unauthorized key", 401, googles(401, "Request had invalid authentication credentials."),
       503, "server_error", "refused every key", 2},
      {"all keys over the minute's limit", 429,
       googles(
           429, "Please retry in 30s.",
           R"(,"details":[{"violations":[{"quotaId":"GenerateRequestsPerMinute"}]},{"retryDelay":"30s"}])"),
       429, "rate_limit_error", "wait", 2},
      {"a place that is not served", 400,
       googles(400, "User location is not supported for the API use."), 502, "server_error",
       "location", 2},
      {"an outage", 500, googles(500, "An internal error has occurred."), 500, "server_error",
       "internal error", 2},
      {"an overloaded model", 503, googles(503, "The model is overloaded."), 503, "server_error",
       "overloaded", 2},
      {"a broken gateway's page", 502, "<html>Bad Gateway</html>", 502, "server_error", "upstream",
       2},
  };
  for (const auto& c : cases) {
    for (const auto& body : {kAsk, kAskStream}) {
      SCOPED_TRACE(c.name);
      FakeUpstream upstream([&](Call& call) { call.reply(c.upstream, c.body); });
      TempDir home;
      Daemon daemon(home, upstream.base_url(), {"key-1", "key-2"}, "[pool]\nmax_retries = 1\n");
      const auto reply = daemon.post(kChatPath, body);
      EXPECT_EQ(reply.status(), c.status) << reply.body;
      const auto error = error_in(reply);
      EXPECT_EQ(string_in(error, "type"), c.type);
      EXPECT_NE(string_in(error, "message").find(c.says), std::string::npos) << error;
      EXPECT_TRUE(error.contains("param") && error.contains("code"));
      EXPECT_EQ(upstream.log().size(), c.calls);
      if (c.status == 429) EXPECT_NE(reply.header("retry-after"), "");
    }
  }
}

TEST(OpenAiForwardTest, KeysThatAreOutForTheDayAreASpentQuota) {
  FakeUpstream upstream([](Call& call) {
    call.reply(
        429,
        googles(
            429, "quota",
            R"(,"details":[{"violations":[{"quotaId":"GenerateRequestsPerDay"}]},{"retryDelay":"86000s"}])"));
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-1"});
  const auto reply = daemon.post(kChatPath, kAsk);
  EXPECT_EQ(reply.status(), 429);
  EXPECT_EQ(string_in(error_in(reply), "code"), "insufficient_quota") << reply.body;
}

TEST(OpenAiForwardTest, FailuresGoToAnotherKeyBeforeTheFirstContent) {
  const struct {
    const char* name;
    std::function<void(Call&)> fault;
  } cases[] = {
      {"a key that is over its limit",
       [](Call& call) {
         call.reply(
             429, googles(429, "quota", R"(,"details":[{"violations":[{"quotaId":"XPerDay"}]}])"));
       }},
      {"an outage", [](Call& call) { call.reply(503, googles(503, "overloaded")); }},
      {"an error as the first event",
       [](Call& call) {
         call.begin_stream();
         call.chunk("data: " + googles(503, "overloaded") + "\n\n");
         call.end_stream();
       }},
      {"nothing said",
       [](Call& call) {
         call.begin_stream();
         call.chunk(
             "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"},\"finish_reason\":\"stop\"}]}\n\n" +
             kDone);
         call.end_stream();
       }},
      {"a cut before any content",
       [](Call& call) {
         call.begin_stream();
         call.chunk("data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n");
         call.reset();
       }},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    std::atomic<int> calls{0};
    FakeUpstream upstream([&](Call& call) {
      if (calls++ == 0) return c.fault(call);
      call.begin_stream();
      call.chunk(kChunk + kDone);
      call.end_stream();
    });
    TempDir home;
    Daemon daemon(home, upstream.base_url(), {"key-1", "key-2"});
    const auto reply = daemon.post(kChatPath, kAskStream);
    EXPECT_EQ(reply.status(), 200) << reply.body;
    EXPECT_EQ(reply.body, kChunk + kDone);
    EXPECT_EQ(calls, 2);
    EXPECT_NE(reply.header("x-gembal-attempts"), "");
  }
}

TEST(OpenAiForwardTest, AnEmptyCompletionIsTriedAgainAndPassedOnInTheEnd) {
  const std::string empty =
      R"({"choices":[{"finish_reason":"stop","index":0,"message":{"role":"assistant"}}]})";
  std::atomic<bool> heals{true};
  std::atomic<int> calls{0};
  FakeUpstream upstream([&](Call& call) {
    const bool is_first = calls++ == 0;
    call.reply(200, is_first || !heals ? empty : kCompletion, "application/json");
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-1", "key-2"}, "[pool]\nmax_retries = 1\n");
  EXPECT_EQ(daemon.post(kChatPath, kAsk).body, kCompletion);
  heals = false;
  const auto reply = daemon.post(kChatPath, kAsk);
  EXPECT_EQ(reply.status(), 200);
  EXPECT_EQ(reply.body, empty);
}

TEST(OpenAiForwardTest, AStreamThatBreaksOffEndsWithAnErrorAndWithoutDone) {
  const struct {
    const char* name;
    std::function<void(Call&)> end;
    const char* says;
  } cases[] = {
      {"cut between events", [](Call& call) { call.reset(); }, ""},
      {"cut within an event",
       [](Call& call) {
         call.chunk("data: {\"choi");
         call.reset();
       },
       ""},
      {"ended without [DONE]", [](Call& call) { call.end_stream(); },
       "before the answer was complete"},
      {"an error event, and [DONE]",
       [](Call& call) {
         call.chunk("data: " + googles(503, "overloaded") + "\n\n" + kDone);
         call.end_stream();
       },
       "overloaded"},
      {"an error without a frame",
       [](Call& call) {
         call.chunk("[{\n  \"error\": {\n    \"code\": 503,\n");
         call.chunk("    \"message\": \"overloaded\"\n  }\n}]\n");
         call.end_stream();
       },
       "overloaded"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    FakeUpstream upstream([&](Call& call) {
      call.begin_stream();
      call.chunk(kChunk);
      c.end(call);
    });
    TempDir home;
    Daemon daemon(home, upstream.base_url(), {"key-1"});
    const auto reply = daemon.post(kChatPath, kAskStream);
    EXPECT_EQ(reply.status(), 200);
    EXPECT_TRUE(reply.whole);
    EXPECT_TRUE(reply.body.starts_with(kChunk)) << reply.body;
    EXPECT_EQ(reply.body.find("[DONE]"), std::string::npos) << reply.body;
    const auto at = reply.body.rfind("data: ");
    const auto json = parse_json(reply.body.substr(at + 6));
    ASSERT_TRUE(json) << reply.body;
    EXPECT_EQ((*json)["error"]["type"], "server_error");
    EXPECT_NE(string_in((*json)["error"], "message").find(c.says), std::string::npos);
    EXPECT_TRUE(reply.body.ends_with("\n\n"));
  }
}

TEST(OpenAiForwardTest, PiecesArriveAsTheyAreSentAndALeavingClientEndsTheCall) {
  Gate first_read;
  std::atomic<bool> left{false};
  FakeUpstream upstream([&](Call& call) {
    call.begin_stream();
    call.chunk(kChunk);
    EXPECT_TRUE(first_read.wait());
    call.chunk(kChunk);
    left = call.caller_leaves();
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-1"});
  {
    auto socket = Socket::connect(daemon.port());
    socket.send(http_request("POST", kChatPath, kAskStream, {"Authorization: Bearer sk-test"}));
    MessageReader reader(socket);
    ASSERT_TRUE(reader.read_head());
    const auto piece = reader.more();
    ASSERT_TRUE(piece);
    first_read.open();
    ASSERT_TRUE(reader.more());
  }
  EXPECT_TRUE(eventually([&] { return left.load(); }));
}

TEST(OpenAiForwardTest, WhileTheModelThinksTheClientHearsOfIt) {
  Gate heard;
  FakeUpstream upstream([&](Call& call) {
    EXPECT_TRUE(heard.wait());
    call.reply(400, googles(400, "bad"));
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-1"}, "[stream]\nheartbeat = \"100ms\"\n");
  auto socket = Socket::connect(daemon.port());
  socket.send(http_request("POST", kChatPath, kAskStream, {"Authorization: Bearer sk-test"}));
  MessageReader reader(socket);
  const auto head = reader.read_head();
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status(), 200);
  heard.open();
  std::string body;
  while (body.find("\r\n0\r\n") == std::string::npos) {
    const auto more = reader.more();
    if (!more || more->empty()) break;
    body += *more;
  }
  EXPECT_NE(body.find(": waiting"), std::string::npos);
  EXPECT_NE(body.find("invalid_request_error"), std::string::npos) << body;
}

TEST(OpenAiForwardTest, ARefusedSignatureIsReplacedOnce) {
  TempDir home, sandbox_home;
  SandboxProcess sandbox(sandbox_home);
  Daemon daemon(home, sandbox.base_url(), {"key-1"});
  const std::string tools =
      R"("tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}])";
  for (const std::string extra :
       {R"(,"extra_content":{"google":{"thought_signature":"bm9uZQ=="}})", ""}) {
    const auto reply = daemon.post(
        kChatPath,
        R"({"model":"gemini-3.5-flash",)" + tools +
            R"(,"messages":[{"role":"user","content":"hi"},{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"})" +
            extra + R"(}]},{"role":"tool","tool_call_id":"a","content":"7"}]})");
    EXPECT_EQ(reply.status(), 200) << reply.body;
    EXPECT_NE(reply.header("x-gembal-attempts").find("signature"), std::string::npos);
  }
}

TEST(OpenAiForwardTest, KeysCoolDownForTheModelInTheBody) {
  FakeUpstream upstream([](Call& call) {
    if (call.request.body.find("gemini-slow") != std::string::npos) {
      return call.reply(
          429,
          googles(
              429, "Please retry in 40s.",
              R"(,"details":[{"violations":[{"quotaId":"XPerMinute"}]},{"retryDelay":"40s"}])"));
    }
    call.reply(200, kCompletion, "application/json");
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-1"});
  EXPECT_EQ(daemon.post(kChatPath, R"({"model":"models/gemini-slow","messages":[]})").status(),
            429);
  EXPECT_EQ(daemon.post("/openai/v1/embeddings", R"({"model":"gemini-slow","input":"a"})").status(),
            429);
  EXPECT_EQ(upstream.log().size(), 1u) << "a key that cools for the model is not asked again";
  EXPECT_EQ(daemon.post(kChatPath, kAsk).status(), 200) << "for another model it is";
}

TEST(OpenAiForwardTest, AnotherModelStandsInInTheBodyToo) {
  FakeUpstream upstream([](Call& call) {
    if (call.request.body.find("\"gemini-b\"") != std::string::npos)
      return call.reply(200, kCompletion, "application/json");
    call.reply(503, googles(503, "The model is overloaded."));
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-1"},
                "[pool]\nmax_retries = 0\n[models]\nfallbacks = [\"gemini-a: gemini-b\"]\n");
  const auto reply =
      daemon.post(kChatPath, R"({"model":"gemini-a","messages":[{"role":"user","content":"hi"}]})");
  EXPECT_EQ(reply.status(), 200) << reply.body;
  EXPECT_EQ(reply.header("x-gembal-model"), "gemini-b");
}

TEST(OpenAiForwardTest, EveryMethodOfTheSurfaceWorks) {
  TempDir home, sandbox_home;
  SandboxProcess sandbox(sandbox_home);
  Daemon daemon(home, sandbox.base_url(), {"key-1"});
  const auto models = daemon.get("/v1beta/openai/models");
  ASSERT_EQ(models.status(), 200);
  EXPECT_GT((*parse_json(models.body))["data"].size(), 3u);
  EXPECT_EQ((*parse_json(daemon.get("/openai/v1/models/gemini-2.5-flash").body))["id"],
            "models/gemini-2.5-flash");
  const auto none = daemon.get("/openai/v1/models/gpt-9");
  EXPECT_EQ(none.status(), 404);
  EXPECT_EQ(string_in(error_in(none), "type"), "invalid_request_error");
  const auto vectors =
      daemon.post("/openai/v1/embeddings", R"({"model":"gemini-embedding-001","input":["a","b"]})");
  EXPECT_EQ((*parse_json(vectors.body))["data"].size(), 2u) << vectors.body;
  const auto pictures = daemon.post("/openai/v1/images/generations",
                                    R"({"model":"gemini-3.1-flash-image","prompt":"a cat"})");
  EXPECT_EQ(pictures.status(), 200) << pictures.body;
  EXPECT_FALSE(string_in((*parse_json(pictures.body))["data"][0], "b64_json").empty());
  const auto speech = daemon.post("/openai/v1/audio/speech", R"({"model":"x","input":"a"})");
  EXPECT_EQ(speech.status(), 404) << "Google has none";
  EXPECT_EQ(string_in(error_in(speech), "type"), "invalid_request_error") << speech.body;
}

TEST(OpenAiForwardTest, FilteredModelsAreHiddenAndRefusedAndAliasesStandForOthers) {
  TempDir home, sandbox_home;
  SandboxProcess sandbox(sandbox_home);
  Daemon daemon(
      home, sandbox.base_url(), {"key-1"},
      "[models]\nfiltered = [\"gemini-2.5-pro\"]\naliases = [\"gpt-4o: gemini-2.5-flash\"]\n");
  const auto models = daemon.get("/openai/v1/models");
  EXPECT_EQ(models.body.find("\"models/gemini-2.5-pro\""), std::string::npos);
  EXPECT_NE(models.body.find("\"models/gemini-2.5-flash\""), std::string::npos);
  EXPECT_EQ(daemon
                .post(kChatPath,
                      R"({"model":"gemini-2.5-pro","messages":[{"role":"user","content":"hi"}]})")
                .status(),
            400);
  const auto aliased =
      daemon.post(kChatPath, R"({"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]})");
  EXPECT_EQ(aliased.status(), 200) << aliased.body;
  EXPECT_EQ((*parse_json(aliased.body))["model"], "gemini-2.5-flash");
}

TEST(OpenAiForwardTest, BatchesGoToTheKeyThatHasTheirFile) {
  TempDir home, sandbox_home;
  SandboxProcess sandbox(sandbox_home);
  Daemon daemon(home, sandbox.base_url(), {"key-1", "key-2", "key-3"});
  const auto start =
      daemon.post("/upload/v1beta/files", "{}",
                  {"x-goog-upload-protocol: resumable", "x-goog-upload-command: start",
                   "x-goog-upload-header-content-type: application/jsonl"});
  const auto url = start.header("x-goog-upload-url");
  ASSERT_NE(url, "");
  const auto file =
      daemon.post(url.substr(url.find("/upload")), R"({"custom_id":"a","body":)" + kAsk + "}\n",
                  {"x-goog-upload-command: upload, finalize", "x-goog-upload-offset: 0"});
  ASSERT_EQ(file.status(), 200) << file.body;
  const std::string name = (*parse_json(file.body))["file"]["name"];
  for (int i = 0; i < 4; ++i) {
    const auto made =
        daemon.post("/openai/v1/batches",
                    R"({"input_file_id":")" + name +
                        R"(","endpoint":"/v1/chat/completions","completion_window":"24h"})");
    ASSERT_EQ(made.status(), 200) << made.body;
    EXPECT_EQ(made.header("x-gembal-key"), file.header("x-gembal-key"));
    const std::string id = (*parse_json(made.body))["id"];
    const auto got = daemon.get("/openai/v1/batches/" + id);
    EXPECT_EQ(got.status(), 200) << got.body;
    EXPECT_EQ(got.header("x-gembal-attempts"), "") << "its key is known";
  }
  const auto none = daemon.get("/openai/v1/batches/none");
  EXPECT_EQ(none.status(), 404) << none.body;
  EXPECT_EQ(string_in(error_in(none), "code"), "not_found");
}

}  // namespace
}  // namespace gembal::testing
