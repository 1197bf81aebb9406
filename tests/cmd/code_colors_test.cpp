#include "cmd/chat/code_colors.hpp"

#include <gtest/gtest.h>

#include <map>

#include "lib/core/text.hpp"

namespace gembal::cmd {
namespace {

/// What is coloured in brackets after its kind: "w[if] (x) c[// why]".
std::string marked(std::string_view language, std::string_view code) {
  static const std::map<std::string, std::string> kKinds = {
      {"2", "c"},     {"32", "t"},    {"33", "n"}, {"35", "w"},
      {"36", "code"}, {"31", "gone"}, {"1", "h"}};
  CodeColors colors(language);
  std::string out;
  for (const auto line : split(code, '\n')) {
    if (!out.empty()) out += '\n';
    std::string whole;
    for (const auto& piece : colors.line(line)) {
      whole += piece.text;
      const std::string style = piece.style;
      out += style.empty() ? std::string(piece.text)
                           : kKinds.at(style) + "[" + std::string(piece.text) + "]";
    }
    EXPECT_EQ(whole, line) << "nothing is lost";
  }
  return out;
}

TEST(CodeColorsTest, LanguagesAreToldApart) {
  struct Case {
    const char* language;
    const char* code;
    const char* marked;
  };
  const Case cases[] = {
      {"cpp", "int x = 42;  // why", "w[int] x = n[42];  c[// why]"},
      {"c", "/* a\nb */ return \"x\\\"y\";", "c[/* a]\nc[b */] w[return] t[\"x\\\"y\"];"},
      {"Rust", "fn f<'a>(c: char) { 'x' }", "w[fn] f<'a>(c: w[char]) { t['x'] }"},
      {"js", "const s = `a\n${b}` + 1.5e3", "w[const] s = t[`a]\nt[${b}`] + n[1.5e3]"},
      {"python", "def f():\n  \"\"\"Says\n  it.\"\"\"\n  return 'a' # b",
       "w[def] f():\n  t[\"\"\"Says]\nt[  it.\"\"\"]\n  w[return] t['a'] c[# b]"},
      {"sh", "if [ $# -gt 0 ]; then echo \"$1\"; fi  # so",
       "w[if] [ $# -gt n[0] ]; w[then] echo t[\"$1\"]; w[fi]  c[# so]"},
      {"bash {.x}", "it's # late", "it's c[# late]"},
      {"sql", "SELECT 'x' FROM t -- all", "w[SELECT] t['x'] w[FROM] t c[-- all]"},
      {"json", "{\"a\": [true, 1]}", "{t[\"a\"]: [w[true], n[1]]}"},
      {"yaml", "on: \"x\" # y\nurl: http://a#b", "w[on]: t[\"x\"] c[# y]\nurl: http://a#b"},
      {"html", "<a href=\"x\"><!-- y\nz --></a>", "<a href=t[\"x\"]>c[<!-- y]\nc[z -->]</a>"},
      {"diff", "--- a\n+++ b\n@@ 1 @@\n-x\n+y\n z",
       "h[--- a]\nh[+++ b]\ncode[@@ 1 @@]\ngone[-x]\nt[+y]\n z"},
      {"lua", "--[[ a\nb ]] local x", "c[--[[ a]\nc[b ]]] w[local] x"},
  };
  for (const auto& one : cases) EXPECT_EQ(marked(one.language, one.code), one.marked);
}

TEST(CodeColorsTest, WhatIsNotKnownHasTheColourOfCode) {
  EXPECT_EQ(marked("", "int x;"), "code[int x;]");
  EXPECT_EQ(marked("brainf", "+++"), "code[+++]");
  EXPECT_EQ(marked("text", "a 'b"), "code[a 'b]");
}

TEST(CodeColorsTest, LettersOfAnyScriptStayWhole) {
  EXPECT_EQ(marked("py", "größe = 1"), "größe = n[1]");
  EXPECT_EQ(marked("py", "s = 'größe"), "s = 'größe");
}

}  // namespace
}  // namespace gembal::cmd
