#include "lib/core/json_peek.hpp"

#include <simdjson.h>

namespace gembal {

// The parser's buffers are kept per thread; the text is copied once, because simdjson reads a
// little past its end.
std::optional<std::string> top_level_string(std::string_view json, std::string_view name) {
  thread_local simdjson::ondemand::parser parser;
  const simdjson::padded_string padded(json);
  simdjson::ondemand::document document;
  simdjson::ondemand::object object;
  std::string_view value;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return std::nullopt;
  if (document.get_object().get(object) != simdjson::SUCCESS) return std::nullopt;
  if (object.find_field_unordered(name).get_string().get(value) != simdjson::SUCCESS)
    return std::nullopt;
  return std::string(value);
}

}  // namespace gembal
