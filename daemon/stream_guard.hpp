#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gembal::daemon {

/// Stands between an upstream's event stream and the client: passes whole events on, unchanged, and
/// knows at the end whether the stream came to a proper end. So what follows a stream that broke
/// off starts on a line of its own. Pure.
class StreamGuard {
 public:
  /// `marks`: byte sequences of which one must have been seen in a stream that is complete.
  explicit StreamGuard(std::vector<std::string_view> marks) : marks_(std::move(marks)) {}

  /// What may be sent once `piece` has arrived; valid until the next call. An event that is larger
  /// than 64 KiB is passed on in parts.
  std::string_view take(std::string_view piece);

  /// What was held back of an event that never ended. Upstream sends errors without a final empty
  /// line.
  std::string_view rest() const { return held_; }

  /// Whether a mark was seen, also in rest().
  bool complete() const { return complete_; }

  /// Whether what was sent so far ends between two events.
  bool between_events() const { return between_events_; }

 private:
  void look(std::string_view bytes);

  std::vector<std::string_view> marks_;
  std::string held_;   ///< the beginning of an event
  std::string ready_;  ///< what take() returned a view of, when it had to be put together
  std::string seen_;   ///< the last bytes looked at: a mark may be cut in two
  bool complete_ = false;
  bool between_events_ = true;
};

}  // namespace gembal::daemon
