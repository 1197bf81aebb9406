#pragma once

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

}  // namespace gembal::openai
