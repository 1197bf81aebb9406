#include "lib/core/grapheme.hpp"

#include <gtest/gtest.h>

#include <string>

#include "lib/core/text.hpp"

namespace gembal {
namespace {

TEST(GraphemeTest, TakesATextApartWherePeopleWould) {
  const struct {
    const char* name;
    std::string text;
    std::vector<std::string_view> expected;
  } cases[] = {
      {"nothing", "", {}},
      {"letters", "abc", {"a", "b", "c"}},
      {"letters of several bytes", "žluť", {"ž", "l", "u", "ť"}},
      {"an accent of its own", "e\xCC\x81x", {"e\xCC\x81", "x"}},
      {"Chinese", "你好", {"你", "好"}},
      {"a family", "👨‍👩‍👧!", {"👨‍👩‍👧", "!"}},
      {"a skin colour", "👍🏽👍", {"👍🏽", "👍"}},
      {"two flags", "🇨🇿🇯🇵", {"🇨🇿", "🇯🇵"}},
      {"a Windows line end", "a\r\nb", {"a", "\r\n", "b"}},
      {"Korean by its parts", "\u1112\u1161\u11AB.", {"\u1112\u1161\u11AB", "."}},
      {"bytes that are no text",
       "a\xFF\xFE"
       "b",
       {"a", "\xFF", "\xFE", "b"}},
      {"a character that ends too early", "a\xE4\xBD", {"a", "\xE4", "\xBD"}},
  };
  for (const auto& c : cases) EXPECT_EQ(graphemes(c.text), c.expected) << c.name;
}

}  // namespace
}  // namespace gembal
