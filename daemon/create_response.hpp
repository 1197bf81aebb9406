#pragma once

#include "daemon/request.hpp"

namespace gembal::daemon {

/// POST /v1/responses.
async::Task<void> create_response(RequestScope& scope);

/// POST /v1/responses/input_tokens.
async::Task<void> count_response_input(RequestScope& scope);

}  // namespace gembal::daemon
