#include "lib/gemini/model_traits.hpp"

#include <gtest/gtest.h>

namespace gembal::gemini {
namespace {

TEST(ModelTraitsTest, KnowsTheFamilies) {
  const struct {
    const char* model;
    Thinking thinking;
    bool signs;
    bool system;
    bool schema;
    bool candidates;
  } cases[] = {
      {"gemini-2.0-flash", Thinking::none, false, true, false, true},
      {"gemini-2.5-flash", Thinking::budget, false, true, true, true},
      {"gemini-2.5-pro", Thinking::budget, false, true, true, true},
      {"gemini-2.5-flash-image", Thinking::none, false, true, true, false},
      {"gemini-2.5-flash-preview-tts", Thinking::none, false, false, true, false},
      {"gemini-3.5-flash", Thinking::level, true, true, true, false},
      {"gemini-4-argon", Thinking::level, true, true, true, false},
      {"gemini-flash-latest", Thinking::level, true, true, true, false},
      {"gemma-3-27b-it", Thinking::none, false, false, false, false},
      {"a-model-of-tomorrow", Thinking::level, true, true, true, false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.model);
    const auto traits = traits_of(c.model);
    EXPECT_EQ(traits.thinking, c.thinking);
    EXPECT_EQ(traits.signs_calls, c.signs);
    EXPECT_EQ(traits.takes_system_instruction, c.system);
    EXPECT_EQ(traits.takes_json_schema, c.schema);
    EXPECT_EQ(traits.takes_candidate_count, c.candidates);
  }
}

TEST(ModelTraitsTest, StatesThinkingInEachFamilysWords) {
  const struct {
    const char* name;
    const char* model;
    Effort effort;
    const char* expected;
  } cases[] = {
      {"off, where it can be", "gemini-2.5-flash", Effort::none, R"({"thinkingBudget":0})"},
      {"Pro thinks always", "gemini-2.5-pro", Effort::none, R"({"thinkingBudget":128})"},
      {"a budget", "gemini-2.5-flash", Effort::medium, R"({"thinkingBudget":8192})"},
      {"a level", "gemini-3.5-flash", Effort::medium, R"({"thinkingLevel":"MEDIUM"})"},
      {"the least", "gemini-3.5-flash", Effort::none, R"({"thinkingLevel":"MINIMAL"})"},
      {"the least of Pro", "gemini-3.1-pro-preview", Effort::minimal, R"({"thinkingLevel":"LOW"})"},
      {"the least of the fourth generation", "gemini-4-argon", Effort::none,
       R"({"thinkingLevel":"LOW"})"},
      {"where nothing thinks", "gemma-3-27b-it", Effort::high, "null"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(to_text(thinking_config(traits_of(c.model), c.effort)), c.expected);
  }
  EXPECT_EQ(to_text(thinking_config(traits_of("gemini-2.5-flash"), 99'999)),
            R"({"thinkingBudget":24576})");
  EXPECT_EQ(to_text(thinking_config(traits_of("gemini-3.5-flash"), 1024)),
            R"({"thinkingLevel":"LOW"})");
  EXPECT_EQ(to_text(thinking_config(traits_of("gemini-3.5-flash"), 30'000)),
            R"({"thinkingLevel":"HIGH"})");
  EXPECT_FALSE(effort_of("much"));
}

}  // namespace
}  // namespace gembal::gemini
