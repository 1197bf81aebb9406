#include "lib/openai/chat_rendering.hpp"

#include <algorithm>

#include "lib/audio/encoder.hpp"
#include "lib/core/base64.hpp"
#include "lib/core/digest.hpp"
#include "lib/core/json_object.hpp"
#include "lib/gemini/shown_text.hpp"
#include "lib/openai/error.hpp"

namespace gembal::openai {
namespace {

using gemini::Piece;

Json signed_extra(const std::string& signature) {
  Json extra;
  extra["google"]["thought_signature"] = signature;
  return extra;
}

/// Base64 of two pieces of samples is that of both when the first has no padding.
void append_sound(std::string& sound, const std::string& piece) {
  if (sound.empty() || !sound.ends_with('=')) {
    sound += piece;
    return;
  }
  auto samples = base64_decode(sound).value_or("") + base64_decode(piece).value_or("");
  sound = base64_encode(samples);
}

Json image_of(const Piece& piece) {
  Json image = {{"type", "image_url"}};
  image["image_url"]["url"] =
      piece.link.empty() ? "data:" + piece.mime_type + ";base64," + piece.data : piece.link;
  return image;
}

}  // namespace

std::string finish_reason(std::string_view upstreams, bool has_calls) {
  if (upstreams.empty()) return "";
  if (upstreams == "MAX_TOKENS" || upstreams == "CONTINUATION") return "length";
  if (gemini::is_refusal(upstreams)) return "content_filter";
  return has_calls ? "tool_calls" : "stop";
}

std::string usage_text(const gemini::Usage& usage) {
  std::string text;
  text.reserve(320);
  const auto add = [&](const char* before, std::int64_t number) {
    text.append(before).append(std::to_string(number));
  };
  add(R"({"prompt_tokens":)", usage.prompt);
  add(R"(,"completion_tokens":)", usage.answer + usage.thoughts);
  add(R"(,"total_tokens":)", usage.total());
  add(R"(,"prompt_tokens_details":{"cached_tokens":)", usage.cached);
  add(R"(,"audio_tokens":)", usage.prompt_audio);
  add(R"(},"completion_tokens_details":{"reasoning_tokens":)", usage.thoughts);
  add(R"(,"audio_tokens":)", usage.answer_audio);
  text += R"(,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}})";
  return text;
}

std::string made_up_call_id(std::string_view answer_id, std::int64_t choice, std::size_t number) {
  const auto seed =
      std::string(answer_id) + "/" + std::to_string(choice) + "/" + std::to_string(number);
  return "call_" + sha256_hex(seed).substr(0, 24);
}

ChatRendering::ChatRendering(ReplyIdentity identity, ChatWishes wishes, std::size_t answers,
                             KeepSignature keep_signature)
    : identity_(std::move(identity)),
      wishes_(std::move(wishes)),
      answers_(answers),
      keep_signature_(std::move(keep_signature)) {}

/// What every chunk begins with.
const std::string& ChatRendering::opening() {
  if (opening_.empty()) {
    opening_ = to_text(object_of("id", identity_.id, "object", "chat.completion.chunk", "created",
                                 identity_.created, "model", identity_.model));
    opening_.back() = ',';  // in place of the closing brace
  }
  return opening_;
}

std::string ChatRendering::reason_of(const std::string& upstreams, const Choice& choice) const {
  auto reason = finish_reason(upstreams, choice.calls > 0);
  if (reason == "tool_calls" && wishes_.legacy_function) reason = "function_call";
  return reason;
}

void ChatRendering::count(const gemini::Reply& reply, std::size_t call) {
  if (reply.usage) usage_[call] = *reply.usage;
}

/// The prompt is the same for all calls and counts once, as OpenAI counts it.
std::string ChatRendering::usage() const {
  gemini::Usage sum;
  for (const auto& [call, one] : usage_) {
    sum.prompt = std::max(sum.prompt, one.prompt);
    sum.cached = std::max(sum.cached, one.cached);
    sum.prompt_audio = std::max(sum.prompt_audio, one.prompt_audio);
    sum.answer += one.answer;
    sum.thoughts += one.thoughts;
    sum.answer_audio += one.answer_audio;
  }
  return usage_text(sum);
}

void ChatRendering::add_call(Piece piece, std::int64_t index, Choice& choice, Json& calls) {
  if (wishes_.one_call && choice.calls > 0) return;
  const auto number = choice.calls++;
  if (piece.id.empty()) piece.id = made_up_call_id(identity_.id, index, number);
  if (!piece.signature.empty() && keep_signature_) keep_signature_(piece.id, piece.signature);
  const auto& custom = wishes_.custom_tools;
  Json call = {{"id", std::move(piece.id)}};
  if (std::find(custom.begin(), custom.end(), piece.name) != custom.end()) {
    call["type"] = "custom";
    call["custom"] = {{"name", piece.name}, {"input", string_in(piece.args, "input")}};
  } else {
    call["type"] = "function";
    call["function"] = {{"name", piece.name}, {"arguments", to_text(piece.args)}};
  }
  if (!piece.signature.empty()) call["extra_content"] = signed_extra(piece.signature);
  calls.push_back(std::move(call));
}

ChatRendering::Parts ChatRendering::parts_of(std::vector<Piece> pieces, std::int64_t index,
                                             Choice& choice) {
  Parts parts;
  const auto tell = [&](std::string_view text) {
    if (std::exchange(choice.in_thoughts, false)) parts.text += "</thought>";
    parts.text += text;
  };
  for (auto& piece : pieces) {
    switch (piece.kind) {
      case Piece::Kind::thought:
        if (!wishes_.thoughts_in_text) {
          parts.thoughts += piece.text;
        } else {
          if (!std::exchange(choice.in_thoughts, true)) parts.text += "<thought>";
          parts.text += piece.text;
        }
        break;
      case Piece::Kind::text:
        tell(piece.text);
        if (!piece.signature.empty()) parts.signature = std::move(piece.signature);
        break;
      case Piece::Kind::code: tell(gemini::code_block(piece.name, piece.text)); break;
      case Piece::Kind::code_result: tell(gemini::code_result_block(piece.name, piece.text)); break;
      case Piece::Kind::call: add_call(std::move(piece), index, choice, parts.calls); break;
      case Piece::Kind::media:
        if (const auto pcm = audio::pcm_of(piece.mime_type)) {
          parts.pcm = *pcm;
          append_sound(parts.sound, piece.data);
        } else {
          // Most clients show the pictures that the text links to.
          if (!piece.link.empty()) tell("![image](" + piece.link + ")");
          parts.images.push_back(image_of(piece));
        }
        break;
    }
  }
  return parts;
}

/// The sound of an answer as the file that was asked for. What is spoken is not told in words.
Json ChatRendering::sound_of(const Parts& parts) const {
  constexpr std::int64_t kLife = 3600;  // for clients that look: nothing is kept here
  const auto format = audio::format_named(wishes_.audio_format).value_or(audio::Format::wav);
  const auto samples = base64_decode(parts.sound).value_or("");
  const auto file = audio::encode_whole(format, parts.pcm, samples);
  return {{"id", "audio_" + identity_.id},
          {"data", base64_encode(file ? *file : samples)},
          {"expires_at", identity_.created + kLife},
          {"transcript", ""}};
}

Json ChatRendering::message_of(Parts parts, Choice& choice) {
  if (std::exchange(choice.in_thoughts, false)) parts.text += "</thought>";
  Json content;
  Json refusal;
  if (!choice.refusal.empty()) {
    refusal = choice.refusal;
  } else if (!parts.text.empty() || (parts.calls.empty() && parts.sound.empty())) {
    content = std::move(parts.text);
  }
  Json message = object_with_room(9);  // growing would copy the text
  add_members(message.get_ref<Json::object_t&>(), "role", "assistant", "content",
              std::move(content), "refusal", std::move(refusal));
  if (!parts.thoughts.empty()) message["reasoning_content"] = std::move(parts.thoughts);
  if (!parts.calls.empty() && wishes_.legacy_function) {
    message["function_call"] = parts.calls[0]["function"];
  } else if (!parts.calls.empty()) {
    message["tool_calls"] = std::move(parts.calls);
  }
  if (!parts.sound.empty()) message["audio"] = sound_of(parts);
  message["annotations"] = std::move(choice.annotations);
  if (!parts.images.empty()) message["images"] = std::move(parts.images);
  if (!parts.signature.empty()) message["extra_content"] = signed_extra(parts.signature);
  return message;
}

Result<std::string> ChatRendering::whole(std::vector<gemini::Reply> replies) {
  Json choices = empty_array();
  const auto add = [&](std::int64_t index, Parts parts, Choice& choice) {
    auto message = message_of(std::move(parts), choice);
    choices.push_back(object_of("index", index, "message", std::move(message), "logprobs", nullptr,
                                "finish_reason", choice.finish_reason));
  };
  for (std::size_t call = 0; call < replies.size(); ++call) {
    auto& reply = replies[call];
    count(reply, call);
    for (auto& candidate : reply.candidates) {
      Choice choice;
      auto parts = parts_of(std::move(candidate.pieces), candidate.index, choice);
      if (!candidate.grounding.is_null()) {
        choice.text.append(parts.text);
        choice.annotations = citations_of(candidate.grounding, choice.text, false);
      }
      choice.finish_reason =
          reason_of(candidate.finish_reason.empty() ? "STOP" : candidate.finish_reason, choice);
      add(candidate.index, std::move(parts), choice);
    }
    if (!reply.candidates.empty() || reply.refusal.empty()) continue;
    Choice blocked;
    blocked.refusal = std::move(reply.refusal);
    blocked.finish_reason = "content_filter";
    add(static_cast<std::int64_t>(call), {}, blocked);
  }
  if (choices.empty())
    return Error{ErrorKind::upstream, "the upstream's answer has nothing in it", ""};
  auto text = to_text(object_of("id", identity_.id, "object", "chat.completion", "created",
                                identity_.created, "model", identity_.model));
  text.back() = ',';  // in place of the closing brace
  text += R"("choices":)";
  append_text(text, choices);
  discard(choices);
  return text.append(R"(,"usage":)").append(usage()).append("}");
}

void ChatRendering::append_chunk(std::string& out, std::int64_t index, const Json& delta,
                                 const std::string& finish_reason) {
  out.append("data: ").append(opening()).append(R"("choices":[{"index":)");
  out.append(std::to_string(index)).append(R"(,"delta":)");
  append_text(out, delta);
  out.append(R"(,"logprobs":null,"finish_reason":)");
  if (finish_reason.empty()) {
    out.append("null");
  } else {
    out.append("\"").append(finish_reason).append("\"");
  }
  out.append(wishes_.include_usage ? R"(}],"usage":null})" : "}]}").append("\n\n");
}

ChatRendering::Choice& ChatRendering::choice(std::int64_t index, std::string& out) {
  const auto [it, is_new] = choices_.try_emplace(index);
  if (is_new)
    append_chunk(out, index, {{"role", "assistant"}, {"content", ""}, {"refusal", nullptr}}, "");
  return it->second;
}

Json ChatRendering::delta_of(Parts parts) {
  Json delta = object_with_room(6);
  if (!parts.thoughts.empty()) delta["reasoning_content"] = std::move(parts.thoughts);
  if (!parts.text.empty()) delta["content"] = std::move(parts.text);
  if (!parts.sound.empty()) {
    delta["audio"] = {{"id", "audio_" + identity_.id}, {"data", std::move(parts.sound)}};
  }
  if (!parts.images.empty()) delta["images"] = std::move(parts.images);
  if (!parts.signature.empty()) delta["extra_content"] = signed_extra(parts.signature);
  if (!parts.calls.empty() && wishes_.legacy_function)
    delta["function_call"] = parts.calls[0]["function"];
  return delta;
}

std::string ChatRendering::push(gemini::Reply event, std::size_t call) {
  std::string out;
  count(event, call);
  if (!event.refusal.empty()) {
    const auto index = static_cast<std::int64_t>(call);
    auto& blocked = choice(index, out);
    append_chunk(out, index, {{"refusal", event.refusal}}, "");
    blocked.finish_reason = "content_filter";
  }
  for (auto& candidate : event.candidates) {
    auto& current = choice(candidate.index, out);
    const auto calls_before = current.calls;
    auto parts = parts_of(std::move(candidate.pieces), candidate.index, current);
    current.text.append(parts.text);
    Json calls = std::move(parts.calls);
    if (wishes_.legacy_function) {
      if (calls_before == 0) parts.calls = std::move(calls);
      calls = Json::array();
    }
    Json delta = delta_of(std::move(parts));
    for (std::size_t i = 0; i < calls.size(); ++i) {
      Json numbered = {{"index", calls_before + i}};
      numbered.update(calls[i]);
      delta["tool_calls"].push_back(std::move(numbered));
    }
    if (!delta.empty()) append_chunk(out, candidate.index, delta, "");
    if (!candidate.grounding.is_null())
      current.annotations = citations_of(candidate.grounding, current.text, false);
    if (auto reason = reason_of(candidate.finish_reason, current); !reason.empty())
      current.finish_reason = std::move(reason);
  }
  return out;
}

bool ChatRendering::finished() const {
  return choices_.size() >= answers_ &&
         std::all_of(choices_.begin(), choices_.end(),
                     [](const auto& entry) { return !entry.second.finish_reason.empty(); });
}

std::string ChatRendering::finish() {
  std::string out;
  for (auto& [index, choice] : choices_) {
    if (std::exchange(choice.in_thoughts, false))
      append_chunk(out, index, {{"content", "</thought>"}}, "");
    if (!choice.annotations.empty()) {
      Json delta;
      delta["annotations"] = std::move(choice.annotations);
      append_chunk(out, index, delta, "");
    }
    append_chunk(out, index, Json::object(), choice.finish_reason);
  }
  if (wishes_.include_usage) {
    out.append("data: ").append(opening()).append(R"("choices":[],"usage":)");
    out.append(usage()).append("}\n\n");
  }
  return out + "data: [DONE]\n\n";
}

std::string ChatRendering::fail(int status, const Error& error) {
  return error_event(status, error.message);
}

}  // namespace gembal::openai
