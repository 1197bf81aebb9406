#pragma once

#include "lib/core/json.hpp"
#include "lib/store/journal.hpp"

namespace gembal::daemon::admin {

// Records as the admin API has them.

Json to_json(const store::RequestRecord& request);
/// `with_bodies`: what was sent and what came, too.
Json to_json(const store::ErrorRecord& error, bool with_bodies);
/// {"requests","failed",…,"p95_ms"}
Json to_json(const store::Traffic& traffic);

/// Objects of one shape as CSV, with a line of names.
std::string to_csv(const Json& objects);

}  // namespace gembal::daemon::admin
