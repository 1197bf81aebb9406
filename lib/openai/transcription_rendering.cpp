#include "lib/openai/transcription_rendering.hpp"

#include "lib/core/text.hpp"
#include "lib/openai/bad_request.hpp"
#include "lib/openai/error.hpp"
#include "lib/openai/transcript.hpp"

namespace gembal::openai {
namespace {

std::string event(const Json& json) { return "data: " + to_text(json) + "\n\n"; }

}  // namespace

std::string TranscriptionRendering::content_type() const {
  switch (call_.format) {
    case TranscriptFormat::text:
    case TranscriptFormat::srt: return "text/plain; charset=utf-8";
    case TranscriptFormat::vtt: return "text/vtt; charset=utf-8";
    default: return Rendering::content_type();
  }
}

void TranscriptionRendering::take(gemini::Reply reply) {
  if (reply.usage) usage_ = *reply.usage;
  if (!reply.refusal.empty()) {
    refusal_ = std::move(reply.refusal);
    finished_ = true;
  }
  for (const auto& candidate : reply.candidates) {
    for (const auto& piece : candidate.pieces) {
      if (piece.kind == gemini::Piece::Kind::text) text_ += piece.text;
    }
    if (candidate.finish_reason.empty()) continue;
    finished_ = true;
    if (gemini::is_refusal(candidate.finish_reason))
      refusal_ = "the model refused to write this down (" + candidate.finish_reason + ")";
  }
}

Result<std::string> TranscriptionRendering::whole(std::vector<gemini::Reply> replies) {
  for (auto& reply : replies) take(std::move(reply));
  if (trim(text_).empty() && !refusal_.empty()) return bad("file", refusal_);
  if (!call_.is_timed()) {
    std::string text(trim(text_));
    if (text == kNobodySpeaks) text.clear();
    if (call_.format == TranscriptFormat::text) return text + "\n";
    return to_text(Json{{"text", text}, {"usage", transcription_usage(usage_)}});
  }
  const auto transcript = read_transcript(text_);
  if (!transcript) return transcript.error();
  if (call_.format == TranscriptFormat::srt) return as_srt(*transcript);
  if (call_.format == TranscriptFormat::vtt) return as_vtt(*transcript);
  return as_json(call_, *transcript, usage_);
}

std::string TranscriptionRendering::push(gemini::Reply reply, std::size_t) {
  take(std::move(reply));
  // It may yet be that nobody speaks.
  if (kNobodySpeaks.starts_with(trim(text_))) return "";
  const auto delta = text_.substr(told_bytes_);
  if (delta.empty()) return "";
  told_bytes_ = text_.size();
  return event({{"type", "transcript.text.delta"}, {"delta", delta}});
}

std::string TranscriptionRendering::finish() {
  if (trim(text_) == kNobodySpeaks) text_.clear();
  std::string out;
  if (told_bytes_ < text_.size())
    out = event({{"type", "transcript.text.delta"}, {"delta", text_.substr(told_bytes_)}});
  if (text_.empty() && !refusal_.empty()) return error_event(400, refusal_);
  return out + event({{"type", "transcript.text.done"},
                      {"text", text_},
                      {"usage", transcription_usage(usage_)}});
}

std::string TranscriptionRendering::fail(int status, const Error& error) {
  return error_event(status, error.message);
}

}  // namespace gembal::openai
