#pragma once

#include <optional>

#include "daemon/request.hpp"
#include "lib/upstream/answer.hpp"

namespace gembal::daemon {

/// Why an answer cannot be gone on with.
struct Failure {
  int status = 502;  ///< HTTP's, for a client that has nothing yet
  Error error;
};

/// The reason not to go on with what was opened, read from its body; none when it is good.
async::Task<std::optional<Failure>> failure_in(Result<upstream::Answer>& opened);

/// Tells the client, in the dialect of the path.
async::Task<void> answer_failure(RequestScope& scope, Failure failure);

}  // namespace gembal::daemon
