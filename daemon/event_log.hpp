#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace gembal::daemon {

/// The events of an answer, for whoever follows them, now or later. Thread-safe.
class EventLog {
 public:
  /// Adds whole events.
  void append(std::string_view events);
  void end();

  struct Share {
    std::string text;
    bool ended = false;  ///< nothing comes after it
  };
  /// What there is behind the first `bytes`.
  Share from(std::size_t bytes) const;

  /// How many bytes the first `events` events have; of all, when there are not so many yet.
  std::size_t bytes_of(std::size_t events) const;

  std::size_t bytes() const;

  /// Calls `tell`, once, as soon as there is more than so many bytes, or it has ended.
  void when_more(std::size_t bytes, std::function<void()> tell);

 private:
  std::vector<std::function<void()>> take_waiting();

  mutable std::mutex mutex_;  // guards everything below; nothing is called while it is held
  std::string text_;
  bool ended_ = false;
  std::vector<std::function<void()>> waiting_;
};

}  // namespace gembal::daemon
