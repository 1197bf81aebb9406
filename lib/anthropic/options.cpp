#include "lib/anthropic/options.hpp"

#include <algorithm>
#include <cstdio>

#include "lib/anthropic/bad_request.hpp"
#include "lib/gemini/schema.hpp"

namespace gembal::anthropic {
namespace {

constexpr std::size_t kMostStops = 5;  // upstream's limit
constexpr std::int64_t kMostTokens = 10'000'000;

/// The least that Anthropic lets a model think, which must be less than max_tokens.
constexpr std::int64_t kLeastThinking = 1024;

Result<void> take_number(const Json& request, const char* from, Json& config, const char* to,
                         double most) {
  const Json* value = find(request, from);
  if (!value || value->is_null()) return {};
  if (!value->is_number()) return bad_at(from, "it must be a number");
  const double number = value->get<double>();
  if (number < 0 || number > most) {
    char range[64];
    std::snprintf(range, sizeof range, "it must be from 0 to %g", most);
    return bad_at(from, range);
  }
  config[to] = *value;
  return {};
}

/// Of 0 or nothing upstream knows no meaning: it is left out.
Result<void> take_count(const Json& request, const char* from, Json& config, const char* to,
                        std::int64_t most) {
  const Json* value = find(request, from);
  if (!value || value->is_null()) return {};
  const auto number = integer_in(request, from);
  if (!number || *number < 0 || *number > most)
    return bad_at(from, "it must be a whole number from 0 to " + std::to_string(most));
  if (*number > 0) config[to] = *number;
  return {};
}

Result<void> take_stops(const Json& request, Json& config) {
  const Json* stops = find(request, "stop_sequences");
  if (!stops || stops->is_null()) return {};
  if (!stops->is_array()) return bad_at("stop_sequences", "there must be an array of texts");
  Json kept = Json::array();
  for (const auto& stop : *stops) {
    if (!stop.is_string()) return bad_at("stop_sequences", "there must be an array of texts");
    if (stop.get_ref<const std::string&>().empty()) continue;
    if (kept.size() == kMostStops)
      return bad_at("stop_sequences", "Gemini takes 5 texts at most: leave some out");
    kept.push_back(stop);
  }
  if (!kept.empty()) config["stopSequences"] = std::move(kept);
  return {};
}

/// What output_config.effort says; nullopt for nothing.
Result<std::optional<gemini::Effort>> effort_in(const Json& request) {
  const Json* output = find(request, "output_config");
  const Json* value = output ? find(*output, "effort") : nullptr;
  if (!value || value->is_null()) return std::optional<gemini::Effort>();
  const auto effort = gemini::effort_of(string_in(*output, "effort"));
  if (!effort) return bad_at("output_config.effort", "it must be low, medium, high, xhigh or max");
  return effort;
}

/// How much a model is to think that was not told to think. Thoughts count against max_tokens: of
/// few tokens they would leave nothing for the answer.
Json thinking_unasked(const Json& request, const gemini::ModelTraits& traits,
                      std::optional<gemini::Effort> effort) {
  const auto limit = integer_in(request, "max_tokens");
  if (limit && *limit <= kLeastThinking)
    return gemini::thinking_config(traits, gemini::Effort::none);
  return effort ? gemini::thinking_config(traits, *effort) : Json();
}

Result<Json> thinking_asked(const Json& thinking, const gemini::ModelTraits& traits,
                            std::optional<gemini::Effort> effort) {
  const auto type = string_in(thinking, "type");
  if (type == "disabled") return gemini::thinking_config(traits, gemini::Effort::none);
  if (type == "adaptive" || type == "between_tools") {
    return effort ? gemini::thinking_config(traits, *effort)
                  : gemini::thinking_config(traits, std::int64_t{-1});
  }
  if (type != "enabled")
    return bad_at("thinking.type", "it must be enabled, adaptive, between_tools or disabled");
  const auto budget = integer_in(thinking, "budget_tokens");
  if (!budget || *budget < 1)
    return bad_at("thinking.budget_tokens", "it must be a whole number of tokens, 1024 or more");
  return gemini::thinking_config(traits, *budget);
}

Result<void> take_thinking(const Json& request, const gemini::ModelTraits& traits, Json& config) {
  auto effort = effort_in(request);
  if (!effort) return std::move(effort).error();
  const Json* thinking = find(request, "thinking");
  Json made;
  if (!thinking || thinking->is_null()) {
    made = thinking_unasked(request, traits, *effort);
  } else {
    auto asked = thinking_asked(*thinking, traits, *effort);
    if (!asked) return std::move(asked).error();
    made = *std::move(asked);
    if (!made.is_null() && thoughts_wanted(request) == Thoughts::shown)
      made["includeThoughts"] = true;
  }
  if (!made.is_null() && !made.empty()) config["thinkingConfig"] = std::move(made);
  return {};
}

/// `output_config.format`, and `output_format` as it was before.
Result<void> take_format(const Json& request, const gemini::ModelTraits& traits, Json& body) {
  const Json* output = find(request, "output_config");
  const Json* format = output ? find(*output, "format") : nullptr;
  std::string where = "output_config.format";
  if (!format) {
    format = find(request, "output_format");
    where = "output_format";
  }
  if (!format || format->is_null()) return {};
  if (string_in(*format, "type") != "json_schema")
    return bad_at(where + ".type", "it must be json_schema");
  const Json* schema = find(*format, "schema");
  if (!schema || !schema->is_object())
    return bad_at(where + ".schema", "there must be a JSON Schema object");
  if (!traits.mixes_tools && find(body, "tools")) {
    // Of a model without JSON beside tools the tools are the more wanted.
    body["systemInstruction"]["parts"].push_back(
        {{"text",
          "When you answer in words, answer with JSON only, without a code fence. It must be valid "
          "by this JSON Schema: " +
              to_text(*schema)}});
    return {};
  }
  gemini::SchemaTranslator schemas(gemini::schema_form(traits));
  auto written = schemas.response(*schema, where + ".schema");
  if (!written) return std::move(written).error();
  auto& config = body["generationConfig"];
  config["responseMimeType"] = "application/json";
  config[traits.takes_json_schema ? "responseJsonSchema" : "responseSchema"] = *std::move(written);
  return {};
}

}  // namespace

Thoughts thoughts_wanted(const Json& request) {
  const Json* thinking = find(request, "thinking");
  if (!thinking || !thinking->is_object() || string_in(*thinking, "type") == "disabled")
    return Thoughts::hidden;
  return string_in(*thinking, "display") == "omitted" ? Thoughts::signed_only : Thoughts::shown;
}

Result<void> translate_options(const Json& request, const gemini::ModelTraits& traits, Json& body) {
  Json config = Json::object();
  if (auto taken = take_number(request, "temperature", config, "temperature", 2); !taken)
    return taken;
  if (auto taken = take_number(request, "top_p", config, "topP", 1); !taken) return taken;
  if (auto taken = take_count(request, "top_k", config, "topK", 1000); !taken) return taken;
  if (auto taken = take_count(request, "max_tokens", config, "maxOutputTokens", kMostTokens);
      !taken)
    return taken;
  // To have a prompt cached and nothing said: as little as upstream can say.
  if (integer_in(request, "max_tokens") == 0) config["maxOutputTokens"] = 1;
  if (auto taken = take_stops(request, config); !taken) return taken;
  if (auto taken = take_thinking(request, traits, config); !taken) return taken;
  if (!config.empty()) body["generationConfig"] = std::move(config);
  return take_format(request, traits, body);
}

}  // namespace gembal::anthropic
