#pragma once

#include "daemon/request.hpp"

namespace gembal::daemon {

/// Passes a request of the native Gemini API to upstream and its reply back, byte for byte but for
/// the headers.
async::Task<void> relay_native(RequestScope& scope);

/// Passes a request to Google's own OpenAI-compatible surface; errors come back in a shape that
/// OpenAI's clients can read.
async::Task<void> relay_openai(RequestScope& scope);

}  // namespace gembal::daemon
