#include "lib/openai/chat_tools.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "lib/core/json_object.hpp"
#include "lib/gemini/schema.hpp"
#include "lib/openai/bad_request.hpp"
#include "lib/openai/place.hpp"

namespace gembal::openai {
namespace {

/// What models that draw do without being given a tool for it.
constexpr std::string_view kDrawing = "image_generation";

/// Tools that upstream runs by itself, by the names under which clients ask for them.
std::optional<std::string> built_in(std::string_view name) {
  static const std::map<std::string_view, const char*> kNames = {
      {"web_search", "googleSearch"},        {"web_search_preview", "googleSearch"},
      {"google_search", "googleSearch"},     {"googleSearch", "googleSearch"},
      {"code_interpreter", "codeExecution"}, {"code_execution", "codeExecution"},
      {"codeExecution", "codeExecution"},    {"url_context", "urlContext"},
      {"urlContext", "urlContext"},          {"google_maps", "googleMaps"},
      {"googleMaps", "googleMaps"},          {"fileSearch", "fileSearch"},
      {"computerUse", "computerUse"},
  };
  // OpenAI dates some of its names: "web_search_preview_2025_03_11".
  if (name.starts_with("web_search")) name = "web_search";
  const auto found = kNames.find(name);
  if (found == kNames.end()) return std::nullopt;
  return found->second;
}

bool is_name(std::string_view name) {
  const auto is_letter = [](char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; };
  return !name.empty() && name.size() <= 128 && (is_letter(name[0]) || name[0] == '_') &&
         std::all_of(name.begin(), name.end(), [&](char c) {
           return is_letter(c) || (c >= '0' && c <= '9') ||
                  std::string_view("_.:-").find(c) != std::string_view::npos;
         });
}

class Translator {
 public:
  explicit Translator(const gemini::ModelTraits& traits)
      : traits_(traits), schemas_(gemini::schema_form(traits)) {}

  Result<void> add(const Json& tool, const Place& where);
  Result<void> add_function(const Json& function, const Place& where);
  Result<void> add_custom(const Json& custom, const Place& where);
  void add_built_in(const std::string& name, Json options);
  bool has_functions() const { return !declarations_.empty(); }

  /// The tools in Gemini's form; an empty array for none. Built-in tools stand back where the model
  /// takes no functions beside them.
  Json finish();

 private:
  Result<Json*> declare(const Json& function, const Place& where);
  const char* parameters_field() const {
    return traits_.takes_json_schema ? "parametersJsonSchema" : "parameters";
  }

  const gemini::ModelTraits traits_;
  gemini::SchemaTranslator schemas_;
  Json declarations_ = empty_array();
  Json built_in_ = object_with_room(0);
  std::set<std::string, std::less<>> names_;
};

/// Null for one that is declared twice: the first stands.
Result<Json*> Translator::declare(const Json& function, const Place& where) {
  const std::string name(string_in(function, "name"));
  if (!is_name(name)) {
    return bad_at(where + ".name",
                  "a function needs a name of letters, digits, '_', '-', '.' and ':', which begins "
                  "with a letter or '_', of at most 128 characters");
  }
  if (!names_.insert(name).second) return nullptr;
  Json declared = object_with_room(3);
  auto& members = declared.get_ref<Json::object_t&>();
  add_members(members, "name", name);
  if (const auto description = string_in(function, "description"); !description.empty())
    add_members(members, "description", description);
  declarations_.push_back(std::move(declared));
  return &declarations_.back();
}

Result<void> Translator::add_function(const Json& function, const Place& where) {
  if (string_in(function, "name") == "googleSearch") {  // the original's way to ask for it
    add_built_in("googleSearch", Json::object());
    return {};
  }
  const Json* parameters = find(function, "parameters");
  if (parameters && !parameters->is_null() && !parameters->is_object())
    return bad_at(where + ".parameters", "'parameters' must be a JSON Schema object");
  auto declared = declare(function, where);
  if (!declared) return std::move(declared).error();
  if (!*declared || !parameters) return {};
  auto schema = schemas_.parameters(*parameters, where + ".parameters");
  if (!schema) return std::move(schema).error();
  if (!schema->is_null()) (**declared)[parameters_field()] = *std::move(schema);
  return {};
}

/// A tool that takes a text is a function with one.
Result<void> Translator::add_custom(const Json& custom, const Place& where) {
  auto declared = declare(custom, where);
  if (!declared) return std::move(declared).error();
  if (!*declared) return {};
  Json input = {{"type", "string"}};
  if (const Json* format = find(custom, "format")) {
    const Json* grammar = find(*format, "grammar");
    const auto definition = string_in(grammar ? *grammar : *format, "definition");
    if (!definition.empty())
      input["description"] = "A text of this grammar:\n" + std::string(definition);
  }
  (**declared)[parameters_field()] = {{"type", "object"},
                                      {"properties", {{"input", std::move(input)}}},
                                      {"required", Json::array({"input"})}};
  return {};
}

void Translator::add_built_in(const std::string& name, Json options) {
  built_in_[name] = options.is_object() ? std::move(options) : Json::object();
}

Result<void> Translator::add(const Json& tool, const Place& where) {
  if (!tool.is_object()) return bad_at(where, "a tool must be an object with a 'type'");
  const auto type = string_in(tool, "type");
  const Json* function = find(tool, "function");
  if (type == "function" || (type.empty() && function))
    return function ? add_function(*function, where.member("function")) : add_function(tool, where);
  if (type == "custom") {
    const Json* custom = find(tool, "custom");
    return custom ? add_custom(*custom, where.member("custom")) : add_custom(tool, where);
  }
  if (const auto name = built_in(type)) {
    add_built_in(*name, Json::object());
    return {};
  }
  if (type == kDrawing) return {};
  if (type.empty()) {
    bool known = false;
    for (const auto& [member, options] : tool.items()) {
      if (const auto name = built_in(member)) {
        add_built_in(*name, options);
        known = true;
      }
    }
    if (known) return {};
  }
  return bad_at(
      where + ".type",
      "tools of type '" + std::string(type) +
          "' are not supported: use function, custom, web_search, code_interpreter or url_context");
}

Json Translator::finish() {
  Json tools = empty_array();
  const bool stands_back = !declarations_.empty() && !traits_.mixes_tools;
  if (!stands_back) {
    for (auto& [name, options] : built_in_.items()) {
      Json tool;
      tool[name] = std::move(options);
      tools.push_back(std::move(tool));
    }
  }
  if (!declarations_.empty()) {
    tools.push_back(object_of("functionDeclarations", std::move(declarations_)));
  }
  return tools;
}

Json mode(const char* name) { return {{"functionCallingConfig", {{"mode", name}}}}; }

Json only(Json names) {
  Json config = mode("ANY");
  config["functionCallingConfig"]["allowedFunctionNames"] = std::move(names);
  return config;
}

/// The function that a choice names, in chat's form or in that of the Responses API.
std::string_view named_in(const Json& choice) {
  for (const char* place : {"function", "custom"}) {
    if (const Json* inner = find(choice, place)) return string_in(*inner, "name");
  }
  return string_in(choice, "name");
}

Result<Json> choose(const Json& choice) {
  const auto wrong = [] {
    return bad("tool_choice", "'tool_choice' must be auto, none, required, or name a function");
  };
  if (choice.is_string()) {
    const auto& word = choice.get_ref<const std::string&>();
    if (word == "auto") return mode("AUTO");
    if (word == "none") return mode("NONE");
    if (word == "required" || word == "any") return mode("ANY");
    return wrong();
  }
  if (!choice.is_object()) return wrong();
  const Json* wrapped = find(choice, "allowed_tools");
  if (wrapped || string_in(choice, "type") == "allowed_tools") {
    const Json& allowed = wrapped ? *wrapped : choice;
    if (string_in(allowed, "mode") != "required") return mode("AUTO");
    Json names = Json::array();
    for (const auto& tool : array_in(allowed, "tools")) {
      if (!named_in(tool).empty()) names.push_back(named_in(tool));
    }
    return only(std::move(names));
  }
  if (!named_in(choice).empty()) return only(Json::array({named_in(choice)}));
  // A tool of upstream's: it decides.
  if (built_in(string_in(choice, "type")) || string_in(choice, "type") == kDrawing) return Json();
  return wrong();
}

Result<void> add_all(const Json& request, std::string_view name, Translator& translator) {
  const Json* tools = find(request, name);
  if (!tools || tools->is_null()) return {};
  const Place all(name);
  if (!tools->is_array()) return bad(all, "'" + all.text() + "' must be an array");
  for (std::size_t i = 0; i < tools->size(); ++i) {
    auto added = name == "functions" ? translator.add_function((*tools)[i], all[i])
                                     : translator.add((*tools)[i], all[i]);
    if (!added) return added;
  }
  return {};
}

}  // namespace

Result<void> translate_tools(const Json& request, const gemini::ModelTraits& traits, Json& body) {
  Translator translator(traits);
  for (const char* place : {"tools", "functions"}) {
    if (auto added = add_all(request, place, translator); !added) return added;
  }
  if (const Json* search = find(request, "web_search_options"); search && search->is_object())
    translator.add_built_in("googleSearch", Json::object());
  const bool has_functions = translator.has_functions();
  if (auto tools = translator.finish(); !tools.empty()) body["tools"] = std::move(tools);

  const Json* choice = find(request, "tool_choice");
  if (!choice) choice = find(request, "function_call");
  if (!choice || choice->is_null() || !has_functions) return {};
  auto chosen = choose(*choice);
  if (!chosen) return std::move(chosen).error();
  if (!chosen->is_null()) body["toolConfig"] = *std::move(chosen);
  return {};
}

std::vector<std::string> custom_tools_in(const Json& request) {
  std::vector<std::string> names;
  for (const auto& tool : array_in(request, "tools")) {
    if (string_in(tool, "type") == "custom") names.emplace_back(named_in(tool));
  }
  return names;
}

}  // namespace gembal::openai
