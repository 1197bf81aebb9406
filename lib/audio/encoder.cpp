#include "lib/audio/encoder.hpp"

#include "lib/audio/codecs.hpp"
#include "lib/core/text.hpp"

namespace gembal::audio {
namespace {

struct Naming {
  Format format;
  std::string_view name;
  std::string_view media_type;
};

constexpr Naming kNamings[] = {
    {Format::mp3, "mp3", "audio/mpeg"},   {Format::opus, "opus", "audio/opus"},
    {Format::flac, "flac", "audio/flac"}, {Format::wav, "wav", "audio/wav"},
    {Format::pcm, "pcm", "audio/pcm"},    {Format::pcm, "pcm16", "audio/pcm"},
};

/// Raw sound as it is, with or without the head of a WAV file.
class RawEncoder final : public Encoder {
 public:
  RawEncoder(Pcm pcm, std::string head) : Encoder(pcm), head_(std::move(head)) {}

  Result<std::string> finish() override { return std::exchange(head_, {}); }

 protected:
  Result<std::string> encode_frames(std::string_view frames) override {
    return std::exchange(head_, {}).append(frames);
  }

 private:
  std::string head_;  ///< what has not been given yet
};

}  // namespace

std::optional<Format> format_named(std::string_view name) {
  for (const auto& naming : kNamings) {
    if (iequals(naming.name, name)) return naming.format;
  }
  return std::nullopt;
}

std::string_view media_type_of(Format format) {
  for (const auto& naming : kNamings) {
    if (naming.format == format) return naming.media_type;
  }
  return "application/octet-stream";
}

Result<std::string> Encoder::encode(std::string_view pcm) {
  const auto frame = static_cast<std::size_t>(pcm_.frame_bytes());
  std::string joined;
  if (!cut_.empty()) {
    joined = std::exchange(cut_, {}).append(pcm);
    pcm = joined;
  }
  const auto whole = pcm.size() - pcm.size() % frame;
  cut_ = pcm.substr(whole);
  if (whole == 0) return std::string();
  return encode_frames(pcm.substr(0, whole));
}

Result<std::unique_ptr<Encoder>> make_encoder(Format format, Pcm pcm) {
  switch (format) {
    case Format::mp3: return make_mp3_encoder(pcm);
    case Format::opus: return make_opus_encoder(pcm);
    case Format::flac: return make_flac_encoder(pcm);
    case Format::wav:
      return std::unique_ptr<Encoder>(
          std::make_unique<RawEncoder>(pcm, wav_header(pcm, std::nullopt)));
    case Format::pcm: break;
  }
  return std::unique_ptr<Encoder>(std::make_unique<RawEncoder>(pcm, ""));
}

Result<std::string> encode_whole(Format format, Pcm pcm, std::string_view sound) {
  if (format == Format::wav) {
    sound =
        sound.substr(0, sound.size() - sound.size() % static_cast<std::size_t>(pcm.frame_bytes()));
    return wav_header(pcm, sound.size()).append(sound);
  }
  auto encoder = make_encoder(format, pcm);
  if (!encoder) return std::move(encoder).error();
  auto file = (*encoder)->encode(sound);
  if (!file) return file;
  auto end = (*encoder)->finish();
  if (!end) return end;
  return std::move(*file).append(*end);
}

}  // namespace gembal::audio
