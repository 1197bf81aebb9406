#include "lib/gemini/signatures.hpp"

#include "lib/core/json.hpp"

namespace gembal::gemini {
namespace {

constexpr auto kBypass = "skip_thought_signature_validator";

/// The list that is the member `name` of an object; nullptr when there is none.
Json* list_in(Json& value, const char* name) {
  if (!value.is_object()) return nullptr;
  const auto found = value.find(name);
  return found == value.end() || !found->is_array() ? nullptr : &*found;
}

/// Replaces the signature of a part, in either spelling. True when there was one.
bool replace_in_part(Json& part) {
  bool replaced = false;
  for (const auto* name : {"thoughtSignature", "thought_signature"}) {
    if (!part.is_object() || !part.contains(name)) continue;
    part[name] = kBypass;
    replaced = true;
  }
  return replaced;
}

/// A model's first call of a turn is the one that must be signed.
bool replace_in_content(Json& content) {
  Json* parts = list_in(content, "parts");
  if (!parts) return false;
  bool replaced = false;
  bool is_first = string_in(content, "role") == "model";
  for (auto& part : *parts) {
    const bool was_signed = replace_in_part(part);
    const bool calls = part.is_object() && find(part, "functionCall", "function_call");
    if (calls && std::exchange(is_first, false) && !was_signed) {
      part["thoughtSignature"] = kBypass;
      replaced = true;
    }
    replaced |= was_signed;
  }
  return replaced;
}

/// Replaces extra_content.google.thought_signature of a message or a call. True when there was one.
bool replace_in_extra(Json& value) {
  if (!value.is_object() || !value.contains("extra_content")) return false;
  Json& extra = value["extra_content"];
  if (!extra.is_object() || !extra.contains("google")) return false;
  Json& google = extra["google"];
  if (!google.is_object() || !google.contains("thought_signature")) return false;
  google["thought_signature"] = kBypass;
  return true;
}

bool replace_in_message(Json& message) {
  bool replaced = replace_in_extra(message);
  Json* calls = list_in(message, "tool_calls");
  if (!calls) return replaced;
  bool is_first = true;
  for (auto& call : *calls) {
    const bool was_signed = replace_in_extra(call);
    if (std::exchange(is_first, false) && !was_signed && call.is_object()) {
      call["extra_content"] = {{"google", {{"thought_signature", kBypass}}}};
      replaced = true;
    }
    replaced |= was_signed;
  }
  return replaced;
}

}  // namespace

std::optional<std::string> with_bypassed_signatures(std::string_view body) {
  auto request = parse_json(body);
  if (!request) return std::nullopt;
  bool replaced = false;
  if (Json* contents = list_in(*request, "contents")) {
    for (auto& content : *contents) replaced |= replace_in_content(content);
  }
  if (Json* messages = list_in(*request, "messages")) {
    for (auto& message : *messages) replaced |= replace_in_message(message);
  }
  if (!replaced) return std::nullopt;
  return to_text(*request);
}

}  // namespace gembal::gemini
