#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/http/client.hpp"

namespace gembal::http {

/// A reply's head, and how its body is framed.
struct ReplyHead {
  enum class Body { none, length, chunked, until_close };

  Head head;
  Body body = Body::none;
  std::uint64_t length = 0;
  bool keeps_connection = true;
};

enum class ReplyHeadProgress { incomplete, complete, malformed };

/// Reads a reply's head from the front of `bytes`; interim replies (1xx) before it are passed over.
/// `consumed` says how many bytes it took. Pure. Malformed is what two readers could take for
/// different messages, and a head over 64 KiB. `to_head`: the request was HEAD.
ReplyHeadProgress read_reply_head(std::string_view bytes, bool to_head, ReplyHead& read,
                                  std::size_t& consumed);

}  // namespace gembal::http
