#include "lib/http/address_guard.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace gembal::http {
namespace {

struct Network {
  std::array<std::uint8_t, 4> address;
  int bits;
};

constexpr Network kSpecial4[] = {
    {{0, 0, 0, 0}, 8},         // this network
    {{10, 0, 0, 0}, 8},        // private
    {{100, 64, 0, 0}, 10},     // shared by carriers; Alibaba's metadata
    {{127, 0, 0, 0}, 8},       // this machine
    {{168, 63, 129, 16}, 32},  // Azure's metadata
    {{169, 254, 0, 0}, 16},    // the link; most clouds' metadata
    {{172, 16, 0, 0}, 12},     // private
    {{192, 0, 0, 0}, 24},      // protocols; Oracle's metadata
    {{192, 0, 2, 0}, 24},      // documentation
    {{192, 31, 196, 0}, 24},   // AS112
    {{192, 52, 193, 0}, 24},   // AMT
    {{192, 88, 99, 0}, 24},    // 6to4 relays
    {{192, 168, 0, 0}, 16},    // private
    {{192, 175, 48, 0}, 24},   // AS112
    {{198, 18, 0, 0}, 15},     // benchmarks
    {{198, 51, 100, 0}, 24},   // documentation
    {{203, 0, 113, 0}, 24},    // documentation
    {{224, 0, 0, 0}, 4},       // multicast
    {{240, 0, 0, 0}, 4},       // reserved, and broadcast
};

std::uint32_t number(const std::array<std::uint8_t, 4>& bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
         std::uint32_t{bytes[2]} << 8 | std::uint32_t{bytes[3]};
}

bool is_public(std::uint32_t address) {
  return std::none_of(std::begin(kSpecial4), std::end(kSpecial4), [address](const Network& one) {
    const auto mask = ~std::uint32_t{0} << (32 - one.bits);
    return (address & mask) == number(one.address);
  });
}

bool is_public(const asio::ip::address_v6& address) {
  const auto bytes = address.to_bytes();
  const auto at = [&bytes](std::size_t i) { return bytes[i] << 8 | bytes[i + 1]; };
  const auto last = number({bytes[12], bytes[13], bytes[14], bytes[15]});
  const bool zeros_from_4 = std::all_of(bytes.begin() + 4, bytes.begin() + 12,
                                        [](std::uint8_t byte) { return byte == 0; });
  if (address.is_v4_mapped()) return is_public(last);
  // A network without IPv4 reaches it through 64:ff9b::/96.
  if (at(0) == 0x64 && at(2) == 0xff9b && zeros_from_4) return is_public(last);
  if (bytes[0] >> 5 != 1) return false;                 // only 2000::/3 is given out
  if (at(0) == 0x2001 && bytes[2] < 2) return false;    // protocols, Teredo
  if (at(0) == 0x2001 && at(2) == 0xdb8) return false;  // documentation
  if (at(0) == 0x2002) return false;                    // 6to4: any IPv4 address
  if (at(0) == 0x2620 && at(2) == 0x4f && at(4) == 0x8000) return false;  // AS112
  return at(0) != 0x3fff;                                                 // documentation
}

}  // namespace

bool is_public(const asio::ip::address& address) {
  return address.is_v4() ? is_public(address.to_v4().to_uint()) : is_public(address.to_v6());
}

}  // namespace gembal::http
