#pragma once

#include <string>
#include <vector>

#include "daemon/sandbox/script.hpp"
#include "lib/core/json.hpp"

/// How Google's servers write JSON and frame streams, to the byte as far as recordings show it.
namespace gembal::sandbox {

/// One line, `"key": value` with a blank, members parted by a bare comma, `<` and `>` escaped: as
/// in SSE events.
std::string one_line(const Json& value);

/// Indented by two, with the same escapes and without a newline at the end: as in unary replies.
std::string indented(const Json& value);

enum class Framing {
  unary,       ///< one JSON value
  sse_crlf,    ///< `data: {...}` and CR LF twice; no [DONE]: native streams with alt=sse
  sse_lf,      ///< `data: {...}` and LF twice: the OpenAI-compatible and the Interactions streams
  json_array,  ///< an array that arrives element by element: native streams without alt=sse
};

/// An answer before faults and delays: the body is the events joined.
struct Reply {
  int status = 200;
  Headers headers;
  Framing framing = Framing::unary;
  std::vector<std::string> events;
};

/// A unary reply with Google's usual headers. `compact`: written as with ?prettyPrint=false.
Reply json_reply(int status, const Json& value, bool compact = false);

/// A 200 stream of `values` in that framing (not unary).
Reply stream_reply(Framing framing, const std::vector<Json>& values);

}  // namespace gembal::sandbox
