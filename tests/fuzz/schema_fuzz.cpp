// JSON Schemas of clients in either form that Gemini takes: bounded in size, whatever they are.

#include "lib/gemini/schema.hpp"

#include "lib/core/json.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace gembal {
namespace {

/// No keyword of JSON Schema's that the subset does not know may be left in a schema of it.
void check_subset(const Json& schema) {
  if (!schema.is_object()) return;
  for (const char* keyword :
       {"$ref", "$defs", "$schema", "additionalProperties", "oneOf", "allOf", "const"})
    promise(!find(schema, keyword), "the subset has no such keyword", keyword);
  if (const Json* properties = find(schema, "properties"); properties && properties->is_object()) {
    for (const auto& [name, property] : properties->items()) check_subset(property);
  }
  if (const Json* items = find(schema, "items")) check_subset(*items);
  if (const Json* choices = find(schema, "anyOf"); choices && choices->is_array()) {
    for (const auto& choice : *choices) check_subset(choice);
  }
}

}  // namespace

void fuzz_one(std::string_view input) {
  const auto schema = parse_json(input);
  if (!schema) return;
  for (const auto form : {gemini::SchemaForm::json_schema, gemini::SchemaForm::subset}) {
    gemini::SchemaTranslator translator(form);
    for (const bool is_response : {false, true}) {
      const auto made = is_response ? translator.response(*schema, "schema")
                                    : translator.parameters(*schema, "schema");
      if (!made) {
        promise(made.error().kind == ErrorKind::bad_request && !made.error().message.empty(),
                "a refusal says why");
        continue;
      }
      promise(is_json(to_text(*made)), "a schema can be written");
      if (form == gemini::SchemaForm::subset) check_subset(*made);
    }
  }
}

}  // namespace gembal
