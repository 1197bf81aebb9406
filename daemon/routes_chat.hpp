#pragma once

#include "daemon/request.hpp"

namespace gembal::daemon {

/// POST /v1/chat/completions.
async::Task<void> chat_completions(RequestScope& scope);

}  // namespace gembal::daemon
