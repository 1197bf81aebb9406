#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gembal {

/// Standard base64 with padding (RFC 4648 section 4), without line breaks.
std::string base64_encode(std::string_view bytes);
/// The same, after what is in `text`: a large file is not copied to get something before it.
void append_base64(std::string& text, std::string_view bytes);

/// Decodes standard or URL-safe base64, padded or not; blanks are passed over. nullopt when
/// anything else is in it.
std::optional<std::string> base64_decode(std::string_view text);
/// The same, put behind what `out` has; false, with `out` as it was, when anything else is in it.
bool append_decoded(std::string& out, std::string_view text);

}  // namespace gembal
