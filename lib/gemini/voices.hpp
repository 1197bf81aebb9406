#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "lib/core/json.hpp"

namespace gembal::gemini {

/// The API's prebuilt voices.
std::span<const std::string_view> all_voices();

/// One of the API's prebuilt voices, as it writes it, whatever the case of `name`; nullopt when it
/// has none of that name.
std::optional<std::string_view> voice_named(std::string_view name);

/// generationConfig.speechConfig for one speaker.
Json speech_config(std::string_view voice);

}  // namespace gembal::gemini
