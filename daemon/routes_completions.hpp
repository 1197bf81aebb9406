#pragma once

#include "daemon/request.hpp"

namespace gembal::daemon {

/// POST /v1/completions, translated: each prompt's choices are calls of their own, side by side.
async::Task<void> completions(RequestScope& scope);

}  // namespace gembal::daemon
