#include "lib/core/text.hpp"

#include <gtest/gtest.h>

namespace gembal {
namespace {

TEST(TextTest, FindsKeysInAnyText) {
  const std::string one = "AIza" + std::string(35, 'a');
  const std::string two = "AIza" + std::string(34, 'b') + "-";
  const std::string three = "AQ.Ab8RN6KtestKeyThatIsFalse_x-y.z1";
  const struct {
    const char* name;
    std::string text;
    std::vector<std::string> expected;
  } cases[] = {
      {"a bare key", one, {one}},
      {"lines, each key once", one + "\n" + two + "\r\n" + one, {one, two}},
      {"JSON", R"({"API_KEYS":[")" + one + R"(",")" + three + R"("]})", {one, three}},
      {"a .env file", "API_KEYS=" + one + "," + two, {one, two}},
      {"a sentence", "My key is " + three + ". Or " + one + "!", {three, one}},
      {"too long to be one", one + "x", {}},
      {"too short", one.substr(0, 38), {}},
      {"inside a longer word", "x" + one, {}},
      {"no key", "nothing here", {}},
      {"nothing", "", {}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(find_api_keys(c.text), c.expected);
  }
}

TEST(TextTest, SuggestsTheNearestName) {
  const std::vector<std::string> names = {"server.listen", "server.threads", "pool.max_retries"};
  EXPECT_EQ(nearest("server.listne", names), "server.listen");
  EXPECT_EQ(nearest("pool.max_retry", names), "pool.max_retries");
  EXPECT_EQ(nearest("completely different", names), std::nullopt);
}

TEST(TextTest, PercentEncodesAndDecodes) {
  EXPECT_EQ(percent_decode("a%41%2f%zz%4"), "aA/%zz%4");
  EXPECT_EQ(percent_encode("a b/ü"), "a%20b%2F%C3%BC");
  EXPECT_EQ(percent_decode(percent_encode("a b/ü?&=%")), "a b/ü?&=%");
}

TEST(TextTest, SplitsAndTrims) {
  EXPECT_EQ(split("a,,b", ',').size(), 3u);
  EXPECT_EQ(split("", ',').size(), 1u);
  EXPECT_EQ(trim(" \t a b \r\n"), "a b");
  EXPECT_EQ(trim("  "), "");
  EXPECT_TRUE(iequals("Content-Length", "content-length"));
  EXPECT_FALSE(iequals("a", "ab"));
  EXPECT_TRUE(is_valid_utf8("größe"));
  EXPECT_FALSE(is_valid_utf8("\xc3("));
}

}  // namespace
}  // namespace gembal
