#pragma once

#include "lib/core/json.hpp"

namespace gembal::openai {

/// Adds to `body` what Google's own OpenAI-compatible surface takes beside OpenAI's parameters:
/// `extra_body.google`, or `google` at the top, where SDKs put it. Names may be in snake or camel
/// case; what is no member of the request itself belongs to its generationConfig. True when
/// thoughts were asked for in this way: they then belong into the text.
bool take_extras(const Json& request, Json& body);

}  // namespace gembal::openai
