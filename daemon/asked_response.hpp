#pragma once

#include <functional>
#include <string>

#include "daemon/response_store.hpp"
#include "daemon/translated.hpp"
#include "lib/openai/response_rendering.hpp"

namespace gembal::daemon {

/// A request of the Responses API with all that it builds on. Its parts refer to each other: it
/// stays where it is.
struct AskedResponse {
  AskedResponse() = default;
  AskedResponse(const AskedResponse&) = delete;
  AskedResponse& operator=(const AskedResponse&) = delete;

  std::string id;     ///< of the response
  std::string owner;  ///< names the client
  openai::ResponseRequest request;
  gemini::CalledModel called;
  EarlierResponses earlier;
  openai::ResponseContext context;
  Json kept_input;  ///< null: nothing is kept
};

/// Reads the request that a client sent, fetches what it links to, and finds what it builds on.
/// Errors: bad_request, store, cancelled.
async::Task<Result<void>> read_asked(RequestScope& scope, AskedResponse& asked);

/// What upstream is asked. `asked` must outlive it.
Translation translation_of(const RequestScope& scope, AskedResponse& asked, bool is_streamed);

/// How the answer is told. `asked` and what is kept must outlive it.
openai::ResponseRendering rendering_of(AskedResponse& asked, Kept& kept, bool is_streamed);

/// The response as it is to be kept now.
openai::KeptResponse kept_of(const AskedResponse& asked,
                             const openai::ResponseRendering& rendering);

}  // namespace gembal::daemon
