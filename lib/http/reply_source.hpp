#pragma once

#include <optional>
#include <string_view>

#include "lib/http/client.hpp"

namespace gembal::http {

/// Where a reply comes from. There are two: libcurl (Transfer) and our own HTTP/1.1
/// (PlainSource). The functions mean what they mean in Reply.
struct ReplySource {
  virtual ~ReplySource() = default;

  virtual async::Task<Result<void>> wait_for_head() = 0;
  virtual async::Task<std::optional<std::string_view>> next() = 0;
  virtual bool ready() const = 0;
  virtual void abort(Error why) = 0;

  Head head;
  std::optional<Error> error;
};

}  // namespace gembal::http
