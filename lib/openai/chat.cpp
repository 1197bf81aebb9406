#include "lib/openai/chat.hpp"

#include <algorithm>
#include <cmath>

#include "lib/core/json.hpp"
#include "lib/gemini/model_name.hpp"
#include "lib/openai/chat_messages.hpp"
#include "lib/openai/chat_tools.hpp"

namespace gembal::openai {
namespace {

Error bad(std::string message) { return {ErrorKind::bad_request, std::move(message), ""}; }

enum class Family {
  plain,   ///< before 2.5, Gemma, and others: no thinking to steer
  budget,  ///< 2.5: thinkingBudget
  level,   ///< 3 and later, and the "latest" names: thinkingLevel; function calls are signed
};

Family family_of(std::string_view model) {
  if (model.starts_with("gemini-2.5")) return Family::budget;
  if (!model.starts_with("gemini-") || model.starts_with("gemini-1") ||
      model.starts_with("gemini-2") || model.starts_with("gemini-exp") ||
      model.starts_with("gemini-embedding") || model.starts_with("gemini-pro-vision")) {
    return Family::plain;
  }
  return Family::level;
}

/// Reads a number within its range into `config`. A missing or null one is left out.
Result<void> take_number(const Json& request, const char* from, Json& config, const char* to,
                         double least, double most) {
  const Json* value = find(request, from);
  if (!value || value->is_null()) return {};
  if (!value->is_number()) return bad(std::string("'") + from + "' must be a number");
  const double number = value->get<double>();
  if (number < least || number > most) {
    char range[64];
    std::snprintf(range, sizeof range, "%g to %g", least, most);
    return bad(std::string("'") + from + "' must be from " + range);
  }
  config[to] = *value;
  return {};
}

Result<void> take_count(const Json& request, const char* from, Json& config, const char* to,
                        std::int64_t most) {
  const Json* value = find(request, from);
  if (!value || value->is_null()) return {};
  const auto number = integer_in(request, from);
  if (!number || *number < 1 || *number > most) {
    return bad(std::string("'") + from + "' must be a whole number from 1 to " +
               std::to_string(most));
  }
  config[to] = *number;
  return {};
}

Result<void> take_stop(const Json& request, Json& config) {
  const Json* stop = find(request, "stop");
  if (!stop || stop->is_null()) return {};
  Json sequences = Json::array();
  const auto take = [&](const Json& one) {
    if (!one.is_string()) return false;
    if (!one.get_ref<const std::string&>().empty() && sequences.size() < 5)
      sequences.push_back(one);
    return true;
  };
  if (stop->is_array()) {
    for (const auto& one : *stop) {
      if (!take(one)) return bad("'stop' must be a text or an array of texts");
    }
  } else if (!take(*stop)) {
    return bad("'stop' must be a text or an array of texts");
  }
  if (!sequences.empty()) config["stopSequences"] = std::move(sequences);
  return {};
}

Result<void> take_format(const Json& request, Json& config) {
  const Json* format = find(request, "response_format");
  if (!format || format->is_null()) return {};
  const auto type = string_in(*format, "type");
  if (type == "text") return {};
  if (type != "json_object" && type != "json_schema")
    return bad("'response_format.type' must be text, json_object or json_schema");
  config["responseMimeType"] = "application/json";
  if (type == "json_object") return {};
  const Json* wrapper = find(*format, "json_schema");
  const Json* schema = wrapper ? find(*wrapper, "schema") : nullptr;
  if (!schema || !schema->is_object())
    return bad("'response_format.json_schema.schema' is missing");
  config["responseJsonSchema"] = *schema;
  return {};
}

Result<void> take_effort(const Json& request, Family family, std::string_view model, Json& config) {
  const auto effort = string_in(request, "reasoning_effort");
  if (effort.empty() || family == Family::plain) return {};
  const bool is_pro = model.find("pro") != std::string_view::npos;
  const bool is_least = effort == "none" || effort == "minimal";
  if (!is_least && effort != "low" && effort != "medium" && effort != "high" && effort != "xhigh" &&
      effort != "max") {
    return bad("'reasoning_effort' must be none, minimal, low, medium, high, xhigh or max");
  }
  if (family == Family::budget) {
    int budget = 24576;
    if (effort == "none") budget = is_pro ? 128 : 0;
    if (effort == "minimal" || effort == "low") budget = 1024;
    if (effort == "medium") budget = 8192;
    config["thinkingConfig"] = {{"thinkingBudget", budget}};
    return {};
  }
  const char* level = "HIGH";
  if (effort == "medium") level = "MEDIUM";
  if (effort == "low") level = "LOW";
  // Pro models and the fourth generation have no MINIMAL.
  if (is_least) level = is_pro || model.starts_with("gemini-4") ? "LOW" : "MINIMAL";
  config["thinkingConfig"] = {{"thinkingLevel", level}};
  return {};
}

/// What Google's own OpenAI-compatible surface takes beside OpenAI's parameters; SDKs put it in
/// either place.
void take_extras(const Json& request, Json& config, Json& translated) {
  const Json* extra = find(request, "extra_body");
  const Json* google = extra ? find(*extra, "google") : find(request, "google");
  if (!google) return;
  if (const Json* thinking = find(*google, "thinking_config", "thinkingConfig"))
    config["thinkingConfig"] = *thinking;
  if (const Json* cached = find(*google, "cached_content", "cachedContent"))
    translated["cachedContent"] = *cached;
  if (const Json* safety = find(*google, "safety_settings", "safetySettings"))
    translated["safetySettings"] = *safety;
}

Result<Json> generation_config(const Json& request, std::string_view model, Json& translated) {
  Json config = Json::object();
  if (auto taken = take_number(request, "temperature", config, "temperature", 0, 2); !taken)
    return std::move(taken).error();
  if (auto taken = take_number(request, "top_p", config, "topP", 0, 1); !taken)
    return std::move(taken).error();
  if (auto taken = take_count(request, "top_k", config, "topK", 1000); !taken)
    return std::move(taken).error();
  if (auto taken = take_count(request, "max_tokens", config, "maxOutputTokens", 10'000'000); !taken)
    return std::move(taken).error();
  if (auto taken =
          take_count(request, "max_completion_tokens", config, "maxOutputTokens", 10'000'000);
      !taken) {
    return std::move(taken).error();
  }
  if (auto taken = take_count(request, "n", config, "candidateCount", 8); !taken)
    return std::move(taken).error();
  if (config.value("candidateCount", 0) == 1) config.erase("candidateCount");
  for (const auto& [from, to] : {std::pair{"presence_penalty", "presencePenalty"},
                                 std::pair{"frequency_penalty", "frequencyPenalty"}}) {
    if (auto taken = take_number(request, from, config, to, -2, 2); !taken)
      return std::move(taken).error();
    if (config.contains(to) && config[to].get<double>() == 0)
      config.erase(to);  // many models refuse to be told even that
  }
  if (const auto seed = integer_in(request, "seed"))
    config["seed"] = *seed & 0x7fffffff;  // 32 bits upstream
  if (auto taken = take_stop(request, config); !taken) return std::move(taken).error();
  if (auto taken = take_format(request, config); !taken) return std::move(taken).error();
  if (auto taken = take_effort(request, family_of(model), model, config); !taken)
    return std::move(taken).error();
  take_extras(request, config, translated);
  return config;
}

}  // namespace

Result<ChatCall> read_chat(std::string_view json, std::string_view model) {
  const auto parsed = parse_json(json);
  if (!parsed) return parsed.error();
  const Json& request = *parsed;
  if (!request.is_object()) return bad("the request body must be a JSON object");
  ChatCall call;
  call.model = gemini::bare_model(model.empty() ? string_in(request, "model") : model);
  if (call.model.empty()) return bad("'model' is missing");
  if (!gemini::is_valid_model(call.model)) return bad("'model' is no name of a model");
  const Json* messages = find(request, "messages");
  if (!messages || !messages->is_array() || messages->empty())
    return bad("'messages' must be a non-empty array");
  call.stream = bool_in(request, "stream").value_or(false);
  if (const Json* options = find(request, "stream_options"))
    call.include_usage = bool_in(*options, "include_usage").value_or(false);

  auto conversation = translate_messages(*messages, family_of(call.model) == Family::level);
  if (!conversation) return std::move(conversation).error();
  if (conversation->contents.empty()) return bad("'messages' has nothing to answer");
  Json translated = Json::object();
  if (!conversation->system_parts.empty()) {
    // Gemma knows no system instruction.
    if (call.model.starts_with("gemma")) {
      auto& parts = conversation->contents.front()["parts"];
      parts.insert(parts.begin(), conversation->system_parts.begin(),
                   conversation->system_parts.end());
    } else {
      translated["systemInstruction"] = {{"parts", std::move(conversation->system_parts)}};
    }
  }
  translated["contents"] = std::move(conversation->contents);
  if (auto taken = translate_tools(request, translated); !taken) return std::move(taken).error();
  auto config = generation_config(request, call.model, translated);
  if (!config) return std::move(config).error();
  if (!config->empty()) translated["generationConfig"] = *std::move(config);
  const auto tier = string_in(request, "service_tier");
  if (tier == "flex" || tier == "priority") translated["serviceTier"] = tier;
  call.body = to_text(translated);
  return call;
}

}  // namespace gembal::openai
