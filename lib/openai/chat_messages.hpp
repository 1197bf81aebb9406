#pragma once

#include <string>
#include <vector>

#include "lib/core/json.hpp"
#include "lib/gemini/conversation.hpp"

namespace gembal::openai {

/// Translates the messages of a chat request by the reference's section 12. Media are moved out of
/// `messages`. Errors: bad_request, naming the message.
Result<gemini::Conversation> translate_messages(Json& messages, const gemini::ModelTraits& traits,
                                                const gemini::SignatureOf& signature_of);

/// The thought signature that a tool call of the client carries, in any of the places where clients
/// put it; "" when there is none.
std::string_view signature_of_call(const Json& call);

/// The ids of the calls whose signatures upstream will look for and the client has not sent: of
/// each of the model's messages since the last one of the user the first call.
std::vector<std::string> unsigned_calls(const Json& messages);

}  // namespace gembal::openai
