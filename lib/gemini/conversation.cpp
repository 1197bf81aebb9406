#include "lib/gemini/conversation.hpp"

#include <algorithm>

#include "lib/core/json_object.hpp"

namespace gembal::gemini {

ConversationBuilder::ConversationBuilder(const ModelTraits& traits, SignatureOf signature_of)
    : traits_(traits), signature_of_(std::move(signature_of)) {}

void ConversationBuilder::append(const char* role, Json parts, bool may_merge) {
  auto& contents = conversation_.contents;
  if (may_merge && last_may_merge_ && !contents.empty() &&
      string_in(contents.back(), "role") == role) {
    for (auto& part : parts) contents.back()["parts"].push_back(std::move(part));
    return;
  }
  contents.push_back(object_of("role", role, "parts", std::move(parts)));
  last_may_merge_ = may_merge;
}

void ConversationBuilder::system(Json parts) {
  for (auto& part : parts) conversation_.system_parts.push_back(std::move(part));
}

void ConversationBuilder::user(Json parts) {
  answer_calls();
  if (parts.empty()) parts.push_back({{"text", " "}});
  append("user", std::move(parts), true);
}

/// Of calls made side by side only the first is signed.
void ConversationBuilder::sign(Json& part, bool is_first) {
  Json& call = *find(part, "functionCall");
  const std::string id(string_in(call, "id"));
  if (!traits_.signs_calls || id.empty()) call.erase("id");
  if (find(part, "thoughtSignature")) return;
  if (auto kept = signature_of_ && !id.empty() ? signature_of_(id) : std::string(); !kept.empty()) {
    part["thoughtSignature"] = std::move(kept);
  } else if (traits_.signs_calls && is_first) {
    part["thoughtSignature"] = kUnsigned;
  }
}

void ConversationBuilder::model(Json parts) {
  if (parts.empty()) return;
  answer_calls();
  bool has_calls = false;
  for (auto& part : parts) {
    const Json* call = find(std::as_const(part), "functionCall");
    if (!call) continue;
    open_calls_.push_back({std::string(string_in(*call, "id")),
                           std::string(string_in(*call, "name")), Json(), Json()});
    sign(part, !has_calls);
    has_calls = true;
  }
  append("model", std::move(parts), !has_calls);
}

void ConversationBuilder::result(std::string_view id, std::string_view name, Json response,
                                 Json media, std::string_view text) {
  const auto call = std::find_if(open_calls_.begin(), open_calls_.end(), [&](const Call& one) {
    return one.response.is_null() && (id.empty() ? one.name == name : one.id == id);
  });
  if (call == open_calls_.end()) {
    Json parts = empty_array();
    if (!text.empty()) parts.push_back({{"text", text}});
    for (auto& part : media) parts.push_back(std::move(part));
    user(std::move(parts));
    return;
  }
  call->response = std::move(response);
  call->media = std::move(media);
}

/// Upstream refuses a call that has no result.
void ConversationBuilder::answer_calls() {
  if (open_calls_.empty()) return;
  Json parts = empty_array();
  Json media = empty_array();
  for (auto& call : open_calls_) {
    if (call.response.is_null()) call.response = object_of("error", "no result");
    Json response = object_with_room(4);
    auto& members = response.get_ref<Json::object_t&>();
    add_members(members, "name", std::move(call.name));
    if (traits_.signs_calls && !call.id.empty()) add_members(members, "id", std::move(call.id));
    add_members(members, "response", std::move(call.response));
    if (!call.media.empty() && traits_.takes_parts_in_results) {
      add_members(members, "parts", std::move(call.media));
    } else {
      for (auto& part : call.media) media.push_back(std::move(part));
    }
    parts.push_back(object_of("functionResponse", std::move(response)));
  }
  for (auto& part : media) parts.push_back(std::move(part));
  open_calls_.clear();
  append("user", std::move(parts), false);
}

Conversation ConversationBuilder::finish() && {
  answer_calls();
  // A conversation needs a turn to answer.
  if (conversation_.contents.empty() && !conversation_.system_parts.empty())
    append("user", std::exchange(conversation_.system_parts, Json::array()), true);
  return std::move(conversation_);
}

void Conversation::put_into(Json& request, const ModelTraits& traits) && {
  if (!system_parts.empty() && !traits.takes_system_instruction && !contents.empty()) {
    if (contents.front()["role"] != "user")
      contents.insert(contents.begin(), Json{{"role", "user"}, {"parts", Json::array()}});
    auto& parts = contents.front()["parts"];
    for (auto& part : parts) system_parts.push_back(std::move(part));
    parts = std::move(system_parts);
  } else if (!system_parts.empty()) {
    request["systemInstruction"] = object_of("parts", std::move(system_parts));
  }
  request["contents"] = std::move(contents);
}

Json as_object(std::string_view text, const char* member) {
  auto parsed = parse_json(text);
  if (parsed && parsed->is_object()) return *std::move(parsed);
  return object_of(member, text);
}

}  // namespace gembal::gemini
