#pragma once

#include <string>
#include <vector>

#include "daemon/request.hpp"

namespace gembal::daemon {

/// Remembers that these objects belong to the key, and waits until that is on disk: a client that
/// is told of an object may count on it. A store that stalls keeps nobody for long.
async::Task<void> remember_objects(RequestScope& scope, keypool::Key key,
                                   std::vector<MadeObject> objects);

/// Remembers that an object is gone, or will be after so long.
void forget_object(RequestScope& scope, const std::string& name, std::chrono::seconds after = {});

}  // namespace gembal::daemon
