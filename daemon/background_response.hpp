#pragma once

#include <memory>

#include "daemon/asked_response.hpp"
#include "daemon/event_log.hpp"

namespace gembal::daemon {

/// Answers that the response is in progress, or with its events as they come, and lets it go on
/// whether or not the client stays. It is kept while it runs, so that any process can tell of it.
async::Task<void> answer_in_background(RequestScope& scope, std::shared_ptr<AskedResponse> asked);

/// Tells the client the events behind the first `bytes` of a log, and those that come.
async::Task<void> follow_response(RequestScope& scope, std::shared_ptr<EventLog> log,
                                  std::size_t bytes);

}  // namespace gembal::daemon
