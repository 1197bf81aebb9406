#pragma once

#include <string>
#include <vector>

#include "lib/core/json.hpp"

namespace gembal::openai {

/// OpenAI's list of models, made of the Gemini API's. `unknown` (seconds since 1970) stands in for
/// the time of models whose version does not tell when they came out.
std::string models_reply(const std::vector<Json>& models, std::int64_t unknown);

/// One of them.
std::string model_reply(const Json& model, std::int64_t unknown);

}  // namespace gembal::openai
