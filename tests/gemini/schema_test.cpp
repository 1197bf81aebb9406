#include "lib/gemini/schema.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <set>

#include "lib/core/json.hpp"
#include "tests/support/test_data.hpp"

namespace gembal::gemini {
namespace {

using testing::test_data;

constexpr SchemaForm kForms[] = {SchemaForm::subset, SchemaForm::json_schema};

/// Members in another order are the same.
nlohmann::json unordered(const Json& value) { return nlohmann::json::parse(value.dump()); }

nlohmann::json written(SchemaForm form, const Json& schema) {
  const auto result = SchemaTranslator(form).response(schema, "schema");
  return result ? unordered(*result) : nlohmann::json("error: " + result.error().message);
}

const std::set<std::string> kSubset = {
    "type",          "format",        "title",    "description",     "nullable",  "enum",
    "items",         "maxItems",      "minItems", "properties",      "required",  "example",
    "minProperties", "maxProperties", "minimum",  "maximum",         "minLength", "default",
    "maxLength",     "pattern",       "anyOf",    "propertyOrdering"};

/// What is in a schema of the subset that must not be: "" when nothing is.
std::string foreign_in(const Json& schema) {
  if (!schema.is_object()) return "no object";
  for (const auto& [name, value] : schema.items()) {
    if (!kSubset.contains(name)) return name;
    if (name == "type" && !value.is_string()) return "type";
    if (name == "enum" && schema["type"] != "STRING") return "enum of others than texts";
    if (name == "properties" && value.empty()) return "no properties";
    if (name == "required") {
      for (const auto& one : value)
        if (!schema["properties"].contains(one.get<std::string>())) return "required";
    }
    std::string inner;
    if (name == "items") inner = foreign_in(value);
    if (name == "properties" || name == "anyOf") {
      for (const auto& one : value) inner += foreign_in(one);
    }
    if (!inner.empty()) return inner;
  }
  if (schema.value("type", "") == "ARRAY" && !schema.contains("items")) return "no items";
  return "";
}

TEST(SchemaTest, WritesBothForms) {
  for (const auto& pair : test_data("gemini/schemas.json")) {
    SCOPED_TRACE(pair["name"].get<std::string>());
    for (const auto form : kForms) {
      const auto* name = form == SchemaForm::subset ? "subset" : "json_schema";
      const Json* expected = find(pair, name);
      if (!expected) continue;
      const auto result = SchemaTranslator(form).response(pair["schema"], "schema");
      ASSERT_TRUE(result) << result.error().message;
      EXPECT_EQ(unordered(*result), unordered(*expected))
          << name << ": " << to_pretty_text(*result);
      const auto* properties = find(*result, "properties");
      if (!properties) continue;
      std::vector<std::string> order, expected_order;
      for (const auto& [key, value] : properties->items()) order.push_back(key);
      for (const auto& [key, value] : (*expected)["properties"].items())
        expected_order.push_back(key);
      EXPECT_EQ(order, expected_order);
    }
  }
}

TEST(SchemaTest, WhatIsWrittenIsOfTheSubsetAndStaysAsItIs) {
  for (const auto& pair : test_data("gemini/schemas.json")) {
    SCOPED_TRACE(pair["name"].get<std::string>());
    for (const auto form : kForms) {
      const auto once = SchemaTranslator(form).response(pair["schema"], "schema");
      ASSERT_TRUE(once) << once.error().message;
      if (form == SchemaForm::subset) EXPECT_EQ(foreign_in(*once), "");
      EXPECT_EQ(written(form, *once), unordered(*once));
    }
  }
}

/// Schemas of every keyword in every place, sound or not.
class Random {
 public:
  explicit Random(unsigned seed) : random_(seed) {}

  Json schema(int depth) {
    if (depth <= 0 || one_in(12)) return one_in(3) ? Json(one_in(2)) : Json::object();
    Json made = Json::object();
    const int keywords = below(5);
    for (int i = 0; i < keywords; ++i) add_keyword(made, depth - 1);
    if (depth == 6) made["$defs"] = {{"A", schema(3)}, {"B", schema(3)}};
    return made;
  }

 private:
  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  bool one_in(int n) { return below(n) == 0; }

  Json scalar() {
    switch (below(6)) {
      case 0: return nullptr;
      case 1: return one_in(2);
      case 2: return below(9) - 4;
      case 3: return 0.5 * below(9);
      case 4: return "";
      default: return std::string(1, static_cast<char>('a' + below(4)));
    }
  }
  Json list(int depth) {
    Json made = Json::array();
    for (int i = below(4); i > 0; --i) made.push_back(schema(depth));
    return made;
  }
  std::string type() {
    static const char* const kAll[] = {"string", "NUMBER", "integer", "boolean",
                                       "array",  "object", "null",    "any"};
    return kAll[below(8)];
  }
  void add_keyword(Json& made, int depth) {
    static const char* const kNames[] = {"a", "b", "items", "type"};
    static const char* const kRefs[] = {"#", "#/$defs/A", "#/$defs/B"};
    static const char* const kOthers[] = {
        "minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "minLength", "format",
        "pattern", "description",      "title",   "nullable",         "default",   "minItems",
        "const",   "strict",           "example", "uniqueItems"};
    switch (below(11)) {
      case 0: made["type"] = type(); break;
      case 1: made["type"] = Json::array({type(), type()}); break;
      case 2:
        for (int i = below(3); i >= 0; --i) made["properties"][kNames[below(4)]] = schema(depth);
        break;
      case 3: made["items"] = one_in(5) ? list(depth) : schema(depth); break;
      case 4: made[one_in(2) ? "anyOf" : "oneOf"] = list(depth); break;
      case 5: made["allOf"] = list(depth); break;
      case 6: made["prefixItems"] = list(depth); break;
      case 7: made["$ref"] = kRefs[below(3)]; break;
      case 8: made["required"] = {kNames[below(4)], kNames[below(4)]}; break;
      case 9: made["enum"] = {scalar(), scalar(), scalar()}; break;
      default: made[kOthers[below(16)]] = scalar();
    }
  }

  std::mt19937 random_;
};

TEST(SchemaTest, WhateverComesWhatIsWrittenIsOfTheSubsetAndStaysAsItIs) {
  int good = 0;
  for (unsigned seed = 0; seed < 3'000; ++seed) {
    const auto schema = Random(seed).schema(6);
    if (!schema.is_object()) continue;
    SCOPED_TRACE(to_text(schema));
    for (const auto form : kForms) {
      const auto once = SchemaTranslator(form).response(schema, "schema");
      if (!once) {
        EXPECT_EQ(once.error().kind, ErrorKind::bad_request);
        continue;
      }
      ++good;
      if (form == SchemaForm::subset) {
        ASSERT_EQ(foreign_in(*once), "") << to_text(*once);
      }
      ASSERT_EQ(written(form, *once), unordered(*once));
    }
  }
  EXPECT_GT(good, 4'000);
}

TEST(SchemaTest, AFunctionThatTakesNothingHasNoParameters) {
  const struct {
    const char* name;
    const char* schema;
    const char* expected;
  } cases[] = {
      {"none", "null", "null"},
      {"an empty schema", "{}", "null"},
      {"an object", R"({"type":"object"})", "null"},
      {"an object without properties", R"({"type":"object","properties":{},"required":[]})",
       "null"},
      {"nothing else, either",
       R"({"type":"object","properties":{},"additionalProperties":false,"$schema":"x"})", "null"},
      {"a type that is not said", R"({"properties":{"a":{"type":"string"}}})",
       R"({"properties":{"a":{"type":"string"}},"type":"object"})"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto result =
        SchemaTranslator(SchemaForm::json_schema).parameters(*parse_json(c.schema), "p");
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(to_text(*result), c.expected);
    const auto subset = SchemaTranslator(SchemaForm::subset).parameters(*parse_json(c.schema), "p");
    ASSERT_TRUE(subset);
    EXPECT_EQ(subset->is_null(), result->is_null());
  }
}

TEST(SchemaTest, SaysWhatIsWrongAndWhere) {
  const struct {
    const char* name;
    const char* schema;
    const char* message;
  } cases[] = {
      {"no object", "7", "'p' is no schema that can be used: a schema must be an object"},
      {"a list of parameters", R"({"type":"array","items":{"type":"string"}})",
       "'p' is no schema that can be used: the type must be 'object'"},
      {"a property that is no schema", R"({"properties":{"a":"string"}})",
       "'p.properties.a' is no schema that can be used: a schema must be an object"},
      {"properties that are a list", R"({"properties":[{"name":"a"}]})",
       "'p' is no schema that can be used: 'properties' must be an object"},
      {"a reference to nothing", R"({"properties":{"a":{"$ref":"#/$defs/A"}}})",
       "'p.properties.a' is no schema that can be used: the '$ref' '#/$defs/A' points to no schema "
       "in it"},
      {"a reference to elsewhere",
       R"({"properties":{"a":{"$ref":"https://example.com/schema.json"}}})",
       "'p.properties.a' is no schema that can be used: the '$ref' "
       "'https://example.com/schema.json' points to no schema in it"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    for (const auto form : kForms) {
      const auto result = SchemaTranslator(form).parameters(*parse_json(c.schema), "p");
      ASSERT_FALSE(result);
      EXPECT_EQ(result.error().kind, ErrorKind::bad_request);
      EXPECT_EQ(result.error().message, c.message);
      EXPECT_EQ(result.error().param, "p");
    }
  }
  const auto unknown = SchemaTranslator(SchemaForm::subset)
                           .parameters({{"properties", {{"a", {{"type", "date"}}}}}}, "p");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().message,
            "'p.properties.a' is no schema that can be used: the type 'date' is unknown");
}

TEST(SchemaTest, WhatIsTooLargeOrTooDeepIsRefusedSoon) {
  Json deep = {{"type", "string"}};
  for (int i = 0; i < 80; ++i) deep = {{"type", "array"}, {"items", deep}};
  Json bomb = {{"type", "object"}, {"properties", {{"a", {{"$ref", "#/$defs/d0"}}}}}};
  for (int i = 0; i < 30; ++i) {
    const Json next = {{"$ref", "#/$defs/d" + std::to_string(i + 1)}};
    bomb["$defs"]["d" + std::to_string(i)] = {{"type", "object"},
                                              {"properties", {{"a", next}, {"b", next}}}};
  }
  bomb["$defs"]["d30"] = {{"type", "string"}};
  Json all_bomb = bomb;
  for (auto& [name, schema] : all_bomb["$defs"].items()) {
    if (const auto properties = schema.find("properties"); properties != schema.end()) {
      schema = {{"allOf", {(*properties)["a"], {{"properties", {{name, (*properties)["b"]}}}}}}};
    }
  }
  all_bomb["$defs"]["d30"] = {{"title", "the end"}};
  Json loud = {{"type", "object"},
               {"$defs", {{"a", {{"description", std::string(1 << 20, 'x')}}}}}};
  for (int i = 0; i < 100; ++i) {
    loud["properties"]["p" + std::to_string(i)] = {
        {"allOf", {{{"$ref", "#/$defs/a"}}, {{"title", "t"}}}}};
  }
  Json wide = {{"type", "object"}, {"properties", Json::object()}};
  for (int i = 0; i < 60'000; ++i)
    wide["properties"].get_ref<Json::object_t&>().emplace_back(std::to_string(i), Json::object());
  Json circle = {{"type", "object"}, {"properties", {{"a", {{"$ref", "#/$defs/0"}}}}}};
  circle["$defs"] = Json::object();
  for (int i = 0; i < 10'000; ++i) {
    const Json next = {{"$ref", "#/$defs/" + std::to_string((i + 1) % 10'000)}};
    circle["$defs"].get_ref<Json::object_t&>().emplace_back(
        std::to_string(i), Json{{"properties", {{"n", next}}}, {"required", {"n"}}});
  }
  const struct {
    const char* name;
    const Json* schema;
    bool fits_json_schema;
  } cases[] = {{"nested deeply", &deep, false},
               {"references that multiply", &bomb, true},
               {"references that multiply as parts of others", &all_bomb, true},
               {"a long text that is repeated", &loud, false},
               {"many properties", &wide, false},
               {"a long circle", &circle, true}};
  for (const auto& c : cases) {
    for (const auto form : kForms) {
      SCOPED_TRACE(std::string(c.name) + (form == SchemaForm::subset ? ", subset" : ""));
      const auto start = std::chrono::steady_clock::now();
      SchemaTranslator translator(form);
      const auto result = translator.response(*c.schema, "tools[3].function.parameters");
      EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{20});
      if (form == SchemaForm::json_schema && c.fits_json_schema) {
        EXPECT_TRUE(result) << result.error().message;
        continue;
      }
      ASSERT_FALSE(result);
      EXPECT_EQ(result.error().kind, ErrorKind::bad_request);
      EXPECT_EQ(result.error().param, "tools[3].function.parameters");
    }
  }
}

TEST(SchemaTest, AllSchemasOfARequestShareOneBound) {
  Json schema = {{"type", "object"}};
  for (int i = 0; i < 1'000; ++i)
    schema["properties"]["p" + std::to_string(i)] = {{"type", "string"}};
  SchemaTranslator translator(SchemaForm::json_schema);
  int fit = 0;
  while (fit < 100 && translator.parameters(schema, "tools")) ++fit;
  EXPECT_GT(fit, 40);
  EXPECT_LT(fit, 60);
}

}  // namespace
}  // namespace gembal::gemini
