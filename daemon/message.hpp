#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/front/request_head.hpp"
#include "lib/async/loop.hpp"
#include "lib/core/result.hpp"

namespace gembal::daemon {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// A whole request as it came from a client.
struct Request {
  front::RequestHead head;
  std::string body;
};

/// A whole reply.
struct Response {
  int status = 200;
  Headers headers;  ///< without Content-Length and Connection, which the connection makes
  std::string body;
};

enum class Flush {
  now,    ///< send at once
  later,  ///< more follows without a wait: send together
};

/// How a reply that is given up ends.
enum class Cut {
  close,  ///< the connection is closed
  reset,  ///< the client sees a reset: for a reply whose end is the end of the connection
};

/// One request and the way to answer it, once. Lives on the connection's loop for the length of its
/// handler.
///
/// Every function that writes returns false when the client is gone; the handler then just returns.
class Exchange {
 public:
  virtual ~Exchange() = default;

  Request& request() { return request_; }
  async::Loop& loop() { return loop_; }

  /// Raised when the client leaves or the daemon stops for good.
  async::Interrupt& interrupt() { return interrupt_; }

  /// The client's address, without its port; "" when it has none.
  virtual std::string peer() const { return ""; }
  /// Whether the client is on this machine.
  bool is_local() const {
    const auto address = peer();
    return address.empty() || address == "::1" || address.starts_with("127.") ||
           address.starts_with("::ffff:127.");
  }

  /// A short name for this request in logs and in x-gembal-request-id.
  const std::string& id() const { return id_; }
  std::chrono::steady_clock::time_point started() const { return started_; }
  /// When the reply began; the epoch of the clock before.
  std::chrono::steady_clock::time_point replied() const { return replied_; }

  /// The next piece of a body that is streamed (see front::Service::streams_body); nullopt at its
  /// proper end, and for a body that was read whole, which is in request(). One call at a time. A
  /// call still waiting when the handler returns ends with cancelled. Errors, the same again at
  /// each later call: timeout (nothing came for so long: a 408), bad_request (malformed chunks),
  /// cancelled (the client left).
  virtual async::Task<Result<std::optional<std::string>>> next_body_piece() = 0;

  virtual async::Task<bool> answer(Response response) = 0;

  /// Starts a reply whose body comes piece by piece. With a `length`, exactly that many bytes must
  /// follow.
  virtual void begin(int status, const Headers& headers, std::optional<std::uint64_t> length) = 0;
  virtual async::Task<bool> write(std::string_view piece, Flush flush) = 0;
  virtual async::Task<bool> finish() = 0;

  /// Gives the reply up: what began is cut off, so that nobody takes it for whole.
  virtual void abandon(Cut how = Cut::close) = 0;

  /// Sends these bytes in place of an HTTP reply and closes the connection: only a stand-in for a
  /// broken server wants that.
  virtual async::Task<void> answer_raw(std::string bytes) = 0;

  int status() const { return status_; }  ///< what was answered; 0 before
  bool begun() const { return status_ != 0; }
  std::uint64_t body_bytes() const { return body_bytes_; }  ///< of the reply, so far

 protected:
  explicit Exchange(async::Loop& loop) : loop_(loop) {}

  async::Loop& loop_;
  Request request_;
  async::Interrupt interrupt_;
  std::string id_;
  std::chrono::steady_clock::time_point started_{};
  std::chrono::steady_clock::time_point replied_{};
  int status_ = 0;
  std::uint64_t body_bytes_ = 0;
};

/// The HTTP status that an error of ours is told with. An upstream key's fault is never 401.
int http_status(ErrorKind kind);

/// The reason phrase of a status ("Not Found"); "Status" for unknown ones.
const char* reason_phrase(int status);

}  // namespace gembal::daemon
