#include "lib/sse/json_array.hpp"

#include <gtest/gtest.h>

namespace gembal::sse {
namespace {

TEST(JsonArraySplitterTest, FindsTheSameElementsInAnyCut) {
  const struct {
    const char* name;
    std::string text;
    std::vector<std::string> elements;
    bool closed;
  } cases[] = {
      {"as the Gemini API streams without alt=sse",
       "[{\n  \"a\": 1\n}\n,\r\n{\"b\":[1,{}]}\n]\n",
       {"{\n  \"a\": 1\n}", "{\"b\":[1,{}]}"},
       true},
      {"brackets and quotes in strings",
       R"([{"a":"]}\"[{"},{"b":"\\"}])",
       {R"({"a":"]}\"[{"})", R"({"b":"\\"})"},
       true},
      {"cut off inside an element", R"([{"a":1},{"b":)", {R"({"a":1})"}, false},
      {"cut off between two", R"([{"a":1},)", {R"({"a":1})"}, false},
      {"empty", "[]", {}, true},
      {"an object in place of the array",
       R"({"error":{"code":503}})",
       {R"({"error":{"code":503}})"},
       true},
      {"arrays as elements", "[[1,2],[3]]", {"[1,2]", "[3]"}, true},
  };
  for (const auto& c : cases) {
    for (std::size_t step = 1; step <= c.text.size(); ++step) {
      SCOPED_TRACE(std::string(c.name) + ", in pieces of " + std::to_string(step));
      JsonArraySplitter splitter;
      std::vector<std::string> elements;
      for (std::size_t at = 0; at < c.text.size(); at += step) {
        splitter.feed(std::string_view(c.text).substr(at, step));
        while (const auto element = splitter.next()) elements.emplace_back(*element);
      }
      EXPECT_EQ(elements, c.elements);
      EXPECT_EQ(splitter.closed(), c.closed);
    }
  }
}

}  // namespace
}  // namespace gembal::sse
