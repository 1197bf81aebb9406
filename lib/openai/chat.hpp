#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/core/json.hpp"
#include "lib/gemini/conversation.hpp"

namespace gembal::openai {

/// What the client wants to see of an answer, beside what upstream is asked for.
struct ChatWishes {
  bool include_usage = false;  ///< of a stream: a last chunk with the usage
  bool one_call = false;       ///< parallel_tool_calls: false
  bool thoughts_in_text =
      false;  ///< between <thought> and </thought>, as Google's own surface has them
  bool legacy_function = false;           ///< function_call in place of tool_calls
  std::string audio_format;               ///< of message.audio; "" when no sound was asked for
  std::vector<std::string> custom_tools;  ///< names of tools that take a text, not arguments
};

/// A chat completion request, translated.
struct ChatCall {
  std::string model;  ///< bare id, safe in a URL
  bool stream = false;
  std::size_t answers = 1;  ///< calls to make, one for each choice
  ChatWishes wishes;
  Json body;  ///< the generateContent request
};

/// Translates a request by the reference's section 12. Unknown members are passed over, as OpenAI's
/// own clients send ever new ones. `model`: translated for that one in place of the request's own;
/// "" for none. `signature_of` may be empty. Errors: bad_request, naming the parameter.
Result<ChatCall> translate_chat(Json request, std::string_view model = {},
                                const gemini::SignatureOf& signature_of = {});

}  // namespace gembal::openai
