#include "lib/openai/chat_reply.hpp"

#include <array>

#include "lib/core/digest.hpp"
#include "lib/gemini/error_reply.hpp"

namespace gembal::openai {
namespace {

constexpr std::array<std::string_view, 10> kFiltered = {"SAFETY",
                                                        "RECITATION",
                                                        "BLOCKLIST",
                                                        "PROHIBITED_CONTENT",
                                                        "SPII",
                                                        "LANGUAGE",
                                                        "IMAGE_SAFETY",
                                                        "IMAGE_PROHIBITED_CONTENT",
                                                        "IMAGE_RECITATION",
                                                        "MODEL_ARMOR"};

Json tool_call(const Json& function_call, std::string_view signature, const ReplyIdentity& identity,
               std::size_t number) {
  const auto id = string_in(function_call, "id");
  const Json* args = find(function_call, "args");
  // Older models give no id: the same answer must not use one twice, nor another answer of this
  // conversation.
  std::string own = "call_" + sha256_hex(identity.id + "/" + std::to_string(number)).substr(0, 24);
  Json call = {
      {"id", id.empty() ? std::move(own) : std::string(id)},
      {"type", "function"},
      {"function",
       {{"name", string_in(function_call, "name")}, {"arguments", args ? to_text(*args) : "{}"}}}};
  if (!signature.empty()) call["extra_content"] = {{"google", {{"thought_signature", signature}}}};
  return call;
}

std::string fenced(std::string_view language, std::string_view code) {
  std::string text = "\n```";
  text.append(language).append("\n").append(code);
  if (!text.ends_with('\n')) text += '\n';
  return text + "```\n";
}

Json message_of(Pieces pieces, const std::string& refusal) {
  Json message = {{"role", "assistant"}, {"content", nullptr}, {"refusal", nullptr}};
  if (!pieces.text.empty() || pieces.tool_calls.empty())
    message["content"] = std::move(pieces.text);
  if (!refusal.empty()) {
    message["content"] = nullptr;
    message["refusal"] = refusal;
  }
  if (!pieces.thoughts.empty()) message["reasoning_content"] = std::move(pieces.thoughts);
  if (!pieces.tool_calls.empty()) message["tool_calls"] = std::move(pieces.tool_calls);
  if (!pieces.images.empty()) message["images"] = std::move(pieces.images);
  if (!pieces.signature.empty())
    message["extra_content"] = {{"google", {{"thought_signature", pieces.signature}}}};
  return message;
}

Json choice(std::int64_t index, Json message, const std::string& reason) {
  return {{"index", index},
          {"message", std::move(message)},
          {"logprobs", nullptr},
          {"finish_reason", reason}};
}

}  // namespace

std::string finish_reason(std::string_view gemini_reason, bool has_calls) {
  if (gemini_reason.empty()) return "";
  if (gemini_reason == "MAX_TOKENS" || gemini_reason == "CONTINUATION") return "length";
  for (const auto filtered : kFiltered) {
    if (gemini_reason == filtered) return "content_filter";
  }
  return has_calls ? "tool_calls" : "stop";
}

Pieces pieces_of(const Json& candidate, const ReplyIdentity& identity, std::size_t calls_before) {
  Pieces pieces;
  const Json* content = find(candidate, "content");
  const Json* parts = content ? find(*content, "parts") : nullptr;
  if (!parts || !parts->is_array()) return pieces;
  for (const auto& part : *parts) {
    const auto signature = string_in(part, "thoughtSignature");
    const bool is_thought = bool_in(part, "thought").value_or(false);
    if (const Json* call = find(part, "functionCall")) {
      pieces.tool_calls.push_back(
          tool_call(*call, signature, identity, calls_before + pieces.tool_calls.size()));
      continue;
    }
    if (!signature.empty() && !is_thought) pieces.signature = signature;
    if (const Json* code = find(part, "executableCode")) {
      pieces.text += fenced("python", string_in(*code, "code"));
    } else if (const Json* result = find(part, "codeExecutionResult")) {
      pieces.text += fenced("", string_in(*result, "output"));
    } else if (const Json* data = find(part, "inlineData"); data && !is_thought) {
      const auto url = "data:" + std::string(string_in(*data, "mimeType")) + ";base64," +
                       std::string(string_in(*data, "data"));
      pieces.images.push_back({{"type", "image_url"}, {"image_url", {{"url", url}}}});
    } else {
      (is_thought ? pieces.thoughts : pieces.text) += string_in(part, "text");
    }
  }
  return pieces;
}

Json usage_of(const Json& metadata) {
  const auto count = [&](const char* name) { return integer_in(metadata, name).value_or(0); };
  const auto prompt = count("promptTokenCount") + count("toolUsePromptTokenCount");
  const auto completion = count("candidatesTokenCount") + count("thoughtsTokenCount");
  return {{"prompt_tokens", prompt},
          {"completion_tokens", completion},
          {"total_tokens", prompt + completion},
          {"prompt_tokens_details",
           {{"cached_tokens", count("cachedContentTokenCount")}, {"audio_tokens", 0}}},
          {"completion_tokens_details",
           {{"reasoning_tokens", count("thoughtsTokenCount")},
            {"audio_tokens", 0},
            {"accepted_prediction_tokens", 0},
            {"rejected_prediction_tokens", 0}}}};
}

std::string refusal_of(const Json& reply) {
  const Json* feedback = find(reply, "promptFeedback");
  if (!feedback) return "";
  const auto reason = string_in(*feedback, "blockReason");
  const auto why = string_in(*feedback, "blockReasonMessage");
  if (reason.empty() && why.empty()) return "";  // ratings alone
  std::string text = "The prompt was blocked";
  if (!reason.empty()) text.append(" (").append(reason).append(")");
  text += '.';
  if (!why.empty()) text.append(" ").append(why);
  return text;
}

Result<std::string> chat_reply(std::string_view gemini_body, const ReplyIdentity& identity) {
  const auto parsed = parse_json(gemini_body);
  if (!parsed || !parsed->is_object())
    return Error{ErrorKind::upstream, "the upstream's reply cannot be read", ""};
  if (find(*parsed, "error"))
    return Error{ErrorKind::upstream, gemini::message_of(gemini_body), ""};
  Json choices = Json::array();
  if (const Json* candidates = find(*parsed, "candidates"); candidates && candidates->is_array()) {
    for (const auto& candidate : *candidates) {
      auto pieces = pieces_of(candidate, identity, choices.size() * 100);
      const bool has_calls = !pieces.tool_calls.empty();
      auto reason = finish_reason(string_in(candidate, "finishReason"), has_calls);
      if (reason.empty()) reason = has_calls ? "tool_calls" : "stop";
      const auto index =
          integer_in(candidate, "index").value_or(static_cast<std::int64_t>(choices.size()));
      choices.push_back(choice(index, message_of(std::move(pieces), ""), reason));
    }
  }
  const auto refusal = refusal_of(*parsed);
  if (choices.empty() && refusal.empty())
    return Error{ErrorKind::upstream, "the upstream's reply has no answer in it", ""};
  if (choices.empty()) choices.push_back(choice(0, message_of({}, refusal), "content_filter"));

  const Json* metadata = find(*parsed, "usageMetadata");
  return to_text({{"id", identity.id},
                  {"object", "chat.completion"},
                  {"created", identity.created},
                  {"model", identity.model},
                  {"choices", std::move(choices)},
                  {"usage", usage_of(metadata ? *metadata : Json::object())}});
}

}  // namespace gembal::openai
