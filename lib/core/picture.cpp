#include "lib/core/picture.hpp"

#include <cstdint>
#include <utility>

namespace gembal {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::pair<std::string_view, std::string_view> kExtensions[] = {
    {"image/png", "png"},   {"image/jpeg", "jpg"},  {"image/webp", "webp"}, {"image/gif", "gif"},
    {"image/heic", "heic"}, {"image/heif", "heif"}, {"image/avif", "avif"}, {"image/bmp", "bmp"}};

std::uint32_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

std::uint32_t big_endian(std::string_view bytes, std::size_t at, int count) {
  std::uint32_t number = 0;
  for (int i = 0; i < count; ++i)
    number = number << 8 | byte_at(bytes, at + static_cast<std::size_t>(i));
  return number;
}

std::uint32_t little_endian(std::string_view bytes, std::size_t at, int count) {
  std::uint32_t number = 0;
  for (int i = count - 1; i >= 0; --i)
    number = number << 8 | byte_at(bytes, at + static_cast<std::size_t>(i));
  return number;
}

std::optional<PictureSize> sized(std::uint32_t width, std::uint32_t height) {
  if (width == 0 || height == 0 || width > 1'000'000 || height > 1'000'000) return std::nullopt;
  return PictureSize{static_cast<int>(width), static_cast<int>(height)};
}

/// Walks from marker to marker up to the frame header, which has the size.
std::optional<PictureSize> jpeg_size(std::string_view bytes) {
  std::size_t at = 2;
  while (at + 9 < bytes.size()) {
    if (byte_at(bytes, at) != 0xff) return std::nullopt;
    const auto marker = byte_at(bytes, at + 1);
    if (marker == 0xff) {  // a fill byte
      ++at;
      continue;
    }
    const bool is_frame =
        marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (is_frame) return sized(big_endian(bytes, at + 7, 2), big_endian(bytes, at + 5, 2));
    const auto length = big_endian(bytes, at + 2, 2);
    if (length < 2 || marker == 0xda) return std::nullopt;
    at += 2 + length;
  }
  return std::nullopt;
}

std::optional<PictureSize> webp_size(std::string_view bytes) {
  if (bytes.size() < 30) return std::nullopt;
  const auto kind = bytes.substr(12, 4);
  if (kind == "VP8X")
    return sized(little_endian(bytes, 24, 3) + 1, little_endian(bytes, 27, 3) + 1);
  if (kind == "VP8L") {
    const auto bits = little_endian(bytes, 21, 4);
    return sized((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1);
  }
  if (kind == "VP8 ")
    return sized(little_endian(bytes, 26, 2) & 0x3fff, little_endian(bytes, 28, 2) & 0x3fff);
  return std::nullopt;
}

}  // namespace

std::string_view picture_type(std::string_view bytes) {
  if (bytes.starts_with("\x89PNG\r\n\x1a\n"sv)) return "image/png";
  if (bytes.starts_with("\xff\xd8\xff"sv)) return "image/jpeg";
  if (bytes.starts_with("GIF87a") || bytes.starts_with("GIF89a")) return "image/gif";
  if (bytes.starts_with("RIFF") && bytes.size() >= 12 && bytes.substr(8, 4) == "WEBP")
    return "image/webp";
  if (bytes.size() >= 12 && bytes.substr(4, 4) == "ftyp") {
    const auto brand = bytes.substr(8, 4);
    if (brand == "avif" || brand == "avis") return "image/avif";
    if (brand == "heic" || brand == "heix" || brand == "hevc" || brand == "hevx")
      return "image/heic";
    if (brand == "mif1" || brand == "msf1") return "image/heif";
  }
  if (bytes.starts_with("BM") && bytes.size() >= 26 && little_endian(bytes, 14, 4) <= 124)
    return "image/bmp";
  return {};
}

std::string_view picture_extension(std::string_view media_type) {
  for (const auto& [type, extension] : kExtensions) {
    if (type == media_type) return extension;
  }
  return "bin";
}

std::string_view type_of_extension(std::string_view extension) {
  for (const auto& [type, known] : kExtensions) {
    if (known == extension) return type;
  }
  return {};
}

std::optional<PictureSize> picture_size(std::string_view bytes) {
  const auto type = picture_type(bytes);
  if (type == "image/png" && bytes.size() >= 24)
    return sized(big_endian(bytes, 16, 4), big_endian(bytes, 20, 4));
  if (type == "image/gif" && bytes.size() >= 10)
    return sized(little_endian(bytes, 6, 2), little_endian(bytes, 8, 2));
  if (type == "image/jpeg") return jpeg_size(bytes);
  if (type == "image/webp") return webp_size(bytes);
  return std::nullopt;
}

}  // namespace gembal
