#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "lib/audio/encoder.hpp"
#include "lib/core/json.hpp"
#include "lib/core/result.hpp"

namespace gembal::openai {

/// What a speech request is made of where it does not say.
struct SpeechDefaults {
  std::string model;  ///< also for OpenAI's own models ("tts-1")
  std::string voice;
  std::string speed;  ///< "slow", "normal" or "fast"
};

/// How the sound goes to the client.
enum class Delivery {
  file,    ///< as it comes, but for WAV, whose length stands at its beginning
  stream,  ///< as it comes
  events,  ///< as it comes, in speech.audio.delta events
};

/// A speech request, translated.
struct SpeechCall {
  std::string model;  ///< bare id, safe in a URL
  audio::Format format = audio::Format::mp3;
  Delivery delivery = Delivery::file;
  Json body;  ///< the generateContent request
};

/// The longest text that is read out: about what the models take.
inline constexpr std::size_t kMostSpokenBytes = 64 * 1024;

/// Translates the body of POST /v1/audio/speech. Errors: bad_request, naming the parameter.
Result<SpeechCall> read_speech(std::string_view json, const SpeechDefaults& defaults);

/// Turns the events of a generateContent stream with sound into what the client is sent. Pure; one
/// per stream. It computes for a while: push() and finish() belong on a worker.
class SpeechStream {
 public:
  SpeechStream(audio::Format format, Delivery delivery) : format_(format), delivery_(delivery) {}

  /// What can be sent once that event has come; may be "". Errors: upstream (an error object, no
  /// JSON, sound of an unknown kind), internal.
  Result<std::string> push(std::string_view event);

  /// The end. Errors: upstream (there was no sound, or no proper end), refused (there was none
  /// because it is not wanted), internal.
  Result<std::string> finish();

 private:
  Result<std::string> add(std::string_view media_type, std::string_view base64);
  std::string told(std::string bytes) const;
  std::string done() const;

  audio::Format format_;
  Delivery delivery_;
  audio::Pcm pcm_;
  std::unique_ptr<audio::Encoder> encoder_;  ///< since the first sound
  std::string gathered_;                     ///< the sound of a WAV file
  std::string refusal_;                      ///< why there is none; "" when nothing was said
  bool ended_ = false;                       ///< a finish reason has come
  std::int64_t input_tokens_ = 0;
  std::int64_t output_tokens_ = 0;
};

}  // namespace gembal::openai
