#include "lib/openai/responses.hpp"

#include <algorithm>

#include "lib/core/json_object.hpp"
#include "lib/gemini/model_name.hpp"
#include "lib/openai/bad_request.hpp"
#include "lib/openai/chat_extras.hpp"
#include "lib/openai/chat_tools.hpp"
#include "lib/openai/response_config.hpp"
#include "lib/openai/response_items.hpp"

namespace gembal::openai {
namespace {

constexpr std::size_t kMostMetadata = 16;

/// What only OpenAI's own service has.
Result<void> refuse_what_is_not_here(const Json& request) {
  const auto has = [&](const char* name) {
    const Json* value = find(request, name);
    return value && !value->is_null();
  };
  if (has("conversation")) {
    return bad("conversation",
               "conversations are not kept here: use 'previous_response_id', or send the whole "
               "conversation as 'input'");
  }
  if (has("prompt"))
    return bad("prompt", "stored prompts are not kept here: send 'instructions' and 'input'");
  const Json* tools = find(request, "tools");
  for (std::size_t i = 0; tools && tools->is_array() && i < tools->size(); ++i) {
    const std::string type(string_in((*tools)[i], "type"));
    if (type != "mcp" && type != "file_search") continue;
    const auto where = "tools[" + std::to_string(i) + "].type";
    return bad(where, "tools of type '" + type +
                          "' are not offered here: declare functions and run them yourself, or "
                          "use web_search, code_interpreter or url_context");
  }
  return {};
}

Result<void> check_type(const Json& request, const char* name, bool is_good, const char* what) {
  const Json* value = find(request, name);
  if (!value || value->is_null() || is_good) return {};
  return bad(name, std::string("'") + name + "' must be " + what);
}

Result<void> check_types(const Json& request) {
  for (const char* name : {"stream", "store", "background", "parallel_tool_calls"}) {
    auto checked = check_type(request, name, bool_in(request, name).has_value(), "true or false");
    if (!checked) return checked;
  }
  const Json* metadata = find(request, "metadata");
  const bool is_good =
      metadata && metadata->is_object() && metadata->size() <= kMostMetadata &&
      std::all_of(metadata->begin(), metadata->end(), [](const Json& v) { return v.is_string(); });
  if (auto checked = check_type(request, "metadata", is_good, "an object of 16 texts at most");
      !checked)
    return checked;
  for (const char* name : {"instructions", "previous_response_id", "truncation"}) {
    const Json* value = find(request, name);
    if (auto checked = check_type(request, name, value && value->is_string(), "a text"); !checked)
      return checked;
  }
  const Json* include = find(request, "include");
  return check_type(request, "include", include && include->is_array(), "an array of texts");
}

Result<void> check_model(std::string_view model) {
  if (!gemini::is_valid_model(model))
    return bad("model",
               "'model' is no model's name: it may have letters, digits, '-', '.' and '_'");
  if (model.find("-tts") == std::string_view::npos) return {};
  return bad("model", "'" + std::string(model) +
                          "' answers in sound, for which a response has no place: use "
                          "/v1/audio/speech");
}

ResponseWishes wishes_of(const Json& request) {
  ResponseWishes wishes;
  wishes.one_call = bool_in(request, "parallel_tool_calls") == false;
  wishes.custom_tools = custom_tools_in(request);
  for (const auto& one : array_in(request, "include")) {
    wishes.sealed_signatures |= one == "reasoning.encrypted_content";
    wishes.sources |= one == "web_search_call.action.sources";
  }
  for (const auto& tool : array_in(request, "tools")) {
    const Json* inner = find(tool, "tools");
    if (string_in(tool, "type") != "namespace" || !inner || !inner->is_array()) continue;
    const std::string space(string_in(tool, "name"));
    for (const auto& function : *inner) {
      const std::string name(string_in(function, "name"));
      const auto whole = name_in_namespace(space, name);
      wishes.namespaces[whole] = {space, name};
      if (string_in(function, "type") == "custom") wishes.custom_tools.push_back(whole);
    }
  }
  return wishes;
}

/// Functions in a namespace are declared by their whole names.
void open_namespaces(Json& request) {
  if (!request.contains("tools") || !request["tools"].is_array()) return;
  auto& tools = request["tools"];
  Json flat = Json::array();
  for (auto& tool : tools) {
    if (string_in(tool, "type") != "namespace") {
      flat.push_back(std::move(tool));
      continue;
    }
    const auto space = std::string(string_in(tool, "name"));
    if (!tool.contains("tools") || !tool["tools"].is_array()) continue;
    for (auto& function : tool["tools"]) {
      if (!function.is_object()) continue;
      function["name"] = name_in_namespace(space, string_in(function, "name"));
      flat.push_back(std::move(function));
    }
  }
  tools = std::move(flat);
}

}  // namespace

Result<ResponseRequest> read_response_request(Json request) {
  if (!request.is_object())
    return Error{ErrorKind::bad_request, "the request body must be a JSON object", ""};
  ResponseRequest read;
  read.model = gemini::bare_model(string_in(request, "model"));
  if (read.model.empty()) return bad("model", "'model' is missing");
  if (auto good = refuse_what_is_not_here(request); !good) return std::move(good).error();
  if (auto good = check_types(request); !good) return std::move(good).error();
  read.stream = bool_in(request, "stream").value_or(false);
  read.store = bool_in(request, "store").value_or(true);
  read.background = bool_in(request, "background").value_or(false);
  read.previous = string_in(request, "previous_response_id");
  if (read.background && !read.store)
    return bad("background", "'background' needs 'store': nobody could fetch the response else");
  const bool has_input = request.contains("input") && !request["input"].is_null();
  if (!has_input && read.previous.empty())
    return bad("input", "'input' is missing: a text or an array of items");
  auto items = items_of_input(has_input ? std::move(request["input"]) : Json());
  if (!items) return std::move(items).error();
  request["input"] = *std::move(items);
  read.wishes = wishes_of(request);
  read.echo = echo_of(request);
  read.echo["model"] = read.model;
  open_namespaces(request);
  read.json = std::move(request);
  return read;
}

Result<Json> translate_response(Json request, std::string_view model,
                                const ResponseContext& context) {
  if (auto good = check_model(model); !good) return std::move(good).error();
  const auto traits = gemini::traits_of(model);
  auto conversation =
      translate_items(request["input"], string_in(request, "instructions"), traits, context);
  if (!conversation) return std::move(conversation).error();
  if (conversation->contents.empty())
    return bad("input", "'input' has nothing to answer: all of it is empty");
  Json body = object_with_room(16);
  (*std::move(conversation)).put_into(body, traits);
  if (auto taken = translate_tools(request, traits, body); !taken) return std::move(taken).error();
  if (auto taken = translate_response_config(request, model, traits, body); !taken)
    return std::move(taken).error();
  take_extras(request, body);
  return body;
}

}  // namespace gembal::openai
