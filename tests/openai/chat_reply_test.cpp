#include "lib/openai/chat_rendering.hpp"

#include <gtest/gtest.h>

#include "tests/support/recording.hpp"

namespace gembal::openai {
namespace {

const ReplyIdentity kIdentity{"chatcmpl-1", 1'700'000'000, "gemini-x"};

Result<std::string> chat_reply(std::string_view body, ReplyIdentity identity) {
  auto reply = gemini::read_reply(body);
  if (!reply) return std::move(reply).error();
  std::vector<gemini::Reply> replies;
  replies.push_back(*std::move(reply));
  return ChatRendering(std::move(identity), {}, 1, {}).whole(std::move(replies));
}

TEST(ChatReplyTest, TranslatesAnAnswer) {
  const auto text = chat_reply(
      R"({"candidates":[{"content":{"parts":[{"text":"hm","thought":true},{"text":"Hel"},{"text":"lo"}],"role":"model"},
      "finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":7,"thoughtsTokenCount":11,
      "totalTokenCount":23,"cachedContentTokenCount":2,"toolUsePromptTokenCount":3}})",
      kIdentity);
  ASSERT_TRUE(text);
  const Json reply = *parse_json(*text);
  EXPECT_EQ(reply["id"], "chatcmpl-1");
  EXPECT_EQ(reply["object"], "chat.completion");
  EXPECT_EQ(reply["created"], 1'700'000'000);
  EXPECT_EQ(reply["model"], "gemini-x");
  const Json& choice = reply["choices"][0];
  EXPECT_EQ(choice["index"], 0);
  EXPECT_EQ(choice["finish_reason"], "stop");
  EXPECT_EQ(choice["message"]["role"], "assistant");
  EXPECT_EQ(choice["message"]["content"], "Hello");
  EXPECT_EQ(choice["message"]["reasoning_content"], "hm");
  const Json& usage = reply["usage"];
  EXPECT_EQ(usage["prompt_tokens"], 8);
  EXPECT_EQ(usage["completion_tokens"], 18);
  EXPECT_EQ(usage["total_tokens"], 26);
  EXPECT_EQ(usage["completion_tokens_details"]["reasoning_tokens"], 11);
  EXPECT_EQ(usage["prompt_tokens_details"]["cached_tokens"], 2);
}

TEST(ChatReplyTest, TranslatesCalls) {
  const auto text = chat_reply(
      R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"b":1,"a":"x"}},"thoughtSignature":"SIG"},
      {"functionCall":{"name":"g","id":"own"}}]},"finishReason":"STOP"}]})",
      kIdentity);
  ASSERT_TRUE(text);
  const Json reply = *parse_json(*text);
  const Json& choice = reply["choices"][0];
  EXPECT_EQ(choice["finish_reason"], "tool_calls");
  EXPECT_TRUE(choice["message"]["content"].is_null());
  const Json& calls = choice["message"]["tool_calls"];
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0]["type"], "function");
  EXPECT_EQ(calls[0]["function"]["name"], "f");
  EXPECT_EQ(calls[0]["function"]["arguments"], R"({"b":1,"a":"x"})");
  EXPECT_EQ(calls[0]["extra_content"]["google"]["thought_signature"], "SIG");
  EXPECT_EQ(calls[1]["id"], "own");
  EXPECT_EQ(calls[1]["function"]["arguments"], "{}");
  EXPECT_NE(calls[0]["id"], calls[1]["id"]);
}

TEST(ChatReplyTest, TranslatesFinishReasons) {
  const struct {
    const char* gemini;
    bool has_calls;
    const char* expected;
  } cases[] = {{"STOP", false, "stop"},
               {"STOP", true, "tool_calls"},
               {"MAX_TOKENS", false, "length"},
               {"SAFETY", false, "content_filter"},
               {"RECITATION", false, "content_filter"},
               {"PROHIBITED_CONTENT", false, "content_filter"},
               {"MALFORMED_FUNCTION_CALL", false, "stop"},
               {"SOMETHING_NEW", false, "stop"},
               {"", false, ""}};
  for (const auto& c : cases)
    EXPECT_EQ(finish_reason(c.gemini, c.has_calls), c.expected) << c.gemini;
}

TEST(ChatReplyTest, ABlockedPromptIsARefusal) {
  const auto text =
      chat_reply(R"({"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"}})", kIdentity);
  ASSERT_TRUE(text);
  const Json reply = *parse_json(*text);
  EXPECT_EQ(reply["choices"][0]["finish_reason"], "content_filter");
  EXPECT_EQ(reply["choices"][0]["message"]["refusal"],
            "The prompt was blocked (PROHIBITED_CONTENT).");
}

TEST(ChatReplyTest, RefusesWhatIsNoAnswer) {
  for (const char* body : {"", "<html>", "[]", "{}", R"({"error":{"message":"x"}})"}) {
    const auto reply = chat_reply(body, kIdentity);
    ASSERT_FALSE(reply) << body;
    EXPECT_EQ(reply.error().kind, ErrorKind::upstream);
  }
}

TEST(ChatReplyTest, TranslatesEveryRecordedAnswer) {
  for (const auto& recording : testing::recordings("generate")) {
    if (recording.streamed || recording.status != 200) continue;
    SCOPED_TRACE(recording.name);
    const auto text = chat_reply(recording.body, kIdentity);
    ASSERT_TRUE(text) << text.error().message;
    const Json reply = *parse_json(*text);
    const Json& usage = reply["usage"];
    EXPECT_EQ(usage["total_tokens"].get<int>(),
              usage["prompt_tokens"].get<int>() + usage["completion_tokens"].get<int>());
    for (const auto& choice : reply["choices"]) {
      EXPECT_TRUE(choice["finish_reason"].is_string());
      EXPECT_TRUE(choice["message"].contains("content"));
    }
  }
}

}  // namespace
}  // namespace gembal::openai
