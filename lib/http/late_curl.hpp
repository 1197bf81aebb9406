#pragma once

namespace gembal::http {

/// Loads libcurl; before this, none of its functions may be called. Does nothing but the first
/// time. Ends the process when the library is not there, as the loader would have. Thread-safe.
void load_curl();

}  // namespace gembal::http
