#pragma once

#include "lib/core/json.hpp"
#include "lib/gemini/model_traits.hpp"

namespace gembal::anthropic {

/// What a client wants to see of the model's thoughts.
enum class Thoughts {
  hidden,       ///< nothing
  signed_only,  ///< thinking blocks without text, for their signatures
  shown,
};

/// How much the client wants to see: `thinking` and its `display`.
Thoughts thoughts_wanted(const Json& request);

/// Adds `generationConfig` for a request's parameters. Call after the tools are in `body`. Errors:
/// bad_request.
Result<void> translate_options(const Json& request, const gemini::ModelTraits& traits, Json& body);

}  // namespace gembal::anthropic
