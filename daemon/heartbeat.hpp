#pragma once

#include <functional>
#include <memory>
#include <string>

#include "daemon/message.hpp"

namespace gembal::daemon {

/// Sends signs of life into an event stream while nothing else comes, so that clients and proxies
/// do not take the silence for the end. The first commits the reply.
///
/// Lives on the exchange's loop. Whoever writes to the exchange itself first waits for pause(), and
/// calls resume() when it has written.
class Heartbeat {
 public:
  /// Beats after each `interval` of silence; zero: never. `begin` starts the reply; `beat` is what
  /// is sent.
  Heartbeat(Exchange& exchange, std::chrono::milliseconds interval, std::function<void()> begin,
            std::string beat = ": waiting\n\n");
  ~Heartbeat();

  /// No beat is sent once this has returned.
  async::Task<void> pause();

  /// Whether pause() would have to wait: if not, hold() is enough.
  bool sending() const;
  void hold();

  /// The silence begins anew.
  void resume();

  /// Ends it, once a beat that is being sent has been.
  async::Task<void> stop();

 private:
  struct State;
  std::shared_ptr<State> state_;  ///< its coroutine may end after this
};

}  // namespace gembal::daemon
