#pragma once

#include <string>
#include <vector>

#include "lib/core/json.hpp"
#include "lib/gemini/model_traits.hpp"

namespace gembal::openai {

/// Adds `tools` and `toolConfig` for the tools, functions, tool_choice and web_search_options of a
/// chat or Responses request. Gemini's own tools are taken by their names
/// (`{"type":"google_search"}`, `{"googleSearch":{}}`). Errors: bad_request.
Result<void> translate_tools(const Json& request, const gemini::ModelTraits& traits, Json& body);

/// The names of the tools of type "custom", which take a text in place of arguments.
std::vector<std::string> custom_tools_in(const Json& request);

}  // namespace gembal::openai
