#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gembal::gemini {

/// A generateContent request, or a chat for Google's OpenAI-compatible surface, whose thought
/// signatures pass validation unseen: for a history that was signed elsewhere, or whose client
/// dropped them. Each one is replaced, and a first call of a turn without one gets one. nullopt
/// when nothing changes, or it is no JSON.
std::optional<std::string> with_bypassed_signatures(std::string_view body);

}  // namespace gembal::gemini
