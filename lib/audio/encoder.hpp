#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lib/audio/pcm.hpp"
#include "lib/core/result.hpp"

namespace gembal::audio {

/// What sound is made into.
enum class Format {
  mp3,
  opus,  ///< in Ogg
  flac,
  wav,
  pcm,  ///< as it is
};

/// "mp3", "opus", "flac", "wav", "pcm" or "pcm16", in any case; nullopt for others.
std::optional<Format> format_named(std::string_view name);

/// The names of all, as a message lists them.
inline constexpr std::string_view kFormatNames = "mp3, opus, flac, wav and pcm";

/// "audio/mpeg"
std::string_view media_type_of(Format format);

/// Makes raw sound into a file of some format, piece by piece.
///
/// Not thread-safe, and computes for a while: it belongs on a worker.
class Encoder {
 public:
  virtual ~Encoder() = default;

  /// Takes the next bytes of raw sound, cut anywhere, and gives what of the file is ready.
  /// Errors: internal.
  Result<std::string> encode(std::string_view pcm);

  /// The end of the file; once, and nothing after it. A sample that was cut off is left out.
  virtual Result<std::string> finish() = 0;

 protected:
  explicit Encoder(Pcm pcm) : pcm_(pcm) {}

  /// The same for whole samples of all channels.
  virtual Result<std::string> encode_frames(std::string_view frames) = 0;

  const Pcm pcm_;

 private:
  std::string cut_;  ///< the beginning of a sample
};

/// An encoder for sound of that kind. A WAV file is made as a stream, without its length.
/// Errors: internal (the library refuses).
Result<std::unique_ptr<Encoder>> make_encoder(Format format, Pcm pcm);

/// The whole file at once; of a WAV file with its length. Errors: internal.
Result<std::string> encode_whole(Format format, Pcm pcm, std::string_view sound);

}  // namespace gembal::audio
