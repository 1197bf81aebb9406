#include "lib/openai/chat_tools.hpp"

namespace gembal::openai {
namespace {

Error bad(std::string message) { return {ErrorKind::bad_request, std::move(message), ""}; }

Result<Json> declare(const Json& function) {
  const auto name = string_in(function, "name");
  if (name.empty()) return bad("each function of 'tools' needs a name");
  Json declared = {{"name", name}};
  if (const auto description = string_in(function, "description"); !description.empty())
    declared["description"] = description;
  // No parameters at all is fine; an object without any is not.
  const Json* parameters = find(function, "parameters");
  const Json* properties = parameters ? find(*parameters, "properties") : nullptr;
  if (parameters && parameters->is_object() && !(properties && properties->empty()))
    declared["parametersJsonSchema"] = *parameters;
  return declared;
}

Json mode(const char* name) { return {{"functionCallingConfig", {{"mode", name}}}}; }

Json only(Json names) {
  return {{"functionCallingConfig", {{"mode", "ANY"}, {"allowedFunctionNames", std::move(names)}}}};
}

Result<Json> choose(const Json& choice) {
  if (choice.is_string()) {
    const auto& word = choice.get_ref<const std::string&>();
    if (word == "auto") return mode("AUTO");
    if (word == "none") return mode("NONE");
    if (word == "required" || word == "any") return mode("ANY");
    return bad("'tool_choice' must be 'auto', 'none', 'required' or name a function");
  }
  if (const Json* function = find(choice, "function"))
    return only(Json::array({string_in(*function, "name")}));
  if (const Json* allowed = find(choice, "allowed_tools")) {
    if (string_in(*allowed, "mode") != "required") return mode("AUTO");
    Json names = Json::array();
    if (const Json* tools = find(*allowed, "tools"); tools && tools->is_array()) {
      for (const auto& tool : *tools) {
        if (const Json* function = find(tool, "function"))
          names.push_back(string_in(*function, "name"));
      }
    }
    return only(std::move(names));
  }
  if (!string_in(choice, "name").empty()) return only(Json::array({string_in(choice, "name")}));
  return bad("'tool_choice' must be 'auto', 'none', 'required' or name a function");
}

}  // namespace

Result<void> translate_tools(const Json& request, Json& translated) {
  Json declarations = Json::array();
  for (const char* place : {"tools", "functions"}) {
    const Json* tools = find(request, place);
    if (!tools || tools->is_null()) continue;
    if (!tools->is_array()) return bad(std::string("'") + place + "' must be an array");
    for (const auto& tool : *tools) {
      const Json* function =
          std::string_view(place) == "functions" ? &tool : find(tool, "function");
      if (!function) return bad("only tools of type 'function' are supported");
      auto declared = declare(*function);
      if (!declared) return std::move(declared).error();
      declarations.push_back(*std::move(declared));
    }
  }
  Json all = Json::array();
  if (!declarations.empty()) all.push_back({{"functionDeclarations", std::move(declarations)}});
  if (const Json* search = find(request, "web_search_options"); search && search->is_object()) {
    all.push_back({{"googleSearch", Json::object()}});
  }
  if (all.empty()) return {};
  const bool has_functions = all.front().contains("functionDeclarations");
  translated["tools"] = std::move(all);

  const Json* choice = find(request, "tool_choice");
  if (!choice) choice = find(request, "function_call");
  if (!choice || choice->is_null() || !has_functions) return {};
  auto chosen = choose(*choice);
  if (!chosen) return std::move(chosen).error();
  translated["toolConfig"] = *std::move(chosen);
  return {};
}

}  // namespace gembal::openai
