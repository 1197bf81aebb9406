#include "lib/gemini/reply.hpp"

#include <gtest/gtest.h>

namespace gembal::gemini {
namespace {

std::string shown(const Reply& reply) {
  std::string text;
  for (const auto& candidate : reply.candidates) {
    text += std::to_string(candidate.index) + ":";
    for (const auto& piece : candidate.pieces) {
      const char* kinds[] = {"text", "thought", "call", "code", "result", "media"};
      text += std::string(" ") + kinds[static_cast<int>(piece.kind)] + "(" + piece.name +
              piece.text + piece.mime_type + piece.data + piece.signature +
              (piece.args.is_null() ? "" : to_text(piece.args)) + ")";
    }
    text += " " + candidate.finish_reason + ";";
  }
  return text + reply.refusal;
}

TEST(ReplyTest, ReadsEveryKindOfPart) {
  const struct {
    const char* name;
    const char* json;
    const char* expected;
  } cases[] = {
      {"pieces in their order",
       R"({"candidates":[{"content":{"parts":[{"text":"a","thought":true},{"text":"b","thoughtSignature":"S"},{"functionCall":{"name":"f","args":{"x":1}}},{"text":"c"}]},"finishReason":"STOP"}]})",
       R"(0: thought(a) text(bS) call(f{"x":1}) text(c) STOP;)"},
      {"a call without arguments",
       R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}}]}}]})",
       "0: call(f{}) ;"},
      {"code and what it printed",
       R"({"candidates":[{"content":{"parts":[{"executableCode":{"language":"PYTHON","code":"1"}},{"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"2"}}]}}]})",
       "0: code(PYTHON1) result(OUTCOME_OK2) ;"},
      {"drafts of pictures are not the picture",
       R"({"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"AA"},"thought":true},{"inlineData":{"mimeType":"image/png","data":"BB"}}]}}]})",
       "0: media(image/pngBB) ;"},
      {"parts that say nothing",
       R"({"candidates":[{"content":{"parts":[{"text":""},{}]},"index":2}]})", "2: ;"},
      {"no content", R"({"candidates":[{"finishReason":"SAFETY"},{"content":{}}]})",
       "0: SAFETY;1: ;"},
      {"a blocked prompt",
       R"({"promptFeedback":{"blockReason":"SAFETY","blockReasonMessage":"No."}})",
       "The prompt was blocked (SAFETY). No."},
      {"ratings block nothing", R"({"promptFeedback":{"safetyRatings":[]}})", ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto reply = read_reply(c.json);
    ASSERT_TRUE(reply);
    EXPECT_EQ(shown(*reply), c.expected);
  }
}

TEST(ReplyTest, AddsTheTokensUp) {
  const auto reply = read_reply(
      R"({"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":7,"thoughtsTokenCount":11,"totalTokenCount":26,"cachedContentTokenCount":2,"toolUsePromptTokenCount":3,
      "promptTokensDetails":[{"modality":"TEXT","tokenCount":1},{"modality":"AUDIO","tokenCount":4}]}})");
  ASSERT_TRUE(reply && reply->usage);
  EXPECT_EQ(reply->usage->prompt, 8);
  EXPECT_EQ(reply->usage->prompt_audio, 4);
  EXPECT_EQ(reply->usage->total(), 26);
}

TEST(ReplyTest, ErrorsAreErrors) {
  for (const char* json : {"", "[]", "no", R"({"error":{"message":"m"}})"})
    EXPECT_EQ(read_reply(json).error().kind, ErrorKind::upstream) << json;
}

}  // namespace
}  // namespace gembal::gemini
