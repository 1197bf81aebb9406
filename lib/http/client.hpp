#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/async/loop.hpp"
#include "lib/core/result.hpp"
#include "lib/http/proxy.hpp"

namespace gembal::http {

/// How long each part of an exchange may take; zero: no limit.
struct Timeouts {
  std::chrono::milliseconds connect{10'000};  ///< name look-up, TCP and TLS
  std::chrono::milliseconds header{
      300'000};  ///< from the request, or the end of its streamed body, to the reply's headers
  std::chrono::milliseconds idle{120'000};  ///< between two pieces of a body, sent or received
  std::chrono::milliseconds total{0};       ///< from open() to the end of the body
};

/// A request body that is made while it is sent. Lives on the client's loop; serves one request.
struct BodySource {
  virtual ~BodySource() = default;

  /// The next piece; nullopt at the end. One call at a time; none after the end, an error, or
  /// `length` bytes. An error ends the request with that error.
  ///
  /// A reply that is destroyed asks no more, but cannot end a call that waits: whoever the source
  /// waits for must end it. What the call waits on must not be owned by the source alone, or the
  /// two would keep each other alive.
  virtual async::Task<Result<std::optional<std::string>>> next() = 0;

  /// What all pieces add up to, announced as Content-Length. none: not known, sent in chunks.
  std::optional<std::uint64_t> length;
};

struct Request {
  std::string method = "GET";
  std::string url;  ///< absolute; never holds a key
  std::vector<std::string>
      headers;  ///< "name: value" lines; Host and Content-Length are made by the client
  std::shared_ptr<const std::string>
      body;  ///< shared: kept for another try without a copy; none: no body
  std::shared_ptr<BodySource> body_source;  ///< in place of `body`; shared with the call of next()
                                            ///< that may still wait when the reply is gone
  Timeouts timeouts;
  /// Goes through this proxy, wherever `url` leads; none: as the environment has it (https_proxy),
  /// and never to loopback.
  std::shared_ptr<const Proxy> proxy;
  /// When it is set, only addresses and ports that it allows are connected to, whatever the name
  /// resolves to; by a connection of this request's own, and through no proxy: `proxy` has to be
  /// none. Called on the loop.
  std::function<bool(const asio::ip::address&, std::uint16_t)> may_connect;
};

/// Status line and headers of a reply.
struct Head {
  int status = 0;
  std::vector<std::pair<std::string, std::string>>
      headers;  ///< names in lower case, in the order of the reply

  /// The first header of that (lower case) name; "" when there is none.
  std::string_view header(std::string_view name) const;
};

class Multi;
class PlainPool;
struct ReplySource;

/// An HTTP reply whose body arrives piece by piece. Lives on one loop; not thread-safe.
///
/// A streamed request body is sent meanwhile, no faster than upstream takes it. An upstream that
/// answers before it has all of it is heard; after a status of 300 and more nothing else is sent.
///
/// Little is read ahead of next() (64 KiB): a slow reader slows the sender down. Destroying it
/// aborts the transfer. Any HTTP status is a success: errors mean that no reply came.
class Reply {
 public:
  explicit Reply(std::unique_ptr<ReplySource> source);
  Reply(Reply&&) noexcept;
  Reply& operator=(Reply&&) noexcept;
  ~Reply();

  /// Waits for status and headers. Errors: upstream (not reached, not HTTP), proxy (the request's
  /// could not be gone through), timeout, cancelled.
  async::Task<Result<void>> wait_for_head();

  /// Valid once wait_for_head() succeeded.
  const Head& head() const;

  /// The next piece of the body, valid until the following call; nullopt at the end, or when it
  /// broke off: see error().
  async::Task<std::optional<std::string_view>> next();

  /// Whether next() would return at once.
  bool ready() const;

  /// Why the body ended early; none after a proper end. Kinds: timeout, cancelled, upstream (cut
  /// short).
  const std::optional<Error>& error() const;

  /// Ends the transfer now with that error; whoever waits for the head or a piece is woken.
  void abort(Error why);

 private:
  std::unique_ptr<ReplySource> source_;
};

struct ClientOptions {
  std::size_t max_connections = 4096;  ///< kept open for reuse
  std::string user_agent = "gembal";
};

/// Makes HTTP requests on a loop: connections are pooled and reused. TLS, HTTP/2 and proxies go
/// through libcurl's multi interface; plain HTTP to an address, where libcurl costs more than
/// everything else together, goes through a codec of our own. One client per loop; not thread-safe.
/// Must outlive its replies.
class Client {
 public:
  Client(async::Loop& loop, ClientOptions options);
  ~Client();

  /// Makes a request; it may leave only once its head is waited for. A reused connection that turns
  /// out dead before the first byte of the reply is replaced once, unless a streamed body has been
  /// begun: none is ever sent twice.
  Reply open(Request request);

 private:
  Multi& multi_for(const Request& request);

  async::Loop& loop_;
  const ClientOptions options_;
  std::unique_ptr<Multi> multi_;
  /// libcurl before 8.19 gives a connection that one login opened through an HTTP proxy to requests
  /// of another (CVE-2026-3784): each login has connections of its own.
  std::map<std::pair<Secret, Secret>, std::unique_ptr<Multi>> by_login_;
  std::unique_ptr<PlainPool> plain_;
};

}  // namespace gembal::http
