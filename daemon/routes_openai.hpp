#pragma once

#include "daemon/request.hpp"

namespace gembal::daemon {

/// POST /v1/embeddings, translated; long inputs go in batches.
async::Task<void> embeddings(RequestScope& scope);

}  // namespace gembal::daemon
