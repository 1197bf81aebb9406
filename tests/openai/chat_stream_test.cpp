#include "lib/openai/chat_rendering.hpp"

#include <gtest/gtest.h>

#include "lib/sse/parser.hpp"
#include "tests/support/recording.hpp"

namespace gembal::openai {
namespace {

const ReplyIdentity kIdentity{"chatcmpl-1", 1'700'000'000, "gemini-x"};

/// A rendering of one stream, event by event as text.
class ChatStream {
 public:
  explicit ChatStream(bool include_usage, ChatWishes wishes = {}, KeepSignature keep = {})
      : rendering_(kIdentity, with(std::move(wishes), include_usage), 1, std::move(keep)) {}

  Result<std::string> push(std::string_view event) {
    auto reply = gemini::read_reply(event);
    if (!reply) return std::move(reply).error();
    return rendering_.push(*std::move(reply), 0);
  }
  bool finished() const { return rendering_.finished(); }
  std::string finish() { return rendering_.finish(); }

 private:
  static ChatWishes with(ChatWishes wishes, bool include_usage) {
    wishes.include_usage = include_usage;
    return wishes;
  }
  ChatRendering rendering_;
};

std::vector<Json> chunks_of(const std::string& text) {
  sse::Parser parser;
  parser.feed(text);
  std::vector<Json> chunks;
  while (const auto event = parser.next()) {
    if (event->data == "[DONE]") continue;
    chunks.push_back(*parse_json(event->data));
  }
  return chunks;
}

std::string translate(const std::vector<std::string>& events, bool usage = false) {
  ChatStream stream(usage);
  std::string out;
  for (const auto& event : events) {
    auto chunks = stream.push(event);
    EXPECT_TRUE(chunks) << event;
    if (chunks) out += *chunks;
  }
  EXPECT_TRUE(stream.finished());
  return out + stream.finish();
}

TEST(ChatStreamTest, KeepsOpenAisRules) {
  const std::string out = translate(
      {R"({"candidates":[{"content":{"parts":[{"text":"hm","thought":true}]},"index":0}],"usageMetadata":{"promptTokenCount":1}})",
       R"({"candidates":[{"content":{"parts":[{"text":"Hi"}]},"index":0}]})",
       R"({"candidates":[{"content":{"parts":[{"text":""}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":2}})"},
      true);
  EXPECT_TRUE(out.ends_with("data: [DONE]\n\n"));
  const auto chunks = chunks_of(out);
  ASSERT_EQ(chunks.size(), 5u);
  for (const auto& chunk : chunks) {
    EXPECT_EQ(chunk["id"], "chatcmpl-1");
    EXPECT_EQ(chunk["object"], "chat.completion.chunk");
    EXPECT_EQ(chunk["model"], "gemini-x");
  }
  EXPECT_EQ(chunks[0]["choices"][0]["delta"]["role"], "assistant");
  EXPECT_EQ(chunks[1]["choices"][0]["delta"]["reasoning_content"], "hm");
  EXPECT_EQ(chunks[2]["choices"][0]["delta"]["content"], "Hi");
  EXPECT_EQ(chunks[3]["choices"][0]["finish_reason"], "stop");
  EXPECT_TRUE(chunks[3]["choices"][0]["delta"].empty());
  EXPECT_TRUE(chunks[3]["usage"].is_null());
  EXPECT_TRUE(chunks[4]["choices"].empty());
  EXPECT_EQ(chunks[4]["usage"]["total_tokens"], 3);
}

TEST(ChatStreamTest, NumbersCallsAndCandidates) {
  const auto chunks = chunks_of(translate(
      {R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{}}}]},"index":0},{"content":{"parts":[{"text":"b"}]},"index":1}]})",
       R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"g","args":{}}}]},"finishReason":"STOP","index":0},{"finishReason":"MAX_TOKENS","index":1}]})"}));
  std::vector<std::string> calls, reasons;
  int roles = 0;
  for (const auto& chunk : chunks) {
    for (const auto& choice : chunk["choices"]) {
      const Json& delta = choice["delta"];
      roles += delta.contains("role");
      if (const Json* made = find(delta, "tool_calls")) {
        for (const auto& call : *made)
          calls.push_back(call["index"].dump() + call["function"]["name"].get<std::string>());
      }
      if (choice["finish_reason"].is_string())
        reasons.push_back(choice["index"].dump() + choice["finish_reason"].get<std::string>());
    }
  }
  EXPECT_EQ(roles, 2);
  EXPECT_EQ(calls, (std::vector<std::string>{"0f", "1g"}));
  EXPECT_EQ(reasons, (std::vector<std::string>{"0tool_calls", "1length"}));
}

TEST(ChatStreamTest, ABlockedPromptIsARefusal) {
  const auto chunks = chunks_of(translate({R"({"promptFeedback":{"blockReason":"SAFETY"}})"}));
  EXPECT_EQ(chunks.back()["choices"][0]["finish_reason"], "content_filter");
}

/// The values of `member` in all deltas.
std::vector<Json> deltas(const std::vector<Json>& chunks, const char* member) {
  std::vector<Json> found;
  for (const auto& chunk : chunks) {
    for (const auto& choice : chunk["choices"]) {
      if (const Json* value = find(choice["delta"], member)) found.push_back(*value);
    }
  }
  return found;
}

constexpr auto kTwoCalls =
    R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"input":"x"}},"thoughtSignature":"SIG"},{"functionCall":{"name":"g","args":{}}}]},"finishReason":"STOP"}]})";

TEST(ChatStreamTest, TellsCallsAsTheClientWantsThem) {
  std::vector<std::string> kept;
  ChatWishes one;
  one.one_call = true;
  ChatStream alone(false, one, [&](const auto& id, const auto& signature) {
    kept.push_back(id + "=" + signature);
  });
  const auto calls = deltas(chunks_of(*alone.push(kTwoCalls)), "tool_calls");
  ASSERT_EQ(calls.size(), 1u);
  ASSERT_EQ(calls[0].size(), 1u);
  EXPECT_EQ(calls[0][0]["function"]["name"], "f");
  EXPECT_EQ(kept, (std::vector{calls[0][0]["id"].get<std::string>() + "=SIG"}));

  ChatWishes text;
  text.custom_tools = {"f"};
  const auto custom = deltas(chunks_of(*ChatStream(false, text).push(kTwoCalls)), "tool_calls");
  EXPECT_EQ(custom[0][0]["type"], "custom");
  EXPECT_EQ(custom[0][0]["custom"], (Json{{"name", "f"}, {"input", "x"}}));
  EXPECT_EQ(custom[0][1]["type"], "function");

  ChatWishes legacy;
  legacy.legacy_function = true;
  ChatStream old(false, legacy);
  auto out = *old.push(kTwoCalls);
  out += old.finish();
  EXPECT_EQ(deltas(chunks_of(out), "function_call").at(0)["name"], "f");
  EXPECT_TRUE(deltas(chunks_of(out), "tool_calls").empty());
  EXPECT_NE(out.find(R"("finish_reason":"function_call")"), std::string::npos);
}

TEST(ChatStreamTest, ThoughtsStandInTheTextWhereTheyWereAskedForSo) {
  ChatWishes wishes;
  wishes.thoughts_in_text = true;
  ChatStream stream(false, wishes);
  std::string out;
  for (
      const char* event :
      {R"({"candidates":[{"content":{"parts":[{"text":"h","thought":true}]}}]})",
       R"({"candidates":[{"content":{"parts":[{"text":"m","thought":true},{"text":"Hi"}]},"finishReason":"STOP"}]})"})
    out += *stream.push(event);
  std::string text;
  for (const auto& piece : deltas(chunks_of(out + stream.finish()), "content"))
    text += piece.get<std::string>();
  EXPECT_EQ(text, "<thought>hm</thought>Hi");
}

TEST(ChatStreamTest, CitesByCharactersNotBytes) {
  ChatStream stream(false);
  std::string out;
  for (
      const char* event :
      {R"({"candidates":[{"content":{"parts":[{"text":"Ü日"}]}}]})",
       R"({"candidates":[{"content":{"parts":[{"text":"本 is"}]},"finishReason":"STOP","groundingMetadata":{
            "groundingChunks":[{"web":{"uri":"https://a","title":"A"}},{"web":{"uri":"https://b","title":"B"}}],
            "groundingSupports":[{"segment":{"startIndex":2,"endIndex":8},"groundingChunkIndices":[1,7]}]}}]})"})
    out += *stream.push(event);
  const auto cited = deltas(chunks_of(out + stream.finish()), "annotations");
  ASSERT_EQ(cited.size(), 1u);
  EXPECT_EQ(
      cited[0],
      Json::array(
          {{{"type", "url_citation"},
            {"url_citation",
             {{"url", "https://b"}, {"title", "B"}, {"start_index", 1}, {"end_index", 3}}}}}));
}

TEST(ChatStreamTest, CallsSideBySideMakeOneAnswer) {
  ChatRendering rendering(kIdentity,
                          [] {
                            ChatWishes wishes;
                            wishes.include_usage = true;
                            return wishes;
                          }(),
                          2, {});
  const auto event = [](std::int64_t index, const char* finish) {
    auto reply = *gemini::read_reply(
        std::string(R"({"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":")") +
        finish + R"("}],"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":2}})");
    reply.candidates[0].index = index;
    return reply;
  };
  std::string out = rendering.push(event(1, ""), 1);
  out += rendering.push(event(1, "STOP"), 1);
  EXPECT_FALSE(rendering.finished());
  out += rendering.push(event(0, "MAX_TOKENS"), 0);
  EXPECT_TRUE(rendering.finished());
  const auto chunks = chunks_of(out + rendering.finish());
  EXPECT_EQ(deltas(chunks, "role").size(), 2u);
  EXPECT_EQ(chunks.back()["usage"]["prompt_tokens"], 10);
  EXPECT_EQ(chunks.back()["usage"]["completion_tokens"], 4);
}

TEST(ChatStreamTest, AnErrorIsOne) {
  ChatStream stream(false);
  EXPECT_EQ(stream.push(R"({"error":{"message":"overloaded"}})").error().message, "overloaded");
  EXPECT_FALSE(stream.push("no JSON"));
  EXPECT_FALSE(stream.finished());
}

TEST(ChatStreamTest, TranslatesEveryRecordedStream) {
  std::size_t translated = 0;
  for (const auto& recording : testing::recordings("stream")) {
    if (!recording.streamed || recording.path.find(":streamGenerateContent") == std::string::npos)
      continue;
    SCOPED_TRACE(recording.name);
    ChatStream stream(true);
    std::string out, text;
    bool failed = false;
    for (const auto& event : recording.events) {
      auto chunks = stream.push(event);
      failed |= !chunks;
      if (chunks) out += *chunks;
      const auto parsed = parse_json(event);
      const Json* candidates = parsed ? find(*parsed, "candidates") : nullptr;
      for (const auto& candidate : candidates ? *candidates : Json::array()) {
        const Json* content = find(candidate, "content");
        const Json* parts = content ? find(*content, "parts") : nullptr;
        for (const auto& part : parts ? *parts : Json::array()) {
          if (!bool_in(part, "thought").value_or(false)) text += string_in(part, "text");
        }
      }
    }
    if (failed) continue;
    out += stream.finish();
    ++translated;
    std::string got;
    for (const auto& chunk : chunks_of(out)) {
      for (const auto& choice : chunk["choices"]) got += string_in(choice["delta"], "content");
    }
    const bool has_code = recording.body.find("executableCode") != std::string::npos;
    if (!has_code) EXPECT_EQ(got, text);
  }
  if (translated > 0) EXPECT_GT(translated, 20u);
}

}  // namespace
}  // namespace gembal::openai
