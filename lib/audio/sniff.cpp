#include "lib/audio/sniff.hpp"

namespace gembal::audio {
namespace {

unsigned char byte_at(std::string_view file, std::size_t at) {
  return at < file.size() ? static_cast<unsigned char>(file[at]) : 0;
}

/// Frames of MPEG audio begin with eleven or twelve ones; then come the version and the layer.
std::optional<std::string_view> mpeg_frame(std::string_view file) {
  if (byte_at(file, 0) != 0xff || (byte_at(file, 1) & 0xe0) != 0xe0) return std::nullopt;
  const auto second = byte_at(file, 1);
  const auto third = byte_at(file, 2);
  if ((second & 0xf6) == 0xf0) return "audio/aac";  // ADTS: layer 0
  const bool has_layer = (second & 0x06) != 0 && (second & 0x18) != 0x08;
  const bool has_rate = (third & 0xf0) != 0xf0 && (third & 0x0c) != 0x0c;
  if (has_layer && has_rate) return "audio/mpeg";
  return std::nullopt;
}

}  // namespace

std::optional<std::string_view> media_type_of(std::string_view file) {
  const auto has = [file](std::size_t at, std::string_view mark) {
    return file.size() >= at + mark.size() && file.substr(at, mark.size()) == mark;
  };
  if ((has(0, "RIFF") || has(0, "RF64")) && has(8, "WAVE")) return "audio/wav";
  if (has(0, "ID3")) return "audio/mpeg";
  if (has(0, "fLaC")) return "audio/flac";
  if (has(0, "OggS")) return "audio/ogg";
  if (has(4, "ftyp")) return "audio/mp4";
  if (has(0, "\x1a\x45\xdf\xa3")) return "audio/webm";
  if (has(0, "FORM") && (has(8, "AIFF") || has(8, "AIFC"))) return "audio/aiff";
  return mpeg_frame(file);
}

}  // namespace gembal::audio
