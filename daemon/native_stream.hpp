#pragma once

#include <functional>

#include "daemon/request.hpp"
#include "lib/gemini/shown_text.hpp"
#include "lib/upstream/answer.hpp"

namespace gembal::daemon {

/// Opens the call that the scope's route now stands for.
using OpenNative = std::function<async::Task<Result<upstream::Answer>>()>;

/// Whether a native stream has to be taken apart, rather than passed on as it comes: because
/// something in it is shown as text, it is paced, or it is made of a reply that is no stream.
bool tells_events(const RequestScope& scope, const gemini::ShownAnswer::Wishes& wishes);

/// Answers such a stream in the client's own framing: events, or a JSON array.
async::Task<void> tell_events(RequestScope& scope, gemini::ShownAnswer::Wishes wishes,
                              OpenNative open);

}  // namespace gembal::daemon
