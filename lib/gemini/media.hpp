#pragma once

#include <string>
#include <string_view>

#include "lib/core/json_fwd.hpp"
#include "lib/core/result.hpp"

namespace gembal::gemini {

/// A file inside a request: what Gemini calls inlineData.
struct Media {
  std::string mime_type;  ///< as Gemini's documentation writes it: "image/jpeg", "audio/mp3"
  std::string data;       ///< standard base64 with padding
};

/// `{"inlineData":{"mimeType","data"}}`, with the data moved into it.
Json inline_data(Media media);

bool is_data_url(std::string_view text);

// The readers take the text itself: pass it with std::move, and however large it is, its memory is
// used again for the data.
//
// What the bytes are decides, not what they were declared as: image/png that begins as a JPEG does
// is image/jpeg. What is declared counts where the bytes do not tell (text, raw sound).
//
// Errors: bad_request with `param` and a message that names it: malformed, empty, or no picture (no
// PDF) at all.

/// "data:image/png;base64,iVBO…": also percent-encoded, with blanks, URL-safe, without padding,
/// without a type, and not in base64 at all.
Result<Media> read_data_url(std::string url, std::string_view param);

/// Base64 alone, as `input_audio` and Anthropic's sources have it. `declared`: its type; "" when
/// that is not said.
Result<Media> read_base64(std::string data, std::string_view declared, std::string_view param);

/// The type of a file that was declared as `declared` ("": not at all) and begins with `bytes`.
/// Errors: bad_request, with the reason alone ("it is no image").
Result<std::string> settle_mime_type(std::string_view declared, std::string_view bytes);

/// "Image/JPG; charset=x" -> "image/jpeg"; "" stays.
std::string normal_mime_type(std::string_view declared);

/// The type that the first bytes of a file tell (32 are enough but for a few); "" when they do not.
std::string_view sniff_mime_type(std::string_view bytes);

}  // namespace gembal::gemini
