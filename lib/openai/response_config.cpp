#include "lib/openai/response_config.hpp"

#include <map>

#include "lib/openai/bad_request.hpp"
#include "lib/openai/chat_config.hpp"

namespace gembal::openai {
namespace {

constexpr std::int64_t kMostTokens = 10'000'000;

Result<void> take_reasoning(const Json& request, const gemini::ModelTraits& traits, Json& config) {
  const Json* reasoning = find(request, "reasoning");
  if (!reasoning || reasoning->is_null()) return {};
  if (!reasoning->is_object()) return bad("reasoning", "'reasoning' must be an object");
  Json thinking = nullptr;
  if (const Json* value = find(*reasoning, "effort"); value && !value->is_null()) {
    const auto effort = gemini::effort_of(string_in(*reasoning, "effort"));
    if (!effort)
      return bad("reasoning.effort",
                 "'reasoning.effort' must be none, minimal, low, medium, high, xhigh or max");
    thinking = gemini::thinking_config(traits, *effort);
  }
  const bool wants_summary = !string_in(*reasoning, "summary").empty() ||
                             !string_in(*reasoning, "generate_summary").empty();
  // Who may not think at all has no thoughts to show.
  const bool thinks = traits.thinking != gemini::Thinking::none &&
                      !(thinking.is_object() && thinking.value("thinkingBudget", 1) == 0);
  if (wants_summary && thinks) thinking["includeThoughts"] = true;
  if (!thinking.is_null()) config["thinkingConfig"] = std::move(thinking);
  return {};
}

Result<void> take_format(const Json& request, const gemini::ModelTraits& traits, Json& body) {
  const Json* text = find(request, "text");
  if (!text || text->is_null()) return {};
  if (!text->is_object()) return bad("text", "'text' must be an object");
  const Json* format = find(*text, "format");
  if (!format || format->is_null()) return {};
  const auto type = string_in(*format, "type");
  if (type == "text") return {};
  if (type == "json_object") {
    put_json_mode(traits, body);
    return {};
  }
  if (type != "json_schema")
    return bad("text.format.type", "'text.format.type' must be text, json_object or json_schema");
  const Json* schema = find(*format, "schema");
  if (!schema || !schema->is_object())
    return bad("text.format.schema", "'text.format.schema' must be a JSON Schema object");
  return put_schema(*schema, "text.format.schema", traits, body);
}

/// A drawing model answers with pictures; others pass the tool over.
void take_picture(const Json& request, std::string_view model, Json& body) {
  const bool draws = model.find("-image") != std::string_view::npos ||
                     model.find("nano-banana") != std::string_view::npos;
  const Json* tools = find(request, "tools");
  if (!draws || !tools || !tools->is_array()) return;
  static const std::map<std::string_view, const char*> kRatios = {
      {"1024x1024", "1:1"}, {"1536x1024", "3:2"}, {"1024x1536", "2:3"}};
  for (const auto& tool : *tools) {
    if (string_in(tool, "type") != "image_generation") continue;
    auto& config = body["generationConfig"];
    config["responseModalities"] = Json::array({"TEXT", "IMAGE"});
    const auto ratio = kRatios.find(string_in(tool, "size"));
    if (ratio != kRatios.end()) config["imageConfig"]["aspectRatio"] = ratio->second;
  }
}

Json echoed_tools(const Json& request) {
  const Json* tools = find(request, "tools");
  if (!tools || !tools->is_array()) return Json::array();
  Json made = *tools;
  for (auto& tool : made) {
    if (string_in(tool, "type") != "function") continue;
    for (const char* name : {"description", "parameters"}) {
      if (!tool.contains(name)) tool[name] = nullptr;
    }
    if (!tool.contains("strict")) tool["strict"] = true;
  }
  return made;
}

Json echoed_text(const Json& request) {
  const Json* text = find(request, "text");
  Json made = text && text->is_object() ? *text : Json::object();
  if (!made.contains("format") || made["format"].is_null()) made["format"] = {{"type", "text"}};
  if (!made.contains("verbosity")) made["verbosity"] = "medium";
  return made;
}

Json echoed_reasoning(const Json& request) {
  Json made = {{"effort", nullptr}, {"summary", nullptr}};
  const Json* reasoning = find(request, "reasoning");
  if (reasoning && reasoning->is_object()) made.update(*reasoning);
  return made;
}

}  // namespace

Result<void> translate_response_config(const Json& request, std::string_view model,
                                       const gemini::ModelTraits& traits, Json& body) {
  Json config = Json::object();
  if (auto taken = take_number(request, "temperature", config, "temperature", 0, 2); !taken)
    return taken;
  if (auto taken = take_number(request, "top_p", config, "topP", 0, 1); !taken) return taken;
  if (auto taken = take_count(request, "top_k", config, "topK", 1000); !taken) return taken;
  if (auto taken = take_count(request, "max_output_tokens", config, "maxOutputTokens", kMostTokens);
      !taken)
    return taken;
  if (auto taken = take_reasoning(request, traits, config); !taken) return taken;
  if (!config.empty()) body["generationConfig"] = std::move(config);
  if (auto taken = take_format(request, traits, body); !taken) return taken;
  take_picture(request, model, body);
  const auto tier = string_in(request, "service_tier");
  if (tier == "flex" || tier == "priority") body["serviceTier"] = tier;
  return {};
}

Json echo_of(const Json& request) {
  Json echo = Json::object();
  const auto repeat = [&](const char* name, Json otherwise) {
    const Json* value = find(request, name);
    echo[name] = value && !value->is_null() ? *value : std::move(otherwise);
  };
  repeat("background", false);
  repeat("instructions", nullptr);
  repeat("max_output_tokens", nullptr);
  repeat("max_tool_calls", nullptr);
  repeat("metadata", Json::object());
  repeat("model", "");
  repeat("parallel_tool_calls", true);
  repeat("previous_response_id", nullptr);
  repeat("prompt_cache_key", nullptr);
  echo["reasoning"] = echoed_reasoning(request);
  repeat("safety_identifier", nullptr);
  repeat("service_tier", "default");
  repeat("store", true);
  repeat("temperature", 1.0);
  echo["text"] = echoed_text(request);
  repeat("tool_choice", "auto");
  echo["tools"] = echoed_tools(request);
  repeat("top_logprobs", 0);
  repeat("top_p", 1.0);
  repeat("truncation", "disabled");
  repeat("user", nullptr);
  return echo;
}

}  // namespace gembal::openai
