#pragma once

#include <string>
#include <string_view>

#include "daemon/request.hpp"

namespace gembal::daemon {

/// Has what a request came to remembered and counted, and held against its token's limits. To be
/// called when its answers are destroyed. `part`: of one that is recorded in several
/// ("background");
/// "" else.
void record_request(const RequestScope& scope, std::string_view part = {});

/// A body as people may see it: without keys, data in base64 shortened, at most so many bytes. What
/// is no text is only told of.
std::string redacted_body(std::string_view body, std::size_t most);

}  // namespace gembal::daemon
