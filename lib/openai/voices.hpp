#pragma once

#include <string>
#include <string_view>

namespace gembal::openai {

/// The Gemini voice for one that an OpenAI client asks for: its own name, or the nearest to one of
/// OpenAI's ("alloy"), or `standard` for any other.
std::string gemini_voice(std::string_view asked, std::string_view standard);

}  // namespace gembal::openai
