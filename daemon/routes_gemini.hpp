#pragma once

#include "daemon/request.hpp"

namespace gembal::daemon {

/// Passes a request of the native Gemini API to upstream and its reply back, byte for byte but for
/// the headers.
async::Task<void> relay_native(RequestScope& scope);

}  // namespace gembal::daemon
