// Embeddings of long lists through the running binary: batches side by side, and what goes wrong
// with them.

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <set>

#include "lib/core/base64.hpp"
#include "lib/core/json.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

const std::string kInternal =
    R"({"error":{"code":500,"message":"An internal error has occurred.","status":"INTERNAL"}})";

std::string minute_quota(const std::string& delay) {
  return R"({"error":{"code":429,"message":"Please retry in )" + delay +
         R"(.","status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"EmbedContentRequestsPerMinute"}]},{"retryDelay":")" +
         delay + R"("}]}})";
}

/// A request for the embeddings of the numbers from 0 on, as texts.
std::string numbers(int count, const std::string& more = "") {
  std::string json = R"({"model":"gemini-embedding-001")" + more + R"(,"input":[)";
  for (int i = 0; i < count; ++i) json += (i ? ",\"" : "\"") + std::to_string(i) + "\"";
  return json + "]}";
}

std::vector<int> texts_of(const Call& call) {
  std::vector<int> texts;
  const Json json = *parse_json(call.request.body);
  for (const auto& request : json["requests"])
    texts.push_back(std::stoi(request["content"]["parts"][0]["text"].get<std::string>()));
  return texts;
}

/// Vectors that tell the number: [number, 1, 0, …].
std::string vectors_of(const std::vector<int>& texts, int size = 2) {
  std::string zeros;
  for (int i = 2; i < size; ++i) zeros += ",0";
  std::string json;
  for (const int text : texts)
    json += (json.empty() ? "{\"values\":[" : ",{\"values\":[") + std::to_string(text) + ",1" +
            zeros + "]}";
  return "{\"embeddings\":[" + json + "]}";
}

/// Whether a reply has the vectors of the numbers from 0 on, in order.
void expect_numbers(const Message& reply, int count) {
  ASSERT_EQ(reply.status(), 200) << reply.body.substr(0, 1000);
  ASSERT_TRUE(reply.whole);
  const auto json = parse_json(reply.body);
  ASSERT_TRUE(json);
  const Json& data = (*json)["data"];
  ASSERT_EQ(data.size(), static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    const Json& entry = data[static_cast<std::size_t>(i)];
    ASSERT_EQ(entry["index"], i);
    const auto x = entry["embedding"][0].get<double>();
    const auto y = entry["embedding"][1].get<double>();
    ASSERT_NEAR(x / y, i, 1e-3 * (i + 1));
  }
}

std::string error_of(const Message& reply, const char* member) {
  const auto json = parse_json(reply.body);
  return json ? std::string(string_in((*json)["error"], member)) : reply.body;
}

TEST(EmbeddingsRouteTest, OpenAisNamesGetVectorsOfTheirSizeFromTheModelInTheSettings) {
  TempDir home, sandbox_home;
  SandboxProcess sandbox(sandbox_home);
  Daemon daemon(home, sandbox.base_url(), {"key-1"});
  const auto reply =
      daemon.post("/hf/v1/embeddings", R"({"model":"text-embedding-3-small","input":"hello"})");
  ASSERT_EQ(reply.status(), 200) << reply.body;
  const Json json = *parse_json(reply.body);
  EXPECT_EQ(json["model"], "text-embedding-3-small");
  EXPECT_EQ(json["data"][0]["embedding"].size(), 1536u);
  EXPECT_EQ(reply.header("x-gembal-model"), "gemini-embedding-2");
  EXPECT_EQ(reply.header("content-length"), std::to_string(reply.body.size()));
  EXPECT_GT(json["usage"]["total_tokens"].get<int>(), 0);
  const auto own = daemon.post(
      "/v1/embeddings",
      R"({"model":"gemini-embedding-2","input":["hello"],"dimensions":1536,"encoding_format":"base64"})");
  EXPECT_EQ(base64_decode(string_in((*parse_json(own.body))["data"][0], "embedding"))->size(),
            1536u * 4);
}

TEST(EmbeddingsRouteTest, BatchesGoSideBySideEachWithAKeyOfItsOwnAndComeBackInOrder) {
  std::mutex mutex;
  std::set<std::string> keys;
  std::atomic<int> running{0}, most{0};
  Gate all_running;
  FakeUpstream upstream([&](Call& call) {
    const auto texts = texts_of(call);
    const int now = ++running;
    if (now > most) most = now;
    if (now == 8) all_running.open();
    EXPECT_TRUE(all_running.wait());
    {
      const std::lock_guard lock(mutex);
      keys.insert(call.key());
    }
    --running;
    call.reply(200, vectors_of(texts));
  });
  TempDir home;
  std::vector<std::string> keys_of_pool;
  for (int i = 0; i < 8; ++i) keys_of_pool.push_back("key-" + std::to_string(i));
  Daemon daemon(home, upstream.base_url(), keys_of_pool);
  expect_numbers(daemon.post("/v1/embeddings", numbers(1950)), 1950);
  EXPECT_EQ(upstream.log().size(), 20u);
  EXPECT_EQ(most, 8);
  EXPECT_EQ(keys.size(), 8u);
}

TEST(EmbeddingsRouteTest, ABatchThatKeysCannotTakeGoesToOthers) {
  FakeUpstream upstream([](Call& call) {
    if (call.key() == "key-bad") return call.reply(429, minute_quota("30s"));
    call.reply(200, vectors_of(texts_of(call)));
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-good", "key-bad"});
  expect_numbers(daemon.post("/v1/embeddings", numbers(500)), 500);
}

TEST(EmbeddingsRouteTest, TheRestOfAListWaitsForKeysThatRestForTheMinute) {
  std::atomic<int> calls{0};
  FakeUpstream upstream([&](Call& call) {
    const int number = ++calls;
    if (number > 1 && number < 4) return call.reply(429, minute_quota("0.6s"));
    call.reply(200, vectors_of(texts_of(call)));
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-1"});
  expect_numbers(daemon.post("/v1/embeddings", numbers(900)), 900);
}

TEST(EmbeddingsRouteTest, WhereAllKeysWaitFromTheStartTheClientIsToldWhenToComeBack) {
  FakeUpstream upstream([](Call& call) { call.reply(429, minute_quota("30s")); });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-1", "key-2"});
  const auto reply = daemon.post("/v1/embeddings", numbers(900));
  EXPECT_EQ(reply.status(), 429) << reply.body;
  EXPECT_NE(reply.header("retry-after"), "");
  EXPECT_EQ(error_of(reply, "type"), "rate_limit_error");
}

TEST(EmbeddingsRouteTest, ABatchThatFailsEveryTryIsAskedForOnceMore) {
  struct {
    const char* name;
    std::function<void(Call&)> fault;
  } const cases[] = {
      {"errors", [](Call& call) { call.reply(500, kInternal); }},
      {"too few vectors",
       [](Call& call) {
         call.reply(200, vectors_of({1, 2}));
       }},
      {"no vectors", [](Call& call) { call.reply(200, "<html>busy</html>", "text/html"); }},
      {"cut off",
       [](Call& call) {
         call.begin_stream("application/json");
         call.chunk("{\"embeddings\":[{\"values\":[1");
         call.reset();
       }},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    std::atomic<int> faults{2};  // as many as the dispatcher tries
    const bool is_passed_on = std::string_view(c.name) != "errors";
    FakeUpstream upstream([&](Call& call) {
      const auto texts = texts_of(call);
      if (texts.front() == 100 && faults > 0) {
        faults -= is_passed_on ? 2 : 1;
        return c.fault(call);
      }
      call.reply(200, vectors_of(texts));
    });
    TempDir home;
    Daemon daemon(home, upstream.base_url(), {"key-1", "key-2"}, "[pool]\nmax_retries = 1\n");
    expect_numbers(daemon.post("/v1/embeddings", numbers(350)), 350);
    EXPECT_EQ(upstream.log().size(), is_passed_on ? 5u : 6u);
  }
}

TEST(EmbeddingsRouteTest, WhatFailsAgainFailsTheListAndEndsTheOtherBatches) {
  std::atomic<int> left{0};
  FakeUpstream upstream([&](Call& call) {
    const auto texts = texts_of(call);
    if (texts.front() == 100) return call.reply(200, vectors_of({1, 2}));
    if (texts.front() == 0) return call.reply(200, vectors_of(texts));
    if (call.caller_leaves()) ++left;
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-1"});
  const auto reply = daemon.post("/v1/embeddings", numbers(700));
  EXPECT_EQ(reply.status(), 502) << reply.body;
  EXPECT_EQ(error_of(reply, "type"), "server_error");
  EXPECT_NE(error_of(reply, "message").find("number of embeddings"), std::string::npos);
  EXPECT_TRUE(eventually([&] { return left == 5; }));
}

TEST(EmbeddingsRouteTest, WhatTheCallerDidWrongIsToldAtOnceAndBlamesNoKey) {
  FakeUpstream upstream([&](Call& call) {
    call.reply(
        400,
        R"({"error":{"code":400,"message":"output_dimensionality must be between 1 and 3072.","status":"INVALID_ARGUMENT"}})");
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-1"});
  const auto reply = daemon.post("/v1/embeddings", numbers(3, R"(,"dimensions":4000)"));
  EXPECT_EQ(reply.status(), 400);
  EXPECT_EQ(error_of(reply, "type"), "invalid_request_error");
  EXPECT_NE(error_of(reply, "message").find("3072"), std::string::npos);
  EXPECT_EQ(upstream.log().size(), 1u);
}

TEST(EmbeddingsRouteTest, WhatCannotBeAskedNeverReachesUpstream) {
  FakeUpstream upstream([](Call& call) { call.reply(500, kInternal); });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-1"});
  const std::pair<const char*, const char*> cases[] = {
      {R"({"model":"m","input":[[1,2],[3]]})", "input"},
      {R"({"model":"m","input":["a",""]})", "input"},
      {R"({"model":"m","input":"a","dimensions":-1})", "dimensions"},
      {R"({"input":"a"})", "model"},
  };
  for (const auto& [body, param] : cases) {
    SCOPED_TRACE(body);
    const auto reply = daemon.post("/v1/embeddings", body);
    EXPECT_EQ(reply.status(), 400);
    EXPECT_EQ(error_of(reply, "param"), param);
    EXPECT_EQ(error_of(reply, "type"), "invalid_request_error");
  }
  EXPECT_EQ(daemon.get("/v1/embeddings").status(), 405);
  EXPECT_TRUE(upstream.log().empty());
}

TEST(EmbeddingsRouteTest, AClientThatLeavesEndsAllBatches) {
  std::atomic<int> came{0}, left{0};
  Gate all_came;
  FakeUpstream upstream([&](Call& call) {
    if (++came == 8) all_came.open();
    if (call.caller_leaves()) ++left;
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-1", "key-2"});
  {
    auto socket = Socket::connect(daemon.port());
    socket.send(http_request("POST", "/v1/embeddings", numbers(5000), {"x-goog-api-key: sk-test"}));
    ASSERT_TRUE(all_came.wait());
  }
  EXPECT_TRUE(eventually([&] { return left == 8; }));
  EXPECT_EQ(came, 8);
}

/// 64 MiB of vectors are held, and 24 batches at most are ahead of the client.
constexpr int kSize = 3072;
constexpr int kBatchesAhead = (64 << 20) / (kSize * 4 * 100) + 1 + 8 + 16;

TEST(EmbeddingsRouteTest, ALongListIsWrittenAsItComesAndNoFasterThanItIsRead) {
  FakeUpstream upstream([](Call& call) { call.reply(200, vectors_of(texts_of(call), kSize)); });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-1", "key-2"});
  auto socket = Socket::connect(daemon.port(), 64 * 1024);
  socket.send(http_request("POST", "/v1/embeddings",
                           numbers(12'000, R"(,"encoding_format":"base64")"),
                           {"x-goog-api-key: sk-test"}));
  MessageReader reader(socket, milliseconds{60'000});
  const auto head = reader.read_head();
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status(), 200);
  EXPECT_LE(upstream.log().size(), static_cast<std::size_t>(kBatchesAhead));
  std::size_t bytes = 0;
  std::string end;
  while (const auto more = reader.more()) {
    if (more->empty()) break;
    bytes += more->size();
    end = (end + *more).substr(std::max<std::size_t>(end.size() + more->size(), 200) - 200);
    if (end.find("\r\n0\r\n\r\n") != std::string::npos) break;
  }
  EXPECT_GT(bytes, 12'000u * kSize * 4 * 4 / 3);
  EXPECT_NE(end.find("\"usage\":{\"prompt_tokens\":"), std::string::npos) << end;
  EXPECT_EQ(upstream.log().size(), 120u);
}

TEST(EmbeddingsRouteTest, WhatFailsAfterTheReplyBeganCutsItOff) {
  FakeUpstream upstream([](Call& call) {
    const auto texts = texts_of(call);
    if (texts.front() == 11'000)
      return call.reply(400,
                        R"({"error":{"code":400,"message":"no","status":"INVALID_ARGUMENT"}})");
    call.reply(200, vectors_of(texts, kSize));
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-1"});
  const auto reply =
      ask(daemon.port(),
          http_request("POST", "/v1/embeddings", numbers(12'000, R"(,"encoding_format":"base64")"),
                       {"x-goog-api-key: sk-test"}),
          milliseconds{60'000});
  EXPECT_EQ(reply.status(), 200);
  EXPECT_FALSE(reply.whole);
  EXPECT_EQ(daemon.get("/healthz").status(), 200) << "the daemon goes on";
}

}  // namespace
}  // namespace gembal::testing
