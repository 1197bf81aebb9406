#include "lib/anthropic/search_results.hpp"

#include "lib/gemini/grounding.hpp"

namespace gembal::anthropic {
namespace {

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
  for (const Json* source : gemini::sources_in(grounding)) {
    pages.push_back({{"type", "web_search_result"},
                     {"url", string_in(*source, "uri")},
                     {"title", string_in(*source, "title")},
                     {"encrypted_content", ""},
                     {"page_age", nullptr}});
  }
  return pages;
}

std::string_view search_query(const Json& grounding) {
  const Json* queries = gemini::list_in(grounding, "webSearchQueries");
  if (!queries || queries->empty() || !queries->front().is_string()) return {};
  return queries->front().get_ref<const std::string&>();
}

std::size_t count_searches(const Json& grounding) {
  const Json* queries = gemini::list_in(grounding, "webSearchQueries");
  return queries ? queries->size() : 0;
}

Json citations_of(const Json& grounding) {
  Json made = Json::array();
  for (const auto& [segment, source] : gemini::supports_in(grounding))
    made.push_back(citation(*source, string_in(*segment, "text")));
  return made;
}

}  // namespace gembal::anthropic
