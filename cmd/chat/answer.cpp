#include "cmd/chat/answer.hpp"

#include <algorithm>

#include "lib/gemini/error_reply.hpp"
#include "lib/gemini/grounding.hpp"
#include "lib/gemini/shown_text.hpp"

namespace gembal::cmd {
namespace {

using gemini::Piece;

bool is_plain_text(const Json& part) {
  return part.is_object() && part.size() == 1 && part.contains("text");
}

}  // namespace

/// Texts of a stream are joined: a long answer is one part, as if it had come whole.
void ChatAnswer::keep_part(const Json& part) {
  if (!parts_.empty() && is_plain_text(parts_.back()) && is_plain_text(part)) {
    parts_.back()["text"].get_ref<std::string&>() += string_in(part, "text");
    return;
  }
  parts_.push_back(part);
}

Result<ChatAnswer::Share> ChatAnswer::take(const std::string& json) {
  auto parsed = parse_json(json);
  if (!parsed || !parsed->is_object())
    return Error{ErrorKind::upstream, "the upstream's answer cannot be read", ""};
  auto reply = gemini::read_reply(json);
  if (!reply) return std::move(reply).error();
  if (const auto name = string_in(*parsed, "modelVersion"); !name.empty()) model = name;
  if (reply->usage) usage = *reply->usage;
  if (!reply->refusal.empty()) refusal = reply->refusal;
  if (const Json* candidates = gemini::list_in(*parsed, "candidates");
      candidates && !candidates->empty()) {
    const Json* content = find(candidates->front(), "content");
    const Json* parts = content ? gemini::list_in(*content, "parts") : nullptr;
    if (parts) {
      for (const auto& part : *parts) {
        if (!bool_in(part, "thought").value_or(false)) keep_part(part);
      }
    }
  }
  Share share;
  if (reply->candidates.empty()) return share;
  auto& candidate = reply->candidates.front();
  if (!candidate.finish_reason.empty()) finish_reason = candidate.finish_reason;
  for (const Json* source : gemini::sources_in(candidate.grounding)) {
    Json link = {{"title", string_in(*source, "title")}, {"url", string_in(*source, "uri")}};
    if (std::find(sources_.begin(), sources_.end(), link) == sources_.end())
      sources_.push_back(std::move(link));
  }
  for (auto& piece : candidate.pieces) {
    switch (piece.kind) {
      case Piece::Kind::text: share.text += piece.text; break;
      case Piece::Kind::thought: share.thoughts += piece.text; break;
      case Piece::Kind::code: share.text += gemini::code_block(piece.name, piece.text); break;
      case Piece::Kind::code_result:
        share.text += gemini::code_result_block(piece.name, piece.text);
        break;
      case Piece::Kind::media:
        files.push_back({std::move(piece.mime_type), std::move(piece.data)});
        break;
      case Piece::Kind::call: break;  // no functions are offered
    }
  }
  text += share.text;
  return share;
}

Json ChatAnswer::turn() const {
  Json turn = object_with_room(2);
  turn["role"] = "model";
  turn["parts"] = parts_;
  return turn;
}

Json ChatAnswer::usage_json() const {
  return {{"prompt_tokens", usage.prompt},
          {"completion_tokens", usage.answer + usage.thoughts},
          {"reasoning_tokens", usage.thoughts},
          {"total_tokens", usage.total()}};
}

Result<void> ChatAnswer::judge() const {
  if (!refusal.empty()) {
    std::string why = "t" + refusal.substr(1);  // "The prompt was blocked (SAFETY)."
    if (why.ends_with('.')) why.pop_back();
    return Error{ErrorKind::refused, std::move(why), ""};
  }
  if (finish_reason.empty()) return Error{ErrorKind::upstream, "the answer broke off", "ask again"};
  if (gemini::is_refusal(finish_reason))
    return Error{ErrorKind::refused, "the answer was stopped: " + finish_reason, ""};
  return {};
}

}  // namespace gembal::cmd
