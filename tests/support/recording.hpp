#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lib/core/json.hpp"

namespace gembal::testing {

/// One recorded exchange with the Gemini API. The response's bytes are put together from what was
/// recorded: a parsed body is written as the API writes it (indented by two), a stream as its data
/// lines with the recorded line ends.
struct Recording {
  std::string name;  ///< of its file
  std::string kind;  ///< "error.429", "stream.text"
  Json json;
  std::string method;
  std::string path;  ///< "/v1beta/models/…"
  std::string query;
  std::string request_body;
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool streamed = false;

  std::vector<std::string> events;  ///< data payloads of a stream, in order
  std::string event_name(std::size_t index) const;
};

/// All of them, by name; empty where they are not to be had. `kind`: only those whose kind begins
/// so.
std::vector<Recording> recordings(const std::string& kind = "");

/// The one whose file name begins with `name`. Aborts when there is none.
Recording recording(const std::string& name);

}  // namespace gembal::testing
