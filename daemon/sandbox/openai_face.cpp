#include "daemon/sandbox/openai_face.hpp"

#include <algorithm>
#include <map>

#include "daemon/sandbox/dice.hpp"

namespace gembal::sandbox {
namespace {

constexpr std::string_view kChatFields[] = {"messages",
                                            "model",
                                            "audio",
                                            "frequency_penalty",
                                            "logit_bias",
                                            "logprobs",
                                            "top_logprobs",
                                            "max_completion_tokens",
                                            "max_tokens",
                                            "modalities",
                                            "n",
                                            "parallel_tool_calls",
                                            "presence_penalty",
                                            "reasoning_effort",
                                            "response_format",
                                            "seed",
                                            "service_tier",
                                            "stop",
                                            "stream",
                                            "stream_options",
                                            "temperature",
                                            "tool_choice",
                                            "tools",
                                            "top_p",
                                            "user",
                                            "verbosity",
                                            "web_search_options",
                                            "extra_body",
                                            "google"};

std::optional<ApiError> unknown_names(const Json& chat) {
  std::vector<FieldViolation> violations;
  for (const auto& [name, value] : chat.items()) {
    if (std::find(std::begin(kChatFields), std::end(kChatFields), name) != std::end(kChatFields))
      continue;
    violations.push_back(
        {"", "Invalid JSON payload received. Unknown name \"" + name + "\": Cannot find field."});
  }
  if (violations.empty()) return std::nullopt;
  return bad_fields(violations);
}

Json image_part_of(const Json& part) {
  const Json* image = find(part, "image_url");
  const std::string url(
      image ? (image->is_string() ? image->get<std::string>() : string_in(*image, "url")) : "");
  const auto comma = url.find(',');
  if (url.starts_with("data:") && comma != std::string::npos) {
    return {{"inlineData",
             {{"mimeType", url.substr(5, url.find(';') - 5)}, {"data", url.substr(comma + 1)}}}};
  }
  return {{"fileData", {{"fileUri", url}}}};
}

/// The parts of a message's content, which is a string, null, or a list of parts.
Json parts_of(const Json& message) {
  Json parts = Json::array();
  const Json* content = find(message, "content");
  if (!content || content->is_null()) return parts;
  if (content->is_string()) return Json::array({{{"text", *content}}});
  if (!content->is_array()) return parts;
  for (const auto& part : *content) {
    const auto type = string_in(part, "type");
    if (type == "text") parts.push_back({{"text", string_in(part, "text")}});
    if (type == "image_url") parts.push_back(image_part_of(part));
    if (type == "input_audio") {
      const Json* audio = find(part, "input_audio");
      if (!audio) continue;
      parts.push_back({{"inlineData",
                        {{"mimeType", "audio/" + std::string(string_in(*audio, "format"))},
                         {"data", string_in(*audio, "data")}}}});
    }
  }
  return parts;
}

std::string signature_in(const Json& call) {
  const Json* extra = find(call, "extra_content");
  const Json* google = extra ? find(*extra, "google") : nullptr;
  return google ? std::string(string_in(*google, "thought_signature")) : "";
}

/// Turns messages into contents; remembers the names of calls, since tool messages only give their
/// ids.
class Conversation {
 public:
  void add(const Json& message) {
    const auto role = string_in(message, "role");
    Json parts = parts_of(message);
    if (role == "system" || role == "developer") {
      for (auto& part : parts) system_.push_back(std::move(part));
    } else if (role == "assistant") {
      add_calls(message, parts);
      append("model", std::move(parts));
    } else if (role == "tool" || role == "function") {
      const std::string id(string_in(message, "tool_call_id"));
      std::string text;
      for (const auto& part : parts) text += string_in(part, "text");
      auto parsed = parse_json(text);
      Json response = parsed && parsed->is_object() ? *std::move(parsed) : Json{{"result", text}};
      const std::string name =
          role == "tool" ? names_[id] : std::string(string_in(message, "name"));
      append("user", Json::array({{{"functionResponse",
                                    {{"name", name}, {"response", std::move(response)}}}}}));
    } else {
      append("user", std::move(parts));
    }
  }

  void finish(Json& body) {
    body["contents"] = std::move(contents_);
    if (!system_.empty()) body["systemInstruction"] = {{"parts", std::move(system_)}};
  }

 private:
  void add_calls(const Json& message, Json& parts) {
    const Json* calls = find(message, "tool_calls");
    if (!calls || !calls->is_array()) return;
    for (const auto& call : *calls) {
      const Json* function = find(call, "function");
      if (!function) continue;
      const std::string name(string_in(*function, "name"));
      names_[std::string(string_in(call, "id"))] = name;
      auto args = parse_json(string_in(*function, "arguments"));
      Json part = {
          {"functionCall",
           {{"name", name}, {"args", args && args->is_object() ? *args : Json::object()}}}};
      if (const auto signature = signature_in(call); !signature.empty())
        part["thoughtSignature"] = signature;
      parts.push_back(std::move(part));
    }
  }

  void append(const char* role, Json parts) {
    if (parts.empty()) return;
    if (!contents_.empty() && contents_.back()["role"] == role) {
      for (auto& part : parts) contents_.back()["parts"].push_back(std::move(part));
    } else {
      contents_.push_back({{"role", role}, {"parts", std::move(parts)}});
    }
  }

  Json contents_ = Json::array();
  Json system_ = Json::array();
  std::map<std::string, std::string> names_;
};

void set_tools(const Json& chat, Json& body) {
  const Json* tools = find(chat, "tools");
  if (tools && tools->is_array() && !tools->empty()) {
    Json functions = Json::array();
    for (const auto& tool : *tools) {
      const Json* function = find(tool, "function");
      if (!function) continue;
      Json declaration = {{"name", string_in(*function, "name")}};
      if (find(*function, "description"))
        declaration["description"] = string_in(*function, "description");
      if (const Json* parameters = find(*function, "parameters"))
        declaration["parametersJsonSchema"] = *parameters;
      functions.push_back(std::move(declaration));
    }
    body["tools"] = Json::array({{{"functionDeclarations", std::move(functions)}}});
  }
  const Json* choice = find(chat, "tool_choice");
  if (!choice) return;
  Json calling = Json::object();
  if (choice->is_string()) {
    calling["mode"] = *choice == "none" ? "NONE" : *choice == "required" ? "ANY" : "AUTO";
  } else if (const Json* function = find(*choice, "function")) {
    calling = {{"mode", "ANY"},
               {"allowedFunctionNames", Json::array({string_in(*function, "name")})}};
  }
  if (!calling.empty()) body["toolConfig"] = {{"functionCallingConfig", std::move(calling)}};
}

/// The thinking configuration out of reasoning_effort or extra_body.google; an error when both are
/// given.
std::optional<ApiError> set_thinking(const Json& chat, Json& config, Json& body) {
  const Json* extra = find(chat, "extra_body");
  const Json* google = extra ? find(*extra, "google") : find(chat, "google");
  const Json* thinking = google ? find(*google, "thinking_config", "thinkingConfig") : nullptr;
  const auto effort = string_in(chat, "reasoning_effort");
  if (thinking && !effort.empty()) {
    return invalid_argument("reasoning_effort and thinking_config cannot be used together.");
  }
  if (google) {
    if (const Json* cached = find(*google, "cached_content", "cachedContent"))
      body["cachedContent"] = *cached;
  }
  if (thinking) {
    Json copy = Json::object();
    if (const Json* v = find(*thinking, "include_thoughts", "includeThoughts"))
      copy["includeThoughts"] = *v;
    if (const Json* v = find(*thinking, "thinking_budget", "thinkingBudget"))
      copy["thinkingBudget"] = *v;
    if (const Json* v = find(*thinking, "thinking_level", "thinkingLevel"))
      copy["thinkingLevel"] = *v;
    config["thinkingConfig"] = std::move(copy);
  } else if (!effort.empty()) {
    const Model* model = model_named(string_in(chat, "model"));
    if (model && model->generation < 3) {
      const int budget = effort == "none"     ? 0
                         : effort == "medium" ? 8192
                         : effort == "high"   ? 24576
                                              : 1024;
      config["thinkingConfig"] = {{"thinkingBudget", budget}};
    } else {
      config["thinkingConfig"] = {
          {"thinkingLevel", effort == "none" ? "minimal" : std::string(effort)}};
    }
  }
  return std::nullopt;
}

void set_config(const Json& chat, Json& config) {
  const std::pair<const char*, const char*> same[] = {{"temperature", "temperature"},
                                                      {"top_p", "topP"},
                                                      {"seed", "seed"},
                                                      {"max_tokens", "maxOutputTokens"},
                                                      {"max_completion_tokens", "maxOutputTokens"},
                                                      {"n", "candidateCount"}};
  for (const auto& [openai, gemini] : same) {
    if (const Json* value = find(chat, openai); value && value->is_number())
      config[gemini] = *value;
  }
  if (const Json* stop = find(chat, "stop"); stop && !stop->is_null()) {
    config["stopSequences"] = stop->is_string() ? Json::array({*stop}) : *stop;
  }
  const Json* format = find(chat, "response_format");
  if (!format) return;
  const auto type = string_in(*format, "type");
  if (type == "json_object" || type == "json_schema")
    config["responseMimeType"] = "application/json";
  const Json* schema = find(*format, "json_schema");
  if (schema && find(*schema, "schema")) config["responseJsonSchema"] = *find(*schema, "schema");
}

std::string finish_reason(const Said& said, bool called, bool streamed) {
  const auto& finish = said.answer.finish;
  if (finish == "MAX_TOKENS") return "length";
  if (finish == "SAFETY" || finish == "RECITATION") return "content_filter: " + finish;
  if (finish == "MALFORMED_FUNCTION_CALL" || finish == "UNEXPECTED_TOOL_CALL")
    return "function_call_filter: " + finish;
  // Streams of the newer models end calls in an event of their own, which says stop.
  if (called && !(streamed && said.ask.model->signs_parts())) return "tool_calls";
  return "stop";
}

Json usage_of(const Said& said, const Event& event) {
  const auto prompt = said.ask.tokens.total();
  Json usage = {{"completion_tokens", event.candidate_tokens}, {"prompt_tokens", prompt}};
  if (said.ask.cached_tokens > 0)
    usage["prompt_tokens_details"] = {{"cached_tokens", said.ask.cached_tokens}};
  usage["total_tokens"] = prompt + event.candidate_tokens + event.thought_tokens;
  return usage;
}

/// Writes the parts of one message or delta; keeps track of where thoughts begin and end.
class Writer {
 public:
  explicit Writer(const Said& said) : said_(said) {}

  Json message(const Json& parts) {
    std::string content;
    Json calls = Json::array();
    bool thinks = false;
    for (const auto& part : parts) {
      if (const Json* call = find(part, "functionCall")) {
        calls.push_back(tool_call(*call, part));
        continue;
      }
      const bool thought = bool_in(part, "thought").value_or(false);
      if (thought && !thinking_) content += "<thought>";
      if (!thought && thinking_) content += "</thought>";
      thinking_ = thought;
      thinks |= thought;
      content += string_in(part, "text");
    }
    Json json = Json::object();
    if (!content.empty()) json["content"] = content;
    if (thinks) json["extra_content"] = {{"google", {{"thought", true}}}};
    json["role"] = "assistant";
    if (!calls.empty()) json["tool_calls"] = std::move(calls);
    return json;
  }

 private:
  Json tool_call(const Json& call, const Json& part) {
    Json json = Json::object();
    if (find(part, "thoughtSignature")) {
      json["extra_content"] = {
          {"google", {{"thought_signature", string_in(part, "thoughtSignature")}}}};
    }
    json["function"] = {{"arguments", to_text(call["args"])}, {"name", string_in(call, "name")}};
    const auto id = string_in(call, "id");
    json["id"] =
        id.empty()
            ? "function-call-" +
                  std::to_string(
                      Dice(said_.ask.seed, said_.ask.response_id + std::to_string(count_++)).next())
            : std::string(id);
    json["type"] = "function";
    return json;
  }

  const Said& said_;
  bool thinking_ = false;
  int count_ = 0;
};

bool has_calls(const Said& said) {
  for (const auto& event : said.answer.events) {
    for (const auto& part : event.parts) {
      if (find(part, "functionCall")) return true;
    }
  }
  return false;
}

}  // namespace

std::variant<Json, ApiError> to_generate_body(const Json& chat) {
  if (auto error = unknown_names(chat)) return *error;
  const Json* messages = find(chat, "messages");
  Json body = Json::object();
  Conversation conversation;
  if (messages && messages->is_array()) {
    for (const auto& message : *messages) conversation.add(message);
  }
  conversation.finish(body);
  set_tools(chat, body);
  Json config = Json::object();
  set_config(chat, config);
  if (auto error = set_thinking(chat, config, body)) return *error;
  if (!config.empty()) body["generationConfig"] = std::move(config);
  return body;
}

Json to_completion(const Context& context, const Said& said, std::string_view model) {
  Json json = Json::object();
  if (!said.answer.no_candidates) {
    Json choice = {{"finish_reason", finish_reason(said, has_calls(said), false)}, {"index", 0}};
    choice["message"] = Writer(said).message(joined_parts(said.answer));
    json["choices"] = Json::array({std::move(choice)});
  }
  json["created"] = to_unix_seconds(context.now);
  json["id"] = context.id;
  json["model"] = model;
  json["object"] = "chat.completion";
  json["usage"] = usage_of(said, said.answer.events.back());
  return json;
}

std::vector<Json> to_completion_chunks(const Context& context, const Said& said,
                                       std::string_view model, bool with_usage) {
  std::vector<Json> chunks;
  Writer writer(said);
  const auto& events = said.answer.events;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const bool last = i + 1 == events.size();
    Json json = Json::object();
    if (!said.answer.no_candidates) {
      Json choice = {{"delta", writer.message(events[i].parts)}};
      if (last) choice["finish_reason"] = finish_reason(said, has_calls(said), true);
      choice["index"] = 0;
      json["choices"] = Json::array({std::move(choice)});
    }
    json["created"] = to_unix_seconds(context.now);
    json["id"] = context.id;
    json["model"] = model;
    json["object"] = "chat.completion.chunk";
    if (with_usage && last) json["usage"] = usage_of(said, events[i]);
    chunks.push_back(std::move(json));
  }
  return chunks;
}

}  // namespace gembal::sandbox
