#pragma once

#include "lib/core/json.hpp"
#include "lib/gemini/conversation.hpp"

namespace gembal::anthropic {

/// Translates the `system` and `messages` of a request. Media are moved out of it. Errors:
/// bad_request, naming the block.
Result<gemini::Conversation> translate_conversation(Json& request,
                                                    const gemini::ModelTraits& traits,
                                                    const gemini::SignatureOf& signature_of);

}  // namespace gembal::anthropic
