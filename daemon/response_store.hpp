#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/request.hpp"
#include "lib/openai/kept_response.hpp"

namespace gembal::daemon {

/// Who asks: names the client token of a request. "" when it has none.
std::string client_of(const RequestScope& scope);

using SharedResponse = std::shared_ptr<const openai::KeptResponse>;

/// A response of the client that asks; of any other there is none. Errors: not_found, store.
async::Task<Result<SharedResponse>> find_response(RequestScope& scope, std::string id);

/// Keeps a response, and returns once that is on disk: a client that is told of it may count on it.
/// A store that stalls keeps nobody for long.
async::Task<void> keep_response(RequestScope& scope, openai::KeptResponse kept);

/// Forgets a response.
async::Task<void> forget_response(RequestScope& scope, std::string id);

/// What a request builds on: the responses before it, the latest first, and those that it refers
/// to.
struct EarlierResponses {
  std::vector<SharedResponse> before;
  std::map<std::string, SharedResponse> referred_to;
};

/// Finds them; what is not found of the latter is left out. Errors: not_found (with `param`: a
/// response before it), bad_request (the chain is too long), store.
async::Task<Result<EarlierResponses>> earlier_responses(RequestScope& scope, std::string previous,
                                                        std::vector<std::string> referred_to);

/// Answers with an error of these functions, or another one, as OpenAI words it.
async::Task<void> answer_response_error(RequestScope& scope, Error error);

}  // namespace gembal::daemon
