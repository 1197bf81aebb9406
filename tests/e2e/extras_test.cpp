// What the operator may add to requests, and what of the answer is shown as text.

#include <gtest/gtest.h>

#include "lib/core/json.hpp"
#include "tests/e2e/bodies.hpp"
#include "tests/e2e/events.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

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

// ---- The same through OpenAI's face.

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

}  // namespace
}  // namespace gembal::testing
