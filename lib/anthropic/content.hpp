#pragma once

#include <string>
#include <string_view>

#include "lib/core/json.hpp"

namespace gembal::anthropic {

/// Translates content that a user, a tool or an operator gives: a text, or an array of blocks
/// (text, image, document, search_result, tool_reference). `where` names it in errors
/// ("messages.2.content"). Media are moved out of `content`. Empty texts are left out. Errors:
/// bad_request.
Result<Json> content_parts(Json& content, const std::string& where);

/// The same for one block.
Result<Json> block_parts(Json& block, const std::string& where);

/// The texts of such parts, one a line.
std::string text_of(const Json& parts);

/// Takes the text member out of an object: media may be large.
std::string take_text(Json& value, const char* name);

}  // namespace gembal::anthropic
