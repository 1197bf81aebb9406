#include "lib/anthropic/conversation.hpp"

#include <algorithm>

#include "lib/anthropic/bad_request.hpp"
#include "lib/anthropic/content.hpp"
#include "lib/anthropic/signature.hpp"

namespace gembal::anthropic {
namespace {

/// Claude Code says in its system prompt who pays. It is of no use here, and it changes from
/// request to request, which upstream's cache of equal beginnings would not survive.
bool is_billing_note(const Json& part) {
  return string_in(part, "text").starts_with("x-anthropic-billing-header:");
}

class Translator {
 public:
  Translator(const gemini::ModelTraits& traits, const gemini::SignatureOf& signature_of)
      : builder_(traits, signature_of) {}

  Result<void> add_system(Json& content);
  Result<void> add(Json& message, const std::string& where);
  gemini::Conversation finish() { return std::move(builder_).finish(); }

 private:
  Result<void> add_user(Json& content, const std::string& where);
  Result<void> add_assistant(Json& content, const std::string& where);
  Result<void> add_instruction(Json& content, const std::string& where);
  Result<void> add_result(Json& block, const std::string& where);

  gemini::ConversationBuilder builder_;
  bool has_turns_ = false;
};

Result<void> Translator::add_system(Json& content) {
  auto parts = content_parts(content, "system");
  if (!parts) return std::move(parts).error();
  Json kept = Json::array();
  for (auto& part : *parts) {
    if (!is_billing_note(part)) kept.push_back(std::move(part));
  }
  builder_.system(std::move(kept));
  return {};
}

/// Instructions in the midst of a conversation stay where they are: what comes before them is then
/// as it was in the request before, and cached.
Result<void> Translator::add_instruction(Json& content, const std::string& where) {
  auto parts = content_parts(content, where);
  if (!parts) return std::move(parts).error();
  if (!has_turns_) {
    builder_.system(*std::move(parts));
  } else if (!parts->empty()) {
    builder_.user(*std::move(parts));
  }
  return {};
}

Result<void> Translator::add_result(Json& block, const std::string& where) {
  const std::string id(string_in(block, "tool_use_id"));
  if (id.empty()) return bad_at(where + ".tool_use_id", "'tool_use_id' is missing");
  auto parts = content_parts(block["content"], where + ".content");
  if (!parts) return std::move(parts).error();
  const auto text = text_of(*parts);
  Json media = Json::array();
  for (auto& part : *parts) {
    if (!part.contains("text")) media.push_back(std::move(part));
  }
  const bool failed = bool_in(block, "is_error").value_or(false);
  Json response = failed ? Json{{"error", text}} : gemini::as_object(text, "result");
  builder_.result(id, "", std::move(response), std::move(media), text);
  return {};
}

/// Results go before whatever else the user says: that is how they must follow their calls.
Result<void> Translator::add_user(Json& content, const std::string& where) {
  if (!content.is_array()) {
    auto parts = content_parts(content, where);
    if (!parts) return std::move(parts).error();
    builder_.user(*std::move(parts));
    return {};
  }
  bool has_results = false;
  Json parts = Json::array();
  for (std::size_t i = 0; i < content.size(); ++i) {
    const auto place = where + "." + std::to_string(i);
    if (string_in(content[i], "type") == "tool_result") {
      if (auto added = add_result(content[i], place); !added) return added;
      has_results = true;
      continue;
    }
    auto made = block_parts(content[i], place);
    if (!made) return std::move(made).error();
    for (auto& part : *made) parts.push_back(std::move(part));
  }
  if (!parts.empty() || !has_results) builder_.user(std::move(parts));
  return {};
}

Result<Json> call_part(Json& block, const std::string& where) {
  const auto name = string_in(block, "name");
  if (name.empty()) return bad_at(where + ".name", "'name' is missing");
  Json part;
  auto& call = part["functionCall"];
  call["name"] = name;
  Json& input = block["input"];
  call["args"] = input.is_object() ? std::move(input) : Json::object();
  if (const auto id = string_in(block, "id"); !id.empty()) call["id"] = id;
  return part;
}

/// What servers of Anthropic's did (searches, code) is passed over, as are other models' thoughts:
/// what the model made of them is in the text.
Result<void> Translator::add_assistant(Json& content, const std::string& where) {
  Json parts = Json::array();
  if (content.is_string()) {
    if (!content.get_ref<const std::string&>().empty())
      parts.push_back({{"text", std::move(content)}});
    builder_.model(std::move(parts));
    return {};
  }
  if (!content.is_array()) return bad_at(where, "content must be a text or an array of blocks");
  std::string signature;  // of the part to come
  for (std::size_t i = 0; i < content.size(); ++i) {
    auto& block = content[i];
    const auto place = where + "." + std::to_string(i);
    if (!block.is_object()) return bad_at(place, "a content block must be an object");
    const std::string type(string_in(block, "type"));
    Json part;
    if (type == "thinking") {
      signature = thought_signature(string_in(block, "signature"));
    } else if (type == "tool_use") {
      auto call = call_part(block, place);
      if (!call) return std::move(call).error();
      part = *std::move(call);
    } else if (type == "text") {
      if (auto text = take_text(block, "text"); !text.empty()) part["text"] = std::move(text);
    }
    if (part.is_null()) continue;
    if (!signature.empty()) part["thoughtSignature"] = std::exchange(signature, "");
    parts.push_back(std::move(part));
  }
  builder_.model(std::move(parts));
  return {};
}

Result<void> Translator::add(Json& message, const std::string& where) {
  if (!message.is_object()) return bad_at(where, "a message must be an object");
  const std::string role(string_in(message, "role"));
  const auto content = message.find("content");
  if (content == message.end() || content->is_null())
    return bad_at(where + ".content", "'content' is missing");
  const auto place = where + ".content";
  if (role == "system") return add_instruction(*content, place);
  has_turns_ = true;
  if (role == "user") return add_user(*content, place);
  if (role == "assistant") return add_assistant(*content, place);
  return bad_at(where + ".role", role.empty() ? "'role' is missing"
                                              : "the role '" + role +
                                                    "' is unknown: it must be user, assistant or "
                                                    "system");
}

bool has_block(const Json& content, std::string_view type) {
  return content.is_array() && std::any_of(content.begin(), content.end(), [type](const Json& one) {
           return string_in(one, "type") == type;
         });
}

}  // namespace

std::vector<std::string> unsigned_calls(const Json& request) {
  std::vector<std::string> ids;
  const Json* messages = find(request, "messages");
  if (!messages || !messages->is_array()) return ids;
  for (auto message = messages->rbegin(); message != messages->rend(); ++message) {
    const Json* content = find(*message, "content");
    const auto role = string_in(*message, "role");
    if (role == "user" && !(content && has_block(*content, "tool_result"))) break;
    if (role != "assistant" || !content || !content->is_array()) continue;
    bool is_signed = false;
    for (const auto& block : *content) {
      const auto type = string_in(block, "type");
      if (type == "thinking") is_signed = !thought_signature(string_in(block, "signature")).empty();
      if (type == "text") is_signed = false;  // the signature was the text's
      if (type != "tool_use") continue;
      if (!is_signed) ids.emplace_back(string_in(block, "id"));
      break;
    }
  }
  return ids;
}

Result<gemini::Conversation> translate_conversation(Json& request,
                                                    const gemini::ModelTraits& traits,
                                                    const gemini::SignatureOf& signature_of) {
  const auto messages = request.find("messages");
  if (messages == request.end() || !messages->is_array() || messages->empty())
    return bad_at("messages", "there must be an array with at least one message");
  Translator translator(traits, signature_of);
  if (const auto system = request.find("system"); system != request.end()) {
    if (auto added = translator.add_system(*system); !added) return std::move(added).error();
  }
  for (std::size_t i = 0; i < messages->size(); ++i) {
    auto added = translator.add((*messages)[i], "messages." + std::to_string(i));
    if (!added) return std::move(added).error();
  }
  auto conversation = translator.finish();
  if (conversation.contents.empty())
    return bad_at("messages", "there is nothing to answer: all of it is empty");
  return conversation;
}

}  // namespace gembal::anthropic
