#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "lib/core/json.hpp"

/// What the fuzzers have in common. Each defines gembal::fuzz_one(); a broken promise ends the
/// program, and libFuzzer keeps the input.
namespace gembal {

/// Feeds the code under test, and checks what it promises for any input.
void fuzz_one(std::string_view input);

/// Ends the program, saying what was promised, unless it `holds`.
inline void promise(bool holds, const char* what, std::string_view shown = {}) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n%.*s\n", what, static_cast<int>(shown.size()),
               shown.data());
  std::abort();
}

inline bool is_json(std::string_view text) { return static_cast<bool>(parse_json(text)); }

/// The input in pieces, in a cut that depends on nothing but the input and `turn`. Turn 0 cuts
/// after each byte.
inline std::vector<std::string_view> pieces_of(std::string_view input, unsigned turn) {
  std::uint64_t state = 0x9e3779b97f4a7c15u + turn;
  for (const char c : input) state = (state ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  std::vector<std::string_view> pieces;
  while (!input.empty()) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const std::size_t length = turn == 0 ? 1 : 1 + (state >> 33) % (turn % 2 ? 7 : 200);
    pieces.push_back(input.substr(0, length));
    input.remove_prefix(pieces.back().size());
  }
  return pieces;
}

/// How many turns pieces_of() is worth asking for: the longer the input, the fewer.
inline unsigned turns_for(std::string_view input) { return input.size() > 20'000 ? 2 : 4; }

}  // namespace gembal
