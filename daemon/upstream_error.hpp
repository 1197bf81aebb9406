#pragma once

#include <string_view>

#include "daemon/dialect.hpp"
#include "daemon/message.hpp"
#include "lib/upstream/answer.hpp"

namespace gembal::daemon {

/// The status that a client of a translated dialect is told of an upstream's refusal: what is a
/// key's fault, or that of the way to upstream, must not look like the client's own.
int client_status(int upstream_status, keypool::Outcome outcome);

/// An upstream's refusal in the dialect's shape. `answer` has the status and what was thought of
/// it; `body` is what it said: JSON, alone or in an array, or a page.
Response upstream_error(Dialect dialect, const upstream::Answer& answer, std::string_view body);

}  // namespace gembal::daemon
