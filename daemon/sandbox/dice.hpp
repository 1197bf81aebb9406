#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gembal::sandbox {

/// Numbers that look random and are the same for the same seed and text on every machine.
class Dice {
 public:
  Dice(std::uint64_t seed, std::string_view text);

  std::uint64_t next();
  /// 0 to `count` - 1; `count` is at least 1.
  std::uint64_t below(std::uint64_t count) { return next() % count; }
  /// -1 to 1.
  double signed_unit();
  /// `length` characters out of a-z, 0-9, as in Google's names of files and function calls.
  std::string name(int length);
  /// `length` bytes.
  std::string bytes(int length);

 private:
  std::uint64_t state_;
};

}  // namespace gembal::sandbox
