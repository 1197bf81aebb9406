#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gembal::gemini {

/// What a reply says that it used.
struct TokenCount {
  std::uint64_t input = 0;
  std::uint64_t total = 0;  ///< of input and output
};

/// The last usage in the end of a reply, found without parsing it: Gemini's usageMetadata, which is
/// cumulative in streams, or the OpenAI-compatible surface's usage. nullopt when there is none.
std::optional<TokenCount> last_usage(std::string_view tail);

/// So much of a reply's end is enough for last_usage().
inline constexpr std::size_t kUsageTail = 2048;

}  // namespace gembal::gemini
