#pragma once

#include <string_view>

#include "lib/core/json.hpp"
#include "lib/gemini/model_traits.hpp"

namespace gembal::openai {

/// Adds `generationConfig` and `serviceTier` for a Responses request's parameters. Call after the
/// tools are in `body`. Errors: bad_request, naming the parameter.
Result<void> translate_response_config(const Json& request, std::string_view model,
                                       const gemini::ModelTraits& traits, Json& body);

/// The members of a response that repeat its request, with the defaults of those that are not in
/// it.
Json echo_of(const Json& request);

}  // namespace gembal::openai
