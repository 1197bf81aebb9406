#include "daemon/sandbox/dice.hpp"

namespace gembal::sandbox {

Dice::Dice(std::uint64_t seed, std::string_view text) : state_(0xcbf29ce484222325ULL ^ seed) {
  for (const char c : text) {  // FNV-1a
    state_ ^= static_cast<unsigned char>(c);
    state_ *= 0x100000001b3ULL;
  }
}

std::uint64_t Dice::next() {  // splitmix64
  state_ += 0x9e3779b97f4a7c15ULL;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

double Dice::signed_unit() { return static_cast<double>(next() >> 11) / 4503599627370496.0 - 1.0; }

std::string Dice::name(int length) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string text;
  for (int i = 0; i < length; ++i) text += letters[below(36)];
  return text;
}

std::string Dice::bytes(int length) {
  std::string text;
  for (int i = 0; i < length; ++i) text += static_cast<char>(next() & 0xff);
  return text;
}

}  // namespace gembal::sandbox
