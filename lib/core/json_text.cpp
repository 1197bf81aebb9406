// JSON as text. The library's own writer goes through every string byte by byte.
#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "lib/core/json.hpp"
#include "lib/core/text.hpp"

namespace gembal {
namespace {

/// A string beyond this gets its room at once.
constexpr std::size_t kLarge = 256 * 1024;

/// What stands for a byte in a string: nothing but itself (0), a letter after a backslash, or 'u'
/// and its number.
constexpr std::array<char, 256> kEscapes = [] {
  std::array<char, 256> escapes{};
  for (int code = 0; code < 0x20; ++code) escapes[code] = 'u';
  constexpr std::string_view kShort = "\"\"\\\\\nn\rr\tt\bb\ff";
  for (std::size_t i = 0; i < kShort.size(); i += 2)
    escapes[static_cast<unsigned char>(kShort[i])] = kShort[i + 1];
  return escapes;
}();

char escape_of(char c) { return kEscapes[static_cast<unsigned char>(c)]; }

// How many of the kStep bytes from there stand for themselves before the first that does not.
#if defined(__SSE2__)
constexpr std::size_t kStep = 16;

std::size_t plain_of_step(const char* from) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  const __m128i is_control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
  const __m128i is_mark = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                       _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
  const auto found = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(is_control, is_mark)));
  return static_cast<std::size_t>(std::countr_zero(found | 1u << kStep));
}
#else
constexpr std::size_t kStep = 8;

// In a word of bytes the high bit of each is set where the byte is below 0x20, or equals '"' or
// '\\'. What a borrow sets besides is above the first of these.
std::size_t plain_of_step(const char* from) {
  if constexpr (std::endian::native != std::endian::little) {
    return static_cast<std::size_t>(std::find_if(from, from + kStep, escape_of) - from);
  }
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighs = 0x8080808080808080;
  const auto zeros = [](std::uint64_t word) { return (word - kOnes) & ~word & kHighs; };
  std::uint64_t word = 0;
  std::memcpy(&word, from, kStep);
  const auto marks = ((word - kOnes * 0x20) & ~word & kHighs) | zeros(word ^ (kOnes * '"')) |
                     zeros(word ^ (kOnes * '\\'));
  return static_cast<std::size_t>(std::countr_zero(marks)) / 8;
}
#endif

/// How many bytes from the start of `text` stand for themselves.
std::size_t plain_length(std::string_view text) {
  std::size_t at = 0;
  for (; at + kStep <= text.size(); at += kStep) {
    if (const auto plain = plain_of_step(text.data() + at); plain < kStep) return at + plain;
  }
  while (at < text.size() && escape_of(text[at]) == 0) ++at;
  return at;
}

/// Collects small pieces before they are added to a text: most of a JSON text is quotes, names and
/// numbers of a few bytes.
class TextWriter {
 public:
  explicit TextWriter(std::string& out) : out_(out) {}
  ~TextWriter() { flush(); }
  TextWriter(const TextWriter&) = delete;
  TextWriter& operator=(const TextWriter&) = delete;

  /// The same text as nlohmann's writer makes.
  void write(const Json& value) {
    switch (value.type()) {
      case Json::value_t::string: return write_string(value.get_ref<const std::string&>());
      case Json::value_t::number_integer: return write_number(value.get<std::int64_t>());
      case Json::value_t::number_unsigned: return write_number(value.get<std::uint64_t>());
      case Json::value_t::boolean: return put(value.get<bool>() ? "true" : "false");
      case Json::value_t::null: return put("null");
      case Json::value_t::array: return write_array(value.get_ref<const Json::array_t&>());
      case Json::value_t::object: return write_object(value.get_ref<const Json::object_t&>());
      case Json::value_t::number_float: return write_float(value.get<double>());
      default: return put(value.dump(-1, ' ', false, Json::error_handler_t::replace));
    }
  }

 private:
  static constexpr std::size_t kRoom = 4096;
  static constexpr std::size_t kBlock = 256;  ///< of a string with escapes
  static constexpr std::size_t kLongestEscape = 6;

  void flush() {
    out_.append(buffer_, used_);
    used_ = 0;
  }

  /// Where so many bytes can be written, at most kRoom; the caller counts in used_ what it wrote.
  char* room(std::size_t bytes) {
    if (kRoom - used_ < bytes) flush();
    return buffer_ + used_;
  }

  void put(char c) {
    *room(1) = c;
    ++used_;
  }
  void put(char a, char b) {
    char* to = room(2);
    to[0] = a;
    to[1] = b;
    used_ += 2;
  }

  void put(std::string_view text) {
    if (text.size() > kRoom / 2) {
      flush();
      out_.append(text);
      return;
    }
    std::memcpy(room(text.size()), text.data(), text.size());
    used_ += text.size();
  }

  void write_array(const Json::array_t& values) {
    if (values.empty()) return put("[]");
    char before = '[';
    for (const auto& one : values) {
      put(std::exchange(before, ','));
      write(one);
    }
    put(']');
  }

  void write_object(const Json::object_t& members) {
    if (members.empty()) return put("{}");
    char before = '{';
    for (const auto& [name, member] : members) {
      put(std::exchange(before, ','), '"');
      write_characters(name);
      put('"', ':');
      write(member);
    }
    put('}');
  }

  void write_string(const std::string& value) {
    if (value.size() > kLarge) out_.reserve(out_.size() + value.size() + kLarge);
    put('"');
    write_characters(value);
    put('"');
  }

  /// What is between the quotes. What is no UTF-8 stays as it is.
  void write_characters(std::string_view text) {
    for (;;) {
      const auto plain = plain_length(text);
      put(text.substr(0, plain));
      if (plain == text.size()) return;
      // Where one is escaped there are more, as in prose: they go another way.
      const auto block = text.substr(plain, kBlock);
      write_block(block);
      text.remove_prefix(plain + block.size());
    }
  }

  void write_block(std::string_view text) {
    char* to = room(kBlock * kLongestEscape + kStep);
    const char* from = text.data();
    const char* const end = from + text.size();
    while (from < end) {
      if (static_cast<std::size_t>(end - from) >= kStep) {
        std::memcpy(to, from, kStep);
        const auto plain = plain_of_step(from);
        to += plain;
        from += plain;
        if (plain == kStep) continue;
      }
      to = write_character(*from++, to);
    }
    used_ = static_cast<std::size_t>(to - buffer_);
  }

  /// Returns where the next one goes.
  static char* write_character(char c, char* to) {
    const char escape = escape_of(c);
    if (escape == 0) {
      *to = c;
      return to + 1;
    }
    *to++ = '\\';
    *to++ = escape;
    if (escape != 'u') return to;
    constexpr std::string_view kDigits = "0123456789abcdef";
    const auto code = static_cast<unsigned char>(c);
    const char rest[] = {'0', '0', kDigits[code >> 4], kDigits[code & 15]};
    std::memcpy(to, rest, sizeof rest);
    return to + sizeof rest;
  }

  template <typename Number>
  void write_number(Number value) {
    constexpr std::size_t kDigits = 24;
    char* to = room(kDigits);
    used_ = static_cast<std::size_t>(std::to_chars(to, to + kDigits, value).ptr - buffer_);
  }

  /// The shortest digits that are read as the same number, and as one with a fraction.
  void write_float(double value) {
    const double size = std::abs(value);
    if (value != 0 && !(size >= 1e-4 && size < 1e15)) {
      return put(Json(value).dump());  // with an exponent; or no number at all
    }
    constexpr std::size_t kDigits = 32;
    char* to = room(kDigits);
    char* end = std::to_chars(to, to + kDigits, value, std::chars_format::fixed).ptr;
    if (std::find(to, end, '.') == end) end = std::copy_n(".0", 2, end);
    used_ = static_cast<std::size_t>(end - buffer_);
  }

  std::string& out_;
  std::size_t used_ = 0;
  char buffer_[kRoom];
};

}  // namespace

std::string to_text(const Json& value) {
  std::string text;
  TextWriter(text).write(value);
  // All at once: it is UTF-8 when each of its strings is. What is wrong, nlohmann's writer
  // replaces.
  if (!is_valid_utf8(text)) return value.dump(-1, ' ', false, Json::error_handler_t::replace);
  return text;
}

std::string to_pretty_text(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace gembal
