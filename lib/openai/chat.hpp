#pragma once

#include <string>
#include <string_view>

#include "lib/core/result.hpp"

namespace gembal::openai {

/// A chat completion request, translated.
struct ChatCall {
  std::string model;  ///< bare id, safe in a URL
  bool stream = false;
  bool include_usage = false;  ///< of a stream: a last chunk with the usage
  std::string body;            ///< the generateContent request, as JSON text
};

/// Translates a request by the reference's section 12. Unknown members are passed over, as OpenAI's
/// own clients send ever new ones. `model`: translated for that one in place of the request's own;
/// "" for none. Errors: bad_request, naming the parameter.
Result<ChatCall> read_chat(std::string_view json, std::string_view model = {});

}  // namespace gembal::openai
