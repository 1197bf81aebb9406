#include "lib/core/pattern.hpp"

#include <gtest/gtest.h>

namespace gembal {
namespace {

TEST(PatternTest, MatchesPatterns) {
  const struct {
    const char* name;
    const char* pattern;
    bool matches;
  } cases[] = {
      {"gemini-2.5-pro", "gemini-2.5-pro", true},
      {"gemini-2.5-pro", "gemini-2.5", false},
      {"gemini-2.5-flash-image", "*-image*", true},
      {"gemini-3-pro-image-preview", "*-image*", true},
      {"gemini-2.5-flash", "*-image*", false},
      {"gemini-2.5-flash", "gemini-*", true},
      {"gemini-2.5-flash", "*flash", true},
      {"gemini-2.5-flash-lite", "*flash", false},
      {"gemini-2.5-flash", "*", true},
      {"", "*", true},
      {"", "", true},
      {"a", "", false},
      {"abab", "*ab", true},
      {"ab", "ab*ab", false},
      {"abcab", "ab*ab", true},
      {"a-b-c", "a*b*c", true},
      {"a-c-b", "a*b*c", false},
      {"aXbXb", "a**b", true},
  };
  for (const auto& c : cases)
    EXPECT_EQ(matches_pattern(c.name, c.pattern), c.matches) << c.name << " " << c.pattern;
}

// Clients name the models, so no name may cost more than a look.
TEST(PatternTest, ManyStarsCostLittle) {
  const std::string name(4'000, 'a');
  EXPECT_FALSE(matches_pattern(name, "*a*a*a*a*a*a*a*a*a*a*b"));
  EXPECT_TRUE(matches_pattern(name, "*a*a*a*a*a*a*a*a*a*a*"));
}

}  // namespace
}  // namespace gembal
