// JSON Schema for the fields that take it. Gemini reads $id, $defs, $ref, $anchor, type, format,
// title, description, enum, items, prefixItems, the bounds of arrays and numbers, anyOf, oneOf,
// properties, additionalProperties, required and propertyOrdering; passes over the rest; and
// refuses a $ref with company, and one that leads back to where it stands through required
// properties alone. So most is copied as it is. What is written here in another way:
//
//   const                       -> enum of one
//   allOf                       -> what it is all of, together
//   $ref with other keywords    -> anyOf of the $ref alone, with them
//   a $ref to elsewhere         -> to a copy in $defs
//   types other than one|null   -> anyOf
//   required, on a cycle        -> not required

#include <algorithm>
#include <cctype>
#include <unordered_map>
#include <unordered_set>

#include "lib/core/json_object.hpp"
#include "lib/gemini/schema_walk.hpp"

namespace gembal::gemini {
namespace {

constexpr std::string_view kDefs = "#/$defs/";

bool is_own_keyword(std::string_view name) {
  return name == "$schema" || name == "$comment" || name == "$vocabulary" || name == "strict";
}

/// Keywords whose value is a schema, a list of them, or named ones.
bool holds_schema(std::string_view name) {
  return name == "items" || name == "additionalProperties" || name == "not" || name == "contains" ||
         name == "propertyNames" || name == "additionalItems" || name == "if" || name == "then" ||
         name == "else";
}
bool holds_schemas(std::string_view name) {
  return name == "anyOf" || name == "oneOf" || name == "prefixItems";
}
bool holds_named_schemas(std::string_view name) {
  return name == "properties" || name == "patternProperties" || name == "dependentSchemas";
}

class Writer {
 public:
  explicit Writer(SchemaWalk& walk) : walk_(walk) {}
  Json write_root(const Json& schema);
  bool has_refs() const { return has_refs_; }

 private:
  Json write_first(const Json& schema);
  Json write(const Json& schema);
  void write_member(const std::string& name, const Json& value, Json& out);
  enum class Ref { kept, followed };
  void merge(const Json& part, Json& into, Ref ref = Ref::kept);
  std::string hoist(const std::string& ref);
  void settle_ref(Json& out);
  void split_types(Json& out);

  SchemaWalk& walk_;
  std::unordered_map<const Json*, std::string> names_;  ///< of what stands in $defs, by its origin
  std::unordered_set<std::string> taken_;
  std::vector<std::pair<std::string, const Json*>> to_write_;
  std::vector<const Json*> merging_;
  const Json* root_ = nullptr;
  bool has_refs_ = false;
};

/// The reference to what `ref` points to, as it is written.
std::string Writer::hoist(const std::string& ref) {
  const Json* target = walk_.resolve(ref);
  if (!target) return {};
  has_refs_ = true;
  if (target == root_) return "#";
  const auto known = names_.find(target);
  if (known != names_.end()) return std::string(kDefs) + known->second;
  auto base = ref.substr(ref.rfind('/') + 1);
  if (base.empty()) base = "schema";
  for (auto& c : base) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '-' && c != '.') c = '_';
  }
  auto name = base;
  for (int i = 2; !taken_.insert(name).second; ++i) name = base + "_" + std::to_string(i);
  names_.emplace(target, name);
  to_write_.emplace_back(name, target);
  return std::string(kDefs) + name;
}

/// Writes the root, or what it refers to when it is a reference and nothing else: a function's
/// parameters must be an object at first sight.
Json Writer::write_first(const Json& schema) {
  const Json* at = &schema;
  auto out = write(*at);
  for (int hops = 0; hops < 10 && out.size() == 1 && !walk_.failed(); ++hops) {
    const Json* ref = find(out, "$ref");
    if (!ref || to_write_.empty()) break;
    at = to_write_.front().second;
    names_.clear();
    taken_.clear();
    to_write_.clear();
    out = write(*at);
  }
  return out;
}

Json Writer::write_root(const Json& schema) {
  root_ = &schema;
  auto out = write_first(schema);
  Json definitions = Json::object();
  // What is written may refer to more. What nothing refers to is left out.
  for (std::size_t i = 0; i < to_write_.size() && !walk_.failed(); ++i) {
    const auto [name, target] = to_write_[i];
    const SchemaWalk::Step step(walk_, "$defs", name);
    append_member(definitions, name, write(*target));
  }
  if (!definitions.empty() && out.is_object()) out["$defs"] = std::move(definitions);
  return out;
}

Json Writer::write(const Json& schema) {
  if (walk_.failed() || schema.is_boolean()) return schema;
  if (!schema.is_object()) {
    walk_.fail("a schema must be an object");
    return {};
  }
  auto out = object_with_room(schema.size() + 2);
  merge(schema, out);
  settle_ref(out);
  split_types(out);
  return out;
}

/// A reference stands alone, as it is written. With both company and alternatives it is the less
/// likely to be the point, and goes.
void Writer::settle_ref(Json& out) {
  const Json* ref = find(out, "$ref");
  if (!ref || walk_.failed()) return;
  const bool is_alone = out.size() == 1;
  if (!is_alone && find(out, "anyOf")) {
    out.erase("$ref");
    return;
  }
  Json alone = {{"$ref", hoist(ref->get<std::string>())}};
  if (is_alone) {
    out = std::move(alone);
    return;
  }
  out.erase("$ref");
  out["anyOf"] = Json::array({std::move(alone)});
}

/// Adds what `part` says to what is there: the first to say a thing is heard, properties and what
/// is required add up. A reference stays one, or was followed already.
void Writer::merge(const Json& part, Json& into, Ref own_ref) {
  if (!part.is_object() || walk_.failed()) return;
  if (std::find(merging_.begin(), merging_.end(), &part) != merging_.end()) return;
  merging_.push_back(&part);
  const Json* all = find(part, "allOf");
  for (const auto& [name, value] : part.get_ref<const Json::object_t&>()) {
    if (name == "$ref" && own_ref == Ref::followed) continue;
    if (name == "allOf" || name == "$defs" || name == "definitions" || is_own_keyword(name))
      continue;
    write_member(name, value, into);
    if (walk_.failed()) break;
  }
  if (all && all->is_array()) {
    for (std::size_t i = 0; i < all->size(); ++i) {
      const SchemaWalk::Step step(walk_, "allOf", i);
      const Json* one = &(*all)[i];
      const Json* ref = find(*one, "$ref");
      const bool is_alone = all->size() == 1 && !find(into, "properties") && !find(into, "$ref");
      if (ref && ref->is_string() && !is_alone) {
        // Of several, each has to be seen.
        if (const Json* target = walk_.resolve(ref->get_ref<const std::string&>()))
          merge(*target, into);
        merge(*one, into, Ref::followed);
      } else {
        merge(*one, into);
      }
    }
  }
  merging_.pop_back();
}

void Writer::write_member(const std::string& name, const Json& value, Json& out) {
  const std::string_view word = name;  // which is compared without a call
  if (value.is_null() && word != "const" && word != "default") return;
  if (word == "required") {
    if (!value.is_array()) return;  // "required": true, as drafts before the fourth had
    auto& all = out["required"];
    if (all.is_null()) all = empty_array();
    std::unordered_set<std::string_view> known;  // of texts that stay where they are
    for (const auto& one : all) known.insert(one.get_ref<const std::string&>());
    walk_.spend(known.size() / 64);
    for (const auto& one : value) {
      if (one.is_string() && known.insert(one.get_ref<const std::string&>()).second)
        all.push_back(one);
    }
    return;
  }
  if (holds_named_schemas(name)) {
    if (!value.is_object()) return walk_.fail("'" + name + "' must be an object");
    auto& all = out[name];
    if (all.is_null()) all = object_with_room(value.size());
    std::unordered_set<std::string> known;
    for (const auto& [key, ignored] : all.get_ref<const Json::object_t&>()) known.insert(key);
    walk_.spend(known.size() / 64);
    for (const auto& [key, inner] : value.get_ref<const Json::object_t&>()) {
      if (known.contains(key)) continue;
      const SchemaWalk::Step inner_step(walk_, name, key);
      append_member(all, key, write(inner));
    }
    return;
  }
  const bool is_tuple = word == "items" && value.is_array();  // as drafts before 2020 had
  if (find(out, is_tuple ? "prefixItems" : name)) return;
  if (word == "$ref") {
    if (!value.is_string()) return walk_.fail("'$ref' must be a text");
    out["$ref"] = value;
  } else if (word == "const") {
    if (value.is_primitive() && !find(out, "enum")) out["enum"] = Json::array({walk_.copy(value)});
  } else if (holds_schema(name) && !value.is_array()) {
    const SchemaWalk::Step inner_step(walk_, name);
    append_member(out, name, write(value));
  } else if (holds_schemas(name) || is_tuple) {
    if (!value.is_array()) return walk_.fail("'" + name + "' must be an array");
    if (value.empty()) return;
    Json list = empty_array();
    for (std::size_t i = 0; i < value.size() && !walk_.failed(); ++i) {
      const SchemaWalk::Step inner_step(walk_, name, i);
      list.push_back(write(value[i]));
    }
    out[is_tuple ? "prefixItems" : name] = std::move(list);
  } else {
    append_member(out, name, walk_.copy(value));
  }
}

/// Of an array of types the API takes one and null.
void Writer::split_types(Json& out) {
  const Json* type = find(out, "type");
  if (!type || !type->is_array() || find(out, "anyOf")) return;
  const Json types = *type;
  const auto others =
      std::count_if(types.begin(), types.end(), [](const Json& one) { return one != "null"; });
  if (others < 2) return;
  static const std::unordered_set<std::string> kOuter = {"title", "description", "default",
                                                         "examples"};
  Json outer = Json::object();
  Json inner = Json::object();
  for (const auto& [name, value] : out.items()) {
    if (name != "type") (kOuter.contains(name) ? outer : inner)[name] = value;
  }
  Json any = Json::array();
  for (const auto& one : types) {
    Json option = {{"type", one}};
    for (const auto& [name, value] : inner.items()) option[name] = walk_.copy(value);
    any.push_back(std::move(option));
  }
  outer["anyOf"] = std::move(any);
  out = std::move(outer);
}

}  // namespace

Json write_json_schema(SchemaWalk& walk, const Json& schema) {
  Writer writer(walk);
  auto out = writer.write_root(schema);
  if (writer.has_refs() && !walk.failed()) free_cycles(out);
  return out;
}

}  // namespace gembal::gemini
