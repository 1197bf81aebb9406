#pragma once

#include <string>
#include <string_view>

#include "daemon/message.hpp"

namespace gembal::daemon {

/// Whose shape an answer has: an SDK raises its proper exception only for its own.
enum class Dialect { gemini, openai };

/// An error of ours as a whole reply in the dialect's shape. `hint` is added to the message when it
/// is not empty.
Response error_response(Dialect dialect, const Error& error);
Response error_response(Dialect dialect, int status, std::string_view message);

/// The same inside a stream that has begun.
std::string error_event(Dialect dialect, const Error& error);

}  // namespace gembal::daemon
