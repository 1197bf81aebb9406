// JSON Schema as the subset of OpenAPI's that Gemini's `parameters` and `responseSchema` take.
//
// A schema that refers to others, or is all of several, is read as a set of layers: whatever one of
// them says holds. Nothing is merged before it is written, and a reference costs a pointer. Each
// layer knows what it is within: only what really contains itself is a recursion, and cut.

#include <algorithm>
#include <cctype>
#include <cmath>
#include <deque>
#include <unordered_map>
#include <unordered_set>

#include "lib/core/json.hpp"
#include "lib/gemini/schema_layers.hpp"

namespace gembal::gemini {
namespace {

constexpr std::size_t kMostLayers = 1'000;

bool is_within(const Frame* frame, const Json& schema) {
  for (; frame; frame = frame->outer) {
    if (frame->schema == &schema) return true;
  }
  return false;
}

/// Alternatives, each once, and whether null is one of them.
class Choices {
 public:
  void add(Json option) {
    if (string_in(option, "type") == "NULL") {
      nullable_ = true;
      return;
    }
    if (bool_in(option, "nullable") == true) {
      nullable_ = true;
      option.erase("nullable");
    }
    if (seen_.insert(to_text(option)).second) options_.push_back(std::move(option));
  }

  Json finish() && {
    if (options_.empty()) return nullable_ ? Json{{"type", "NULL"}} : Json::object();
    Json out =
        options_.size() == 1 ? std::move(options_.front()) : Json{{"anyOf", std::move(options_)}};
    if (nullable_ && !out.empty()) out["nullable"] = true;  // anything may be null anyway
    return out;
  }

 private:
  std::unordered_set<std::string> seen_;
  std::vector<Json> options_;
  bool nullable_ = false;
};

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : to_text(value);
}

class Subset {
 public:
  explicit Subset(SchemaWalk& walk) : walk_(walk) {}

  /// `schema` may be true, and then anything holds.
  Json write(const Json& schema) { return write(Layers{{&schema}}); }

 private:
  Json write(const Layers& given);
  void collect(Layer layer, const Frame* via, Layers& layers);
  Json write_cut(const Layers& layers) const;
  Json write_choices(const Layers& layers, const Layer& owner, const std::string& keyword);
  Json write_typed(const Layers& layers, std::string_view type, const Values& values);
  void write_object(const Layers& layers, Json& out);
  void write_array(const Layers& layers, Json& out);
  void write_tuple(const Layers& layers, const Layer& owner, const Json& items, Json& out);
  void write_number(const Layers& layers, std::string_view type, const Values& values, Json& out);
  void write_string(const Layers& layers, const Values& values, Json& out);
  void write_notes(const Layers& layers, const Types& types, const Values& values, Json& out);
  void copy_counts(const Layers& layers, std::initializer_list<const char*> names, Json& out);

  SchemaWalk& walk_;
  std::deque<Frame> frames_;
  bool cut_ = false;  ///< collect() met a recursion
};

/// Takes the schema apart into itself, what it refers to, and what it is all of. `via`: the frame
/// of the layer that led here.
void Subset::collect(Layer layer, const Frame* via, Layers& layers) {
  const Json& schema = *layer.schema;
  if (schema.is_boolean() || walk_.failed()) return;
  if (!schema.is_object()) return walk_.fail("a schema must be an object");
  const bool is_known = std::any_of(layers.begin(), layers.end(),
                                    [&](const Layer& one) { return one.schema == &schema; });
  if (is_known) return;
  if (layers.size() >= kMostLayers) return walk_.fail("it is all of too many others");
  walk_.spend();
  frames_.push_back({&schema, via});
  layer.own = &frames_.back();
  layers.push_back(layer);
  if (const Json* ref = find(schema, "$ref")) {
    if (!ref->is_string()) return walk_.fail("'$ref' must be a text");
    const Json* target = walk_.resolve(ref->get_ref<const std::string&>());
    if (!target) return;
    if (is_within(layer.around, *target)) {
      cut_ = true;
      layers.push_back({target, layer.around, false, layer.own});
      return;
    }
    collect({target, layer.around, layer.has_choices}, layer.own, layers);
  }
  const Json* all = find(schema, "allOf");
  if (!is_list(all)) return;
  for (const auto& part : *all)
    collect({&part, layer.around, layer.has_choices}, layer.own, layers);
}

/// Of a schema within itself only the type is written, and of an array that it is one of texts.
Json Subset::write_cut(const Layers& layers) const {
  std::string type = "OBJECT";
  if (const Json* given = first(layers, "type"); given && given->is_string()) {
    type = given->get<std::string>();
    for (auto& c : type) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    if (!is_type(type)) type = "OBJECT";
  }
  Json out = {{"type", type}};
  if (type == "ARRAY") out["items"] = {{"type", "STRING"}};
  return out;
}

Json Subset::write(const Layers& given) {
  if (walk_.failed()) return {};
  Layers layers;
  for (const auto& layer : given) collect(layer, layer.around, layers);
  if (std::exchange(cut_, false)) return write_cut(layers);
  if (walk_.failed() || layers.empty()) return Json::object();

  Json out = Json::object();
  const auto values = values_in(layers);
  auto types = types_in(walk_, layers);
  types.nullable = types.nullable || values.nullable;
  const Layer* owner = nullptr;
  std::string keyword;
  for (const auto& layer : layers) {
    for (const char* name : {"anyOf", "oneOf"}) {
      if (owner || !layer.has_choices || !is_list(find(*layer.schema, name))) continue;
      owner = &layer;
      keyword = name;
    }
  }
  if (owner) {
    out = write_choices(layers, *owner, keyword);
  } else if (types.names.size() > 1) {
    Json any = Json::array();
    for (const auto type : types.names) any.push_back(write_typed(layers, type, values));
    out["anyOf"] = std::move(any);
  } else {
    out = write_typed(layers, types.names.empty() ? "" : types.names.front(), values);
  }
  write_notes(layers, types, values, out);
  return out;
}

/// Each alternative with what holds beside it. When all are constraints alone, which the subset
/// does not know ("a or b is required"), there is no choice to be made.
Json Subset::write_choices(const Layers& layers, const Layer& owner, const std::string& keyword) {
  static const std::unordered_set<std::string> kSaysNothing = {
      "required", "not", "if", "then", "else", "description", "title", "dependentRequired"};
  const auto says_something = [](const Json& option) {
    if (!option.is_object()) return option != false;
    return std::any_of(option.items().begin(), option.items().end(),
                       [](const auto& member) { return !kSaysNothing.contains(member.key()); });
  };
  Layers rest = layers;
  for (auto& layer : rest) layer.has_choices = false;
  const bool has_type = !types_in(walk_, layers).names.empty();
  const Json& options = *find(*owner.schema, keyword);
  if (std::none_of(options.begin(), options.end(), says_something))
    return has_type ? write(rest) : Json::object();
  if (!has_type) rest.clear();

  Choices choices;
  for (std::size_t i = 0; i < options.size() && !walk_.failed(); ++i) {
    const SchemaWalk::Step step(walk_, keyword, i);
    if (options[i] == false) continue;
    Layers together = {{&options[i], owner.own}};
    together.insert(together.end(), rest.begin(), rest.end());
    choices.add(write(together));
  }
  return std::move(choices).finish();
}

Json Subset::write_typed(const Layers& layers, std::string_view type, const Values& values) {
  auto out = object_with_room(8);
  if (type.empty()) return out;
  out["type"] = type;
  if (type == "OBJECT") write_object(layers, out);
  if (type == "ARRAY") write_array(layers, out);
  if (type == "NUMBER" || type == "INTEGER") write_number(layers, type, values, out);
  if (type == "STRING") write_string(layers, values, out);
  return out;
}

void Subset::write_object(const Layers& layers, Json& out) {
  std::vector<std::string> order;
  std::unordered_map<std::string, Layers> properties;
  for (const auto& layer : layers) {
    const Json* own = find(*layer.schema, "properties");
    if (!own || own->is_null()) continue;
    if (!own->is_object()) return walk_.fail("'properties' must be an object");
    for (const auto& [name, property] : own->items()) {
      auto& all = properties[name];
      if (all.empty()) order.push_back(name);
      all.push_back({&property, layer.own});
    }
  }
  auto written = object_with_room(order.size());
  std::vector<std::string> names;
  for (const auto& name : order) {
    const auto& all = properties[name];
    const bool never = std::any_of(all.begin(), all.end(),
                                   [](const Layer& layer) { return *layer.schema == false; });
    if (never) {
      properties.erase(name);
      continue;
    }
    const SchemaWalk::Step step(walk_, "properties", name);
    if (walk_.failed()) return;
    append_member(written, name, write(all));
    names.push_back(name);
  }
  if (written.empty()) return;
  out["properties"] = std::move(written);

  std::unordered_set<std::string> seen;
  Json required = Json::array();
  Json ordering = Json::array();
  const auto add = [&](const Json* list, Json& to) {
    if (!list || !list->is_array()) return;  // "required": true, as drafts before the fourth had
    for (const auto& name : *list) {
      if (!name.is_string()) continue;
      const auto& text = name.get_ref<const std::string&>();
      if (properties.contains(text) && seen.insert(text).second) to.push_back(text);
    }
  };
  for (const auto& layer : layers) add(find(*layer.schema, "required"), required);
  if (!required.empty()) out["required"] = std::move(required);
  seen.clear();
  add(first(layers, "propertyOrdering"), ordering);
  for (auto& name : names) {
    if (seen.insert(name).second) ordering.push_back(std::move(name));
  }
  copy_counts(layers, {"minProperties", "maxProperties"}, out);
  if (ordering.size() > 1) out["propertyOrdering"] = std::move(ordering);
}

void Subset::write_array(const Layers& layers, Json& out) {
  copy_counts(layers, {"minItems", "maxItems"}, out);
  for (const auto& layer : layers) {
    const Json* tuple = find(*layer.schema, "prefixItems");
    if (const Json* items = find(*layer.schema, "items"); !tuple && items && items->is_array())
      tuple = items;
    if (is_list(tuple)) return write_tuple(layers, layer, *tuple, out);
  }
  Layers all;
  for (const auto& layer : layers) {
    const Json* items = find(*layer.schema, "items");
    if (items && (items->is_object() || *items == true)) all.push_back({items, layer.own});
  }
  if (all.empty()) {
    out["items"] = {{"type", "STRING"}};
    return;
  }
  const SchemaWalk::Step step(walk_, "items");
  out["items"] = write(all);
}

/// The subset cannot tell what stands where: each item may be what any of them is.
void Subset::write_tuple(const Layers& layers, const Layer& owner, const Json& items, Json& out) {
  Choices choices;
  for (std::size_t i = 0; i < items.size() && !walk_.failed(); ++i) {
    const SchemaWalk::Step step(walk_, "prefixItems", i);
    choices.add(write(Layers{{&items[i], owner.own}}));
  }
  const bool is_closed = [&] {
    const Json* more = first(layers, "items");
    if (!more || more->is_array()) more = first(layers, "additionalItems");
    return more && *more == false;
  }();
  if (is_closed && !find(out, "maxItems")) out["maxItems"] = items.size();
  out["items"] = std::move(choices).finish();
}

void Subset::write_number(const Layers& layers, std::string_view type, const Values& values,
                          Json& out) {
  const bool whole = type == "INTEGER";
  const auto format = first(layers, "format");
  if (format && format->is_string()) {
    const auto& name = format->get_ref<const std::string&>();
    if (whole ? name == "int32" || name == "int64" : name == "float" || name == "double")
      out["format"] = name;
  }
  // An excluded bound is the next whole number, or as good as included.
  const auto bound = [&](const char* included, const char* excluded, int step) {
    Json value;
    if (const Json* given = first(layers, included); given && given->is_number()) value = *given;
    const Json* open = first(layers, excluded);
    if (open && open->is_number()) {
      Json next = *open;
      const double number = open->get<double>();
      if (whole && std::abs(number) < 9e15) {
        const double edge = step > 0 ? std::floor(number) : std::ceil(number);
        next = static_cast<std::int64_t>(edge) + step;
      }
      const bool tighter = value.is_null() || (step > 0 ? next > value : next < value);
      if (tighter) value = std::move(next);
    }
    if (!value.is_null()) out[included] = std::move(value);
  };
  bound("minimum", "exclusiveMinimum", 1);
  bound("maximum", "exclusiveMaximum", -1);
  // Only texts can be enumerated: of numbers the range is told here, and which ones in the
  // description.
  const Json* least = nullptr;
  const Json* most = nullptr;
  for (const Json* value : values.all) {
    if (!value->is_number()) return;
    if (!least || *value < *least) least = value;
    if (!most || *value > *most) most = value;
  }
  if (!least) return;
  out["minimum"] = *least;
  out["maximum"] = *most;
}

void Subset::write_string(const Layers& layers, const Values& values, Json& out) {
  Json allowed = Json::array();
  std::unordered_set<std::string> seen;
  for (const Json* value : values.all) {
    // An empty one is refused.
    if (!value->is_primitive() || *value == "") continue;
    const auto [text, is_new] = seen.insert(text_of(*value));
    if (is_new) allowed.push_back(walk_.copy(*text));
  }
  const Json* format = first(layers, "format");
  if (format && (*format == "date-time" || (*format == "enum" && !allowed.empty())))
    out["format"] = *format;
  if (!allowed.empty()) out["enum"] = std::move(allowed);
  copy_counts(layers, {"minLength", "maxLength"}, out);
  const Json* pattern = first(layers, "pattern");
  if (pattern && pattern->is_string()) out["pattern"] = walk_.copy(*pattern);
}

void Subset::copy_counts(const Layers& layers, std::initializer_list<const char*> names,
                         Json& out) {
  for (const char* name : names) {
    const Json* count = first(layers, name);
    if (count && count->is_string() && integer_in(Json{{"n", *count}}, "n")) out[name] = *count;
    if (count && count->is_number() && *count >= 0 && *count <= 9e15)
      out[name] = count->get<std::int64_t>();
  }
}

/// What is said for people, and what holds whatever the type.
void Subset::write_notes(const Layers& layers, const Types& types, const Values& values,
                         Json& out) {
  for (const char* name : {"title", "description"}) {
    const Json* text = first(layers, name);
    if (text && text->is_string()) out[name] = walk_.copy(*text);
  }
  if (types.nullable && string_in(out, "type") != "NULL" && !out.empty()) out["nullable"] = true;
  for (const char* name : {"default", "example"}) {
    if (const Json* value = first(layers, name)) out[name] = walk_.copy(*value);
  }
  if (values.all.empty() || find(out, "enum") || find(out, "anyOf")) return;
  if (string_in(out, "type") == "BOOLEAN" && values.all.size() > 1) return;
  std::string text;
  for (const Json* value : values.all) {
    if (!value->is_primitive() || text.size() > 1'000) return;
    text += (text.empty() ? "" : ", ") + text_of(*value);
  }
  if (text.empty()) return;
  const std::string before(string_in(out, "description"));
  out["description"] = (before.empty() ? "" : before + " ") + "One of: " + text + ".";
}

}  // namespace

Json write_schema_subset(SchemaWalk& walk, const Json& schema) {
  return Subset(walk).write(schema);
}

}  // namespace gembal::gemini
