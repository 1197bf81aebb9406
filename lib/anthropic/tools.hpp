#pragma once

#include <string_view>

#include "lib/core/json.hpp"
#include "lib/gemini/model_traits.hpp"

namespace gembal::anthropic {

/// Adds `tools` and `toolConfig` for the tools and the tool_choice of a request. Tools that
/// Anthropic runs on its servers become those that Gemini runs on its own (web_search, web_fetch,
/// code_execution); tools that Anthropic's models know by heart and clients run (bash, text_editor,
/// memory) become functions. Errors: bad_request.
Result<void> translate_tools(const Json& request, const gemini::ModelTraits& traits, Json& body);

/// Whether the request has a tool whose type begins with `family` ("web_search_").
bool has_tool(const Json& request, std::string_view family);

}  // namespace gembal::anthropic
