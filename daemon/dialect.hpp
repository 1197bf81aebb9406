#pragma once

#include <string>
#include <string_view>

#include "daemon/message.hpp"

namespace gembal::daemon {

/// Whose shape an answer has: an SDK raises its proper exception only for its own.
enum class Dialect { gemini, openai, anthropic };

/// An error of ours as a whole reply in the dialect's shape. `hint` is added to the message when it
/// is not empty. `request_id` is told where the dialect has a place for it.
Response error_response(Dialect dialect, const Error& error, std::string_view request_id = {});

/// An error with the status that upstream gave it; the dialect may have another for the same.
Response error_response(Dialect dialect, int status, std::string_view message,
                        std::string_view request_id = {});

/// The same inside a stream that has begun.
std::string error_event(Dialect dialect, const Error& error);

}  // namespace gembal::daemon
