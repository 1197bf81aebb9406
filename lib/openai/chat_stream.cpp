#include "lib/openai/chat_stream.hpp"

#include <algorithm>

#include "lib/gemini/error_reply.hpp"

namespace gembal::openai {

ChatStream::ChatStream(ReplyIdentity identity, bool include_usage)
    : identity_(std::move(identity)), include_usage_(include_usage) {}

void ChatStream::append(std::string& out, Json choices, const Json* usage) {
  Json chunk = {{"id", identity_.id},
                {"object", "chat.completion.chunk"},
                {"created", identity_.created},
                {"model", identity_.model},
                {"choices", std::move(choices)}};
  if (include_usage_) chunk["usage"] = usage ? *usage : Json();
  out += "data: " + to_text(chunk) + "\n\n";
}

void ChatStream::append_chunk(std::string& out, std::int64_t index, Json delta,
                              const std::string& finish_reason) {
  Json choice = {{"index", index},
                 {"delta", std::move(delta)},
                 {"logprobs", nullptr},
                 {"finish_reason", nullptr}};
  if (!finish_reason.empty()) choice["finish_reason"] = finish_reason;
  append(out, Json::array({std::move(choice)}), nullptr);
}

ChatStream::Choice& ChatStream::choice(std::int64_t index, std::string& out) {
  const auto [it, is_new] = choices_.try_emplace(index);
  if (is_new)
    append_chunk(out, index, {{"role", "assistant"}, {"content", ""}, {"refusal", nullptr}}, "");
  return it->second;
}

Result<std::string> ChatStream::push(std::string_view event) {
  const auto parsed = parse_json(event);
  if (!parsed || !parsed->is_object())
    return Error{ErrorKind::upstream, "the upstream sent an event that cannot be read", ""};
  if (find(*parsed, "error")) return Error{ErrorKind::upstream, gemini::message_of(event), ""};
  std::string out;
  if (const Json* metadata = find(*parsed, "usageMetadata")) usage_ = usage_of(*metadata);

  if (const auto refusal = refusal_of(*parsed); !refusal.empty()) {
    auto& blocked = choice(0, out);
    append_chunk(out, 0, {{"refusal", refusal}}, "");
    blocked.finish_reason = "content_filter";
  }
  const Json* candidates = find(*parsed, "candidates");
  if (!candidates || !candidates->is_array()) return out;
  for (const auto& candidate : *candidates) {
    const auto index = integer_in(candidate, "index").value_or(0);
    auto& current = choice(index, out);
    auto pieces =
        pieces_of(candidate, identity_, static_cast<std::size_t>(index) * 100 + current.calls);
    Json delta = Json::object();
    if (!pieces.thoughts.empty()) delta["reasoning_content"] = std::move(pieces.thoughts);
    if (!pieces.text.empty()) delta["content"] = std::move(pieces.text);
    if (!pieces.images.empty()) delta["images"] = std::move(pieces.images);
    if (!pieces.signature.empty())
      delta["extra_content"] = {{"google", {{"thought_signature", pieces.signature}}}};
    for (auto& call : pieces.tool_calls) {
      Json indexed = {{"index", current.calls++}};
      indexed.update(call);
      delta["tool_calls"].push_back(std::move(indexed));
    }
    if (!delta.empty()) append_chunk(out, index, std::move(delta), "");
    if (auto reason = finish_reason(string_in(candidate, "finishReason"), current.calls > 0);
        !reason.empty()) {
      current.finish_reason = std::move(reason);
    }
  }
  return out;
}

bool ChatStream::finished() const {
  return !choices_.empty() && std::all_of(choices_.begin(), choices_.end(), [](const auto& entry) {
    return !entry.second.finish_reason.empty();
  });
}

std::string ChatStream::finish() {
  std::string out;
  for (const auto& [index, choice] : choices_)
    append_chunk(out, index, Json::object(), choice.finish_reason);
  if (include_usage_) {
    const Json usage = usage_.is_null() ? usage_of(Json::object()) : usage_;
    append(out, Json::array(), &usage);
  }
  return out + "data: [DONE]\n\n";
}

}  // namespace gembal::openai
