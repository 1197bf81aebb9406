#pragma once

#include "lib/core/json.hpp"

namespace gembal::openai {

/// Adds `tools` and `toolConfig` for a chat request's tools, functions and tool_choice. Errors:
/// bad_request.
Result<void> translate_tools(const Json& request, Json& translated);

}  // namespace gembal::openai
