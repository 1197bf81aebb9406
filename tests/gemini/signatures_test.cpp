#include "lib/gemini/signatures.hpp"

#include <gtest/gtest.h>

#include "lib/core/json.hpp"

namespace gembal::gemini {
namespace {

TEST(SignaturesTest, ReplacesThoseOfTheHistory) {
  const struct {
    const char* name;
    const char* request;
    const char* expected;  // "": there is nothing to replace
  } cases[] = {
      {"one, and leaves the rest alone",
       R"({"contents":[{"role":"user","parts":[{"text":"Hi"}]},
           {"role":"model","parts":[{"functionCall":{"name":"f"},"thoughtSignature":"c2ln"}]}],
           "generationConfig":{"topK":3}})",
       R"({"contents":[{"role":"user","parts":[{"text":"Hi"}]},
           {"role":"model","parts":[{"functionCall":{"name":"f"},"thoughtSignature":"skip_thought_signature_validator"}]}],
           "generationConfig":{"topK":3}})"},
      {"several, in the other spelling",
       R"({"contents":[{"parts":[{"text":"a","thought_signature":"x"},{"text":"b","thought_signature":"y"}]}]})",
       R"({"contents":[{"parts":[{"text":"a","thought_signature":"skip_thought_signature_validator"},{"text":"b","thought_signature":"skip_thought_signature_validator"}]}]})"},
      {"none", R"({"contents":[{"parts":[{"text":"Hi"}]}]})", ""},
      {"a member of that name elsewhere",
       R"({"contents":[{"parts":[{"functionCall":{"args":{"thoughtSignature":"x"}}}]}]})", ""},
      {"odd parts among them",
       R"({"contents":[7,{"parts":"x"},{"parts":[null,7,{"thoughtSignature":7}]}]})",
       R"({"contents":[7,{"parts":"x"},{"parts":[null,7,{"thoughtSignature":"skip_thought_signature_validator"}]}]})"},
      {"a first call without one, which its client dropped",
       R"({"contents":[{"role":"model","parts":[{"text":"a"},{"functionCall":{"name":"f"}},{"functionCall":{"name":"g"}}]},
           {"role":"user","parts":[{"functionResponse":{"name":"f"}}]}]})",
       R"({"contents":[{"role":"model","parts":[{"text":"a"},{"functionCall":{"name":"f"},"thoughtSignature":"skip_thought_signature_validator"},{"functionCall":{"name":"g"}}]},
           {"role":"user","parts":[{"functionResponse":{"name":"f"}}]}]})"},
      {"OpenAI's way: calls with and without one",
       R"({"messages":[{"role":"user","content":"Hi"},
           {"role":"assistant","extra_content":{"google":{"thought_signature":"m"}},"tool_calls":[{"id":"a","extra_content":{"google":{"thought_signature":"x"}}},{"id":"b"}]},
           {"role":"tool","content":"1"},{"role":"assistant","tool_calls":[{"id":"c"},{"id":"d"}]}]})",
       R"({"messages":[{"role":"user","content":"Hi"},
           {"role":"assistant","extra_content":{"google":{"thought_signature":"skip_thought_signature_validator"}},"tool_calls":[{"id":"a","extra_content":{"google":{"thought_signature":"skip_thought_signature_validator"}}},{"id":"b"}]},
           {"role":"tool","content":"1"},{"role":"assistant","tool_calls":[{"id":"c","extra_content":{"google":{"thought_signature":"skip_thought_signature_validator"}}},{"id":"d"}]}]})"},
      {"OpenAI's way: no calls",
       R"({"messages":[{"role":"assistant","content":"x","tool_calls":[]},7,{"extra_content":{"google":7}}]})",
       ""},
      {"no list of turns", R"({"contents":{"parts":[{"thoughtSignature":"x"}]}})", ""},
      {"another request", R"({"input":"Hi"})", ""},
      {"no object", R"([{"contents":[]}])", ""},
      {"no JSON", "thoughtSignature", ""},
      {"nothing", "", ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto replaced = with_bypassed_signatures(c.request);
    ASSERT_EQ(replaced.has_value(), *c.expected != '\0');
    if (replaced) EXPECT_EQ(*parse_json(*replaced), *parse_json(c.expected));
  }
}

}  // namespace
}  // namespace gembal::gemini
