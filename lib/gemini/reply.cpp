#include "lib/gemini/reply.hpp"

#include <algorithm>
#include <array>

#include "lib/core/json_object.hpp"
#include "lib/gemini/error_reply.hpp"

namespace gembal::gemini {
namespace {

constexpr std::array<std::string_view, 10> kRefusals = {"SAFETY",
                                                        "RECITATION",
                                                        "BLOCKLIST",
                                                        "PROHIBITED_CONTENT",
                                                        "SPII",
                                                        "LANGUAGE",
                                                        "IMAGE_SAFETY",
                                                        "IMAGE_PROHIBITED_CONTENT",
                                                        "IMAGE_RECITATION",
                                                        "MODEL_ARMOR"};

Json take(Json& value, const char* name) {
  Json* found = find(value, name);
  return found ? std::move(*found) : Json();
}

/// False for a part that shows nothing.
bool read_piece(Json& part, Piece& piece) {
  piece.signature = take_text(part, "thoughtSignature");
  const bool is_thought = bool_in(part, "thought").value_or(false);
  if (Json* call = find(part, "functionCall")) {
    piece.kind = Piece::Kind::call;
    piece.name = take_text(*call, "name");
    piece.id = take_text(*call, "id");
    piece.args = take(*call, "args");
    if (!piece.args.is_object()) piece.args = Json::object();
    return true;
  }
  if (Json* code = find(part, "executableCode")) {
    piece.kind = Piece::Kind::code;
    piece.name = take_text(*code, "language");
    piece.text = take_text(*code, "code");
    return true;
  }
  if (Json* result = find(part, "codeExecutionResult")) {
    piece.kind = Piece::Kind::code_result;
    piece.name = take_text(*result, "outcome");
    piece.text = take_text(*result, "output");
    return true;
  }
  if (Json* data = find(part, "inlineData")) {
    if (is_thought) return false;  // a draft of a picture to come
    piece.kind = Piece::Kind::media;
    piece.mime_type = take_text(*data, "mimeType");
    piece.data = take_text(*data, "data");
    return true;
  }
  piece.kind = is_thought ? Piece::Kind::thought : Piece::Kind::text;
  piece.text = take_text(part, "text");
  return !piece.text.empty() || !piece.signature.empty();
}

Candidate read_candidate(Json& json, std::int64_t position) {
  Candidate candidate;
  candidate.index = integer_in(json, "index").value_or(position);
  candidate.finish_reason = take_text(json, "finishReason");
  candidate.grounding = take(json, "groundingMetadata");
  candidate.url_context = take(json, "urlContextMetadata");
  candidate.logprobs = take(json, "logprobsResult");
  Json* content = find(json, "content");
  Json* parts = content ? find(*content, "parts") : nullptr;
  if (!parts || !parts->is_array()) return candidate;
  for (auto& part : *parts) {
    Piece piece;
    if (read_piece(part, piece)) candidate.pieces.push_back(std::move(piece));
  }
  return candidate;
}

std::int64_t audio_in(const Json& metadata, const char* details) {
  const Json* list = find(metadata, details);
  if (!list || !list->is_array()) return 0;
  for (const auto& one : *list) {
    if (string_in(one, "modality") == "AUDIO") return integer_in(one, "tokenCount").value_or(0);
  }
  return 0;
}

Usage read_usage(const Json& metadata) {
  const auto count = [&](const char* name) { return integer_in(metadata, name).value_or(0); };
  Usage usage;
  usage.prompt = count("promptTokenCount") + count("toolUsePromptTokenCount");
  usage.cached = count("cachedContentTokenCount");
  usage.answer = count("candidatesTokenCount");
  usage.thoughts = count("thoughtsTokenCount");
  usage.prompt_audio = audio_in(metadata, "promptTokensDetails");
  usage.answer_audio = audio_in(metadata, "candidatesTokensDetails");
  return usage;
}

std::string refusal_in(const Json& reply) {
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

}  // namespace

Result<Reply> read_reply(std::string_view json, std::size_t room) {
  auto parsed = parse_json(json, room);
  if (!parsed || !parsed->is_object())
    return Error{ErrorKind::upstream, "the upstream's answer cannot be read", ""};
  if (find(*parsed, "error")) return Error{ErrorKind::upstream, message_of(json), ""};
  Reply reply;
  reply.refusal = refusal_in(*parsed);
  if (const Json* metadata = find(*parsed, "usageMetadata")) reply.usage = read_usage(*metadata);
  Json* candidates = find(*parsed, "candidates");
  if (!candidates || !candidates->is_array()) return reply;
  for (auto& candidate : *candidates) {
    const auto position = static_cast<std::int64_t>(reply.candidates.size());
    reply.candidates.push_back(read_candidate(candidate, position));
  }
  discard(*parsed);
  return reply;
}

bool is_refusal(std::string_view finish_reason) {
  return std::find(kRefusals.begin(), kRefusals.end(), finish_reason) != kRefusals.end();
}

}  // namespace gembal::gemini
