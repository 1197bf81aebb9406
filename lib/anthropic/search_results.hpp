#pragma once

#include "lib/core/json.hpp"

namespace gembal::anthropic {

/// What a groundingMetadata found, as the content of a web_search_tool_result; an empty array for
/// nothing.
Json found_pages(const Json& grounding);

/// The first question that it was found by; "" for none.
std::string_view search_query(const Json& grounding);

/// How many questions were asked.
std::size_t count_searches(const Json& grounding);

/// Which text is supported by which page, as the citations of a text block; an empty array for
/// nothing.
Json citations_of(const Json& grounding);

}  // namespace gembal::anthropic
