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

#include "lib/core/json_object.hpp"
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

// marks_at: which of the kStep bytes from there do not stand for themselves, one bit for each of
// them, kMarkBits apart, the first byte's the lowest. is_plain: whether all bytes of two words do.
#if defined(__SSE2__)
constexpr std::ptrdiff_t kStep = 16;
constexpr int kMarkBits = 1;
using Marks = unsigned;

Marks marks_of(__m128i bytes) {
  const __m128i is_control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
  const __m128i is_mark = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                       _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
  return static_cast<Marks>(_mm_movemask_epi8(_mm_or_si128(is_control, is_mark)));
}

Marks marks_at(const char* from) {
  return marks_of(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}

bool is_plain(std::uint64_t a, std::uint64_t b) {
  return marks_of(_mm_set_epi64x(static_cast<std::int64_t>(a), static_cast<std::int64_t>(b))) == 0;
}
#else
constexpr std::ptrdiff_t kStep = 8;
constexpr int kMarkBits = 8;
using Marks = std::uint64_t;

Marks marks_of(std::uint64_t word) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kLows = kOnes * 0x7f;
  // The high bit of each byte that is zero.
  const auto zeros = [](std::uint64_t of) { return ~(((of & kLows) + kLows) | of | kLows); };
  return zeros(word & (kOnes * 0xe0)) | zeros(word ^ (kOnes * '"')) | zeros(word ^ (kOnes * '\\'));
}

Marks marks_at(const char* from) {
  std::uint64_t word = 0;
  std::memcpy(&word, from, kStep);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return marks_of(word);
}

bool is_plain(std::uint64_t a, std::uint64_t b) { return (marks_of(a) | marks_of(b)) == 0; }
#endif

int first_of(Marks marks) { return std::countr_zero(marks) / kMarkBits; }

/// How many bytes from the start of `text` stand for themselves.
std::size_t plain_length(std::string_view text) {
  const char* from = text.data();
  const char* const end = from + text.size();
  const auto length = [&] { return static_cast<std::size_t>(from - text.data()); };
  for (; end - from >= kStep; from += kStep) {
    if (const auto marks = marks_at(from); marks != 0) {
      from += first_of(marks);
      return length();
    }
  }
  while (from < end && escape_of(*from) == 0) ++from;
  return length();
}

template <typename Word>
std::uint64_t word_at(const char* from) {
  Word word = 0;
  std::memcpy(&word, from, sizeof word);
  return word;
}

/// Copies a text of less than 16 bytes when all of it stands for itself: names mostly, for which
/// calls would cost more than the work. Its ends are looked at and copied, which overlap.
bool copy_short(std::string_view text, char* to) {
  const auto size = text.size();
  const char* from = text.data();
  if (size >= 8) {
    if (!is_plain(word_at<std::uint64_t>(from), word_at<std::uint64_t>(from + size - 8)))
      return false;
    std::memcpy(to, from, 8);
    std::memcpy(to + size - 8, from + size - 8, 8);
    return true;
  }
  if (size >= 4) {
    const auto ends = word_at<std::uint32_t>(from) | word_at<std::uint32_t>(from + size - 4) << 32;
    if (!is_plain(ends, ends)) return false;
    std::memcpy(to, from, 4);
    std::memcpy(to + size - 4, from + size - 4, 4);
    return true;
  }
  for (std::size_t i = 0; i < size; ++i) {
    if (escape_of(from[i]) != 0) return false;
    to[i] = from[i];
  }
  return true;
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
  static constexpr std::size_t kShort = 16;
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
    if (text.size() < kShort && copy_short(text, room(kShort))) {
      used_ += text.size();
      return;
    }
    while (text.size() > kBlock) {
      const auto plain = plain_length(text);
      put(text.substr(0, plain));
      text.remove_prefix(plain);
      // Where one is escaped there are more, as in prose: they go another way.
      text.remove_prefix(write_block(text));
    }
    while (!text.empty()) text.remove_prefix(write_block(text));
  }

  /// Writes the first kBlock bytes of a text, or a few more, or all. Returns how many.
  std::size_t write_block(std::string_view text) {
    char* to = room((kBlock + kStep) * kLongestEscape + kStep);
    const char* from = text.data();
    const char* const end = from + std::min(text.size(), kBlock);
    const char* const end_of_text = from + text.size();
    // Each step is copied as if it were plain, and what follows an escape again. That reads beyond.
    for (; from < end && end_of_text - from >= 2 * kStep; from += kStep) {
      std::ptrdiff_t done = 0;
      for (auto marks = marks_at(from); marks != 0; marks &= marks - 1) {
        const auto next = first_of(marks);
        std::memcpy(to, from + done, kStep);
        to = write_escape(from[next], to + (next - done));
        done = next + 1;
      }
      std::memcpy(to, from + done, kStep);
      to += kStep - done;
    }
    // The text's end, which mostly is plain.
    if (end - from >= kStep && marks_at(from) == 0) {
      std::memcpy(to, from, kStep);
      to += kStep;
      from += kStep;
    }
    const auto rest = static_cast<std::size_t>(std::max<std::ptrdiff_t>(end - from, 0));
    if (rest < kShort && copy_short({from, rest}, to)) {
      to += rest;
      from += rest;
    }
    for (; from < end; ++from) {
      if (escape_of(*from) != 0) {
        to = write_escape(*from, to);
      } else {
        *to++ = *from;
      }
    }
    used_ = static_cast<std::size_t>(to - buffer_);
    return static_cast<std::size_t>(from - text.data());
  }

  /// Of a byte that does not stand for itself. Returns where the next one goes.
  static char* write_escape(char c, char* to) {
    const char escape = escape_of(c);
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

void append_text(std::string& out, const Json& value) {
  const auto before = out.size();
  TextWriter(out).write(value);
  // All at once: it is UTF-8 when each of its strings is. What is wrong, nlohmann's writer
  // replaces.
  if (is_valid_utf8(std::string_view(out).substr(before))) return;
  out.resize(before);
  out += value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string to_text(const Json& value) {
  std::string text;
  append_text(text, value);
  return text;
}

std::string to_pretty_text(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace gembal
