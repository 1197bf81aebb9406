#pragma once

#include <string>
#include <string_view>

namespace gembal::gemini {

/// An error in the Gemini API's own shape: {"error":{"code","message","status"}}, one line.
std::string error_body(int http_status, std::string_view message);

/// What an upstream error body says to people: the message of the error object, alone or in an
/// array; of HTML or other text, that it came. Never empty, bounded, and without keys.
std::string message_of(std::string_view body);

}  // namespace gembal::gemini
