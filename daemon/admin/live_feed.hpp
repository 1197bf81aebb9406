#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "lib/core/json.hpp"

namespace gembal::daemon::admin {

/// Tells all who listen what happens, as server-sent events. Thread-safe.
class LiveFeed {
 public:
  /// One who listens.
  class Listener {
   public:
    /// The events that came since the last call; "" for none.
    std::string take();

   private:
    friend class LiveFeed;
    std::mutex mutex_;  // guards the following
    std::string waiting_;
    std::function<void()> wake_;
  };

  /// `wake` is called, from any thread, when there is something to take; it must not block.
  std::shared_ptr<Listener> listen(std::function<void()> wake);
  /// `wake` is not called any more.
  void leave(const std::shared_ptr<Listener>& listener);

  bool has_listeners() const;

  /// Those who listen are to leave: the daemon stops.
  void close();
  bool is_closed() const { return closed_; }

  /// Whoever is so far behind that the events no longer fit is sent the event `lost` in their
  /// place.
  void tell(std::string_view event, const Json& data);

 private:
  std::atomic<bool> closed_{false};
  mutable std::mutex mutex_;  // guards the following; taken before a listener's
  std::map<const Listener*, std::shared_ptr<Listener>> listeners_;
};

}  // namespace gembal::daemon::admin
