#pragma once

#include <string_view>

#include "lib/core/json.hpp"

namespace gembal::openai {

/// A conversation in Gemini's form.
struct Conversation {
  Json contents = Json::array();
  Json system_parts = Json::array();  ///< empty: no systemInstruction
};

/// Translates the messages of a chat request. `signs_thoughts`: the model wants its function calls
/// back signed and by id. Errors: bad_request, naming the message.
Result<Conversation> translate_messages(const Json& messages, bool signs_thoughts);

}  // namespace gembal::openai
