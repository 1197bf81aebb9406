#include "lib/openai/chat_messages.hpp"

#include <algorithm>
#include <map>

#include "lib/core/text.hpp"

namespace gembal::openai {
namespace {

// Accepted in place of a signature that the client did not keep.
constexpr auto kUnsigned = "skip_thought_signature_validator";

Error bad(std::size_t index, std::string_view what) {
  return {ErrorKind::bad_request, "messages[" + std::to_string(index) + "]: " + std::string(what),
          ""};
}

/// "data:image/png;base64,iVBOR…" as an inlineData part; nullopt when it is no base64 data URL.
std::optional<Json> inline_data(std::string_view url) {
  if (!iequals(url.substr(0, 5), "data:")) return std::nullopt;
  const auto comma = url.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  const auto description = url.substr(5, comma - 5);
  const auto semicolon = description.rfind(';');
  if (semicolon == std::string_view::npos || !iequals(description.substr(semicolon + 1), "base64"))
    return std::nullopt;
  std::string mime(description.substr(0, description.find(';')));
  if (mime.empty()) mime = "text/plain";
  // Percent-encoded and wrapped base64 happens.
  auto data = url.substr(comma + 1);
  std::string cleaned;
  if (data.find('%') != std::string_view::npos) data = cleaned = percent_decode(data);
  if (data.find_first_of(" \r\n\t") != std::string_view::npos) {
    std::string packed;
    std::copy_if(data.begin(), data.end(), std::back_inserter(packed), [](char c) {
      return std::string_view(" \r\n\t").find(c) == std::string_view::npos;
    });
    return Json{{"inlineData", {{"mimeType", mime}, {"data", packed}}}};
  }
  return Json{{"inlineData", {{"mimeType", mime}, {"data", data}}}};
}

/// A link that upstream itself can open.
Json file_data(std::string_view url) {
  Json file = {{"fileUri", url}};
  static const std::map<std::string_view, std::string_view> kTypes = {
      {".png", "image/png"},   {".jpg", "image/jpeg"}, {".jpeg", "image/jpeg"},
      {".webp", "image/webp"}, {".gif", "image/gif"},  {".pdf", "application/pdf"},
      {".mp4", "video/mp4"},   {".mp3", "audio/mp3"}};
  const auto path = url.substr(0, url.find_first_of("?#"));
  if (const auto dot = path.rfind('.'); dot != std::string_view::npos) {
    if (const auto type = kTypes.find(lower(path.substr(dot))); type != kTypes.end())
      file["mimeType"] = type->second;
  }
  return {{"fileData", std::move(file)}};
}

/// One part of a content array. A null result: nothing to send.
Result<Json> translate_part(const Json& part, std::size_t index) {
  const auto type = string_in(part, "type");
  if (type == "text" || type == "input_text" || type == "output_text") {
    const auto text = string_in(part, "text");
    return text.empty() ? Json() : Json{{"text", text}};
  }
  if (type == "refusal") return Json{{"text", string_in(part, "refusal")}};
  if (type == "image_url" || type == "video_url" || type == "audio_url") {
    const Json* link = find(part, type);
    const std::string_view url = link && link->is_string()
                                     ? std::string_view(link->get_ref<const std::string&>())
                                 : link ? string_in(*link, "url")
                                        : std::string_view();
    if (auto data = inline_data(url)) return *std::move(data);
    if (url.starts_with("https://") || url.starts_with("http://") || url.starts_with("gs://"))
      return file_data(url);
    return bad(index,
               "'" + std::string(type) + "' needs a url: data:<type>;base64,... or https://...");
  }
  if (type == "input_audio") {
    const Json* audio = find(part, "input_audio");
    const auto format = audio ? string_in(*audio, "format") : std::string_view();
    if (format.empty()) return bad(index, "'input_audio' needs data and format");
    return Json{
        {"inlineData",
         {{"mimeType", "audio/" + std::string(format)}, {"data", string_in(*audio, "data")}}}};
  }
  if (type == "file") {
    const Json* file = find(part, "file");
    if (auto data = inline_data(file ? string_in(*file, "file_data") : std::string_view()))
      return *std::move(data);
    const auto id = file ? string_in(*file, "file_id") : std::string_view();
    if (id.starts_with("https://") || id.starts_with("gs://")) return file_data(id);
    return bad(index, "'file' needs file_data as a data URL");
  }
  if (type == "thinking" || type == "reasoning" || type == "redacted_thinking") return Json();
  return bad(index, "content of type '" + std::string(type) + "' is not supported");
}

Result<Json> translate_content(const Json& message, std::size_t index) {
  Json parts = Json::array();
  const Json* content = find(message, "content");
  if (!content || content->is_null()) return parts;
  if (content->is_string()) {
    if (!content->get_ref<const std::string&>().empty()) parts.push_back({{"text", *content}});
    return parts;
  }
  if (!content->is_array()) return bad(index, "'content' must be text or an array of parts");
  for (const auto& part : *content) {
    if (part.is_string()) {
      parts.push_back({{"text", part}});
      continue;
    }
    auto translated = translate_part(part, index);
    if (!translated) return std::move(translated).error();
    if (!translated->is_null()) parts.push_back(*std::move(translated));
  }
  return parts;
}

std::string all_text(const Json& parts) {
  std::string text;
  for (const auto& part : parts) text += string_in(part, "text");
  return text;
}

std::string_view signature_of(const Json& call) {
  for (const char* vendor : {"google", "vertex"}) {
    const Json* extra = find(call, "extra_content");
    const Json* own = extra ? find(*extra, vendor) : nullptr;
    if (own && !string_in(*own, "thought_signature").empty())
      return string_in(*own, "thought_signature");
  }
  for (const char* place : {"provider_specific_fields", "function"}) {
    const Json* own = find(call, place);
    if (own && !string_in(*own, "thought_signature").empty())
      return string_in(*own, "thought_signature");
  }
  return {};
}

/// An object as it is; anything else as the one member of an object, which is all that Gemini
/// takes.
Json as_object(std::string_view text, const char* name) {
  auto parsed = parse_json(text);
  if (parsed && parsed->is_object()) return *std::move(parsed);
  return {{name, text}};
}

/// Builds the contents message by message, and keeps the answers to function calls together and in
/// the order of the calls.
class Builder {
 public:
  explicit Builder(bool signs_thoughts) : signs_thoughts_(signs_thoughts) {}

  Result<void> add(const Json& message, std::size_t index);
  Conversation finish();

 private:
  struct Call {
    std::string id;
    std::string name;
    Json response;  ///< null: not answered yet
  };

  void append(const char* role, Json parts, bool may_merge);
  Result<void> add_assistant(const Json& message, std::size_t index);
  void add_tool_result(const Json& message, const std::string& text);
  void answer_calls();

  bool signs_thoughts_;
  Conversation conversation_;
  std::vector<Call> open_calls_;
  bool last_may_merge_ = false;
};

void Builder::append(const char* role, Json parts, bool may_merge) {
  auto& contents = conversation_.contents;
  if (may_merge && last_may_merge_ && !contents.empty() && contents.back()["role"] == role) {
    for (auto& part : parts) contents.back()["parts"].push_back(std::move(part));
    return;
  }
  contents.push_back({{"role", role}, {"parts", std::move(parts)}});
  last_may_merge_ = may_merge;
}

Result<void> Builder::add_assistant(const Json& message, std::size_t index) {
  auto parts = translate_content(message, index);
  if (!parts) return std::move(parts).error();
  const Json* calls = find(message, "tool_calls");
  const bool has_calls = calls && calls->is_array() && !calls->empty();
  if (has_calls) {
    bool is_first = true;
    for (const auto& call : *calls) {
      const Json* function = find(call, "function");
      if (!function || string_in(*function, "name").empty())
        return bad(index, "each of 'tool_calls' needs a function with a name");
      const std::string name(string_in(*function, "name"));
      Json translated = {{"name", name},
                         {"args", as_object(string_in(*function, "arguments"), "value")}};
      if (trim(string_in(*function, "arguments")).empty()) translated["args"] = Json::object();
      const std::string id(string_in(call, "id"));
      if (signs_thoughts_ && !id.empty()) translated["id"] = id;
      Json part = {{"functionCall", std::move(translated)}};
      // Only the first of parallel calls is signed.
      if (const auto signature = signature_of(call); !signature.empty()) {
        part["thoughtSignature"] = signature;
      } else if (signs_thoughts_ && is_first) {
        part["thoughtSignature"] = kUnsigned;
      }
      is_first = false;
      parts->push_back(std::move(part));
      open_calls_.push_back({id, name, Json()});
    }
  }
  if (!parts->empty()) append("model", *std::move(parts), !has_calls);
  return {};
}

void Builder::add_tool_result(const Json& message, const std::string& text) {
  const auto id = string_in(message, "tool_call_id");
  const auto name = string_in(message, "name");
  const auto call = std::find_if(open_calls_.begin(), open_calls_.end(), [&](const Call& one) {
    return one.response.is_null() && (id.empty() ? one.name == name : one.id == id);
  });
  if (call == open_calls_.end()) {
    append("user", Json::array({{{"text", text.empty() ? " " : text}}}), true);
    return;
  }
  call->response = as_object(text, "result");
}

/// Each call must have its answer, in the order of the calls; a missing one is refused by the API.
void Builder::answer_calls() {
  if (open_calls_.empty()) return;
  Json parts = Json::array();
  for (auto& call : open_calls_) {
    Json response = {{"name", call.name}};
    if (signs_thoughts_ && !call.id.empty()) response["id"] = call.id;
    response["response"] =
        call.response.is_null() ? Json{{"error", "no result"}} : std::move(call.response);
    parts.push_back({{"functionResponse", std::move(response)}});
  }
  open_calls_.clear();
  append("user", std::move(parts), false);
}

Result<void> Builder::add(const Json& message, std::size_t index) {
  if (!message.is_object()) return bad(index, "a message must be an object");
  const auto role = string_in(message, "role");
  if (role == "tool" || role == "function") {
    auto parts = translate_content(message, index);
    if (!parts) return std::move(parts).error();
    add_tool_result(message, all_text(*parts));
    return {};
  }
  answer_calls();
  if (role == "assistant" || role == "model") return add_assistant(message, index);
  auto parts = translate_content(message, index);
  if (!parts) return std::move(parts).error();
  if (role == "system" || role == "developer") {
    for (auto& part : *parts) conversation_.system_parts.push_back(std::move(part));
    return {};
  }
  if (role != "user") return bad(index, "the role '" + std::string(role) + "' is unknown");
  if (parts->empty()) parts->push_back({{"text", " "}});  // an empty turn is refused
  append("user", *std::move(parts), true);
  return {};
}

Conversation Builder::finish() {
  answer_calls();
  // A conversation needs a turn to answer.
  if (conversation_.contents.empty() && !conversation_.system_parts.empty()) {
    append("user", std::exchange(conversation_.system_parts, Json::array()), true);
  }
  return std::move(conversation_);
}

}  // namespace

Result<Conversation> translate_messages(const Json& messages, bool signs_thoughts) {
  Builder builder(signs_thoughts);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (auto added = builder.add(messages[i], i); !added) return std::move(added).error();
  }
  return builder.finish();
}

}  // namespace gembal::openai
