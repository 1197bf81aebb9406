#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/event_log.hpp"
#include "lib/async/loop.hpp"

namespace gembal::daemon {

/// The responses that this process is making, and the events of those in the background, for a
/// while also when they are made. Thread-safe.
class RunningResponses {
 public:
  struct Run {
    std::string owner;  ///< names the client that it belongs to
    async::Loop* loop;
    std::function<void()> cancel;   ///< called on `loop`, before end()
    std::shared_ptr<EventLog> log;  ///< null for one in the foreground
  };
  void begin(const std::string& id, Run run);

  /// On the run's loop.
  void end(const std::string& id);

  /// Cancels a client's response; `ended`, which may be called on any thread, tells that it has
  /// ended. False when no such one runs here.
  bool cancel(const std::string& id, const std::string& owner, std::function<void()> ended);

  /// Whether it runs here.
  bool has(const std::string& id) const;

  /// The events of a client's response; null when they are not there.
  std::shared_ptr<EventLog> log_of(const std::string& id, const std::string& owner) const;

 private:
  struct Entry {
    Run run;
    bool ended = false;
    std::vector<std::function<void()>> when_ended;
  };

  mutable std::mutex mutex_;  // guards everything below; nothing is called while it is held
  std::unordered_map<std::string, Entry> entries_;
  std::deque<std::string> ended_;  ///< whose logs are still there, the oldest first
};

}  // namespace gembal::daemon
