#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/core/time.hpp"

namespace gembal::sandbox {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// One HTTP request as the I/O side has read it.
struct Request {
  std::string method;  ///< "POST"
  std::string path;    ///< with its percent-encoding, without the query
  std::string query;   ///< without the question mark; empty: none
  Headers headers;     ///< names in lower case
  std::string body;
};

/// The value of the first header of that (lower-case) name; "" when there is none.
inline std::string_view header(const Request& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return {};
}

/// A part of the body: the I/O side sleeps for `after`, then writes `bytes`.
struct Piece {
  Milliseconds after{};
  std::string bytes;
};

/// How the body ends once all pieces are written.
enum class End {
  proper,  ///< as HTTP has it: the last chunk, or all that Content-Length promised
  cut,     ///< the connection is closed without the last chunk
  reset,   ///< the connection is reset
};

/// What to send back, piece by piece.
struct Script {
  int status = 200;
  Headers headers;  ///< without Content-Length, Transfer-Encoding, Connection and Date: those are
                    ///< the I/O side's
  std::vector<Piece> pieces;
  bool chunked = false;  ///< else Content-Length of the single piece (0 without any)
  End end = End::proper;
  Milliseconds before_head{};      ///< wait before the status line
  bool refuse = false;             ///< close without any answer
  std::optional<std::string> raw;  ///< bytes to send instead of any HTTP framing, then close
};

}  // namespace gembal::sandbox
