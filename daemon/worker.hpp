#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "daemon/background.hpp"
#include "daemon/front/listener.hpp"
#include "daemon/gateway.hpp"

namespace gembal::daemon {

/// One thread's share of the daemon: a loop with its own listeners, connections and upstream
/// connections.
class Worker {
 public:
  /// `learned`: as a Dispatcher's.
  Worker(keypool::KeyPool& pool, upstream::Proxies& proxies,
         std::function<void(keypool::Report)> learned, const SharedServices& shared,
         std::shared_ptr<const Live> live);

  Result<void> listen(const asio::ip::tcp::endpoint& endpoint, std::size_t max_connections);
  /// The same on a socket that listens already; it stays the caller's.
  Result<void> adopt(int socket, std::size_t max_connections);

  void start();

  // The following are for the main thread.

  /// Takes no more connections, and calls `empty`, on the loop, when nothing runs any more.
  void drain(std::function<void()> empty);
  void cut();
  void set_live(std::shared_ptr<const Live> live);
  void join();

 private:
  async::Loop loop_;
  http::Client client_;
  upstream::Dispatcher dispatcher_;
  Background background_{loop_};
  Services services_;
  Gateway gateway_;
  front::Service service_;
  front::Connections connections_;
  std::vector<std::unique_ptr<front::Listener>> listeners_;
  std::thread thread_;
};

}  // namespace gembal::daemon
