#pragma once

#include <memory>

#include "daemon/front/listener.hpp"
#include "daemon/sandbox/api.hpp"

namespace gembal::sandbox {

/// Serves an Api over HTTP on one loop. Lives on that loop.
class Server {
 public:
  /// Listens on "HOST:PORT". Errors: config, io.
  static Result<std::unique_ptr<Server>> open(async::Loop& loop, const std::string& address,
                                              Options options);

  const asio::ip::tcp::endpoint& endpoint() const { return endpoint_; }

  void start() { listener_->start(); }
  /// Stops accepting and ends every connection at once; calls `empty` when none is left.
  void stop(std::function<void()> empty);

  Server(const asio::ip::tcp::endpoint& endpoint, Options options);

 private:
  async::Task<void> handle(daemon::Exchange& exchange);

  asio::ip::tcp::endpoint endpoint_;
  Api api_;
  daemon::front::Service service_;
  daemon::front::Connections connections_;
  std::unique_ptr<daemon::front::Listener> listener_;
};

}  // namespace gembal::sandbox
