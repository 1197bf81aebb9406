#include "lib/gemini/schema_layers.hpp"

#include <algorithm>
#include <array>

#include "lib/core/json.hpp"
#include "lib/core/text.hpp"

namespace gembal::gemini {
namespace {

constexpr std::array<std::string_view, 7> kTypes = {"STRING", "NUMBER", "INTEGER", "BOOLEAN",
                                                    "ARRAY",  "OBJECT", "NULL"};

}  // namespace

bool is_type(std::string_view name) {
  return std::find(kTypes.begin(), kTypes.end(), name) != kTypes.end();
}

const Json* first(const Layers& layers, std::string_view keyword) {
  for (const auto& layer : layers) {
    const Json* value = find(*layer.schema, keyword);
    if (value && !value->is_null()) return value;
  }
  return nullptr;
}

bool is_list(const Json* value) { return value && value->is_array() && !value->empty(); }

Types types_in(SchemaWalk& walk, const Layers& layers) {
  Types types;
  const auto add = [&](const Json& given) {
    if (!given.is_string()) return walk.fail("'type' must be a text or an array of texts");
    const auto& name = given.get_ref<const std::string&>();
    if (iequals(name, "any") || iequals(name, "TYPE_UNSPECIFIED")) return;
    const auto known = std::find_if(kTypes.begin(), kTypes.end(),
                                    [&](std::string_view type) { return iequals(type, name); });
    if (known == kTypes.end()) return walk.fail("the type '" + name + "' is unknown");
    if (*known == "NULL") {
      types.nullable = true;
    } else if (std::find(types.names.begin(), types.names.end(), *known) == types.names.end()) {
      types.names.push_back(*known);
    }
  };
  if (const Json* given = first(layers, "type")) {
    if (given->is_array()) {
      for (const auto& one : *given) add(one);
    } else {
      add(*given);
    }
    if (types.names.empty() && types.nullable) types.names.push_back("NULL");
  }
  const Json* nullable = first(layers, "nullable");
  if (nullable && *nullable == true) types.nullable = true;
  if (!types.names.empty()) return types;
  if (first(layers, "properties")) {
    types.names.push_back("OBJECT");
  } else if (first(layers, "items") || first(layers, "prefixItems")) {
    types.names.push_back("ARRAY");
  } else if (const auto values = values_in(layers); !values.all.empty()) {
    const auto all = [&](auto is_one) {
      return std::all_of(values.all.begin(), values.all.end(), is_one);
    };
    if (all([](const Json* value) { return value->is_boolean(); })) {
      types.names.push_back("BOOLEAN");
    } else if (all([](const Json* value) { return value->is_number_integer(); })) {
      types.names.push_back("INTEGER");
    } else if (all([](const Json* value) { return value->is_number(); })) {
      types.names.push_back("NUMBER");
    } else if (all([](const Json* value) { return value->is_primitive(); })) {
      types.names.push_back("STRING");
    }
  } else if (values.nullable) {
    types.names.push_back("NULL");
  }
  return types;
}

Values values_in(const Layers& layers) {
  Values values;
  const auto add = [&values](const Json& value) {
    if (value.is_null()) {
      values.nullable = true;
    } else {
      values.all.push_back(&value);
    }
  };
  for (const auto& layer : layers) {
    // A constant null is a value, too: first() would pass over it.
    if (const Json* constant = find(*layer.schema, "const")) {
      add(*constant);
      return values;
    }
    const Json* list = find(*layer.schema, "enum");
    if (!is_list(list)) continue;
    for (const auto& value : *list) add(value);
    return values;
  }
  return values;
}

}  // namespace gembal::gemini
