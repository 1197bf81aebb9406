#include "lib/gemini/enrich.hpp"

#include <algorithm>
#include <array>

#include "lib/core/pattern.hpp"
#include "lib/gemini/model_name.hpp"
#include "lib/gemini/model_traits.hpp"

namespace gembal::gemini {
namespace {

bool has(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

/// Whether the model answers in words alone, and takes tools.
bool is_text_model(std::string_view model) {
  if (!model.starts_with("gemini-") || model.starts_with("gemini-1") || is_image_model(model))
    return false;
  return !has(model, "-tts") && !has(model, "embedding") && !has(model, "-live") &&
         !has(model, "-audio") && !has(model, "transcribe") && !has(model, "-omni");
}

bool runs_code(const CalledModel& called, const RequestExtras& extras) {
  // As the original, which excludes what the name asks for otherwise.
  return extras.code_execution && !called.searches && !called.draws &&
         !has(called.called, "-thinking") && is_text_model(called.model);
}

bool reads_addresses(const CalledModel& called, const RequestExtras& extras) {
  return extras.url_context && !called.draws && is_text_model(called.model) &&
         matches_any(called.model, extras.url_context_models);
}

/// A client's whole wish in one number: by the name it called, else by the model's own.
const ThinkingAmount* thinking_for(const CalledModel& called, const RequestExtras& extras) {
  if (called.thinking) return &*called.thinking;
  for (const auto* name : {&called.called, &called.model}) {
    for (const auto& [model, amount] : extras.thinking_budget) {
      if (matches_pattern(*name, model)) return &amount;
    }
  }
  return nullptr;
}

/// The member of an object under the name it has there, made when it is missing or null; nullptr
/// when it is something else than `made`: upstream says so better.
Json* member(Json& object, const char* camel, const char* snake, Json made) {
  for (const auto* name : {camel, snake}) {
    const auto found = object.find(name);
    if (found == object.end() || found->is_null()) continue;
    return found->type() == made.type() ? &*found : nullptr;
  }
  object.erase(snake);
  return &(object[camel] = std::move(made));
}

const Json* given(const Json& object, const char* camel, const char* snake) {
  const Json* value = find(object, camel, snake);
  return value && !value->is_null() ? value : nullptr;
}

/// What of a request decides which tools it may have.
struct Standing {
  bool functions = false;    ///< declares functions, or has called some
  bool json = false;         ///< wants JSON
  bool pictures = false;     ///< shows some
  bool other_media = false;  ///< wants an answer in pictures or sound
  bool cached = false;       ///< its tools are in a cache
};

void look_at_parts(const Json& content, Standing& standing) {
  const Json* parts = find(content, "parts");
  if (!parts || !parts->is_array()) return;
  for (const auto& part : *parts) {
    if (given(part, "functionCall", "function_call")) standing.functions = true;
    for (const auto* media :
         {given(part, "inlineData", "inline_data"), given(part, "fileData", "file_data")}) {
      if (!media) continue;
      const Json* type = find(*media, "mimeType", "mime_type");
      if (type && type->is_string() && type->get_ref<const std::string&>().starts_with("image/"))
        standing.pictures = true;
    }
  }
}

Standing standing_of(const Json& request) {
  Standing standing;
  standing.cached = given(request, "cachedContent", "cached_content") != nullptr;
  if (const Json* tools = find(request, "tools"); tools && tools->is_array()) {
    for (const auto& tool : *tools) {
      const Json* declared = given(tool, "functionDeclarations", "function_declarations");
      if (declared && !declared->empty()) standing.functions = true;
    }
  }
  if (const Json* contents = find(request, "contents"); contents && contents->is_array()) {
    for (const auto& content : *contents) look_at_parts(content, standing);
  }
  const Json* config = given(request, "generationConfig", "generation_config");
  if (!config) return standing;
  if (const Json* type = given(*config, "responseMimeType", "response_mime_type"))
    standing.json = type->is_string() && type->get_ref<const std::string&>() != "text/plain";
  if (const Json* wanted = given(*config, "responseModalities", "response_modalities")) {
    standing.other_media = std::any_of(wanted->begin(), wanted->end(), [](const Json& one) {
      return one.is_string() && one != "TEXT" && one != "Text" && one != "text";
    });
  }
  return standing;
}

bool has_tool(const Json& request, const char* camel, const char* snake) {
  const Json* tools = find(request, "tools");
  if (!tools) return false;
  if (tools->is_object()) return find(*tools, camel, snake) != nullptr;
  return tools->is_array() && std::any_of(tools->begin(), tools->end(), [&](const Json& tool) {
           return find(tool, camel, snake) != nullptr;
         });
}

/// Whether it was not there before.
bool add_tool(Json& request, const char* camel, const char* snake) {
  if (has_tool(request, camel, snake)) return false;
  Json* tools = member(request, "tools", "tools", Json::array());
  if (tools) tools->push_back({{camel, Json::object()}});
  return tools != nullptr;
}

Additions add_tools(Json& request, const CalledModel& called, const RequestExtras& extras) {
  Additions added;
  const bool code = runs_code(called, extras), addresses = reads_addresses(called, extras);
  if (!called.searches && !code && !addresses) return added;
  const auto standing = standing_of(request);
  // Tools of upstream's beside functions: before the third generation refused, since then with
  // parts in the answer that no client expects.
  if (standing.functions || standing.cached) return added;
  if (standing.json && !traits_of(called.model).mixes_tools) return added;
  if (called.searches) added.search = add_tool(request, "googleSearch", "google_search");
  if (standing.json || standing.other_media) return added;
  if (code && !standing.pictures)
    added.code_execution = add_tool(request, "codeExecution", "code_execution");
  if (addresses) add_tool(request, "urlContext", "url_context");
  return added;
}

/// The thinkingConfig that an amount is for a model; null when it does not think.
Json thinking_config_of(const ModelTraits& traits, const ThinkingAmount& amount) {
  if (const auto effort = effort_of(amount.level)) return thinking_config(traits, *effort);
  return thinking_config(traits, std::int64_t{amount.budget});
}

bool is_turned_off(const Json& thinking) {
  const Json* budget = given(thinking, "thinkingBudget", "thinking_budget");
  return budget && budget->is_number() && *budget == 0;
}

void set_thinking(Json& request, const CalledModel& called, const RequestExtras& extras,
                  Origin origin) {
  const auto traits = traits_of(called.model);
  if (traits.thinking == Thinking::none) return;
  const auto* amount = thinking_for(called, extras);
  const bool shows = extras.show_thinking && is_text_model(called.model) &&
                     (amount || origin == Origin::translated);
  if (!amount && !shows) return;
  Json* config = member(request, "generationConfig", "generation_config", Json::object());
  if (!config) return;
  Json* thinking = member(*config, "thinkingConfig", "thinking_config", Json::object());
  if (!thinking) return;
  const bool is_said = given(*thinking, "thinkingBudget", "thinking_budget") ||
                       given(*thinking, "thinkingLevel", "thinking_level");
  if (amount && !is_said) {
    const Json wanted = thinking_config_of(traits, *amount);
    for (const auto& [name, value] : wanted.items()) (*thinking)[name] = value;
  }
  // Thoughts are refused where there are none.
  const bool is_off = is_turned_off(*thinking) || (amount && !is_said && amount->is_off());
  if (shows && !is_off && !given(*thinking, "includeThoughts", "include_thoughts"))
    (*thinking)["includeThoughts"] = true;
  if (thinking->empty()) config->erase("thinkingConfig");
  if (config->empty()) request.erase("generationConfig");
}

void set_modalities(Json& request) {
  Json* config = member(request, "generationConfig", "generation_config", Json::object());
  if (!config || given(*config, "responseModalities", "response_modalities")) return;
  config->erase("response_modalities");
  (*config)["responseModalities"] = {"TEXT", "IMAGE"};
}

const std::vector<SafetySetting>& everything_off() {
  static const std::vector<SafetySetting> all = {
      {"HARM_CATEGORY_HARASSMENT", "OFF"},
      {"HARM_CATEGORY_HATE_SPEECH", "OFF"},
      {"HARM_CATEGORY_SEXUALLY_EXPLICIT", "OFF"},
      {"HARM_CATEGORY_DANGEROUS_CONTENT", "OFF"},
      {"HARM_CATEGORY_CIVIC_INTEGRITY", "BLOCK_NONE"},
  };
  return all;
}

void fill_in_safety(Json& request, std::string_view model, const RequestExtras& extras,
                    Origin origin) {
  if (extras.safety.empty() && origin == Origin::native) return;
  if (has(model, "-tts")) return;  // reads aloud whatever it is given
  Json* settings = member(request, "safetySettings", "safety_settings", Json::array());
  if (!settings) return;
  for (const auto& [category, threshold] :
       extras.safety.empty() ? everything_off() : extras.safety) {
    const bool is_given = std::any_of(
        settings->begin(), settings->end(),
        [&name = category](const Json& one) { return string_in(one, "category") == name; });
    if (!is_given) settings->push_back({{"category", category}, {"threshold", threshold}});
  }
}

}  // namespace

bool enriches_native(const CalledModel& called, const RequestExtras& extras) {
  return called.asks_for_more() || !extras.safety.empty() || thinking_for(called, extras) ||
         runs_code(called, extras) || reads_addresses(called, extras);
}

Additions enrich(Json& request, const CalledModel& called, const RequestExtras& extras,
                 Origin origin) {
  if (!request.is_object()) return {};
  if (called.draws) set_modalities(request);
  set_thinking(request, called, extras, origin);
  const auto added = add_tools(request, called, extras);
  fill_in_safety(request, called.model, extras, origin);
  return added;
}

void rename_model(Json& body, const CalledModel& called) {
  const auto rename = [&called](Json& object) {
    if (!object.is_object()) return;
    const auto found = object.find("model");
    if (found == object.end() || !found->is_string()) return;
    if (bare_model(found->get_ref<const std::string&>()) == called.called)
      *found = "models/" + called.model;
  };
  rename(body);
  if (!body.is_object()) return;
  for (const auto* name : {"generateContentRequest", "generate_content_request"}) {
    if (const auto found = body.find(name); found != body.end()) rename(*found);
  }
  const auto requests = body.find("requests");
  if (requests == body.end() || !requests->is_array()) return;
  for (auto& request : *requests) rename(request);
}

}  // namespace gembal::gemini
