#include "lib/openai/chat_config.hpp"

#include <cstdio>

#include "lib/core/text.hpp"
#include "lib/gemini/schema.hpp"
#include "lib/openai/bad_request.hpp"

namespace gembal::openai {
namespace {

constexpr std::size_t kMostStops = 5;  // upstream's limit
constexpr std::int64_t kMostTokens = 10'000'000;

std::string quoted(const char* name) { return std::string("'") + name + "'"; }

Result<void> take_stop(const Json& request, Json& config) {
  const Json* stop = find(request, "stop");
  if (!stop || stop->is_null()) return {};
  const Json list = stop->is_array() ? *stop : Json::array({*stop});
  Json sequences = Json::array();
  for (const auto& one : list) {
    if (!one.is_string()) return bad("stop", "'stop' must be a text or an array of texts");
    if (one.get_ref<const std::string&>().empty()) continue;
    if (sequences.size() == kMostStops) return bad("stop", "'stop' may have 5 texts at most");
    sequences.push_back(one);
  }
  if (!sequences.empty()) config["stopSequences"] = std::move(sequences);
  return {};
}

Result<void> take_format(const Json& request, const gemini::ModelTraits& traits, Json& body) {
  const Json* format = find(request, "response_format");
  if (!format || format->is_null()) return {};
  const auto type = string_in(*format, "type");
  if (type == "text") return {};
  if (type == "json_object") {
    put_json_mode(traits, body);
    return {};
  }
  if (type != "json_schema")
    return bad("response_format.type",
               "'response_format.type' must be text, json_object or json_schema");
  const Json* wrapper = find(*format, "json_schema");
  const Json* schema = wrapper ? find(*wrapper, "schema") : nullptr;
  const std::string param = "response_format.json_schema.schema";
  if (!schema || !schema->is_object()) return bad(param, "'" + param + "' must be an object");
  return put_schema(*schema, param, traits, body);
}

Result<void> take_effort(const Json& request, const gemini::ModelTraits& traits, Json& config) {
  const Json* value = find(request, "reasoning_effort");
  if (!value || value->is_null()) return {};
  const auto effort = gemini::effort_of(string_in(request, "reasoning_effort"));
  if (!effort) {
    return bad("reasoning_effort",
               "'reasoning_effort' must be none, minimal, low, medium, high, xhigh or max");
  }
  if (auto thinking = gemini::thinking_config(traits, *effort); !thinking.is_null())
    config["thinkingConfig"] = std::move(thinking);
  return {};
}

/// Models that think refuse to be told of penalties, even of none.
Result<void> take_penalties(const Json& request, const gemini::ModelTraits& traits, Json& config) {
  for (const auto& [from, to] : {std::pair{"presence_penalty", "presencePenalty"},
                                 std::pair{"frequency_penalty", "frequencyPenalty"}}) {
    if (!find(request, from)) continue;
    Json penalties = Json::object();
    if (auto taken = take_number(request, from, penalties, to, -2, 2); !taken) return taken;
    const auto penalty = penalties.value(to, 0.0);
    // The API's range has no upper end.
    if (penalty != 0 && traits.thinking == gemini::Thinking::none)
      config[to] = std::min(penalty, 1.99);
  }
  return {};
}

Result<void> take_modalities(const Json& request, Json& config) {
  const Json* modalities = find(request, "modalities");
  if (!modalities || modalities->is_null()) return {};
  if (!modalities->is_array()) return bad("modalities", "'modalities' must be an array of texts");
  bool speaks = false;
  Json wanted = Json::array();
  for (const auto& one : *modalities) {
    const auto word = one.is_string() ? lower(one.get_ref<const std::string&>()) : std::string();
    if (word != "text" && word != "audio" && word != "image")
      return bad("modalities", "'modalities' may have text, audio and image");
    speaks |= word == "audio";
    wanted.push_back(word == "text" ? "TEXT" : word == "image" ? "IMAGE" : "AUDIO");
  }
  // A model that speaks gives sound alone.
  if (speaks) wanted = Json::array({"AUDIO"});
  if (speaks || wanted.size() > 1) config["responseModalities"] = std::move(wanted);
  return {};
}

/// Of a model without JSON beside tools the tools are the more wanted.
bool must_ask_in_words(const gemini::ModelTraits& traits, const Json& body) {
  return !traits.mixes_tools && find(body, "tools");
}

void ask_for_json(Json& body, std::string_view more) {
  auto& parts = body["systemInstruction"]["parts"];
  if (!parts.is_array()) parts = Json::array();
  parts.push_back(
      {{"text", "When you answer in words, answer with JSON only, without a code fence." +
                    std::string(more)}});
}

}  // namespace

Result<void> take_number(const Json& request, const char* from, Json& config, const char* to,
                         double least, double most) {
  const Json* value = find(request, from);
  if (!value || value->is_null()) return {};
  if (!value->is_number()) return bad(from, quoted(from) + " must be a number");
  const double number = value->get<double>();
  if (number < least || number > most) {
    char range[64];
    std::snprintf(range, sizeof range, "%g to %g", least, most);
    return bad(from, quoted(from) + " must be from " + range);
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
    return bad(from, quoted(from) + " must be a whole number from 1 to " + std::to_string(most));
  }
  config[to] = *number;
  return {};
}

void put_json_mode(const gemini::ModelTraits& traits, Json& body) {
  if (must_ask_in_words(traits, body)) {
    ask_for_json(body, "");
  } else {
    body["generationConfig"]["responseMimeType"] = "application/json";
  }
}

Result<void> put_schema(const Json& schema, const std::string& param,
                        const gemini::ModelTraits& traits, Json& body) {
  if (must_ask_in_words(traits, body)) {
    ask_for_json(body, " It must be valid by this JSON Schema: " + to_text(schema));
    return {};
  }
  auto written = gemini::SchemaTranslator(gemini::schema_form(traits)).response(schema, param);
  if (!written) return std::move(written).error();
  put_json_mode(traits, body);
  const char* field = traits.takes_json_schema ? "responseJsonSchema" : "responseSchema";
  body["generationConfig"][field] = *std::move(written);
  return {};
}

Result<void> translate_config(const Json& request, const gemini::ModelTraits& traits, Json& body) {
  Json config = Json::object();
  if (auto taken = take_number(request, "temperature", config, "temperature", 0, 2); !taken)
    return taken;
  if (auto taken = take_number(request, "top_p", config, "topP", 0, 1); !taken) return taken;
  if (auto taken = take_count(request, "top_k", config, "topK", 1000); !taken) return taken;
  for (const char* name : {"max_tokens", "max_completion_tokens"}) {
    if (auto taken = take_count(request, name, config, "maxOutputTokens", kMostTokens); !taken)
      return taken;
  }
  if (auto taken = take_penalties(request, traits, config); !taken) return taken;
  if (const auto seed = integer_in(request, "seed"))
    config["seed"] = *seed & 0x7fffffff;  // 32 bits upstream
  if (auto taken = take_stop(request, config); !taken) return taken;
  if (auto taken = take_effort(request, traits, config); !taken) return taken;
  if (auto taken = take_modalities(request, config); !taken) return taken;
  if (!config.empty()) body["generationConfig"] = std::move(config);
  if (auto taken = take_format(request, traits, body); !taken) return taken;
  const auto tier = string_in(request, "service_tier");
  if (tier == "flex" || tier == "priority") body["serviceTier"] = tier;
  return {};
}

}  // namespace gembal::openai
