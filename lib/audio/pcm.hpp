#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gembal::audio {

/// Raw sound: signed samples of 16 bits, little-endian, one after the other for each channel.
struct Pcm {
  int rate = 24'000;  ///< samples a second
  int channels = 1;

  int frame_bytes() const { return 2 * channels; }
};

/// What a media type like "audio/L16;codec=pcm;rate=24000" says of the sound; nullopt when it is no
/// raw sound, or an unlikely one.
std::optional<Pcm> pcm_of(std::string_view media_type);

/// The 44 bytes before raw sound that make a WAV file of it. Without a length, as a stream has it
/// that is not over yet, players read to the end.
std::string wav_header(Pcm pcm, std::optional<std::uint64_t> bytes);

/// How long a WAV file plays; nullopt when `file` is none, or does not tell.
std::optional<std::chrono::milliseconds> wav_duration(std::string_view file);

}  // namespace gembal::audio
