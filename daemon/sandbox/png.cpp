// A PNG writer of the simplest kind: a palette of 16 colours, four bits a pixel, and a zlib stream
// of stored (not compressed) blocks, so that no compression library is needed and the bytes never
// change with one's version.
#include "daemon/sandbox/png.hpp"

#include <algorithm>
#include <array>

#include "daemon/sandbox/dice.hpp"

namespace gembal::sandbox {
namespace {

std::uint32_t crc32(const std::string& bytes) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> rows{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t c = i;
      for (int bit = 0; bit < 8; ++bit) c = c & 1 ? 0xedb88320U ^ (c >> 1) : c >> 1;
      rows[i] = c;
    }
    return rows;
  }();
  std::uint32_t crc = 0xffffffffU;
  for (const char c : bytes) crc = table[(crc ^ static_cast<unsigned char>(c)) & 0xff] ^ (crc >> 8);
  return ~crc;
}

std::uint32_t adler32(const std::string& bytes) {
  std::uint32_t a = 1, b = 0;
  for (const char c : bytes) {
    a = (a + static_cast<unsigned char>(c)) % 65521;
    b = (b + a) % 65521;
  }
  return b << 16 | a;
}

std::string big_endian(std::uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift & 0xff);
  return bytes;
}

std::string chunk(const std::string& type, const std::string& data) {
  const std::string body = type + data;
  return big_endian(static_cast<std::uint32_t>(data.size())) + body + big_endian(crc32(body));
}

std::string zlib_stored(const std::string& data) {
  std::string out = "\x78\x01";
  for (std::size_t at = 0; at < data.size();) {
    const auto length = std::min<std::size_t>(data.size() - at, 65535);
    const bool last = at + length == data.size();
    out += static_cast<char>(last ? 1 : 0);
    out += static_cast<char>(length & 0xff);
    out += static_cast<char>(length >> 8);
    out += static_cast<char>(~length & 0xff);
    out += static_cast<char>(~length >> 8 & 0xff);
    out += data.substr(at, length);
    at += length;
  }
  return out + big_endian(adler32(data));
}

}  // namespace

std::string make_png(int width, int height, std::uint64_t seed) {
  Dice dice(seed, "png");
  const std::string palette = dice.bytes(16 * 3);
  const auto stripe = static_cast<int>(4 + dice.below(12));
  const int centre_x = static_cast<int>(dice.below(static_cast<std::uint64_t>(width)));
  const int centre_y = static_cast<int>(dice.below(static_cast<std::uint64_t>(height)));

  std::string rows;
  for (int y = 0; y < height; ++y) {
    rows += '\0';  // no filter
    for (int x = 0; x < width; x += 2) {
      const auto colour = [&](int column) {
        const int dx = column - centre_x, dy = y - centre_y;
        return ((column + y) / stripe + (dx * dx + dy * dy) / (64 * stripe)) & 15;
      };
      rows += static_cast<char>(colour(x) << 4 | (x + 1 < width ? colour(x + 1) : 0));
    }
  }
  const std::string header = big_endian(static_cast<std::uint32_t>(width)) +
                             big_endian(static_cast<std::uint32_t>(height)) +
                             std::string("\x04\x03\x00\x00\x00", 5);
  return std::string("\x89PNG\r\n\x1a\n") + chunk("IHDR", header) + chunk("PLTE", palette) +
         chunk("IDAT", zlib_stored(rows)) + chunk("IEND", "");
}

}  // namespace gembal::sandbox
