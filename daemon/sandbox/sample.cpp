#include "daemon/sandbox/sample.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "lib/core/text.hpp"

namespace gembal::sandbox {
namespace {

constexpr int kDeepest = 12;

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool in_word(char c) {
  return c == '\'' || c == '-' || c == '_' || std::isalnum(static_cast<unsigned char>(c)) ||
         (c & 0x80);
}

class Sampler {
 public:
  Sampler(const Json& root, Muse& muse) : root_(root), muse_(muse) {}

  Json sample(const Json& given, const std::string& name, int depth) {
    const Json& schema = resolve(given);
    if (!schema.is_object() || depth > kDeepest) return nullptr;
    for (const char* fixed : {"const", "default", "example"}) {
      if (const Json* value = find(schema, fixed); value && !value->is_null()) return *value;
    }
    if (const Json* values = find(schema, "enum");
        values && values->is_array() && !values->empty()) {
      return (*values)[0];
    }
    for (const char* choice : {"anyOf", "oneOf", "allOf"}) {
      const Json* options = find(schema, choice);
      if (!options || !options->is_array()) continue;
      for (const auto& option : *options) {
        if (type_of(resolve(option)) != "null") return sample(option, name, depth + 1);
      }
    }
    const std::string type = type_of(schema);
    if (type == "object") return object(schema, depth);
    if (type == "array") return array(schema, name, depth);
    if (type == "string") return string(schema, name);
    if (type == "integer" || type == "number") return number(schema, type == "integer");
    if (type == "boolean") return true;
    return nullptr;
  }

 private:
  const Json& resolve(const Json& schema) {
    const Json* found = &schema;
    for (int hops = 0; hops < kDeepest; ++hops) {
      const auto reference = string_in(*found, "$ref");
      if (!reference.starts_with("#")) break;
      const Json* target = &root_;
      for (const auto& step : split(reference.substr(1), '/')) {
        if (step.empty()) continue;
        target = target ? find(*target, step) : nullptr;
      }
      if (!target) break;
      found = target;
    }
    return *found;
  }

  static std::string type_of(const Json& schema) {
    const Json* type = find(schema, "type");
    if (type && type->is_array()) {
      for (const auto& one : *type) {
        if (one.is_string() && one != "null") return lower(one.get_ref<const std::string&>());
      }
    }
    if (type && type->is_string()) return lower(type->get_ref<const std::string&>());
    if (find(schema, "properties")) return "object";
    if (find(schema, "items")) return "array";
    return type ? "null" : "string";
  }

  Json object(const Json& schema, int depth) {
    Json value = Json::object();
    const Json* properties = find(schema, "properties");
    if (!properties || !properties->is_object()) return value;
    const Json* required = find(schema, "required");
    const bool all = !required || !required->is_array() || required->empty();
    const auto wanted = [&](const std::string& name) {
      return (all && depth < 4) ||
             (!all && std::find(required->begin(), required->end(), Json(name)) != required->end());
    };
    if (const Json* order = find(schema, "propertyOrdering"); order && order->is_array()) {
      for (const auto& entry : *order) {
        if (!entry.is_string()) continue;
        const auto& name = entry.get_ref<const std::string&>();
        const Json* property = find(*properties, name);
        if (property && wanted(name)) value[name] = sample(*property, name, depth + 1);
      }
    }
    for (const auto& [name, property] : properties->get_ref<const Json::object_t&>()) {
      if (wanted(name) && !find(value, name)) value[name] = sample(property, name, depth + 1);
    }
    return value;
  }

  Json array(const Json& schema, const std::string& name, int depth) {
    Json value = Json::array();
    const Json* items = find(schema, "items");
    const auto count = std::clamp<std::int64_t>(integer_in(schema, "minItems").value_or(1), 1, 50);
    if (depth >= kDeepest) return value;
    for (std::int64_t i = 0; i < count; ++i) {
      value.push_back(items ? sample(*items, name, depth + 1) : Json(next_word(name)));
    }
    return value;
  }

  Json string(const Json& schema, const std::string& name) {
    const auto format = string_in(schema, "format");
    if (format == "date-time") return "2026-01-31T12:00:00Z";
    if (format == "date") return "2026-01-31";
    if (format == "time") return "12:00:00";
    if (format == "email") return "user@example.com";
    if (format == "uri" || format == "url") return "https://example.com/";
    if (format == "uuid") return "00000000-0000-4000-8000-000000000000";
    std::string text = next_word(name);
    const auto shortest = std::min<std::int64_t>(integer_in(schema, "minLength").value_or(0), 1000);
    while (static_cast<std::int64_t>(text.size()) < shortest) text += 'x';
    const auto longest = integer_in(schema, "maxLength").value_or(-1);
    if (longest >= 0 && static_cast<std::int64_t>(text.size()) > longest) {
      text.resize(static_cast<std::size_t>(longest));
      while (!is_valid_utf8(text)) text.pop_back();
    }
    return text;
  }

  Json number(const Json& schema, bool whole) {
    const auto limit = [&schema](const char* name) -> std::optional<double> {
      const Json* value = find(schema, name);
      if (!value || !value->is_number()) return std::nullopt;
      return value->get<double>();
    };
    double value = 1;
    if (!muse_.numbers.empty()) {
      value = muse_.numbers.front();
      muse_.numbers.pop_front();
    }
    if (const auto low = limit("exclusiveMinimum"); low && value <= *low)
      value = std::floor(*low) + 1;
    if (const auto low = limit("minimum"); low && value < *low)
      value = whole ? std::ceil(*low) : *low;
    if (const auto high = limit("maximum"); high && value > *high)
      value = whole ? std::floor(*high) : *high;
    if (whole) return static_cast<std::int64_t>(std::clamp(value, -9e15, 9e15));
    return value;
  }

  std::string next_word(const std::string& name) {
    if (muse_.words.empty()) return name.empty() ? "sample" : "sample " + name;
    std::string word = muse_.words.front();
    muse_.words.pop_front();
    return word;
  }

  const Json& root_;
  Muse& muse_;
};

}  // namespace

Muse muse_of(std::string_view prompt) {
  Muse muse;
  bool sentence_starts = true;
  for (std::size_t i = 0; i < prompt.size();) {
    const char c = prompt[i];
    if (c == '"') {
      const auto end = prompt.find('"', i + 1);
      if (end != std::string_view::npos && end - i < 80 && end > i + 1) {
        muse.words.emplace_back(prompt.substr(i + 1, end - i - 1));
        i = end + 1;
        continue;
      }
    }
    if (is_digit(c) && (i == 0 || !in_word(prompt[i - 1]) || prompt[i - 1] == '-')) {
      const char* first = prompt.data() + i - (i > 0 && prompt[i - 1] == '-' ? 1 : 0);
      double number = 0;
      const auto [end, failure] = std::from_chars(first, prompt.data() + prompt.size(), number);
      if (failure == std::errc{} && std::isfinite(number)) muse.numbers.push_back(number);
      i = failure == std::errc{} ? static_cast<std::size_t>(end - prompt.data()) : i + 1;
      continue;
    }
    if (is_upper(c) && !sentence_starts) {  // a name, of several words perhaps: "New York"
      std::size_t end = i;
      for (;;) {
        while (end < prompt.size() && in_word(prompt[end])) ++end;
        if (end + 1 < prompt.size() && prompt[end] == ' ' && is_upper(prompt[end + 1])) {
          ++end;
          continue;
        }
        break;
      }
      const auto word = prompt.substr(i, end - i);
      if (word != "I") muse.words.emplace_back(word);
      i = end;
      continue;
    }
    if (in_word(c)) {
      sentence_starts = false;
      while (i < prompt.size() && in_word(prompt[i])) ++i;
      continue;
    }
    if (c == '.' || c == '!' || c == '?' || c == '\n') sentence_starts = true;
    ++i;
  }
  return muse;
}

Json sample_of(const Json& schema, Muse& muse) {
  return Sampler(schema, muse).sample(schema, "", 0);
}

}  // namespace gembal::sandbox
