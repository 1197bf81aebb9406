#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/json.hpp"
#include "lib/core/result.hpp"
#include "lib/gemini/reply.hpp"
#include "lib/openai/transcription.hpp"

namespace gembal::openai {

/// What the model says in place of a transcript: an empty answer would be taken for a failure.
inline constexpr std::string_view kNobodySpeaks = "[nobody speaks]";

/// A word, or some, and when it is said: in seconds from the beginning.
struct Timed {
  double start = 0;
  double end = 0;
  std::string text;
  std::string speaker;  ///< "" unless it was asked for
};

/// What was said when.
struct Transcript {
  std::string language;  ///< "english"; "" when unknown
  std::vector<Timed> segments;
  std::vector<Timed> words;  ///< empty unless they were asked for

  std::string text() const;
};

/// Seconds out of "01:02.500", "1:00:02.5", "62.5" or a number; nullopt for anything else.
std::optional<double> seconds_in(const Json& time);

/// Reads what the model answered in the form of transcription_body()'s schema. Times that run
/// backwards are mended. Errors: upstream (not of that form).
Result<Transcript> read_transcript(std::string_view json);

std::string as_srt(const Transcript& transcript);
std::string as_vtt(const Transcript& transcript);

/// The verbose_json or diarized_json reply.
std::string as_json(const TranscriptionCall& call, const Transcript& transcript,
                    const gemini::Usage& usage);

/// The `usage` of a reply that is counted in tokens.
Json transcription_usage(const gemini::Usage& usage);

}  // namespace gembal::openai
