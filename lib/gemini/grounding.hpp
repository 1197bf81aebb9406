#pragma once

#include <vector>

#include "lib/core/json.hpp"

namespace gembal::gemini {

// What `groundingMetadata` of a candidate tells: the sources that an answer draws on, and which of
// its text draws on which. Everything returned points into the metadata.

/// What each of groundingChunks that has an address links to, in its order: {"uri", "title"} of a
/// page, a place or a document. Empty for none.
std::vector<const Json*> sources_in(const Json& grounding);

/// That a part of the text draws on a source.
struct Support {
  const Json* segment;  ///< {"startIndex", "endIndex", "text"}, in bytes; the start is absent for 0
  const Json* source;   ///< as of sources_in()
};

/// One for each source of each part, in the order of groundingSupports. Empty for none.
std::vector<Support> supports_in(const Json& grounding);

/// The array of that name; null when it is absent or something else.
const Json* list_in(const Json& value, std::string_view name);

}  // namespace gembal::gemini
