#pragma once

#include "daemon/request.hpp"

namespace gembal::daemon {

/// POST /v1/embeddings, translated; long inputs go in batches.
async::Task<void> embeddings(RequestScope& scope);

/// GET /v1/models and /v1/models/{id}.
async::Task<void> list_models(RequestScope& scope);
async::Task<void> show_model(RequestScope& scope);

}  // namespace gembal::daemon
