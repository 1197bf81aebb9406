#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gembal::daemon::front {

/// How large a request's head may be.
struct HeadLimits {
  std::size_t line_bytes = 16 * 1024;   ///< the request line; beyond: 414
  std::size_t total_bytes = 64 * 1024;  ///< everything up to the empty line; beyond: 431
  std::size_t fields = 128;             ///< header lines; beyond: 431
};

/// A request's head: the one authority on where the request starts and ends.
///
/// Its views point into `raw`, but for the "/" of an absolute address without a path: move the
/// whole, never copy the parts away.
struct RequestHead {
  struct Field {
    std::string_view name;  ///< as the client wrote it
    std::string_view value;
  };

  std::string raw;
  std::string_view method;
  std::string_view
      target;  ///< as it came: path and query; for the absolute form without scheme and host
  std::string_view path;   ///< still percent-encoded
  std::string_view query;  ///< without the question mark
  int minor_version = 1;   ///< HTTP/1.x
  std::vector<Field> fields;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool keep_alive = true;
  bool expects_continue = false;

  /// The first field of that name, in any case; "" when there is none.
  std::string_view field(std::string_view name) const;
};

/// Why a head is refused. The connection must be closed: nobody knows where the next request would
/// start.
struct HeadError {
  int status = 400;
  std::string message;
};

enum class HeadProgress { incomplete, complete, refused };

/// Reads a head from the front of `bytes`. Pure.
///
/// Strict, because two readers of one request must agree on where it ends: a length given twice or
/// together with chunked, folded lines, a lone CR or LF, blanks before a colon, and control
/// characters are refused.
class HeadReader {
 public:
  explicit HeadReader(HeadLimits limits) : limits_(limits) {}

  /// With complete, `head` is filled and `consumed` says how many bytes it took; with refused,
  /// `error` is filled.
  HeadProgress read(std::string_view bytes);

  RequestHead head;
  std::size_t consumed = 0;
  HeadError error;

 private:
  HeadProgress refuse(int status, std::string message);
  HeadProgress parse();
  bool parse_request_line(std::string_view line);
  bool parse_field(std::string_view line);
  bool finish();

  HeadLimits limits_;
};

}  // namespace gembal::daemon::front
