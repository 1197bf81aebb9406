#include "lib/gemini/grounding.hpp"

namespace gembal::gemini {
namespace {

/// Null when the chunk has no address.
const Json* source_of(const Json& chunk) {
  for (const char* kind : {"web", "maps", "retrievedContext"}) {
    const Json* source = find(chunk, kind);
    if (source && !string_in(*source, "uri").empty()) return source;
  }
  return nullptr;
}

}  // namespace

const Json* list_in(const Json& value, std::string_view name) {
  const Json* list = find(value, name);
  return list && list->is_array() ? list : nullptr;
}

std::vector<const Json*> sources_in(const Json& grounding) {
  std::vector<const Json*> sources;
  const Json* chunks = list_in(grounding, "groundingChunks");
  if (!chunks) return sources;
  for (const auto& chunk : *chunks) {
    if (const Json* source = source_of(chunk)) sources.push_back(source);
  }
  return sources;
}

std::vector<Support> supports_in(const Json& grounding) {
  std::vector<Support> found;
  const Json* chunks = list_in(grounding, "groundingChunks");
  const Json* supports = list_in(grounding, "groundingSupports");
  if (!chunks || !supports) return found;
  for (const auto& support : *supports) {
    const Json* segment = find(support, "segment");
    const Json* indices = list_in(support, "groundingChunkIndices");
    if (!segment || !indices) continue;
    for (const auto& index : *indices) {
      if (!index.is_number_unsigned() || index.get<std::size_t>() >= chunks->size()) continue;
      if (const Json* source = source_of((*chunks)[index.get<std::size_t>()]))
        found.push_back({segment, source});
    }
  }
  return found;
}

}  // namespace gembal::gemini
