#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "lib/keypool/key.hpp"

namespace gembal::keypool {

/// What was sent in the last minute, by the second. A minute ends when upstream's may have: a
/// second later than ours. Not thread-safe; reads no clock.
class MinuteWindow {
 public:
  struct Sum {
    std::uint32_t requests = 0;
    std::uint64_t tokens = 0;
  };

  void add(TimePoint now, std::uint32_t requests, std::uint32_t tokens);
  /// More tokens (below 0: fewer) of a request that was counted at `then`. Out of the window they
  /// are not counted any more.
  void add_late(TimePoint then, std::int64_t tokens);
  /// Takes back a request that upstream did not count.
  void take_back(TimePoint now, std::uint32_t tokens);
  Sum sum(TimePoint now);
  /// When the sum has fallen to so much: `now` when it has already.
  TimePoint when_at_most(std::uint32_t requests, std::uint64_t tokens, TimePoint now);

 private:
  struct Slice {
    std::uint16_t second = 0;  ///< of newest_'s scale, cut to 16 bits
    std::uint16_t requests = 0;
    std::uint32_t tokens = 0;
  };
  void forget_old(TimePoint now);
  std::uint16_t age_of(const Slice& slice) const;

  std::vector<Slice> slices_;  ///< the oldest first
  std::int64_t newest_ = 0;    ///< seconds since 1970 of the last slice
};

/// Where a day of Google's quotas stands.
struct QuotaDay {
  std::uint32_t number = 0;  ///< grows by one at each midnight in Los Angeles
  TimePoint ends{};
};

/// Keeps the uses of one quota subject for one model under what upstream allows.
class Pace {
 public:
  /// Whether another request may go out, and when again if not.
  struct Room {
    TimePoint free_at{};       ///< the epoch: at once. A limit of the subject's own says so
    TimePoint presumed_at{};   ///< the same by limits that others of its tier have
    bool for_the_day = false;  ///< free_at is the end of the quota day
  };

  void count(TimePoint now, std::uint32_t tokens) { window_.add(now, 1, tokens); }
  void take_back(TimePoint now, std::uint32_t tokens) { window_.take_back(now, tokens); }
  /// What the estimate has missed of a request that was counted at `then`; below 0: had too much.
  void add_tokens(TimePoint then, std::int64_t tokens) { window_.add_late(then, tokens); }

  /// `configured`: hard limits besides the learned ones. `presumed`: what others of the tier are
  /// allowed: a hint, which refute() takes out of force. `today`: requests of the quota day.
  Room room(const QuotaLimits& configured, const QuotaLimits& presumed, std::uint32_t today,
            const QuotaDay& day, TimePoint now);

  /// Input tokens of the last minute.
  std::uint64_t tokens_in_window(TimePoint now) { return window_.sum(now).tokens; }

  /// Takes over the limits that are not zero.
  void learn(const QuotaLimits& limits);
  void forget() { own_ = {}; }
  const QuotaLimits& own() const { return own_; }

  /// Whether more was counted than those limits allow.
  bool is_beyond(const QuotaLimits& limits, std::uint32_t today, TimePoint now);
  /// A request beyond what was presumed has succeeded: this subject has more. For this quota day.
  void refute(const QuotaDay& day) { refuted_on_ = day.number; }

 private:
  QuotaLimits own_;
  MinuteWindow window_;
  std::uint32_t refuted_on_ = 0;
};

/// Whether a request of so many tokens by estimate is larger than a limit, however wrong the guess.
inline bool is_surely_over(std::uint32_t estimate, std::uint64_t limit) {
  return estimate > limit + limit / 4;
}

/// What a learned limit of that age still is: after a week it is no more than a presumption, so
/// that a limit that was raised is found out.
bool still_holds(const QuotaLimits& limits, TimePoint now);

}  // namespace gembal::keypool
