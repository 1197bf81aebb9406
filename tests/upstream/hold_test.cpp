#include "lib/upstream/hold.hpp"

#include <gtest/gtest.h>

#include "tests/support/recording.hpp"

namespace gembal::upstream {
namespace {

using State = Hold::State;

const std::string kThought =
    R"({"candidates":[{"content":{"parts":[{"text":"hm","thought":true}]}}]})";
const std::string kEmpty =
    R"({"candidates":[{"content":{"parts":[{"text":""}],"role":"model"}}],"usageMetadata":{}})";
const std::string kStop =
    R"({"candidates":[{"content":{"parts":[{"text":""}]},"finishReason":"STOP"}]})";
const std::string kMaxTokens = R"({"candidates":[{"finishReason":"MAX_TOKENS"}]})";
const std::string kBlocked = R"({"promptFeedback":{"blockReason":"OTHER"}})";
const std::string kError =
    R"({"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}})";

std::string sse(const std::vector<std::string>& events) {
  std::string text;
  for (const auto& event : events) text += "data: " + event + "\r\n\r\n";
  return text;
}

std::string lf(const std::vector<std::string>& events) {
  std::string text;
  for (const auto& event : events) text += "data: " + event + "\n\n";
  return text;
}

TEST(HoldTest, KnowsAnEmptyCompletion) {
  const struct {
    const char* name;
    const char* body;
    bool good;
  } cases[] = {
      {"says something", R"({"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]})",
       true},
      {"calls", R"({"choices":[{"message":{"tool_calls":[{}]},"finish_reason":"tool_calls"}]})",
       true},
      {"says nothing", R"({"choices":[{"message":{"role":"assistant"},"finish_reason":"stop"}]})",
       false},
      {"a call that went wrong",
       R"({"choices":[{"message":{},"finish_reason":"function_call_filter: MALFORMED_FUNCTION_CALL"}]})",
       false},
      {"filtered", R"({"choices":[{"message":{},"finish_reason":"content_filter: SAFETY"}]})",
       true},
      {"the second choice says something",
       R"({"choices":[{"message":{},"finish_reason":"stop"},{"message":{"content":"b"}}]})", true},
      {"blocked: no choices", R"({"object":"chat.completion","usage":{}})", true},
      {"no completion", "{}", false},
      {"an array", "[]", false},
      {"a page", "<html></html>", false},
      {"nothing", "", false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Hold hold(Form::completion);
    EXPECT_EQ(hold.add(c.body), State::holding);
    EXPECT_EQ(hold.good_at_end(), c.good);
  }
}

TEST(HoldTest, LetsAStreamGoAtItsFirstEventWithContent) {
  const struct {
    const char* name;
    Form form;
    std::string bytes;
    State expected;
  } cases[] = {
      {"a thought", Form::sse, sse({kThought}), State::pass},
      {"nothing yet", Form::sse, sse({kEmpty, kEmpty}), State::holding},
      {"content after nothing", Form::sse, sse({kEmpty, kThought}), State::pass},
      {"STOP without content: more may come, the end decides", Form::sse, sse({kStop}),
       State::holding},
      {"a lawful finish", Form::sse, sse({kMaxTokens}), State::pass},
      {"a blocked prompt", Form::sse, sse({kBlocked}), State::pass},
      {"an error event", Form::sse, sse({kEmpty, kError}), State::failed},
      {"an error without a frame", Form::sse, "{\n  \"error\": {\n    \"code\": 503\n  }\n}\n",
       State::failed},
      {"half of such an error", Form::sse, "{\n  \"error\": {\n    \"code\":", State::holding},
      {"an array's first element", Form::array, "[" + kThought, State::pass},
      {"an error as an array's element", Form::array, "[" + kError + "]", State::failed},
      {"an array's empty element", Form::array, "[" + kEmpty + ",", State::holding},
      {"a whole reply is looked at when it ends", Form::unary, kThought, State::holding},
      {"a chunk with content", Form::completion_events,
       lf({R"({"choices":[{"delta":{"content":"a"}}]})"}), State::pass},
      {"a chunk with a call", Form::completion_events,
       lf({R"({"choices":[{"delta":{"tool_calls":[{"id":""}]}}]})"}), State::pass},
      {"a chunk with the role only", Form::completion_events,
       lf({R"({"choices":[{"delta":{"role":"assistant","content":""}}]})"}), State::holding},
      {"a chunk that stops with nothing said", Form::completion_events,
       lf({R"({"choices":[{"delta":{"role":"assistant"},"finish_reason":"stop"}]})", "[DONE]"}),
       State::holding},
      {"a chunk that ends at the length", Form::completion_events,
       lf({R"({"choices":[{"delta":{},"finish_reason":"length"}]})"}), State::pass},
      {"a chunk without choices: the prompt was blocked", Form::completion_events,
       lf({R"({"object":"chat.completion.chunk"})"}), State::pass},
      {"an error in an array", Form::completion_events, lf({"[" + kError + "]"}), State::failed},
      {"an error in an array without a frame", Form::completion_events,
       "[{\n  \"error\": {\n    \"code\": 503\n  }\n}\n]\n", State::failed},
      {"a whole completion is looked at when it ends", Form::completion, "{}", State::holding},
      {"64 KiB of anything is content", Form::sse, std::string(64 * 1024 + 1, ' '), State::pass},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Hold whole(c.form);
    EXPECT_EQ(whole.add(c.bytes), c.expected);
    Hold cut(c.form);
    auto state = State::holding;
    if (c.bytes.size() > 10'000) continue;
    for (const char byte : c.bytes) {
      if (state == State::holding) state = cut.add(std::string_view(&byte, 1));
    }
    EXPECT_EQ(state, c.expected) << "byte by byte";
  }
}

TEST(HoldTest, JudgesAWholeReplyAtItsEnd) {
  Hold good(Form::unary), broken(Form::unary), stream(Form::sse);
  good.add(kThought);
  broken.add(kStop);
  stream.add(sse({kEmpty}));
  EXPECT_TRUE(good.good_at_end());
  EXPECT_FALSE(broken.good_at_end());
  EXPECT_FALSE(stream.good_at_end()) << "a stream that ended while it was held had nothing to say";
}

TEST(HoldTest, LetsEveryRecordedStreamGo) {
  for (const auto& recording : testing::recordings("stream")) {
    if (!recording.streamed || recording.path.find(":streamGenerateContent") == std::string::npos)
      continue;
    SCOPED_TRACE(recording.name);
    Hold hold(Form::sse);
    const bool says_nothing =
        recording.name == "stream.text-MODEL__7cb07e22";  // JSON of another kind
    EXPECT_EQ(hold.add(recording.body) == State::holding, says_nothing);
    EXPECT_EQ(hold.bytes(), recording.body);
  }
}

}  // namespace
}  // namespace gembal::upstream
