#pragma once

#include <optional>
#include <string_view>

namespace gembal::audio {

/// The media type of a sound file, told by its first bytes, whatever its name says: "audio/wav",
/// "audio/mpeg", "audio/flac", "audio/ogg", "audio/mp4", "audio/webm", "audio/aac", "audio/aiff".
/// nullopt when it is none that Gemini takes.
std::optional<std::string_view> media_type_of(std::string_view file);

}  // namespace gembal::audio
