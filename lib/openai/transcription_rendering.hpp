#pragma once

#include <string>

#include "lib/gemini/rendering.hpp"
#include "lib/openai/transcription.hpp"

namespace gembal::openai {

/// Tells a transcript as OpenAI's API does: whole in the format that was asked for, or as
/// transcript.text.delta and .done events. Pure; one per request.
class TranscriptionRendering final : public gemini::Rendering {
 public:
  /// Of `call` the recording is not needed.
  explicit TranscriptionRendering(TranscriptionCall call) : call_(std::move(call)) {}

  std::string content_type() const override;
  Result<std::string> whole(std::vector<gemini::Reply> replies) override;
  std::string push(gemini::Reply event, std::size_t call) override;
  bool finished() const override { return finished_; }
  std::string finish() override;
  std::string fail(int status, const Error& error) override;

 private:
  void take(gemini::Reply reply);

  TranscriptionCall call_;
  std::string text_;            ///< so far
  std::size_t told_bytes_ = 0;  ///< of it, in events
  gemini::Usage usage_;
  std::string refusal_;  ///< "" when nothing was said
  bool finished_ = false;
};

}  // namespace gembal::openai
