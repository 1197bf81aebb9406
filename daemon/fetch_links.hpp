#pragma once

#include "daemon/request.hpp"
#include "lib/core/json_fwd.hpp"

namespace gembal::daemon {

/// Fetches what the links in a request's content lead to, several side by side, and puts it in
/// their place: chat completions, the Responses API, Anthropic's messages. What the model opens by
/// itself stays, and with `downloads.enabled = false` all does. Nothing is left running. Returns
/// how many bytes came.
///
/// Errors: bad_request with the parameter (not public, not reached, too large, no image), and
/// cancelled.
async::Task<Result<std::size_t>> fetch_links(RequestScope& scope, Json& request);

}  // namespace gembal::daemon
