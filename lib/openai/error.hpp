#pragma once

#include <string>
#include <string_view>

namespace gembal::openai {

/// An error in OpenAI's shape, {"error":{"message","type","param","code"}}: its SDKs choose the
/// exception by the HTTP status and show the rest. `code`: "" for the one that goes with the
/// status.
/// `param`: the parameter at fault; "" for none.
std::string error_body(int http_status, std::string_view message, std::string_view code = {},
                       std::string_view param = {});

/// The same as an event of a stream that has begun; no [DONE] may follow.
std::string error_event(int http_status, std::string_view message);

}  // namespace gembal::openai
