#pragma once

#include <string>
#include <vector>

#include "lib/core/json.hpp"

namespace gembal::anthropic {

/// The Gemini API's models as Anthropic's list of one page.
std::string models_reply(const std::vector<Json>& models);

/// One model.
std::string model_reply(const Json& model);

}  // namespace gembal::anthropic
