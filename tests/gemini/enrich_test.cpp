#include "lib/gemini/enrich.hpp"

#include <gtest/gtest.h>

namespace gembal::gemini {
namespace {

constexpr auto kNative = Origin::native;
constexpr auto kTranslated = Origin::translated;

CalledModel called(const std::string& name) {
  ModelRules rules;
  rules.image = {"gemini-2.0-flash-exp"};
  auto read = read_called_model(name, rules);
  EXPECT_TRUE(read) << name;
  return *read;
}

/// Without the safety settings of translated requests, which have a test of their own.
std::string enriched(const std::string& request, const std::string& model,
                     const RequestExtras& extras, Origin origin) {
  auto json = parse_json(request);
  EXPECT_TRUE(json) << request;
  enrich(*json, called(model), extras, origin);
  if (origin == Origin::translated && extras.safety.empty()) json->erase("safetySettings");
  return gembal::to_text(*json);
}

RequestExtras quiet() {
  RequestExtras extras;
  extras.show_thinking = false;
  return extras;
}

RequestExtras with_code() {
  auto extras = quiet();
  extras.code_execution = true;
  return extras;
}

RequestExtras with_addresses() {
  auto extras = quiet();
  extras.url_context = true;
  extras.url_context_models = {"gemini-2.5-flash", "gemini-3*"};
  return extras;
}

RequestExtras with_budgets() {
  auto extras = quiet();
  extras.thinking_budget = {{"gemini-2.5-flash-search", {7, ""}},
                            {"gemini-2.5-flash", {512, ""}},
                            {"gemini-3*", {-1, "low"}},
                            {"gemini-2.5-pro", {0, ""}}};
  return extras;
}

RequestExtras showing() { return {}; }

TEST(EnrichTest, AddsWhatTheClientDidNotSay) {
  const struct {
    const char* name;
    const char* model;
    RequestExtras extras;
    Origin origin;
    const char* request;
    const char* expected;
  } cases[] = {
      {"nothing to add", "gemini-2.5-flash", quiet(), kNative, R"({"contents":[]})",
       R"({"contents":[]})"},
      {"search", "gemini-2.5-flash-search", quiet(), kNative, R"({"contents":[]})",
       R"({"contents":[],"tools":[{"googleSearch":{}}]})"},
      {"search beside another tool", "gemini-2.5-flash-search", quiet(), kNative,
       R"({"tools":[{"codeExecution":{}}]})",
       R"({"tools":[{"codeExecution":{}},{"googleSearch":{}}]})"},
      {"search that is there", "gemini-2.5-flash-search", quiet(), kNative,
       R"({"tools":[{"google_search":{"a":1}}]})", R"({"tools":[{"google_search":{"a":1}}]})"},
      {"search where tools are null", "gemini-2.5-flash-search", quiet(), kNative,
       R"({"tools":null})", R"({"tools":[{"googleSearch":{}}]})"},
      {"no search beside functions", "gemini-2.5-flash-search", quiet(), kTranslated,
       R"({"tools":[{"functionDeclarations":[{"name":"f"}]}]})",
       R"({"tools":[{"functionDeclarations":[{"name":"f"}]}]})"},
      {"no search with a cache", "gemini-2.5-flash-search", quiet(), kNative,
       R"({"cachedContent":"cachedContents/x"})", R"({"cachedContent":"cachedContents/x"})"},
      {"no search for JSON before the third generation", "gemini-2.5-flash-search", quiet(),
       kNative, R"({"generationConfig":{"responseMimeType":"application/json"}})",
       R"({"generationConfig":{"responseMimeType":"application/json"}})"},
      {"search for JSON since then", "gemini-3.5-flash-search", quiet(), kNative,
       R"({"generationConfig":{"responseMimeType":"application/json"}})",
       R"({"generationConfig":{"responseMimeType":"application/json"},"tools":[{"googleSearch":{}}]})"},
      {"tools that are none are upstream's to refuse", "gemini-2.5-flash-search", quiet(), kNative,
       R"({"tools":7})", R"({"tools":7})"},

      {"pictures", "gemini-2.0-flash-exp-image", quiet(), kNative, R"({})",
       R"({"generationConfig":{"responseModalities":["TEXT","IMAGE"]}})"},
      {"pictures in a configuration in snake case", "gemini-2.0-flash-exp-image", quiet(), kNative,
       R"({"generation_config":{"seed":1}})",
       R"({"generation_config":{"seed":1,"responseModalities":["TEXT","IMAGE"]}})"},
      {"the client's own modalities stay", "gemini-2.0-flash-exp-image", quiet(), kNative,
       R"({"generationConfig":{"response_modalities":["IMAGE"]}})",
       R"({"generationConfig":{"response_modalities":["IMAGE"]}})"},

      {"no thinking", "gemini-2.5-flash-non-thinking", showing(), kNative, R"({})",
       R"({"generationConfig":{"thinkingConfig":{"thinkingBudget":0}}})"},
      {"as little as Pro can", "gemini-2.5-pro-non-thinking", quiet(), kNative, R"({})",
       R"({"generationConfig":{"thinkingConfig":{"thinkingBudget":128}}})"},
      {"no thinking by level", "gemini-3.5-flash-non-thinking", quiet(), kNative, R"({})",
       R"({"generationConfig":{"thinkingConfig":{"thinkingLevel":"MINIMAL"}}})"},
      {"no thinking where there is none", "gemini-2.0-flash-non-thinking", quiet(), kNative,
       R"({"contents":[]})", R"({"contents":[]})"},
      {"a level for a model of budgets", "gemini-2.5-flash-thinking:medium", quiet(), kNative,
       R"({})", R"({"generationConfig":{"thinkingConfig":{"thinkingBudget":8192}}})"},
      {"the client's own budget stays", "gemini-2.5-flash-non-thinking", quiet(), kNative,
       R"({"generationConfig":{"thinkingConfig":{"thinking_budget":9}}})",
       R"({"generationConfig":{"thinkingConfig":{"thinking_budget":9}}})"},
      {"a budget of the operator's", "gemini-2.5-flash", with_budgets(), kNative, R"({})",
       R"({"generationConfig":{"thinkingConfig":{"thinkingBudget":512}}})"},
      {"that of the name as called comes first", "gemini-2.5-flash-search", with_budgets(),
       kTranslated, R"({"tools":[{"googleSearch":{}}]})",
       R"({"tools":[{"googleSearch":{}}],"generationConfig":{"thinkingConfig":{"thinkingBudget":7}}})"},
      {"a level of the operator's", "gemini-3.5-flash", with_budgets(), kNative, R"({})",
       R"({"generationConfig":{"thinkingConfig":{"thinkingLevel":"LOW"}}})"},
      {"a suffix before the operator's", "gemini-2.5-flash-thinking:5", with_budgets(), kNative,
       R"({})", R"({"generationConfig":{"thinkingConfig":{"thinkingBudget":5}}})"},

      {"thoughts are asked for", "gemini-2.5-flash", showing(), kTranslated, R"({})",
       R"({"generationConfig":{"thinkingConfig":{"includeThoughts":true}}})"},
      {"not in native requests", "gemini-2.5-flash", showing(), kNative, R"({})", R"({})"},
      {"but in those whose thinking is set", "gemini-2.5-flash-thinking:9", showing(), kNative,
       R"({})",
       R"({"generationConfig":{"thinkingConfig":{"thinkingBudget":9,"includeThoughts":true}}})"},
      {"not against the client's wish", "gemini-2.5-flash", showing(), kTranslated,
       R"({"generationConfig":{"thinkingConfig":{"includeThoughts":false}}})",
       R"({"generationConfig":{"thinkingConfig":{"includeThoughts":false}}})"},
      {"not where the client turned thinking off", "gemini-2.5-flash", showing(), kTranslated,
       R"({"generationConfig":{"thinkingConfig":{"thinkingBudget":0}}})",
       R"({"generationConfig":{"thinkingConfig":{"thinkingBudget":0}}})"},
      {"not of models without any", "gemma-4-31b-it", showing(), kTranslated, R"({})", R"({})"},
      {"not of image models", "gemini-3-pro-image", showing(), kTranslated, R"({})", R"({})"},

      {"running code", "gemini-2.5-flash", with_code(), kNative, R"({})",
       R"({"tools":[{"codeExecution":{}}]})"},
      {"not beside functions", "gemini-2.5-flash", with_code(), kNative,
       R"({"tools":[{"function_declarations":[{"name":"f"}]}]})",
       R"({"tools":[{"function_declarations":[{"name":"f"}]}]})"},
      {"not after functions were called", "gemini-2.5-flash", with_code(), kNative,
       R"({"contents":[{"role":"model","parts":[{"functionCall":{"name":"f"}}]}]})",
       R"({"contents":[{"role":"model","parts":[{"functionCall":{"name":"f"}}]}]})"},
      {"not where JSON is wanted", "gemini-3.5-flash", with_code(), kNative,
       R"({"generationConfig":{"responseMimeType":"application/json"}})",
       R"({"generationConfig":{"responseMimeType":"application/json"}})"},
      {"not beside pictures", "gemini-2.5-flash", with_code(), kNative,
       R"({"contents":[{"parts":[{"inline_data":{"mime_type":"image/png","data":""}}]}]})",
       R"({"contents":[{"parts":[{"inline_data":{"mime_type":"image/png","data":""}}]}]})"},
      {"not beside a search by name", "gemini-2.5-flash-search", with_code(), kNative, R"({})",
       R"({"tools":[{"googleSearch":{}}]})"},
      {"not where sound is wanted", "gemini-2.5-flash", with_code(), kNative,
       R"({"generationConfig":{"responseModalities":["AUDIO"]}})",
       R"({"generationConfig":{"responseModalities":["AUDIO"]}})"},
      {"not by models that make pictures", "gemini-2.5-flash-image", with_code(), kNative, R"({})",
       R"({})"},
      {"not by models that speak", "gemini-3.8-flash-tts", with_code(), kNative, R"({})", R"({})"},

      {"reading addresses", "gemini-3.5-flash", with_addresses(), kNative, R"({})",
       R"({"tools":[{"urlContext":{}}]})"},
      {"not by models that are not listed", "gemini-2.5-pro", with_addresses(), kNative, R"({})",
       R"({})"},
      {"beside a search by name", "gemini-2.5-flash-search", with_addresses(), kNative, R"({})",
       R"({"tools":[{"googleSearch":{}},{"urlContext":{}}]})"},
      {"a request that is no object is upstream's to refuse", "gemini-2.5-flash-search",
       with_code(), kNative, R"([1])", R"([1])"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(enriched(c.request, c.model, c.extras, c.origin), c.expected);
    // What is said to need no change must get none.
    if (c.origin == kNative && !enriches_native(called(c.model), c.extras))
      EXPECT_STREQ(c.request, c.expected);
  }
}

TEST(EnrichTest, FillsInSafetySettings) {
  const auto off = gembal::to_text(Json::parse(
      R"([{"category":"HARM_CATEGORY_HARASSMENT","threshold":"OFF"},
          {"category":"HARM_CATEGORY_HATE_SPEECH","threshold":"OFF"},
          {"category":"HARM_CATEGORY_SEXUALLY_EXPLICIT","threshold":"OFF"},
          {"category":"HARM_CATEGORY_DANGEROUS_CONTENT","threshold":"OFF"},
          {"category":"HARM_CATEGORY_CIVIC_INTEGRITY","threshold":"BLOCK_NONE"}])"));
  auto request = Json::object();
  enrich(request, called("gemini-2.5-flash"), quiet(), kTranslated);
  EXPECT_EQ(gembal::to_text(request["safetySettings"]), off);

  request = Json::object();
  EXPECT_FALSE(enriches_native(called("gemini-2.5-flash"), quiet()));
  enrich(request, called("gemini-2.5-flash"), quiet(), kNative);
  EXPECT_TRUE(request.empty());

  auto extras = quiet();
  extras.safety = {{"HARM_CATEGORY_HARASSMENT", "OFF"}, {"HARM_CATEGORY_HATE_SPEECH", "OFF"}};
  EXPECT_TRUE(enriches_native(called("gemini-2.5-flash"), extras));
  EXPECT_EQ(
      enriched(
          R"({"safety_settings":[{"category":"HARM_CATEGORY_HARASSMENT","threshold":"BLOCK_NONE"}]})",
          "gemini-2.5-flash", extras, kNative),
      R"({"safety_settings":[{"category":"HARM_CATEGORY_HARASSMENT","threshold":"BLOCK_NONE"},)"
      R"({"category":"HARM_CATEGORY_HATE_SPEECH","threshold":"OFF"}]})");
}

TEST(EnrichTest, SaysWhatTheClientDidNotAskFor) {
  const struct {
    const char* name;
    const char* request;
    bool search;
    bool code;
  } cases[] = {
      {"a search", R"({})", true, false},
      {"a search that the client wanted", R"({"tools":[{"googleSearch":{}}]})", false, false},
      {"none because of functions", R"({"tools":[{"functionDeclarations":[{"name":"f"}]}]})", false,
       false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    auto request = Json::parse(c.request);
    const auto added = enrich(request, called("gemini-2.5-flash-search"), with_code(), kNative);
    EXPECT_EQ(added.search, c.search);
    EXPECT_FALSE(added.code_execution);
  }
  auto own = Json::parse(R"({"tools":[{"code_execution":{}}]})"), other = Json::object();
  EXPECT_FALSE(enrich(own, called("gemini-2.5-flash"), with_code(), kNative).code_execution);
  EXPECT_TRUE(enrich(other, called("gemini-2.5-flash"), with_code(), kNative).code_execution);
}

TEST(RenameModelTest, PutsTheRealModelWhereTheCalledOneStands) {
  const auto model = called("gemini-2.5-flash-search");
  const struct {
    const char* name;
    const char* body;
    const char* expected;
  } cases[] = {
      {"at the top", R"({"model":"models/gemini-2.5-flash-search"})",
       R"({"model":"models/gemini-2.5-flash"})"},
      {"in countTokens", R"({"generateContentRequest":{"model":"gemini-2.5-flash-search"}})",
       R"({"generateContentRequest":{"model":"models/gemini-2.5-flash"}})"},
      {"in a batch", R"({"requests":[{"model":"models/gemini-2.5-flash-search"},{}]})",
       R"({"requests":[{"model":"models/gemini-2.5-flash"},{}]})"},
      {"another model stays", R"({"model":"models/other"})", R"({"model":"models/other"})"},
      {"what is no name stays", R"({"model":1,"requests":{}})", R"({"model":1,"requests":{}})"},
  };
  for (const auto& c : cases) {
    auto body = Json::parse(c.body);
    rename_model(body, model);
    EXPECT_EQ(gembal::to_text(body), c.expected) << c.name;
  }
}

}  // namespace
}  // namespace gembal::gemini
