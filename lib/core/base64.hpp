#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gembal {

/// Standard base64 with padding (RFC 4648 section 4), without line breaks.
std::string base64_encode(std::string_view bytes);

/// Decodes standard or URL-safe base64, padded or not; blanks are passed over. nullopt when
/// anything else is in it.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace gembal
