#pragma once

#include <string>
#include <vector>

#include "lib/core/json.hpp"
#include "lib/gemini/conversation.hpp"

namespace gembal::anthropic {

/// Translates the `system` and `messages` of a request. Media are moved out of it. Errors:
/// bad_request, naming the block.
Result<gemini::Conversation> translate_conversation(Json& request,
                                                    const gemini::ModelTraits& traits,
                                                    const gemini::SignatureOf& signature_of);

/// The ids of the calls, latest first, that the current turn's messages have without a signature:
/// of parallel calls the first, as only that one is signed.
std::vector<std::string> unsigned_calls(const Json& request);

}  // namespace gembal::anthropic
