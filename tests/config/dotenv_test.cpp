#include "lib/config/dotenv.hpp"

#include <gtest/gtest.h>

namespace gembal::config {
namespace {

/// "NAME=VALUE|NAME=VALUE", or the error.
std::string read(const std::string& text) {
  const auto variables = parse_dotenv(text, ".env");
  if (!variables) return variables.error().message;
  std::string all;
  for (const auto& [name, value, line] : *variables)
    all += (all.empty() ? "" : "|") + name + "=" + value;
  return all;
}

TEST(DotenvTest, ReadsWhatPeopleWrite) {
  const struct {
    const char* name;
    const char* text;
    const char* expected;
  } cases[] = {
      {"nothing", "", ""},
      {"comments, blank lines and no newline at the end", "# x\n\n  \t\n  # y\nA=1", "A=1"},
      {"blanks around", "  A =  1 2  \n", "A=1 2"},
      {"lines of Windows, and its byte order mark",
       "\xEF\xBB\xBF"
       "A=1\r\nB=\"2\"\r\n\r\n",
       "A=1|B=2"},
      {"export", "export A=1\nexport\tB=2\nexport=3", "A=1|B=2|export=3"},
      {"no value", "A=\nB\nC= # none\n", "A=|B=|C="},
      {"a comment behind a value", "A=1 # one\nB=x#y\nC='z' # three", "A=1|B=x#y|C=z"},
      {"JSON lists", "A=[\"x\",\"y\"]\nB='[\"x\", \"y\"]'\n", "A=[\"x\",\"y\"]|B=[\"x\", \"y\"]"},
      {"JSON objects", "A=[{\"category\": \"H\", \"threshold\": \"OFF\"}]",
       "A=[{\"category\": \"H\", \"threshold\": \"OFF\"}]"},
      {"escapes in double quotes", R"(A="a\n\"b\" \\ \d")", "A=a\n\"b\" \\ \\d"},
      {"escapes in single quotes", R"(A='a\n\'b\'')", "A=a\\n'b'"},
      {"several lines in quotes", "A='[\"x\",\n\"y\"]'\nB=1", "A=[\"x\",\n\"y\"]|B=1"},
      {"quotes inside a value", "A=it's \"so\"", "A=it's \"so\""},
      {"the last of a name", "A=1\nB=2\nA=3", "B=2|A=3"},
      {"other variables", "A=1\nB=x${A}y${C}z${C:-d}\nD=\"${A}\"\nE='${A}'\nF=${A",
       "A=1|B=x1yzd|D=1|E=${A}|F=${A"},
      {"a line that is none", "A=1\nrm -rf x", ".env:2: there is no NAME=VALUE"},
      {"a value without a name", "=1", ".env:1: there is no NAME=VALUE"},
      {"an open quote", "A=1\nB=\"x\nC=2", ".env:2: the quote has no end"},
      {"something behind a quote", "A='1' 2", ".env:1: something follows the closing quote"},
      {"the line after a long value", "A='1\n2'\n?", ".env:3: there is no NAME=VALUE"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(read(c.text), c.expected);
  }
}

TEST(DotenvTest, KnowsTheLines) {
  const auto variables = *parse_dotenv("# x\nA='1\n2'\n\nB=3", ".env");
  ASSERT_EQ(variables.size(), 2u);
  EXPECT_EQ(variables[0].line, 2u);
  EXPECT_EQ(variables[1].line, 5u);
}

}  // namespace
}  // namespace gembal::config
