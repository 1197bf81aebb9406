#pragma once

#include <string>
#include <string_view>

namespace gembal::anthropic {

/// Thought signatures travel in the signatures of thinking blocks, each that of the part that
/// follows its block. The mark tells them from those of other models, which upstream would refuse.
inline constexpr std::string_view kSignatureMark = "gemini.";

inline std::string block_signature(std::string_view thought_signature) {
  return std::string(kSignatureMark).append(thought_signature);
}

/// What block_signature() was made of; "" for a signature of another origin.
inline std::string_view thought_signature(std::string_view block_signature) {
  if (!block_signature.starts_with(kSignatureMark)) return {};
  return block_signature.substr(kSignatureMark.size());
}

}  // namespace gembal::anthropic
