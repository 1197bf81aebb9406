#pragma once

#include "daemon/request.hpp"

namespace gembal::daemon {

/// POST /v1/embeddings, translated. A long list goes in batches, side by side and each with a key
/// of its own; the vectors come in the order of the texts.
async::Task<void> embeddings(RequestScope& scope);

}  // namespace gembal::daemon
