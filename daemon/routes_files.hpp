#pragma once

#include "daemon/request.hpp"

namespace gembal::daemon {

/// Files on their way to the Gemini API: starts of resumable sessions, whose addresses become ones
/// of this server, their pieces, and uploads in one go. Bodies of any size pass through piece by
/// piece.
async::Task<void> relay_upload(RequestScope& scope);

}  // namespace gembal::daemon
