#include "lib/audio/pcm.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "lib/core/text.hpp"

namespace gembal::audio {
namespace {

constexpr std::size_t kHeaderBytes = 44;
constexpr std::uint32_t kUnknown = std::numeric_limits<std::uint32_t>::max();

void put(std::string& text, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
}

std::uint32_t number_at(std::string_view text, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value |= static_cast<std::uint32_t>(static_cast<unsigned char>(text[at + i])) << (8 * i);
  return value;
}

std::optional<int> whole_number(std::string_view text, int least, int most) {
  int value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value >= least && value <= most ? std::optional(value) : std::nullopt;
}

}  // namespace

std::optional<Pcm> pcm_of(std::string_view media_type) {
  const auto parts = split(media_type, ';');
  const auto kind = lower(trim(parts[0]));
  if (kind != "audio/l16" && kind != "audio/pcm") return std::nullopt;
  Pcm pcm;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const auto part = trim(parts[i]);
    const auto equals = std::min(part.find('='), part.size());
    const auto name = lower(trim(part.substr(0, equals)));
    const auto value = trim(part.substr(std::min(equals + 1, part.size())));
    const bool is_rate = name == "rate";
    if (!is_rate && name != "channels") continue;
    const auto number = is_rate ? whole_number(value, 8000, 48'000) : whole_number(value, 1, 2);
    if (!number) return std::nullopt;
    (is_rate ? pcm.rate : pcm.channels) = *number;
  }
  return pcm;
}

std::string wav_header(Pcm pcm, std::optional<std::uint64_t> bytes) {
  constexpr std::uint32_t kRest = kHeaderBytes - 8;
  const bool known = bytes && *bytes <= kUnknown - kRest;
  const auto length = known ? static_cast<std::uint32_t>(*bytes) : kUnknown;
  const auto rate = static_cast<std::uint32_t>(pcm.rate);
  const auto frame = static_cast<std::uint32_t>(pcm.frame_bytes());
  std::string header = "RIFF";
  put(header, known ? length + kRest : kUnknown, 4);
  header += "WAVEfmt ";
  put(header, 16, 4);
  put(header, 1, 2);  // raw
  put(header, static_cast<std::uint32_t>(pcm.channels), 2);
  put(header, rate, 4);
  put(header, rate * frame, 4);
  put(header, frame, 2);
  put(header, 16, 2);
  header += "data";
  put(header, length, 4);
  return header;
}

std::optional<std::chrono::milliseconds> wav_duration(std::string_view file) {
  if (file.size() < 12 || file.substr(0, 4) != "RIFF" || file.substr(8, 4) != "WAVE")
    return std::nullopt;
  std::uint64_t bytes_a_second = 0;
  for (std::size_t at = 12; at + 8 <= file.size();) {
    const auto name = file.substr(at, 4);
    const std::uint64_t told = number_at(file, at + 4);
    const std::uint64_t length = std::min<std::uint64_t>(told, file.size() - at - 8);
    if (name == "fmt " && length >= 16) bytes_a_second = number_at(file, at + 8 + 8);
    if (name == "data") {
      if (bytes_a_second == 0) return std::nullopt;
      return std::chrono::milliseconds{length * 1000 / bytes_a_second};
    }
    at += 8 + length + length % 2;  // chunks are padded to even lengths
  }
  return std::nullopt;
}

}  // namespace gembal::audio
