#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gembal::gemini {

/// A generateContent request with the thought signatures of its history replaced by the value that
/// passes validation unseen: for a history that was signed elsewhere. nullopt when it has none, or
/// is no JSON.
std::optional<std::string> with_bypassed_signatures(std::string_view body);

}  // namespace gembal::gemini
