#pragma once

#include <string>
#include <string_view>

#include "lib/anthropic/options.hpp"
#include "lib/core/json.hpp"
#include "lib/gemini/conversation.hpp"

namespace gembal::anthropic {

/// What the client wants to see of an answer, beside what upstream is asked for.
struct MessageWishes {
  Thoughts thoughts = Thoughts::hidden;
  bool one_call = false;     ///< disable_parallel_tool_use
  bool shows_code = false;   ///< code that upstream ran as blocks, else as text
  bool shows_finds = false;  ///< what upstream found in the web as blocks
};

/// A Messages request, translated.
struct MessageCall {
  bool stream = false;
  MessageWishes wishes;
  Json body;  ///< the generateContent request
};

/// Translates a request for `model`, which need not be the one that it names. Unknown members are
/// passed over. `signature_of` may be empty. Errors: bad_request, naming the place.
Result<MessageCall> translate_message(Json request, std::string_view model,
                                      const gemini::SignatureOf& signature_of = {});

/// The countTokens request for a generateContent request.
Json count_request(Json body, std::string_view model);

/// Tells what countTokens answered. Errors: upstream (it is no such answer).
Result<std::string> count_reply(std::string_view body);

}  // namespace gembal::anthropic
