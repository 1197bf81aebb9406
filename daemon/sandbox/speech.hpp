#pragma once

#include <optional>
#include <vector>

#include "daemon/sandbox/ask.hpp"

/// What the sandbox says aloud, and what it hears.
namespace gembal::sandbox {

/// Sound that one event of a stream carries.
struct Sound {
  Json part;                ///< inlineData with 16-bit PCM at 24 kHz
  std::int64_t tokens = 0;  ///< that it costs
};

/// The prompt read aloud: a tone whose pitch is the voice's, a fifth of a second for each word, up
/// to ten seconds; a second in each event. No text is lost when the pieces' base64 is joined.
std::vector<Sound> speak(const Ask& ask);

/// What is said in the recording that the prompt wants written down: two sentences chosen by its
/// bytes; in JSON mode with the times that a schema for segments asks for. nullopt when there is no
/// recording, or something else is wanted of it.
std::optional<std::string> hear(const Ask& ask);

}  // namespace gembal::sandbox
