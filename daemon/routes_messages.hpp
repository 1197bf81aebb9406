#pragma once

#include "daemon/request.hpp"

namespace gembal::daemon {

/// POST /v1/messages: Anthropic's Messages API, translated.
async::Task<void> create_message(RequestScope& scope);

/// POST /v1/messages/count_tokens.
async::Task<void> count_message(RequestScope& scope);

}  // namespace gembal::daemon
