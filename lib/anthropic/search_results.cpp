#include "lib/anthropic/search_results.hpp"

namespace gembal::anthropic {
namespace {

const Json* list_in(const Json& value, const char* name) {
  const Json* list = find(value, name);
  return list && list->is_array() ? list : nullptr;
}

/// What a chunk of any kind (web, maps, retrievedContext) links to; null for none.
const Json* source_of(const Json& chunk) {
  for (const char* kind : {"web", "maps", "retrievedContext"}) {
    const Json* source = find(chunk, kind);
    if (source && !string_in(*source, "uri").empty()) return source;
  }
  return nullptr;
}

Json citation(const Json& source, std::string_view cited_text) {
  return {{"type", "web_search_result_location"},
          {"cited_text", cited_text},
          {"url", string_in(source, "uri")},
          {"title", string_in(source, "title")},
          {"encrypted_index", ""}};
}

}  // namespace

Json found_pages(const Json& grounding) {
  Json pages = Json::array();
  const Json* chunks = list_in(grounding, "groundingChunks");
  if (!chunks) return pages;
  for (const auto& chunk : *chunks) {
    const Json* source = source_of(chunk);
    if (!source) continue;
    pages.push_back({{"type", "web_search_result"},
                     {"url", string_in(*source, "uri")},
                     {"title", string_in(*source, "title")},
                     {"encrypted_content", ""},
                     {"page_age", nullptr}});
  }
  return pages;
}

std::string_view search_query(const Json& grounding) {
  const Json* queries = list_in(grounding, "webSearchQueries");
  if (!queries || queries->empty() || !queries->front().is_string()) return {};
  return queries->front().get_ref<const std::string&>();
}

std::size_t count_searches(const Json& grounding) {
  const Json* queries = list_in(grounding, "webSearchQueries");
  return queries ? queries->size() : 0;
}

Json citations_of(const Json& grounding) {
  Json made = Json::array();
  const Json* chunks = list_in(grounding, "groundingChunks");
  const Json* supports = list_in(grounding, "groundingSupports");
  if (!chunks || !supports) return made;
  for (const auto& support : *supports) {
    const Json* segment = find(support, "segment");
    const Json* indices = list_in(support, "groundingChunkIndices");
    if (!segment || !indices) continue;
    for (const auto& index : *indices) {
      if (!index.is_number_unsigned() || index.get<std::size_t>() >= chunks->size()) continue;
      if (const Json* source = source_of((*chunks)[index.get<std::size_t>()]))
        made.push_back(citation(*source, string_in(*segment, "text")));
    }
  }
  return made;
}

}  // namespace gembal::anthropic
