#include "daemon/worker.hpp"

namespace gembal::daemon {

Worker::Worker(keypool::KeyPool& pool, upstream::Proxies& proxies,
               std::function<void(keypool::Report)> learned, const SharedServices& shared,
               std::shared_ptr<const Live> live)
    : client_(loop_, {}),
      dispatcher_(loop_, client_, pool, proxies, std::move(learned)),
      services_{shared, dispatcher_, client_, background_},
      gateway_(services_, std::move(live)),
      service_(gateway_.service()) {}

Result<void> Worker::listen(const asio::ip::tcp::endpoint& endpoint, std::size_t max_connections) {
  auto listener = front::Listener::open(loop_, endpoint, service_, connections_, max_connections);
  if (!listener) return std::move(listener).error();
  listeners_.push_back(*std::move(listener));
  return {};
}

Result<void> Worker::adopt(int socket, std::size_t max_connections) {
  auto listener = front::Listener::adopt(loop_, socket, service_, connections_, max_connections);
  if (!listener) return std::move(listener).error();
  listeners_.push_back(*std::move(listener));
  return {};
}

void Worker::start() {
  for (auto& listener : listeners_) listener->start();
  thread_ = std::thread([this] { loop_.run(); });
}

void Worker::drain(std::function<void()> empty) {
  loop_.post([this, empty = std::move(empty)] {
    for (auto& listener : listeners_) listener->stop();
    connections_.drain([this, empty] { background_.drain(empty); });
  });
}

void Worker::cut() {
  loop_.post([this] {
    connections_.cut();
    background_.cut();
  });
}

void Worker::set_live(std::shared_ptr<const Live> live) {
  loop_.post([this, live = std::move(live)] { gateway_.set_live(live); });
}

void Worker::join() {
  if (!thread_.joinable()) return;
  loop_.stop();
  thread_.join();
}

}  // namespace gembal::daemon
