#pragma once

#include <functional>
#include <memory>

#include "daemon/message.hpp"

namespace gembal::daemon {

/// Sends comment lines into an event stream while its first event is waited for, so that clients
/// and proxies do not take the silence for the end. The first commits the reply.
///
/// Lives on the exchange's loop. stop() must be awaited before anything else is written.
class Heartbeat {
 public:
  /// Beats every `interval`; zero: never. `begin` starts the reply.
  Heartbeat(Exchange& exchange, std::chrono::milliseconds interval, std::function<void()> begin);
  ~Heartbeat();

  /// Ends it, once a beat that is being sent has been.
  async::Task<void> stop();

 private:
  struct State;
  std::shared_ptr<State> state_;  ///< its coroutine may end after this
};

}  // namespace gembal::daemon
