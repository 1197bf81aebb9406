#include "tests/support/recording.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "lib/core/text.hpp"

namespace gembal::testing {
namespace {

std::string text_of(const Json& half, const char* body, const char* text) {
  if (const Json* value = find(half, text); value && value->is_string())
    return value->get<std::string>();
  if (const Json* value = find(half, body)) return to_pretty_text(*value) + "\n";
  return "";
}

Recording read(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  Recording made;
  made.name = path.stem().string();
  made.json = *parse_json(text.str());
  made.kind = string_in(made.json, "kind");
  const Json& request = made.json["request"];
  const Json& response = made.json["response"];
  made.method = string_in(request, "method");
  made.path = string_in(request, "path");
  if (const Json* query = find(request, "query"); query && query->is_object()) {
    for (const auto& [name, value] : query->items()) {
      if (!made.query.empty()) made.query += '&';
      made.query += percent_encode(name) + '=' +
                    percent_encode(value.is_string() ? value.get<std::string>() : to_text(value));
    }
  }
  made.request_body = text_of(request, "body", "body_text");
  made.status = static_cast<int>(integer_in(response, "status").value_or(200));
  if (const Json* headers = find(response, "headers")) {
    for (const auto& [name, value] : headers->items()) {
      if (value.is_string()) made.headers.emplace_back(name, value.get<std::string>());
    }
  }
  if (const Json* sse = find(response, "sse")) {
    made.streamed = true;
    const std::string eol(string_in(response, "sse_eol").empty() ? "\r\n"
                                                                 : string_in(response, "sse_eol"));
    for (std::size_t i = 0; i < sse->size(); ++i) {
      made.events.push_back((*sse)[i].get<std::string>());
      const auto name = made.event_name(i);
      if (!name.empty()) made.body += "event: " + name + eol;
      made.body += "data: " + made.events.back() + eol + eol;
    }
    made.body += string_in(response, "sse_tail");
  } else {
    made.body = text_of(response, "body", "body_text");
  }
  return made;
}

}  // namespace

std::string Recording::event_name(std::size_t index) const {
  const Json* names = find(json["response"], "sse_events");
  if (!names || index >= names->size() || !(*names)[index].is_string()) return "";
  return (*names)[index].get<std::string>();
}

std::vector<Recording> recordings(const std::string& kind) {
  std::vector<Recording> all;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(GEMBAL_RECORDINGS, none)) {
    if (entry.path().extension() != ".json") continue;
    auto one = read(entry.path());
    if (one.kind.starts_with(kind)) all.push_back(std::move(one));
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return all;
}

Recording recording(const std::string& name) {
  for (auto& one : recordings()) {
    if (one.name.starts_with(name)) return std::move(one);
  }
  std::fprintf(stderr, "there is no recording '%s'\n", name.c_str());
  std::abort();
}

}  // namespace gembal::testing
