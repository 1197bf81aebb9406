#pragma once

#include <memory>
#include <string>
#include <thread>

#include "daemon/live.hpp"
#include "daemon/store_writer.hpp"
#include "lib/upstream/key_check.hpp"

namespace gembal::daemon {

/// How to ask the API with a key whether it works: the cheapest request to `model`.
upstream::CheckOptions check_options(const config::Config& config, const UpstreamAddress& address,
                                     const std::string& model);

/// Asks again, every pool.check_interval, with the keys that gembal itself disabled, and enables
/// those that work again. What its owner disabled stays so; what cools comes back without being
/// asked. On a thread of its own: it runs seldom and may take long.
class Recovery {
 public:
  /// Starts the thread. Pool, proxies and writer must outlive it.
  Recovery(keypool::KeyPool& pool, upstream::Proxies& proxies, StoreWriter& writer,
           std::shared_ptr<const Live> live);
  /// Leaves what it is doing and ends.
  ~Recovery();

  /// The configuration in force from now on. From any thread.
  void set_live(std::shared_ptr<const Live> live);

 private:
  async::Task<void> run();
  async::Task<void> ask_again();

  keypool::KeyPool& pool_;
  upstream::Proxies& proxies_;
  StoreWriter& writer_;
  async::Loop loop_;
  http::Client client_;
  async::Interrupt interrupt_;        ///< raised on the loop
  std::shared_ptr<const Live> live_;  ///< only touched on the loop
  std::thread thread_;
};

}  // namespace gembal::daemon
