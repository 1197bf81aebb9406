#pragma once

#include <string>

#include "lib/core/json.hpp"
#include "lib/openai/place.hpp"

namespace gembal::openai {

/// Translates the content of a message or of a tool's result: null, a text, or an array of parts,
/// those of chat and those of the Responses API. `where` names it in errors
/// ("messages[2].content"). Media are moved out of `content`. Parts that have no counterpart
/// (thoughts of other models) are left out. Errors: bad_request.
Result<Json> content_parts(Json& content, const Place& where);

/// The text of such parts, one after the other.
std::string text_of(const Json& parts);

}  // namespace gembal::openai
