#include "lib/openai/chat_stream.hpp"

#include <gtest/gtest.h>

#include "lib/sse/parser.hpp"
#include "tests/support/recording.hpp"

namespace gembal::openai {
namespace {

const ReplyIdentity kIdentity{"chatcmpl-1", 1'700'000'000, "gemini-x"};

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
  ChatStream stream(kIdentity, usage);
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

TEST(ChatStreamTest, AnErrorIsOne) {
  ChatStream stream(kIdentity, false);
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
    ChatStream stream(kIdentity, true);
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
