#include "lib/openai/chat_messages.hpp"

#include "lib/core/json_object.hpp"
#include "lib/core/text.hpp"
#include "lib/openai/bad_request.hpp"
#include "lib/openai/content_parts.hpp"

namespace gembal::openai {
namespace {

std::string_view signature_in_extra(const Json& value) {
  const Json* extra = find(value, "extra_content");
  for (const char* vendor : {"google", "vertex"}) {
    const Json* own = extra ? find(*extra, vendor) : nullptr;
    const auto signature = own ? string_in(*own, "thought_signature") : std::string_view();
    if (!signature.empty()) return signature;
  }
  return {};
}

/// A call's arguments, which come as text: no text means none, and no object is wrapped in one.
Json arguments_of(std::string_view text) {
  return trim(text).empty() ? Json::object() : gemini::as_object(text, "value");
}

Json call_part(std::string_view name, Json args, std::string_view id, std::string_view signature) {
  auto call = id.empty() ? object_of("name", name, "args", std::move(args))
                         : object_of("name", name, "args", std::move(args), "id", id);
  if (signature.empty()) return object_of("functionCall", std::move(call));
  return object_of("functionCall", std::move(call), "thoughtSignature", signature);
}

class Translator {
 public:
  Translator(const gemini::ModelTraits& traits, const gemini::SignatureOf& signature_of)
      : builder_(traits, signature_of) {}

  Result<void> add(Json& message, const Place& where);
  gemini::Conversation finish() { return std::move(builder_).finish(); }

 private:
  Result<void> add_assistant(Json& message, Json parts, const Place& where);
  void add_result(const Json& message, Json parts);

  gemini::ConversationBuilder builder_;
};

Result<Json> translate_call(const Json& call, const Place& where) {
  const Json* function = find(call, "function");
  const Json* custom = find(call, "custom");
  const auto name = function ? string_in(*function, "name")
                    : custom ? string_in(*custom, "name")
                             : std::string_view();
  if (name.empty()) return bad_at(where, "a tool call needs a function with a name");
  Json args;
  if (function) {
    args = arguments_of(string_in(*function, "arguments"));
  } else {
    args["input"] = string_in(*custom, "input");
  }
  return call_part(name, std::move(args), string_in(call, "id"), signature_of_call(call));
}

Result<void> Translator::add_assistant(Json& message, Json parts, const Place& where) {
  // A message that refused has nothing else to say.
  if (parts.empty()) {
    const auto refusal = string_in(message, "refusal");
    if (!refusal.empty()) parts.push_back({{"text", refusal}});
  }
  if (const auto signature = signature_in_extra(message); !signature.empty() && !parts.empty())
    parts.back()["thoughtSignature"] = signature;
  const Json* calls = find(message, "tool_calls");
  if (calls && !calls->is_null() && !calls->is_array())
    return bad_at(where + ".tool_calls", "'tool_calls' must be an array");
  for (std::size_t i = 0; calls && i < calls->size(); ++i) {
    auto part = translate_call((*calls)[i], where.member("tool_calls")[i]);
    if (!part) return std::move(part).error();
    parts.push_back(*std::move(part));
  }
  // Before there were tools there was one function.
  if (const Json* call = find(message, "function_call"); call && call->is_object()) {
    const auto name = string_in(*call, "name");
    if (name.empty()) return bad_at(where + ".function_call", "'function_call' needs a name");
    parts.push_back(call_part(name, arguments_of(string_in(*call, "arguments")), "", ""));
  }
  builder_.model(std::move(parts));
  return {};
}

void Translator::add_result(const Json& message, Json parts) {
  const auto text = text_of(parts);
  Json media = empty_array();
  for (auto& part : parts) {
    if (!find(part, "text")) media.push_back(std::move(part));
  }
  builder_.result(string_in(message, "tool_call_id"), string_in(message, "name"),
                  gemini::as_object(text, "result"), std::move(media), text);
}

Result<void> Translator::add(Json& message, const Place& where) {
  if (!message.is_object()) return bad_at(where, "a message must be an object");
  const auto role = string_in(message, "role");
  Json none;
  Json* content = find(message, "content");
  auto parts = content_parts(content ? *content : none, where.member("content"));
  if (!parts) return std::move(parts).error();
  if (role == "user") {
    builder_.user(*std::move(parts));
  } else if (role == "assistant" || role == "model") {
    return add_assistant(message, *std::move(parts), where);
  } else if (role == "system" || role == "developer") {
    builder_.system(*std::move(parts));
  } else if (role == "tool" || role == "function") {
    add_result(message, *std::move(parts));
  } else {
    return bad_at(where + ".role",
                  role.empty()
                      ? "'role' is missing"
                      : "the role '" + std::string(role) +
                            "' is unknown: it must be system, developer, user, assistant or tool");
  }
  return {};
}

}  // namespace

std::string_view signature_of_call(const Json& call) {
  if (const auto signature = signature_in_extra(call); !signature.empty()) return signature;
  for (const char* place : {"provider_specific_fields", "function"}) {
    const Json* own = find(call, place);
    const auto signature = own ? string_in(*own, "thought_signature") : std::string_view();
    if (!signature.empty()) return signature;
  }
  return {};
}

std::vector<std::string> unsigned_calls(const Json& messages) {
  std::vector<std::string> ids;
  if (!messages.is_array()) return ids;
  for (auto message = messages.rbegin(); message != messages.rend(); ++message) {
    if (string_in(*message, "role") == "user") break;
    const Json* calls = find(*message, "tool_calls");
    if (!calls || !calls->is_array() || calls->empty()) continue;
    const auto id = string_in(calls->front(), "id");
    if (!id.empty() && signature_of_call(calls->front()).empty()) ids.emplace_back(id);
  }
  return ids;
}

Result<gemini::Conversation> translate_messages(Json& messages, const gemini::ModelTraits& traits,
                                                const gemini::SignatureOf& signature_of) {
  Translator translator(traits, signature_of);
  const Place all("messages");
  for (std::size_t i = 0; i < messages.size(); ++i) {
    auto added = translator.add(messages[i], all[i]);
    if (!added) return std::move(added).error();
  }
  return translator.finish();
}

}  // namespace gembal::openai
