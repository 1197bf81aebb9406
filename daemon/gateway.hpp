#pragma once

#include <memory>

#include "daemon/request.hpp"

namespace gembal::daemon {

/// Answers the requests of one loop: authorises, finds the route, runs its handler, writes the log
/// line.
///
/// Lives on that loop. Services and the keys behind them must outlive it.
class Gateway {
 public:
  Gateway(Services& services, std::shared_ptr<const Live> live);

  /// What the front calls. The service refers to this gateway.
  front::Service service();

  /// Requests that start from now on obey `live`. On the loop.
  void set_live(std::shared_ptr<const Live> live) { live_ = std::move(live); }

 private:
  async::Task<void> handle(Exchange& exchange);
  async::Task<void> serve(RequestScope& scope);

  Services& services_;
  std::shared_ptr<const Live> live_;
};

}  // namespace gembal::daemon
