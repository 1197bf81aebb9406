#pragma once

#include <cstdint>
#include <string>

namespace gembal::sandbox {

/// A picture of `width` by `height` pixels (1 to 1024 each): stripes and rings in 16 colours chosen
/// by `seed`. A complete PNG file, the same bytes for the same arguments.
std::string make_png(int width, int height, std::uint64_t seed);

}  // namespace gembal::sandbox
