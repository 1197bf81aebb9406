#pragma once

#include "daemon/request.hpp"

namespace gembal::daemon {

/// POST /v1/audio/speech: text read out, sent as the sound comes.
async::Task<void> speech(RequestScope& scope);

/// POST /v1/audio/transcriptions: a recording written down.
async::Task<void> transcriptions(RequestScope& scope);

/// POST /v1/audio/translations: the same, in English.
async::Task<void> translations(RequestScope& scope);

}  // namespace gembal::daemon
