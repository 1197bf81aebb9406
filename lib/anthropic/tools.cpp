#include "lib/anthropic/tools.hpp"

#include <algorithm>
#include <set>
#include <string>

#include "lib/anthropic/bad_request.hpp"
#include "lib/gemini/schema.hpp"

namespace gembal::anthropic {
namespace {

/// What each family of Anthropic's own tools becomes.
struct Family {
  std::string_view beginning;  ///< of the type; its date follows
  const char* built_in;        ///< Gemini's tool; null: a function that the client runs
  const char* description;     ///< of that function
  const char* schema;          ///< of that function
};

constexpr Family kFamilies[] = {
    {"web_search_", "googleSearch", nullptr, nullptr},
    {"web_fetch_", "urlContext", nullptr, nullptr},
    {"code_execution_", "codeExecution", nullptr, nullptr},
    {"bash_", nullptr, "Runs a command in a bash shell that lives on between the calls.",
     R"({"type":"object","properties":{
      "command":{"type":"string","description":"The command to run; needed unless restarting."},
      "restart":{"type":"boolean","description":"True starts the shell anew."}}})"},
    {"text_editor_", nullptr, "Views, creates and edits text files.",
     R"({"type":"object","properties":{
      "command":{"type":"string","enum":["view","create","str_replace","insert"]},
      "path":{"type":"string","description":"Of the file or, to view it, the folder."},
      "file_text":{"type":"string","description":"For create: what the file is to hold."},
      "old_str":{"type":"string","description":"For str_replace: the text to replace, which must be in the file exactly once."},
      "new_str":{"type":"string","description":"For str_replace: what comes in its place."},
      "insert_line":{"type":"integer","description":"For insert: the line after which to insert; 0: at the beginning."},
      "insert_text":{"type":"string","description":"For insert: the text to insert."},
      "view_range":{"type":"array","items":{"type":"integer"},"description":"For view of a file: the first and the last line, counted from 1; -1: to the end."}},
      "required":["command","path"]})"},
    {"memory_", nullptr,
     "Keeps notes in files below /memories, which live on between conversations. View that folder "
     "before you begin a task.",
     R"({"type":"object","properties":{
      "command":{"type":"string","enum":["view","create","str_replace","insert","delete","rename"]},
      "path":{"type":"string","description":"Of the file or folder, beginning with /memories."},
      "file_text":{"type":"string","description":"For create: what the file is to hold."},
      "old_str":{"type":"string","description":"For str_replace: the text to replace, which must be in the file exactly once."},
      "new_str":{"type":"string","description":"For str_replace: what comes in its place."},
      "insert_line":{"type":"integer","description":"For insert: the line after which to insert; 0: at the beginning."},
      "insert_text":{"type":"string","description":"For insert: the text to insert."},
      "old_path":{"type":"string","description":"For rename."},
      "new_path":{"type":"string","description":"For rename."},
      "view_range":{"type":"array","items":{"type":"integer"},"description":"For view of a file: the first and the last line, counted from 1; -1: to the end."}},
      "required":["command"]})"},
};

/// The editors of before 2025-04 put the text to insert into new_str.
constexpr std::string_view kOldEditors[] = {"text_editor_20241022", "text_editor_20250124"};

const Family* family_of(std::string_view type) {
  for (const auto& family : kFamilies) {
    if (type.starts_with(family.beginning)) return &family;
  }
  return nullptr;
}

bool is_name(std::string_view name) {
  const auto is_letter = [](char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; };
  return !name.empty() && name.size() <= 128 && (is_letter(name[0]) || name[0] == '_') &&
         std::all_of(name.begin(), name.end(), [&](char c) {
           return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' ||
                  c == ':';
         });
}

class Translator {
 public:
  explicit Translator(const gemini::ModelTraits& traits)
      : traits_(traits), schemas_(gemini::schema_form(traits)) {}

  Result<void> add(const Json& tool, const std::string& where);
  bool has_functions() const { return !declarations_.empty(); }
  bool has(std::string_view name) const { return names_.count(name) > 0; }

  /// The tools in Gemini's form; an empty array for none. Its own stand back where the model takes
  /// no functions beside them.
  Json finish();

 private:
  Result<void> declare(const Json& tool, std::string_view description, const Json& schema,
                       const std::string& where);

  const gemini::ModelTraits traits_;
  gemini::SchemaTranslator schemas_;
  Json declarations_ = Json::array();
  Json built_in_ = Json::array();
  std::set<std::string, std::less<>> names_;
};

Result<void> Translator::declare(const Json& tool, std::string_view description, const Json& schema,
                                 const std::string& where) {
  const std::string name(string_in(tool, "name"));
  if (!is_name(name)) {
    return bad_at(where + ".name",
                  "a tool needs a name of letters, digits, '_' and '-', which begins with a letter "
                  "or '_', of at most 128 characters");
  }
  if (!names_.insert(name).second)
    return bad_at(where + ".name", "there are two tools of the name '" + name + "'");
  Json declared = {{"name", name}};
  if (!description.empty()) declared["description"] = description;
  auto parameters = schemas_.parameters(schema, where + ".input_schema");
  if (!parameters) return std::move(parameters).error();
  if (!parameters->is_null())
    declared[traits_.takes_json_schema ? "parametersJsonSchema" : "parameters"] =
        *std::move(parameters);
  declarations_.push_back(std::move(declared));
  return {};
}

/// A tool that Anthropic's models know by its name, told to one that does not.
Json schema_of(const Family& family, std::string_view type) {
  auto schema = parse_json(family.schema);
  if (!schema) return Json();
  const bool is_old =
      std::find(std::begin(kOldEditors), std::end(kOldEditors), type) != std::end(kOldEditors);
  if (is_old) {
    auto& properties = (*schema)["properties"];
    properties["command"]["enum"].push_back("undo_edit");
    properties["new_str"]["description"] =
        "For str_replace: what comes in its place. For insert: the text to insert.";
    properties.erase("insert_text");
  }
  return *std::move(schema);
}

Result<void> Translator::add(const Json& tool, const std::string& where) {
  if (!tool.is_object()) return bad_at(where, "a tool must be an object");
  const auto type = string_in(tool, "type");
  if (type.empty() || type == "custom") {
    const Json* schema = find(tool, "input_schema");
    if (!schema || !schema->is_object())
      return bad_at(where + ".input_schema", "there must be a JSON Schema object");
    return declare(tool, string_in(tool, "description"), *schema, where);
  }
  // Tools to be searched for are declared from the start.
  if (type.starts_with("tool_search_tool_")) return {};
  const auto* family = family_of(type);
  if (!family) {
    return bad_at(where + ".type",
                  "tools of type '" + std::string(type) +
                      "' are not supported: use custom, web_search, web_fetch, code_execution, "
                      "bash, text_editor or memory");
  }
  if (family->built_in) {
    Json made;
    made[family->built_in] = Json::object();
    if (std::find(built_in_.begin(), built_in_.end(), made) == built_in_.end())
      built_in_.push_back(std::move(made));
    return {};
  }
  const Json schema = schema_of(*family, type);
  return declare(tool, family->description, schema, where);
}

Json Translator::finish() {
  Json tools = Json::array();
  const bool stands_back = !declarations_.empty() && !traits_.mixes_tools;
  if (!stands_back) tools = std::move(built_in_);
  if (!declarations_.empty()) {
    Json tool;
    tool["functionDeclarations"] = std::move(declarations_);
    tools.push_back(std::move(tool));
  }
  return tools;
}

Json mode(const char* name) { return {{"functionCallingConfig", {{"mode", name}}}}; }

/// Null where there is nothing to say.
Result<Json> choose(const Json& choice, const Translator& tools) {
  const auto type = string_in(choice, "type");
  if (type == "auto") return Json();
  if (type == "any") return mode("ANY");
  if (type == "none") return mode("NONE");
  if (type != "tool") return bad_at("tool_choice.type", "it must be auto, any, tool or none");
  const auto name = string_in(choice, "name");
  if (!tools.has(name)) {
    // Gemini decides by itself when to use its own.
    if (name == "web_search" || name == "web_fetch" || name == "code_execution") return Json();
    return bad_at("tool_choice.name", "there is no tool of the name '" + std::string(name) + "'");
  }
  Json config = mode("ANY");
  config["functionCallingConfig"]["allowedFunctionNames"] = Json::array({name});
  return config;
}

}  // namespace

Result<void> translate_tools(const Json& request, const gemini::ModelTraits& traits, Json& body) {
  if (const Json* servers = find(request, "mcp_servers"); servers && !servers->empty())
    return bad_at("mcp_servers", "MCP servers are not called from here: let the client call them");
  const Json* tools = find(request, "tools");
  if (tools && !tools->is_null() && !tools->is_array())
    return bad_at("tools", "there must be an array");
  Translator translator(traits);
  for (std::size_t i = 0; tools && i < tools->size(); ++i) {
    auto added = translator.add((*tools)[i], "tools." + std::to_string(i));
    if (!added) return added;
  }
  const Json* choice = find(request, "tool_choice");
  if (choice && !choice->is_null() && !choice->is_object())
    return bad_at("tool_choice", "it must be an object, as in {\"type\":\"auto\"}");
  if (choice && choice->is_object() && translator.has_functions()) {
    auto chosen = choose(*choice, translator);
    if (!chosen) return std::move(chosen).error();
    if (!chosen->is_null()) body["toolConfig"] = *std::move(chosen);
  }
  if (auto made = translator.finish(); !made.empty()) body["tools"] = std::move(made);
  return {};
}

bool has_tool(const Json& request, std::string_view family) {
  const Json* tools = find(request, "tools");
  if (!tools || !tools->is_array()) return false;
  return std::any_of(tools->begin(), tools->end(), [family](const Json& tool) {
    return string_in(tool, "type").starts_with(family);
  });
}

}  // namespace gembal::anthropic
