#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gembal {

/// The SHA-256 of `bytes` as 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

/// `count` bytes from the system's generator as 2 * count hexadecimal digits; fit for tokens.
std::string random_hex(std::size_t count);

}  // namespace gembal
