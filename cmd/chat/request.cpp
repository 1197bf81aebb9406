#include "cmd/chat/request.hpp"

#include "cmd/chat/roles.hpp"
#include "lib/core/text.hpp"
#include "lib/gemini/enrich.hpp"
#include "lib/gemini/model_name.hpp"
#include "lib/gemini/schema.hpp"

namespace gembal::cmd {
namespace {

Result<void> take_schema(const std::string& path, ChatSettings& settings) {
  const auto text = read_file(path);
  if (!text) return text.error();
  auto schema = parse_json(*text);
  if (!schema || !schema->is_object()) {
    return Error{ErrorKind::usage, "'" + path + "' holds no JSON Schema",
                 schema ? "it must be an object" : schema.error().message};
  }
  const auto traits = gemini::traits_of(settings.model());
  auto written = gemini::SchemaTranslator(gemini::schema_form(traits)).response(*schema, "schema");
  if (!written) return std::move(written).error();
  settings.config["responseMimeType"] = "application/json";
  settings.config[traits.takes_json_schema ? "responseJsonSchema" : "responseSchema"] =
      *std::move(written);
  return {};
}

}  // namespace

Result<void> use_model(ChatSettings& settings, const std::string& model,
                       const config::Config& config) {
  auto called = gemini::read_called_model(model, config.models.rules);
  if (!called) return Error{ErrorKind::usage, called.error().message, called.error().hint};
  if (!gemini::is_valid_model(called->model))
    return Error{ErrorKind::usage, "'" + model + "' is no name of a model", ""};
  // What an option asked for stays, whatever the model.
  called->searches |= settings.called.searches;
  if (settings.called.thinking && !called->thinking) called->thinking = settings.called.thinking;
  settings.called = *std::move(called);
  return {};
}

Result<ChatSettings> read_chat_settings(const ChatOptions& options, const config::Config& config) {
  ChatSettings settings;
  std::string model = options.model;
  settings.system = options.system;
  if (!options.role.empty()) {
    auto role = read_role(options.role);
    if (!role) return std::move(role).error();
    if (model.empty()) model = role->model;
    if (role->temperature) settings.config["temperature"] = *role->temperature;
    if (settings.system.empty()) settings.system = std::move(role->system);
  }
  if (settings.system.starts_with('@')) {
    auto content = read_file(settings.system.substr(1));
    if (!content) return std::move(content).error();
    settings.system = *std::move(content);
  }
  settings.called.searches = options.search;
  if (!options.thinking.empty()) {
    settings.called.thinking = gemini::parse_thinking(options.thinking);
    if (!settings.called.thinking) {
      return Error{ErrorKind::usage, "'" + options.thinking + "' is no amount of thinking",
                   "use off, minimal, low, medium, high, auto or a number of tokens"};
    }
  }
  if (auto used = use_model(settings, model.empty() ? config.client.model : model, config); !used)
    return std::move(used).error();
  settings.code = options.code;
  settings.url = options.url;
  settings.show_thoughts = options.show_thoughts;
  if (options.temperature) settings.config["temperature"] = *options.temperature;
  if (options.max_tokens) settings.config["maxOutputTokens"] = *options.max_tokens;
  if (!options.schema.empty()) {
    if (auto taken = take_schema(options.schema, settings); !taken) return std::move(taken).error();
  }
  return settings;
}

Json chat_request(const ChatSettings& settings, const config::Config& config, Json contents) {
  Json body = object_with_room(8);  // files in it are large
  if (!settings.system.empty())
    body["systemInstruction"] = {{"parts", Json::array({{{"text", settings.system}}})}};
  body["contents"] = std::move(contents);
  if (!settings.config.empty()) body["generationConfig"] = settings.config;
  auto extras = config.extras;
  extras.code_execution = settings.code;
  extras.show_thinking = settings.show_thoughts;
  extras.url_context = settings.url;
  if (settings.url) extras.url_context_models = {"*"};
  gemini::enrich(body, settings.called, extras, gemini::Origin::translated);
  return body;
}

Json user_turn(Json parts) {
  Json turn = object_with_room(2);
  turn["role"] = "user";
  turn["parts"] = std::move(parts);
  return turn;
}

}  // namespace gembal::cmd
