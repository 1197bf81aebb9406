#pragma once

#include <memory>

#include "lib/audio/encoder.hpp"

namespace gembal::audio {

// One for each library; for encoder.cpp. Errors: internal (the library refuses).

Result<std::unique_ptr<Encoder>> make_mp3_encoder(Pcm pcm);
Result<std::unique_ptr<Encoder>> make_opus_encoder(Pcm pcm);
Result<std::unique_ptr<Encoder>> make_flac_encoder(Pcm pcm);

/// The sample at the front of `frames`, and takes it off.
inline int take_sample(std::string_view& frames) {
  const auto low = static_cast<unsigned char>(frames[0]);
  const auto high = static_cast<signed char>(frames[1]);
  frames.remove_prefix(2);
  return high * 256 + low;
}

}  // namespace gembal::audio
