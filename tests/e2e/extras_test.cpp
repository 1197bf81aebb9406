// What the operator may add to requests, and how streams may be told, on the native face.

#include <gtest/gtest.h>

#include <chrono>

#include "lib/core/json.hpp"
#include "tests/e2e/bodies.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

Json parsed(const std::string& text) {
  auto json = parse_json(text);
  EXPECT_TRUE(json) << text;
  return json ? *json : Json();
}

std::string generate(const std::string& model) {
  return "/v1beta/models/" + model + ":generateContent";
}

std::string stream(const std::string& model) {
  return "/v1beta/models/" + model + ":streamGenerateContent";
}

/// The events of an SSE body.
std::vector<Json> events_in(const std::string& body) {
  std::vector<Json> events;
  for (auto at = body.find("data: "); at != std::string::npos; at = body.find("data: ", at + 1)) {
    const auto end = body.find("\r\n\r\n", at);
    events.push_back(parsed(body.substr(at + 6, end - at - 6)));
  }
  return events;
}

std::string text_in(const Json& event) {
  std::string text;
  const Json* candidates = find(event, "candidates");
  if (!candidates || candidates->empty()) return text;
  const Json* content = find((*candidates)[0], "content");
  const Json* parts = content ? find(*content, "parts") : nullptr;
  for (std::size_t i = 0; parts && i < parts->size(); ++i) text += string_in((*parts)[i], "text");
  return text;
}

std::string text_of(const std::vector<Json>& events) {
  std::string text;
  for (const auto& event : events) text += text_in(event);
  return text;
}

TEST(ExtrasTest, ANameAndTheConfigurationSayWhatUpstreamIsAsked) {
  const struct {
    const char* name;
    const char* toml;
    std::string path;
    std::string body;
    std::string asked;
    std::string sent;
  } cases[] = {
      {"nothing changes by itself, not even blanks", "", generate("gemini-2.5-flash"),
       kHello + "\n", generate("gemini-2.5-flash"), kHello + "\n"},
      {"a search", "", generate("gemini-2.5-flash-search"), "{}", generate("gemini-2.5-flash"),
       R"({"tools":[{"googleSearch":{}}]})"},
      {"thinking by a suffix with a colon", "", generate("gemini-2.5-flash-thinking:64"), "{}",
       generate("gemini-2.5-flash"),
       R"({"generationConfig":{"thinkingConfig":{"thinkingBudget":64,"includeThoughts":true}}})"},
      {"no thinking", "", generate("gemini-2.5-flash-non-thinking"), "{}",
       generate("gemini-2.5-flash"),
       R"({"generationConfig":{"thinkingConfig":{"thinkingBudget":0}}})"},
      {"words and pictures", "[models]\nimage = [\"painter\"]\n", generate("painter-image"), "{}",
       generate("painter"), R"({"generationConfig":{"responseModalities":["TEXT","IMAGE"]}})"},
      {"a real image model", "", generate("gemini-2.5-flash-image"), "{ }",
       generate("gemini-2.5-flash-image"), "{ }"},
      {"an alias", "[models]\naliases = [\"gpt-*: gemini-2.5-flash\"]\n", generate("gpt-9"), "{ }",
       generate("gemini-2.5-flash"), "{ }"},
      {"a budget of the operator's",
       "[models]\nshow_thinking = false\nthinking_budget = [\"gemini-2.5-flash: 5\"]\n",
       generate("gemini-2.5-flash"), "{}", generate("gemini-2.5-flash"),
       R"({"generationConfig":{"thinkingConfig":{"thinkingBudget":5}}})"},
      {"running code", "[tools]\ncode_execution = true\n", generate("gemini-2.5-flash"), "{}",
       generate("gemini-2.5-flash"), R"({"tools":[{"codeExecution":{}}]})"},
      {"reading addresses", "[tools]\nurl_context = true\n", generate("gemini-2.5-flash"), "{}",
       generate("gemini-2.5-flash"), R"({"tools":[{"urlContext":{}}]})"},
      {"safety", "[safety]\nsettings = [\"HARASSMENT: BLOCK_NONE\"]\n",
       generate("gemini-2.5-flash"), "{}", generate("gemini-2.5-flash"),
       R"({"safetySettings":[{"category":"HARM_CATEGORY_HARASSMENT","threshold":"BLOCK_NONE"}]})"},
      {"counting tokens of a model by another name", "",
       "/v1beta/models/gemini-2.5-flash-search:countTokens",
       R"({"generateContentRequest":{"model":"models/gemini-2.5-flash-search"}})",
       "/v1beta/models/gemini-2.5-flash:countTokens",
       R"({"generateContentRequest":{"model":"models/gemini-2.5-flash"}})"},
      {"what is no JSON is upstream's to refuse", "", generate("gemini-2.5-flash-search"), "{oops",
       generate("gemini-2.5-flash"), "{oops"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    FakeUpstream upstream([](Call& call) { call.reply(200, kAnswer); });
    TempDir home;
    Daemon daemon(home, upstream.base_url(), {"key-one"}, c.toml);
    EXPECT_EQ(daemon.post(c.path, c.body).status(), 200);
    EXPECT_EQ(upstream.last().path(), c.asked);
    EXPECT_EQ(upstream.last().body, c.sent);
  }
}

TEST(ExtrasTest, AFilteredModelIsRefusedAndCostsNoKey) {
  FakeUpstream upstream([](Call& call) { call.reply(200, kAnswer); });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"}, "[models]\nfiltered = [\"secret*\"]\n");
  for (const std::string model : {"secret", "secret-search", "secret-2"}) {
    const auto reply = daemon.post(generate(model), kHello);
    EXPECT_EQ(reply.status(), 404);
    EXPECT_EQ(parsed(reply.body)["error"]["status"], "NOT_FOUND");
  }
  EXPECT_EQ(daemon.post(generate("m-thinking:lots"), kHello).status(), 400);
  EXPECT_TRUE(upstream.log().empty());
}

const std::string kGrounded =
    R"({"candidates":[{"content":{"parts":[{"text":"So."}],"role":"model"},"finishReason":"STOP",)"
    R"("groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://a.example","title":"A"}}]}}]})";
const std::string kSources = "\n\n---\n\n**Sources**\n\n- [A](https://a.example)\n";

TEST(ExtrasTest, ASearchByNameEndsWithItsSources) {
  FakeUpstream upstream([](Call& call) {
    if (call.path().find("stream") == std::string::npos) return call.reply(200, kGrounded);
    call.begin_stream();
    call.chunk("data: " + kPart + "\r\n\r\ndata: " + kGrounded + "\r\n\r\n");
    call.end_stream();
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"});
  const auto whole = daemon.post(generate("gemini-2.5-flash-search"), "{}");
  EXPECT_EQ(text_in(parsed(whole.body)), "So." + kSources);
  const auto streamed = daemon.post(stream("gemini-2.5-flash-search") + "?alt=sse", "{}");
  EXPECT_TRUE(streamed.whole);
  EXPECT_EQ(text_of(events_in(streamed.body)), "helSo." + kSources);
  // Who asked for the tool knows what it brings.
  const auto own =
      daemon.post(generate("gemini-2.5-flash-search"), R"({"tools":[{"googleSearch":{}}]})");
  EXPECT_EQ(own.body, kGrounded);
  Daemon silent(home, upstream.base_url(), {}, "[tools]\nshow_search_links = false\n");
  EXPECT_EQ(silent.post(generate("gemini-2.5-flash-search"), "{}").body, kGrounded);
}

TEST(ExtrasTest, CodeThatNobodyAskedForIsShownAsText) {
  const std::string ran =
      R"({"candidates":[{"content":{"parts":[{"executableCode":{"language":"PYTHON","code":"1"}},)"
      R"({"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"2"}}]},"finishReason":"STOP"}]})";
  FakeUpstream upstream([&](Call& call) { call.reply(200, ran); });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"}, "[tools]\ncode_execution = true\n");
  EXPECT_EQ(text_in(parsed(daemon.post(kGenerate, "{}").body)),
            "\n\n```python\n1\n```\n\n\n\n```text\n2\n```\n\n");
  EXPECT_EQ(daemon.post(kGenerate, R"({"tools":[{"codeExecution":{}}]})").body, ran);
}

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

// ---- The same through OpenAI's face.

std::string chat(const std::string& model, const std::string& more = "") {
  return R"({"model":")" + model + R"(","messages":[{"role":"user","content":"hi"}])" + more + "}";
}

/// The chunks of an OpenAI stream.
std::vector<Json> chunks_in(const std::string& body) {
  std::vector<Json> chunks;
  for (auto at = body.find("data: {"); at != std::string::npos; at = body.find("data: {", at + 1))
    chunks.push_back(parsed(body.substr(at + 6, body.find("\n\n", at) - at - 6)));
  return chunks;
}

std::string content_of(const std::vector<Json>& chunks) {
  std::string text;
  for (const auto& chunk : chunks) {
    const Json* choices = find(chunk, "choices");
    for (std::size_t i = 0; choices && i < choices->size(); ++i)
      text += string_in((*choices)[i]["delta"], "content");
  }
  return text;
}

TEST(TranslatedExtrasTest, ANameAndTheConfigurationSayWhatUpstreamIsAsked) {
  FakeUpstream upstream([](Call& call) { call.reply(200, kGrounded); });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"},
                "[models]\naliases = [\"gpt-*: gemini-2.5-flash-search-thinking:64\"]\n");
  const auto reply = daemon.post("/v1/chat/completions", chat("gpt-9"));
  ASSERT_EQ(reply.status(), 200) << reply.body;
  const auto answer = parsed(reply.body);
  EXPECT_EQ(answer["model"], "gpt-9");
  EXPECT_EQ(answer["choices"][0]["message"]["content"], "So." + kSources);
  EXPECT_EQ(upstream.last().path(), generate("gemini-2.5-flash"));
  const auto sent = parsed(upstream.last().body);
  EXPECT_EQ(to_text(sent["tools"]), R"([{"googleSearch":{}}])");
  EXPECT_EQ(to_text(sent["generationConfig"]["thinkingConfig"]),
            R"({"thinkingBudget":64,"includeThoughts":true})");
  EXPECT_EQ(sent["safetySettings"].size(), 5u);
  // What the client says itself counts.
  daemon.post("/v1/chat/completions", chat("gpt-9", R"(,"reasoning_effort":"high")"));
  EXPECT_EQ(parsed(upstream.last().body)["generationConfig"]["thinkingConfig"]["thinkingBudget"],
            24576);
}

TEST(TranslatedExtrasTest, ThoughtsAreNotAskedForWhereNobodyWantsThem) {
  FakeUpstream upstream([](Call& call) { call.reply(200, kAnswer); });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"}, "[models]\nshow_thinking = false\n");
  EXPECT_EQ(daemon.post("/v1/chat/completions", chat("gemini-2.5-flash")).status(), 200);
  EXPECT_EQ(upstream.last().body.find("thinkingConfig"), std::string::npos);
}

TEST(TranslatedExtrasTest, AFilteredModelIsRefusedAndCostsNoKey) {
  FakeUpstream upstream([](Call& call) { call.reply(200, kAnswer); });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"});
  const auto reply = daemon.post("/v1/chat/completions", chat("gemini-pro-vision"));
  EXPECT_EQ(reply.status(), 400);
  EXPECT_EQ(parsed(reply.body)["error"]["param"], "model");
  EXPECT_TRUE(upstream.log().empty());
}

TEST(TranslatedExtrasTest, AStreamEndsWithItsSources) {
  FakeUpstream upstream([](Call& call) {
    call.begin_stream();
    call.chunk("data: " + kPart + "\r\n\r\ndata: " + kGrounded + "\r\n\r\n");
    call.end_stream();
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"});
  const auto reply =
      daemon.post("/v1/chat/completions", chat("gemini-2.5-flash-search", R"(,"stream":true)"));
  EXPECT_EQ(content_of(chunks_in(reply.body)), "helSo." + kSources);
  EXPECT_TRUE(reply.body.ends_with("data: [DONE]\n\n"));
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
