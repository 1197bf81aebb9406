#include "lib/keypool/pace.hpp"

#include <algorithm>

namespace gembal::keypool {
namespace {

using std::chrono::seconds;

constexpr std::int64_t kWindow = 60;  // a slice of second s counts up to the end of s + 60
constexpr auto kLimitsHoldFor = std::chrono::hours{7 * 24};

std::int64_t second_of(TimePoint time) { return to_unix_seconds(time); }

}  // namespace

/// In seconds before newest_.
std::uint16_t MinuteWindow::age_of(const Slice& slice) const {
  return static_cast<std::uint16_t>(static_cast<std::uint16_t>(newest_) - slice.second);
}

void MinuteWindow::forget_old(TimePoint now) {
  const auto current = second_of(now);
  // Also after a clock that went back: nothing is known then.
  if (current - newest_ > kWindow || newest_ - current > kWindow) {
    slices_.clear();
    newest_ = current;
    return;
  }
  const auto is_old = [&](const Slice& slice) {
    return current - (newest_ - age_of(slice)) > kWindow;
  };
  std::size_t old = 0;
  while (old < slices_.size() && is_old(slices_[old])) ++old;
  if (old > 0) slices_.erase(slices_.begin(), slices_.begin() + static_cast<std::ptrdiff_t>(old));
}

void MinuteWindow::add(TimePoint now, std::uint32_t requests, std::uint32_t tokens) {
  forget_old(now);
  newest_ = std::max(newest_, second_of(now));
  const auto second = static_cast<std::uint16_t>(newest_);
  if (slices_.empty() || slices_.back().second != second) slices_.push_back({second, 0, 0});
  auto& slice = slices_.back();
  slice.requests =
      static_cast<std::uint16_t>(std::min<std::uint32_t>(slice.requests + requests, UINT16_MAX));
  slice.tokens = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(std::uint64_t{slice.tokens} + tokens, UINT32_MAX));
}

void MinuteWindow::add_late(TimePoint then, std::int64_t tokens) {
  // `then` is no present time: to forget by it would forget what was sent since.
  const auto age = newest_ - second_of(then);
  if (age > kWindow) return;
  for (auto& slice : slices_) {
    if (age_of(slice) > age) continue;
    // What was counted elsewhere is not taken back here.
    if (tokens < 0 && age_of(slice) != age) return;
    slice.tokens =
        static_cast<std::uint32_t>(std::clamp<std::int64_t>(slice.tokens + tokens, 0, UINT32_MAX));
    return;
  }
}

void MinuteWindow::take_back(TimePoint now, std::uint32_t tokens) {
  forget_old(now);
  // The slice in which it was counted is not remembered: the latest that can give is near enough.
  for (auto slice = slices_.rbegin(); slice != slices_.rend(); ++slice) {
    if (slice->requests == 0) continue;
    --slice->requests;
    slice->tokens -= std::min(slice->tokens, tokens);
    return;
  }
}

MinuteWindow::Sum MinuteWindow::sum(TimePoint now) {
  forget_old(now);
  Sum sum;
  for (const auto& slice : slices_) {
    sum.requests += slice.requests;
    sum.tokens += slice.tokens;
  }
  return sum;
}

TimePoint MinuteWindow::when_at_most(std::uint32_t requests, std::uint64_t tokens, TimePoint now) {
  auto left = sum(now);
  for (const auto& slice : slices_) {
    if (left.requests <= requests && left.tokens <= tokens) return now;
    left.requests -= slice.requests;
    left.tokens -= slice.tokens;
    if (left.requests > requests || left.tokens > tokens) continue;
    return TimePoint{} + seconds{newest_ - age_of(slice) + kWindow + 1};
  }
  return now;
}

bool still_holds(const QuotaLimits& limits, TimePoint now) {
  return now - limits.learned < kLimitsHoldFor;
}

void Pace::learn(const QuotaLimits& limits) {
  if (limits.requests_per_minute > 0) own_.requests_per_minute = limits.requests_per_minute;
  if (limits.requests_per_day > 0) own_.requests_per_day = limits.requests_per_day;
  if (limits.tokens_per_minute > 0) own_.tokens_per_minute = limits.tokens_per_minute;
  own_.learned = std::max(own_.learned, limits.learned);
}

namespace {

/// The stricter of two limits, of which zero is none.
template <typename Number>
Number stricter(Number a, Number b) {
  if (a == 0 || b == 0) return std::max(a, b);
  return std::min(a, b);
}

QuotaLimits stricter(const QuotaLimits& a, const QuotaLimits& b) {
  QuotaLimits both;
  both.requests_per_minute = stricter(a.requests_per_minute, b.requests_per_minute);
  both.requests_per_day = stricter(a.requests_per_day, b.requests_per_day);
  both.tokens_per_minute = stricter(a.tokens_per_minute, b.tokens_per_minute);
  return both;
}

/// When one more request is within the limits; the epoch: now.
TimePoint free_at(const QuotaLimits& limits, MinuteWindow& window, std::uint32_t today,
                  const QuotaDay& day, TimePoint now) {
  TimePoint at{};
  if (limits.requests_per_day > 0 && today >= limits.requests_per_day) at = day.ends;
  if (limits.requests_per_minute > 0 || limits.tokens_per_minute > 0) {
    const auto requests =
        limits.requests_per_minute > 0 ? limits.requests_per_minute - 1 : UINT32_MAX;
    const auto tokens = limits.tokens_per_minute > 0 ? limits.tokens_per_minute - 1 : UINT64_MAX;
    const auto when = window.when_at_most(requests, tokens, now);
    if (when > now) at = std::max(at, when);
  }
  return at;
}

}  // namespace

bool Pace::is_beyond(const QuotaLimits& limits, std::uint32_t today, TimePoint now) {
  if (limits.requests_per_day > 0 && today > limits.requests_per_day) return true;
  const auto sum = window_.sum(now);
  return limits.requests_per_minute > 0 && sum.requests > limits.requests_per_minute;
}

Pace::Room Pace::room(const QuotaLimits& configured, const QuotaLimits& presumed,
                      std::uint32_t today, const QuotaDay& day, TimePoint now) {
  const bool own_holds = still_holds(own_, now);
  const QuotaLimits hard = own_holds ? stricter(own_, configured) : configured;
  Room room;
  room.free_at = free_at(hard, window_, today, day, now);
  room.for_the_day = hard.requests_per_day > 0 && today >= hard.requests_per_day;
  if (refuted_on_ == day.number && refuted_on_ != 0) return room;
  QuotaLimits soft = own_holds ? QuotaLimits{} : own_;
  if (soft.requests_per_minute == 0 && hard.requests_per_minute == 0)
    soft.requests_per_minute = presumed.requests_per_minute;
  if (soft.requests_per_day == 0 && hard.requests_per_day == 0)
    soft.requests_per_day = presumed.requests_per_day;
  if (soft.tokens_per_minute == 0 && hard.tokens_per_minute == 0)
    soft.tokens_per_minute = presumed.tokens_per_minute;
  room.presumed_at = free_at(soft, window_, today, day, now);
  return room;
}

}  // namespace gembal::keypool
