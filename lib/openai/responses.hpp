#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/json.hpp"
#include "lib/openai/response_input.hpp"

namespace gembal::openai {

/// A function's name as the client gave it, in its namespace.
struct NameInNamespace {
  std::string space;
  std::string name;
};

/// What the client wants to see of a response.
struct ResponseWishes {
  bool one_call = false;                  ///< parallel_tool_calls: false
  bool sealed_signatures = false;         ///< include has reasoning.encrypted_content
  bool sources = false;                   ///< include has web_search_call.action.sources
  std::vector<std::string> custom_tools;  ///< names of tools that take a text, not arguments
  std::map<std::string, NameInNamespace, std::less<>> namespaces;  ///< by the name upstream knows
};

/// What a request says of itself before it is translated.
struct ResponseRequest {
  std::string model;     ///< as the client calls it, without "models/" and the like
  std::string previous;  ///< the id of the response that it goes on from; "" for none
  bool stream = false;
  bool store = true;
  bool background = false;
  ResponseWishes wishes;
  Json echo;  ///< the members of the response that repeat the request
  Json json;  ///< the request, its `input` an array of items
};

/// Reads a request of the Responses API. Unknown members are passed over. Errors: bad_request,
/// naming the parameter.
Result<ResponseRequest> read_response_request(Json request);

/// The generateContent request for a model: the request's own, or one that answers for it. Errors:
/// bad_request, naming the parameter.
Result<Json> translate_response(Json request, std::string_view model,
                                const ResponseContext& context);

}  // namespace gembal::openai
