#include "lib/gemini/extras.hpp"

#include <charconv>

#include "lib/core/text.hpp"

namespace gembal::gemini {

std::optional<ThinkingAmount> parse_thinking(std::string_view text) {
  const auto word = lower(trim(text));
  if (word == "off" || word == "none") return ThinkingAmount{0, ""};
  if (word == "auto" || word == "dynamic") return ThinkingAmount{-1, ""};
  for (const std::string_view level : {"minimal", "low", "medium", "high"}) {
    if (word == level) return ThinkingAmount{-1, word};
  }
  constexpr int kMost = 1'000'000;
  int budget = 0;
  const auto* const end = word.data() + word.size();
  const auto [stopped, failure] = std::from_chars(word.data(), end, budget);
  if (failure != std::errc() || budget < -1 || budget > kMost) return std::nullopt;
  // The original's map has floating point numbers.
  const std::string_view rest(stopped, static_cast<std::size_t>(end - stopped));
  if (!rest.empty() && (rest[0] != '.' || rest.find_first_not_of('0', 1) != rest.npos))
    return std::nullopt;
  return ThinkingAmount{budget, ""};
}

std::string thinking_text(const ThinkingAmount& thinking) {
  if (!thinking.level.empty()) return thinking.level;
  return std::to_string(thinking.budget);
}

}  // namespace gembal::gemini
