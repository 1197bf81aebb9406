#pragma once

#include <string>
#include <vector>

#include "lib/core/json.hpp"

namespace gembal::openai {

/// OpenAI's list of models, made of the Gemini API's. `created` (seconds since 1970) stands in for
/// what Gemini does not tell.
std::string models_reply(const std::vector<Json>& models, std::int64_t created);

/// One of them.
std::string model_reply(const Json& model, std::int64_t created);

}  // namespace gembal::openai
