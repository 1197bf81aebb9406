#include "lib/core/base64.hpp"

#include <openssl/evp.h>

#include <array>
#include <cstdint>

namespace gembal {
namespace {

constexpr std::array<std::int8_t, 256> make_values() {
  std::array<std::int8_t, 256> values{};
  for (auto& value : values) value = -1;
  for (int i = 0; i < 26; ++i) {
    values['A' + i] = static_cast<std::int8_t>(i);
    values['a' + i] = static_cast<std::int8_t>(26 + i);
  }
  for (int i = 0; i < 10; ++i) values['0' + i] = static_cast<std::int8_t>(52 + i);
  values['+'] = values['-'] = 62;
  values['/'] = values['_'] = 63;
  return values;
}

constexpr auto kValues = make_values();

}  // namespace

std::string base64_encode(std::string_view bytes) {
  std::string text;
  append_base64(text, bytes);
  return text;
}

void append_base64(std::string& text, std::string_view bytes) {
  const auto before = text.size();
  text.resize(before + (bytes.size() + 2) / 3 * 4 + 1);  // OpenSSL ends it with a zero
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data() + before),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(before + static_cast<std::size_t>(size));
}

// OpenSSL's decoder takes neither the URL-safe alphabet nor missing padding, and clients send both.
bool append_decoded(std::string& out, std::string_view text) {
  const auto before = out.size();
  out.reserve(before + text.size() / 4 * 3 + 3);
  const auto refuse = [&out, before] {
    out.resize(before);
    return false;
  };
  std::uint32_t group = 0;
  int digits = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const int value = kValues[static_cast<unsigned char>(c)];
    if (value < 0 || padding) return refuse();
    group = group << 6 | static_cast<std::uint32_t>(value);
    if (++digits == 4) {
      out += static_cast<char>(group >> 16);
      out += static_cast<char>(group >> 8);
      out += static_cast<char>(group);
      group = 0;
      digits = 0;
    }
  }
  if (digits == 1 || padding > 2) return refuse();
  if (digits == 2) out += static_cast<char>(group >> 4);
  if (digits == 3) {
    out += static_cast<char>(group >> 10);
    out += static_cast<char>(group >> 2);
  }
  return true;
}

std::optional<std::string> base64_decode(std::string_view text) {
  std::string bytes;
  if (!append_decoded(bytes, text)) return std::nullopt;
  return bytes;
}

}  // namespace gembal
