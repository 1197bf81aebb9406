#pragma once

#include "daemon/request.hpp"

namespace gembal::daemon {

/// Answers what is asked of /v1/responses and below: OpenAI's Responses API, kept in the store.
async::Task<void> responses(RequestScope& scope);

}  // namespace gembal::daemon
