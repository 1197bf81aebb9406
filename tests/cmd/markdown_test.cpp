#include <gtest/gtest.h>

#include "cmd/chat/markdown_writer.hpp"
#include "lib/core/grapheme.hpp"
#include "lib/core/text.hpp"

namespace gembal::cmd {
namespace {

/// Without what sets colours.
std::string plain(std::string text) {
  for (auto at = text.find('\x1b'); at != std::string::npos; at = text.find('\x1b', at))
    text.erase(at, text.find('m', at) - at + 1);
  return text;
}

std::string render(std::string_view text, std::size_t width = 40, std::size_t piece = 1 << 20) {
  MarkdownWriter writer;
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += piece)
    out += writer.add(text.substr(at, piece), width);
  return out + writer.end(width);
}

const struct {
  const char* name;
  const char* markdown;
  const char* shown;
} kCases[] = {
    {"a paragraph", "Hello **big** `x = 1` *world*.\n", "Hello big x = 1 world.\n"},
    {"two paragraphs", "One.\n\nTwo.", "One.\n\nTwo.\n"},
    {"a long line", "one two three four five six seven eight nine ten",
     "one two three four five six seven eight\nnine ten\n"},
    {"a heading", "# Title\nText", "Title\n\nText\n"},
    {"a list", "Fruit:\n\n- apple\n- pear\n  - green\n  - red\n- plum\n\nDone.",
     "Fruit:\n\n\u2022 apple\n\u2022 pear\n  \u25e6 green\n  \u25e6 red\n\u2022 plum\n\nDone.\n"},
    {"a numbered list", "3. three\n4. four\n", "3. three\n4. four\n"},
    {"a loose list", "- one\n\n- two\n", "\u2022 one\n\n\u2022 two\n"},
    {"an item of several lines", "- one two three four five six seven eight nine ten",
     "\u2022 one two three four five six seven\n  eight nine ten\n"},
    {"code", "Run:\n\n```sh\nls -l\n\n  cat x\n```\n\nThat is all.",
     "Run:\n\n  ls -l\n\n    cat x\n\nThat is all.\n"},
    {"code that does not end", "```\nint x;\n", "  int x;\n"},
    {"fences within a line", "```x``` and on\nit goes.", "x and on it goes.\n"},
    {"a quote", "> to be\n> or not", "\u2502 to be or not\n"},
    {"a table", "| a | bb |\n|---|---:|\n| ccc | 1 |\n\nEnd",
     "a    bb\n\u2500\u2500\u2500  \u2500\u2500\nccc   1\n\nEnd\n"},
    {"a link", "See [the manual](https://x.y/z).", "See the manual (https://x.y/z).\n"},
    {"an address", "See [https://x.y](https://x.y).", "See https://x.y.\n"},
    {"wide characters",
     "\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57 \u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57 \u6f22",
     "\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\n\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\n\u6f22\n"},
    {"stars that mean nothing", "2 * 3 * 4 = 24", "2 * 3 * 4 = 24\n"},
    {"a mark that does not close", "It costs **much", "It costs **much\n"},
    {"what would steer the terminal",
     "a\x1b]0;x\x07"
     "b",
     "a]0;xb\n"},
    {"nothing", "", ""},
};

TEST(MarkdownTest, IsRenderedForATerminal) {
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.name);
    const std::size_t width = c.name == std::string_view("wide characters") ? 22 : 40;
    EXPECT_EQ(plain(render(c.markdown, width)), c.shown);
  }
}

TEST(MarkdownTest, AnyCutOfTheTextGivesTheSame) {
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.name);
    for (const std::size_t piece : {1, 2, 3, 7, 20})
      EXPECT_EQ(plain(render(c.markdown, 40, piece)), plain(render(c.markdown, 40))) << piece;
  }
}

TEST(MarkdownTest, WordsAreWrittenAsTheyCome) {
  MarkdownWriter writer;
  EXPECT_EQ(plain(writer.add("Hello wor", 40)), "Hello");
  EXPECT_EQ(plain(writer.add("ld and **so", 40)), " world and");
  EXPECT_EQ(plain(writer.add("** on ", 40)), " so on");
  EXPECT_EQ(plain(writer.add("\n\n```\nint x", 40)), "\n");
  EXPECT_EQ(plain(writer.add(";\n", 40)), "\n  int x;");
}

TEST(MarkdownTest, ColumnsAreThoseOfTheTerminal) {
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("\u00e9e\u0301"), 2u);
  EXPECT_EQ(display_width("\u6f22\u5b57"), 4u);
  EXPECT_EQ(display_width("\U0001F600"), 2u);
  EXPECT_EQ(display_width("\u2764\ufe0f"), 2u);
  EXPECT_EQ(display_width("\U0001F468\u200d\U0001F469\u200d\U0001F467"), 2u);
  EXPECT_EQ(display_width("\U0001F1E9\U0001F1EA"), 2u);
  EXPECT_EQ(display_width("AIza\u20269999"), 9u);
  EXPECT_EQ(display_width("one e\u0301t\u00e9 more"), 12u);
  EXPECT_EQ(display_width("a \u6f22\u5b57 b"), 8u);
  EXPECT_EQ(display_width("1\ufe0f\u20e3 and 2"), 8u);
  EXPECT_EQ(display_width("\xff"), 1u);
}

}  // namespace
}  // namespace gembal::cmd
