// Schemas that refer to each other in a circle may do so only where a value can be left out. OpenAI
// wants everything required in its strict mode, so clients send such circles all the time.

#include <unordered_map>
#include <unordered_set>

#include "lib/core/json.hpp"
#include "lib/gemini/schema_walk.hpp"

namespace gembal::gemini {
namespace {

/// The root and its definitions, and which of them can reach each other.
class Cycles {
 public:
  explicit Cycles(Json& root) {
    add("#", root);
    if (auto defs = root.find("$defs"); defs != root.end()) {
      for (auto& [name, schema] : defs->items()) add("#/$defs/" + name, schema);
    }
    for (std::size_t i = 0; i < schemas_.size(); ++i) collect_refs(*schemas_[i], i);
    find_components();
  }

  void free_all() {
    for (std::size_t i = 0; i < schemas_.size(); ++i) needs_itself(*schemas_[i], component_[i]);
  }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  void add(std::string name, Json& schema) {
    index_.emplace(std::move(name), schemas_.size());
    schemas_.push_back(&schema);
    to_.emplace_back();
    from_.emplace_back();
  }

  std::size_t index_of(const Json& ref) const {
    if (!ref.is_string()) return kNone;
    const auto known = index_.find(ref.get_ref<const std::string&>());
    return known == index_.end() ? kNone : known->second;
  }

  /// Calls `visit` with each schema that a value of this one cannot be without, but for what it
  /// refers to.
  template <typename Schema, typename Visit>
  static void each_needed(Schema& schema, const Visit& visit) {
    for (const char* name : {"items", "additionalProperties"}) {
      if (auto inner = schema.find(name); inner != schema.end()) visit(*inner);
    }
    for (const char* name : {"anyOf", "oneOf", "prefixItems"}) {
      auto list = schema.find(name);
      if (list == schema.end() || !list->is_array()) continue;
      for (auto& one : *list) visit(one);
    }
  }

  static std::unordered_set<std::string> required_in(const Json& schema) {
    std::unordered_set<std::string> names;
    const Json* list = find(schema, "required");
    if (!list || !list->is_array()) return names;
    for (const auto& name : *list) {
      if (name.is_string()) names.insert(name.get<std::string>());
    }
    return names;
  }

  void collect_refs(const Json& schema, std::size_t node) {
    if (!schema.is_object()) return;
    if (const Json* ref = find(schema, "$ref")) {
      const auto other = index_of(*ref);
      if (other == kNone) return;
      to_[node].push_back(other);
      from_[other].push_back(node);
      return;
    }
    each_needed(schema, [&](const Json& inner) { collect_refs(inner, node); });
    const Json* properties = find(schema, "properties");
    if (!properties || !properties->is_object()) return;
    const auto required = required_in(schema);
    for (const auto& [name, property] : properties->items()) {
      if (required.contains(name)) collect_refs(property, node);
    }
  }

  /// Kosaraju's: in the reverse order of being finished, what can reach a node is of its component.
  void find_components() {
    std::vector<std::size_t> finished;
    std::vector<bool> seen(schemas_.size());
    for (std::size_t start = 0; start < schemas_.size(); ++start) {
      std::vector<std::pair<std::size_t, std::size_t>> path;  // a node, and its next edge
      if (!seen[start]) path.emplace_back(start, 0);
      seen[start] = true;
      while (!path.empty()) {
        auto& [node, edge] = path.back();
        if (edge == to_[node].size()) {
          finished.push_back(node);
          path.pop_back();
          continue;
        }
        const auto next = to_[node][edge++];
        if (!seen[next]) path.emplace_back(next, 0);
        seen[next] = true;
      }
    }
    component_.assign(schemas_.size(), kNone);
    for (auto start = finished.rbegin(); start != finished.rend(); ++start) {
      std::vector<std::size_t> next = {*start};
      while (!next.empty()) {
        const auto node = next.back();
        next.pop_back();
        if (component_[node] != kNone) continue;
        component_[node] = *start;
        next.insert(next.end(), from_[node].begin(), from_[node].end());
      }
    }
  }

  /// Whether a value of the schema cannot be without one of a schema of the component, once it has
  /// what is required here no longer.
  bool needs_itself(Json& schema, std::size_t component) {
    if (!schema.is_object()) return false;
    if (const auto ref = schema.find("$ref"); ref != schema.end()) {
      const auto other = index_of(*ref);
      return other != kNone && component_[other] == component;
    }
    bool needs = false;
    each_needed(schema, [&](Json& inner) { needs = needs_itself(inner, component) || needs; });
    free_properties(schema, component);
    return needs;
  }

  void free_properties(Json& schema, std::size_t component) {
    auto properties = schema.find("properties");
    if (properties == schema.end() || !properties->is_object()) return;
    const auto required = required_in(schema);
    std::unordered_set<std::string> to_free;
    for (auto& [name, property] : properties->items()) {
      if (needs_itself(property, component) && required.contains(name)) to_free.insert(name);
    }
    if (to_free.empty()) return;
    Json kept = Json::array();
    for (auto& name : schema["required"]) {
      if (!name.is_string() || !to_free.contains(name.get_ref<const std::string&>()))
        kept.push_back(std::move(name));
    }
    if (kept.empty()) {
      schema.erase("required");
    } else {
      schema["required"] = std::move(kept);
    }
  }

  std::unordered_map<std::string, std::size_t> index_;
  std::vector<Json*> schemas_;
  std::vector<std::vector<std::size_t>> to_, from_;
  std::vector<std::size_t> component_;
};

}  // namespace

void free_cycles(Json& root) {
  if (root.is_object()) Cycles(root).free_all();
}

}  // namespace gembal::gemini
