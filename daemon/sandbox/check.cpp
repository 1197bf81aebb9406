#include "daemon/sandbox/check.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "daemon/sandbox/ask.hpp"
#include "lib/core/text.hpp"
#include "lib/gemini/voices.hpp"

namespace gembal::sandbox {
namespace {

std::int64_t count_parts(const Json& content, const char* name) {
  const Json* parts = find(content, "parts");
  if (!parts) return 0;
  return std::count_if(parts->begin(), parts->end(),
                       [name](const Json& part) { return find(part, name) != nullptr; });
}

bool has_data(const Json& part) {
  for (const char* name : {"text", "inlineData", "fileData", "functionCall", "functionResponse",
                           "executableCode", "codeExecutionResult", "toolCall", "toolResponse"}) {
    if (find(part, name)) return true;
  }
  return false;
}

std::optional<ApiError> check_contents(const Json& body) {
  const Json* contents = find(body, "contents");
  if (!contents || contents->empty()) {
    return invalid_argument("* GenerateContentRequest.contents: contents is not specified\n");
  }
  std::string faults;
  for (std::size_t i = 0; i < contents->size(); ++i) {
    const Json& content = (*contents)[i];
    const std::string at = "* GenerateContentRequest.contents[" + std::to_string(i) + "]";
    const auto role = string_in(content, "role");
    if (!role.empty() && role != "user" && role != "model" && role != "function") {
      return invalid_argument("Please use a valid role: user, model.");
    }
    const Json* parts = find(content, "parts");
    if (!parts || parts->empty()) {
      faults += at + ".parts: contents.parts must not be empty.\n";
      continue;
    }
    for (std::size_t k = 0; k < parts->size(); ++k) {
      if (has_data((*parts)[k])) continue;
      faults += at + ".parts[" + std::to_string(k) +
                "].data: required oneof field 'data' must have one initialized field\n";
    }
  }
  if (!faults.empty()) return invalid_argument(faults);
  return std::nullopt;
}

std::optional<ApiError> check_turns(const Json& contents) {
  for (std::size_t i = 0; i < contents.size(); ++i) {
    const auto calls = count_parts(contents[i], "functionCall");
    const auto responses = count_parts(contents[i], "functionResponse");
    if (calls > 0 && (i == 0 || string_in(contents[i - 1], "role") == "model")) {
      return invalid_argument(
          "Please ensure that function call turn comes immediately after a user turn or after a function response turn.");
    }
    if (responses > 0 && (i == 0 || count_parts(contents[i - 1], "functionCall") != responses)) {
      return invalid_argument(
          i == 0 || count_parts(contents[i - 1], "functionCall") == 0
              ? "Please ensure that function response turn comes immediately after a function call turn."
              : "Please ensure that the number of function response parts is equal to the number of function call parts "
                "of the function call turn.");
    }
  }
  return std::nullopt;
}

/// Signatures of the turn that is going on: all since the user last said something that is no
/// function response.
std::optional<ApiError> check_signatures(const Json& contents) {
  std::size_t start = 0;
  for (std::size_t i = 0; i < contents.size(); ++i) {
    const bool user = string_in(contents[i], "role") != "model";
    if (user && count_parts(contents[i], "functionResponse") == 0) start = i;
  }
  for (std::size_t i = start; i < contents.size(); ++i) {
    if (string_in(contents[i], "role") != "model") continue;
    bool first_call = true;
    for (const auto& part : contents[i]["parts"]) {
      const Json* signature = find(part, "thoughtSignature");
      if (signature && !is_signature(string_in(part, "thoughtSignature"))) {
        return invalid_argument("Corrupted thought signature.");
      }
      const Json* call = find(part, "functionCall");
      if (call && first_call && !signature) {
        return invalid_argument(
            "Function call is missing a thought_signature in functionCall parts. This is required for tools to work "
            "correctly, and missing thought_signature may lead to degraded model performance. Additional data, function "
            "call `default_api:" +
            std::string(string_in(*call, "name")) + "` , position " + std::to_string(i + 1) +
            ". Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures for more details.");
      }
      if (call) first_call = false;
    }
  }
  return std::nullopt;
}

std::string model_path(const Model& model) { return std::string("models/") + model.id; }

std::optional<ApiError> check_thinking(const Model& model, const Json& config) {
  const Json* thinking = find(config, "thinkingConfig");
  if (!thinking || thinking->empty()) return std::nullopt;
  const auto budget = integer_in(*thinking, "thinkingBudget");
  const bool level = find(*thinking, "thinkingLevel") != nullptr;
  if (!model.thinking) {
    if (budget == 0 ||
        (!budget && !level && !bool_in(*thinking, "includeThoughts").value_or(false)))
      return std::nullopt;
    return invalid_argument("Thinking is not enabled for " + model_path(model));
  }
  if (budget && level)
    return invalid_argument("You can only set only one of thinking budget and thinking level.");
  if (level && model.generation < 3)
    return invalid_argument("Thinking level is not supported for this model.");
  const bool pro = std::string_view(model.id).find("-pro") != std::string_view::npos;
  if (budget == 0 && model.generation < 3 && pro) {
    return invalid_argument("Budget 0 is invalid. This model only works in thinking mode.");
  }
  const std::int64_t most = pro ? 32768 : 24576;
  if (budget && (*budget < -1 || *budget > most)) {
    return invalid_argument("The thinking budget " + std::to_string(*budget) +
                            " is invalid. Please choose a value between 0 and " +
                            std::to_string(most) + ".");
  }
  return std::nullopt;
}

std::optional<ApiError> check_modalities(const Model& model, const Json& config) {
  std::vector<std::string> asked;
  if (const Json* list = find(config, "responseModalities")) {
    for (const auto& one : *list) asked.push_back(one.get<std::string>());
  }
  if (asked.empty() && model.kind != ModelKind::speech) return std::nullopt;
  if (asked.empty()) asked = {"TEXT"};
  const std::string can = model.kind == ModelKind::speech  ? "AUDIO"
                          : model.kind == ModelKind::image ? "TEXT, IMAGE"
                                                           : "TEXT";
  std::string all;
  bool possible = true;
  for (const auto& one : asked) {
    all += (all.empty() ? "" : ", ") + one;
    possible &= can.find(one) != std::string::npos;
  }
  if (possible) return std::nullopt;
  return invalid_argument("The requested combination of response modalities (" + all +
                          ") is not supported by the model. " + model_path(model) +
                          " accepts the following combination of response modalities:\n* " + can +
                          "\n");
}

std::optional<ApiError> check_voice(const Json& config) {
  const Json* at = find(config, "speechConfig", "speech_config");
  if (at) at = find(*at, "voiceConfig", "voice_config");
  if (at) at = find(*at, "prebuiltVoiceConfig", "prebuilt_voice_config");
  const Json* name = at ? find(*at, "voiceName", "voice_name") : nullptr;
  if (!name || !name->is_string() || gemini::voice_named(name->get_ref<const std::string&>()))
    return std::nullopt;
  std::vector<std::string> voices;
  for (const auto voice : gemini::all_voices()) voices.push_back(lower(voice));
  std::sort(voices.begin(), voices.end());
  return invalid_argument("Voice name " + name->get<std::string>() +
                          " is not supported. Allowed voice names are: " + join(voices, ", "));
}

// Which values are taken is documented; what is said of others is our own guess.
std::optional<ApiError> check_image_config(const Model& model, const Json& config) {
  const Json* image = find(config, "imageConfig");
  if (!image) return std::nullopt;
  std::vector<std::string> ratios = {"1:1", "2:3", "3:2",  "3:4",  "4:3",
                                     "4:5", "5:4", "9:16", "16:9", "21:9"};
  const std::string_view name = model.id;
  const bool newest = model.generation >= 3 && name.find("-pro") == std::string_view::npos &&
                      name.find("-lite") == std::string_view::npos;
  if (newest) ratios.insert(ratios.end(), {"1:4", "4:1", "1:8", "8:1"});
  const auto knows = [](const std::vector<std::string>& values, std::string_view value) {
    return value.empty() || std::find(values.begin(), values.end(), value) != values.end();
  };
  const std::string at = "* GenerateContentRequest.generation_config.image_config.";
  if (!knows(ratios, string_in(*image, "aspectRatio")))
    return invalid_argument(at + "aspect_ratio: unsupported aspect ratio.\n");
  std::vector<std::string> sizes = {"1K", "2K", "4K"};
  if (newest) sizes.emplace_back("512");
  if (model.generation < 3 || name.find("-lite") != std::string_view::npos) sizes = {"1K"};
  if (!knows(sizes, string_in(*image, "imageSize")))
    return invalid_argument(at + "image_size: unsupported image size.\n");
  return std::nullopt;
}

std::optional<ApiError> check_config(const Model& model, const Json& config) {
  const auto number = [&config](const char* name) -> std::optional<double> {
    const Json* value = find(config, name);
    if (!value || !value->is_number()) return std::nullopt;
    return value->get<double>();
  };
  const std::string at = "* GenerateContentRequest.generation_config.";
  if (const auto t = number("temperature"); t && (*t < 0 || *t > 2)) {
    return invalid_argument(at + "temperature: temperature must be in the range [0.0, 2.0].\n");
  }
  if (const auto p = number("topP"); p && (*p < 0 || *p > 1)) {
    return invalid_argument(at + "top_p: top_p must be in the range [0.0, 1.0].\n");
  }
  if (const auto most = integer_in(config, "maxOutputTokens"); most && *most <= 0) {
    return invalid_argument(at + "max_output_tokens: max_output_tokens must be positive.\n");
  }
  if (const Json* stops = find(config, "stopSequences"); stops && stops->size() > 5) {
    return invalid_argument(at + "stop_sequences: at most 5 stop sequences can be specified.\n");
  }
  const auto candidates = integer_in(config, "candidateCount").value_or(1);
  const bool gives_several = model.generation < 3 && model.kind == ModelKind::text;
  if (candidates < 1 || candidates > (gives_several ? 8 : 1)) return one_candidate();
  if (bool_in(config, "responseLogprobs").value_or(false) || find(config, "logprobs")) {
    return invalid_argument("Logprobs is not enabled for this model");
  }
  if (find(config, "responseSchema") && find(config, "responseJsonSchema")) {
    return invalid_argument("Only one of response_schema and response_json_schema can be set.");
  }
  if (auto error = check_modalities(model, config)) return error;
  if (auto error = check_voice(config)) return error;
  if (auto error = check_image_config(model, config)) return error;
  return check_thinking(model, config);
}

std::optional<ApiError> check_tools(const Model& model, const Json& body, const Json& config) {
  const Json* tools = find(body, "tools");
  if (!tools || tools->empty()) return std::nullopt;
  if (model.generation < 3 && string_in(config, "responseMimeType") == "application/json") {
    return invalid_argument(
        "Tool use with a response mime type: 'application/json' is unsupported");
  }
  bool functions = false, built_in = false;
  std::vector<std::string> names;
  for (const auto& tool : *tools) {
    for (const auto& [name, member] : tool.items())
      (name == "functionDeclarations" ? functions : built_in) = true;
    const Json* declarations = find(tool, "functionDeclarations");
    if (!declarations) continue;
    for (const auto& declaration : *declarations) {
      const std::string name(string_in(declaration, "name"));
      const std::string at = "* GenerateContentRequest.tools[0].function_declarations[" +
                             std::to_string(names.size()) + "]";
      const bool sound = !name.empty() && name.size() <= 128 &&
                         !(name[0] >= '0' && name[0] <= '9') &&
                         std::all_of(name.begin(), name.end(), [](unsigned char c) {
                           return std::isalnum(c) || c == '_' || c == '.' || c == ':' || c == '-';
                         });
      if (!sound) {
        return invalid_argument(
            at +
            ".name: [FIELD_INVALID] Invalid function name. Must start with a letter or an underscore. "
            "Must be alphameric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), "
            "with a maximum length of 128.\n");
      }
      if (std::find(names.begin(), names.end(), name) != names.end()) {
        return invalid_argument("Duplicate function declaration found: " + name);
      }
      names.push_back(name);
    }
  }
  if (functions && built_in && model.generation < 3) {
    return invalid_argument(
        "Built-in tools ({google_search}) and Function Calling cannot be combined in the same request.");
  }
  return std::nullopt;
}

}  // namespace

ApiError one_candidate() {
  return invalid_argument("Multiple candidates is not enabled for this model");
}

std::optional<ApiError> check_request(const Model& model, const Json& body) {
  static const Json nothing = Json::object();
  if (auto error = check_contents(body)) return error;
  const Json& contents = body["contents"];
  if (auto error = check_turns(contents)) return error;
  if (model.signs_parts()) {
    if (auto error = check_signatures(contents)) return error;
  }
  const bool no_system = model.is_gemma() || model.kind == ModelKind::speech;
  if (find(body, "systemInstruction") && no_system) {
    return invalid_argument("Developer instruction is not enabled for " + model_path(model));
  }
  if (find(body, "cachedContent")) {
    for (const char* name : {"systemInstruction", "tools", "toolConfig"}) {
      if (!find(body, name)) continue;
      return invalid_argument(
          "CachedContent can not be used with GenerateContent request setting system_instruction, tools or tool_config.\n\n"
          "Proposed fix: move those values to CachedContent from GenerateContent request.");
    }
  }
  const Json* given = find(body, "generationConfig");
  const Json& config = given ? *given : nothing;
  if (auto error = check_config(model, config)) return error;
  return check_tools(model, body, config);
}

}  // namespace gembal::sandbox
