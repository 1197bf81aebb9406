#include "lib/gemini/schema.hpp"

#include "lib/core/json.hpp"
#include "lib/core/text.hpp"

namespace gembal::gemini {
namespace {

/// Whether an object of that schema can have any member at all.
bool takes_something(const Json& schema) {
  for (const char* member : {"properties", "$ref", "anyOf", "oneOf"}) {
    const Json* value = find(schema, member);
    if (value && !value->empty()) return true;
  }
  const Json* others = find(schema, "additionalProperties");
  return others && *others != false;
}

Result<Json> translate(SchemaForm form, SchemaBudget& budget, const Json& schema,
                       std::string_view param, bool is_object) {
  SchemaWalk walk(schema, param, budget);
  auto written = form == SchemaForm::subset ? write_schema_subset(walk, schema)
                                            : write_json_schema(walk, schema);
  if (is_object && !walk.failed()) {
    const Json* type = find(written, "type");
    if (type && !(type->is_string() && iequals(type->get_ref<const std::string&>(), "object")))
      walk.fail("the type must be 'object'");
  }
  if (walk.failed()) return walk.take_error();
  return written;
}

}  // namespace

Result<Json> SchemaTranslator::parameters(const Json& schema, std::string_view param) {
  if (schema.is_null()) return Json();
  auto written = translate(form_, budget_, schema, param, true);
  if (!written) return written;
  if (!takes_something(*written)) return Json();
  if (!find(*written, "type") && find(*written, "properties"))
    (*written)["type"] = form_ == SchemaForm::subset ? "OBJECT" : "object";
  return written;
}

Result<Json> SchemaTranslator::response(const Json& schema, std::string_view param) {
  return translate(form_, budget_, schema, param, false);
}

}  // namespace gembal::gemini
