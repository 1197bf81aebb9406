#include "lib/gemini/usage.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gembal::gemini {
namespace {

TEST(UsageTest, FindsWhatAReplySaysAtItsEnd) {
  const struct {
    const char* name;
    std::string tail;
    std::uint64_t input, total;  // 0: none is found
  } cases[] = {
      {"a whole reply",
       R"({"candidates":[],"usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":3,"totalTokenCount":10},"modelVersion":"x"})",
       7, 10},
      {"spread over lines",
       "\"usageMetadata\": {\n  \"promptTokenCount\": 7,\n  \"totalTokenCount\" :10\n}", 7, 10},
      {"only the end of a reply",
       R"(long text"}]}}],"usageMetadata":{"promptTokenCount":7,"totalTokenCount":9}})", 7, 9},
      {"the last event of a stream",
       "data: {\"usageMetadata\":{\"promptTokenCount\":7,\"totalTokenCount\":8}}\n\n"
       "data: {\"usageMetadata\":{\"promptTokenCount\":7,\"totalTokenCount\":20}}\n\n",
       7, 20},
      {"no answer: the input is all", R"("usageMetadata":{"promptTokenCount":7})", 7, 7},
      {"in detail",
       R"("usageMetadata":{"promptTokenCount":7,"totalTokenCount":9,"promptTokensDetails":[{"modality":"TEXT","tokenCount":5}]})",
       7, 9},
      {"without the input", R"("usageMetadata":{"totalTokenCount":9})", 0, 9},
      {"of the OpenAI-compatible surface",
       R"("usage":{"completion_tokens":3,"prompt_tokens":7,"total_tokens":10,"prompt_tokens_details":{"cached_tokens":1}})",
       7, 10},
      {"cut off at the front", R"(okenCount":7,"totalTokenCount":9}})", 0, 0},
      {"cut off at the end", R"("usageMetadata":{"promptTokenCount":)", 0, 0},
      {"none", R"({"usageMetadata":{}})", 0, 0},
      {"null", R"({"usage":null})", 0, 0},
      {"no number", R"("usageMetadata":{"promptTokenCount":"x","totalTokenCount":-5})", 0, 0},
      {"more than there can be", R"("usageMetadata":{"promptTokenCount":99999999999999999999999})",
       0, 0},
      {"what a text speaks of", R"({"text":"\"usageMetadata\":{\"promptTokenCount\":7}"})", 0, 0},
      {"nothing", "", 0, 0},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto count = last_usage(c.tail);
    ASSERT_EQ(count.has_value(), c.total > 0);
    if (!count) continue;
    EXPECT_EQ(count->input, c.input);
    EXPECT_EQ(count->total, c.total);
  }
}

}  // namespace
}  // namespace gembal::gemini
