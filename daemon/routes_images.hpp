#pragma once

#include "daemon/request.hpp"

namespace gembal::daemon {

/// POST /v1/images/generations: pictures by Gemini's image models; streamed when asked.
async::Task<void> image_generations(RequestScope& scope);

/// POST /v1/images/edits: the same from pictures and words.
async::Task<void> image_edits(RequestScope& scope);

}  // namespace gembal::daemon
