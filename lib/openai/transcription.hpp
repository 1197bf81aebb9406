#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/core/form.hpp"
#include "lib/core/json.hpp"
#include "lib/core/result.hpp"

namespace gembal::openai {

/// What a transcript is written as.
enum class TranscriptFormat { json, text, verbose_json, diarized_json, srt, vtt };

/// A request for a transcript, translated.
struct TranscriptionCall {
  std::string model;  ///< bare, as the client calls it
  TranscriptFormat format = TranscriptFormat::json;
  bool translates = false;  ///< into English
  bool stream = false;      ///< only of plain text; the other formats are whole
  bool wants_segments = true;
  bool wants_words = false;  ///< with their times; of verbose_json
  std::string language;      ///< that is spoken, in the client's words; "" unknown
  std::string hint;          ///< the client's prompt: names, spellings, what went before
  std::optional<double> temperature;
  std::optional<double> seconds;  ///< how long the recording is; nullopt when it does not tell
  std::string media_type;
  std::string sound;  ///< the recording, in base64

  /// Whether it is asked for with the time of each segment.
  bool is_timed() const {
    return format != TranscriptFormat::json && format != TranscriptFormat::text;
  }
};

/// A larger recording is refused: in base64 it would not fit into a request.
inline constexpr std::size_t kMostRecordedBytes = 70u << 20;

/// Translates the form of POST /v1/audio/transcriptions, or of /translations. `standard_model`:
/// also for OpenAI's own models ("whisper-1"). Errors: bad_request and too_large, naming the
/// parameter.
Result<TranscriptionCall> read_transcription(const Form& form, bool translates,
                                             const std::string& standard_model);

/// The generateContent request for a model: the call's own, or one that answers for it.
Json transcription_body(TranscriptionCall call, const std::string& model);

}  // namespace gembal::openai
