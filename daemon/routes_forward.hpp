#pragma once

#include "daemon/request.hpp"

namespace gembal::daemon {

/// Passes a request to Google's own OpenAI-compatible surface, and its reply back; errors come back
/// in a shape that OpenAI's clients can read.
async::Task<void> relay_openai(RequestScope& scope);

}  // namespace gembal::daemon
