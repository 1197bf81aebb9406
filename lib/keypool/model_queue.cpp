#include "lib/keypool/model_queue.hpp"

#include <algorithm>

namespace gembal::keypool {
namespace {

// Kinds of ready subjects.
constexpr std::uint64_t kSecondTier = 2;
constexpr std::uint64_t kOverPresumed = 1;

// No wait is longer than a day and the hour of daylight saving: what seems longer was set by a
// clock that has gone back since.
constexpr auto kLongestWait = std::chrono::hours{26};

}  // namespace

ModelQueue::ModelQueue(const Policy& policy, bool paid_first)
    : policy_(policy), paid_first_(paid_first) {}

void ModelQueue::reserve(std::size_t count) {
  if (seats_.size() < count) seats_.resize(count);
  ready_.reserve(count);
  timed_.reserve(count);
}

ModelQueue::Rank ModelQueue::rank_of(const Seat& seat) {
  std::uint64_t kind = seat.paid == paid_first_ ? 0 : kSecondTier;
  if (seat.over_presumed) kind |= kOverPresumed;
  auto score = seat.score;
  if (policy_.choice == Choice::fill_first) score = seat.place;
  return {kind << Rank::kKindShift | score, ++sequence_};
}

/// Puts a subject among the ready, at the end of the present round.
void ModelQueue::enter(Group group) {
  auto& seat = seats_[group];
  switch (policy_.choice) {
    case Choice::round_robin: seat.score = std::max(seat.score, turn_); break;
    case Choice::least_used: seat.score = seat.today; break;
    case Choice::least_in_flight: seat.score = seat.in_flight; break;
    case Choice::fill_first: seat.score = 0; break;
  }
  ready_.put(group, rank_of(seat));
}

void ModelQueue::join(Group group, bool paid) {
  auto& seat = seats_[group];
  seat.paid = paid;
  if (seat.is_in) {
    if (!seat.waits) enter(group);  // its tier may be another now
    return;
  }
  seat.is_in = true;
  if (std::exchange(seat.waits, false)) {
    sit_out(group, {seat.status, seat.until, seat.reason});  // until wake() when that is over
  } else {
    enter(group);
  }
}

void ModelQueue::set_place(Group group, std::uint32_t place) {
  auto& seat = seats_[group];
  if (std::exchange(seat.place, place) == place || policy_.choice != Choice::fill_first) return;
  if (seat.is_in && !seat.waits) enter(group);
}

void ModelQueue::leave(Group group) {
  if (!is_in(group)) return;
  auto& seat = seats_[group];
  if (seat.waits) {
    --waiting_;
    spent_ -= lasts_for_a_day(seat.status) ? 1u : 0u;
  }
  ready_.remove(group);
  timed_.remove(group);
  seat.is_in = seat.over_presumed = false;
}

void ModelQueue::forget(Group group) {
  if (group >= seats_.size()) return;
  leave(group);
  seats_[group] = {};
}

void ModelQueue::sit_out(Group group, const Bench& bench) {
  auto& seat = seats_[group];
  if (seat.waits) {
    spent_ -= lasts_for_a_day(seat.status) ? 1u : 0u;
  } else {
    ++waiting_;
    ready_.remove(group);
  }
  seat.waits = true;
  seat.over_presumed = false;
  seat.status = bench.status;
  seat.reason = bench.reason;
  seat.until = bench.until;
  spent_ += lasts_for_a_day(seat.status) ? 1u : 0u;
  timed_.put(group, bench.until);
}

bool ModelQueue::bench(Group group, const Bench& bench) {
  if (!is_in(group)) return false;
  const auto& seat = seats_[group];
  if (seat.waits && seat.until >= bench.until) return false;
  sit_out(group, bench);
  return true;
}

void ModelQueue::release(Group group, std::uint16_t reason) {
  if (!is_in(group)) return;
  auto& seat = seats_[group];
  if (!seat.waits || (reason != 0 && seat.reason != reason)) return;
  --waiting_;
  spent_ -= lasts_for_a_day(seat.status) ? 1u : 0u;
  seat.waits = false;
  timed_.remove(group);
  enter(group);
}

void ModelQueue::hold_spent(const Bench& bench) {
  for (Group group = 0; group < seats_.size(); ++group) {
    const auto& seat = seats_[group];
    if (seat.is_in && seat.was_spent && !seat.waits && seat.today == 0) sit_out(group, bench);
  }
}

void ModelQueue::wake(const QuotaDay& day, TimePoint now) {
  if (day.number != day_) {
    day_ = day.number;
    for (auto& seat : seats_) {
      seat.today = 0;
      seat.was_spent = seat.waits && seat.status == ModelStatus::exhausted;
    }
    if (policy_.choice == Choice::least_used) rank_all();
  }
  while (!timed_.empty() &&
         (timed_.first_rank() <= now || timed_.first_rank() - now > kLongestWait)) {
    const auto group = timed_.first();
    if (seats_[group].waits) {
      release(group);
    } else {
      come_within_limits(group);
    }
  }
}

/// No longer over a presumed limit: back among the others, without the turns it did not have.
void ModelQueue::come_within_limits(Group group) {
  timed_.remove(group);
  seats_[group].over_presumed = false;
  enter(group);
}

void ModelQueue::rank_anew(bool paid_first) {
  paid_first_ = paid_first;
  rank_all();
}

void ModelQueue::start_afresh(Group group) {
  if (group >= seats_.size()) return;
  auto& seat = seats_[group];
  if (seat.pace) seat.pace->forget();
  if (!seat.is_in) {
    seat.waits = false;
    return;
  }
  release(group);
  if (seat.over_presumed) come_within_limits(group);
}

std::vector<std::size_t> ModelQueue::turns() const {
  std::vector<std::pair<Rank, Group>> ready;
  ready_.for_each([&](Group group, const Rank& rank) { ready.emplace_back(rank, group); });
  std::sort(ready.begin(), ready.end());
  std::vector<std::size_t> turns(seats_.size(), 0);
  for (std::size_t i = 0; i < ready.size(); ++i) turns[ready[i].second] = i;
  return turns;
}

void ModelQueue::rank_all() {
  for (Group group = 0; group < seats_.size(); ++group) {
    if (seats_[group].is_in && !seats_[group].waits) enter(group);
  }
}

const QuotaLimits& ModelQueue::configured(const Seat& seat) const {
  return seat.paid ? policy_.paid_tier : policy_.free_tier;
}

/// Of a minute; 0: none is known.
std::uint64_t ModelQueue::token_limit(const Seat& seat, TimePoint now) const {
  if (!seat.pace || !keeps_pace()) return 0;
  const auto& own = seat.pace->own();
  const auto limit = still_holds(own, now) ? own.tokens_per_minute : 0;
  const auto set = configured(seat).tokens_per_minute;
  return limit == 0 || set == 0 ? std::max(limit, set) : std::min(limit, set);
}

/// `presume`: a limit that others of the tier have counts, too.
bool ModelQueue::has_room_for(Seat& seat, std::uint32_t tokens, bool presume, TimePoint now) const {
  if (tokens == 0) return true;
  const auto limit = token_limit(seat, now);
  if (limit == 0) {
    const auto presumed = presume ? presumed_[seat.paid ? 1 : 0].tokens_per_minute : 0;
    return presumed == 0 || !is_surely_over(tokens, presumed);
  }
  if (is_surely_over(tokens, limit)) return false;
  const auto used = seat.pace->tokens_in_window(now);
  return used == 0 || used + tokens <= limit;
}

std::uint64_t ModelQueue::least_known_tokens() const {
  std::uint64_t least = UINT64_MAX / 2;
  for (const auto limit : {least_learned_tokens_, policy_.free_tier.tokens_per_minute,
                           policy_.paid_tier.tokens_per_minute}) {
    if (limit > 0) least = std::min(least, limit);
  }
  return least;
}

std::optional<std::uint64_t> ModelQueue::most_tokens(TimePoint now) const {
  std::uint64_t most = 0;
  for (const auto& seat : seats_) {
    if (!seat.is_in || (seat.waits && seat.status == ModelStatus::unsupported)) continue;
    const auto limit = token_limit(seat, now);
    if (limit == 0) return std::nullopt;
    most = std::max(most, limit);
  }
  if (most == 0) return std::nullopt;
  return most;
}

bool ModelQueue::may_prefer(Group group, std::uint32_t tokens, TimePoint now) {
  if (!is_in(group)) return false;
  auto& seat = seats_[group];
  if (seat.waits || ready_.empty()) return false;
  const auto best = ready_.first_rank();
  if (ready_.rank(group).kind() != best.kind()) return false;
  if (policy_.choice != Choice::fill_first) {
    const auto behind = policy_.choice == Choice::round_robin
                            ? turn_
                            : best.major & ((std::uint64_t{1} << Rank::kKindShift) - 1);
    if (seat.score > behind + policy_.most_ahead) return false;
  }
  return has_room_for(seat, tokens, true, now);
}

void ModelQueue::use(Group group, bool in_turn, std::uint32_t tokens, const QuotaDay& day,
                     TimePoint now) {
  auto& seat = seats_[group];
  ++seat.in_flight;
  ++in_flight_;
  ++seat.today;
  switch (policy_.choice) {
    case Choice::round_robin:
      if (in_turn) turn_ = std::max(turn_, seat.score);
      seat.score = std::max(seat.score, turn_) + 1;
      break;
    case Choice::least_used: seat.score = seat.today; break;
    case Choice::least_in_flight: seat.score = seat.in_flight; break;
    case Choice::fill_first: break;
  }
  if (!seat.is_in || seat.waits) return;  // an object's owner is used whatever its turn
  ready_.put(group, rank_of(seat));
  if (!keeps_pace()) return;
  if (!seat.pace) {
    const auto has_limits = [](const QuotaLimits& limits) {
      return limits.requests_per_minute + limits.requests_per_day + limits.tokens_per_minute > 0;
    };
    if (!has_limits(configured(seat)) && !has_limits(presumed_[seat.paid ? 1 : 0])) return;
    seat.pace = std::make_unique<Pace>();
  }
  seat.pace->count(now, tokens);
  keep_pace(group, day, now);
}

void ModelQueue::keep_pace(Group group, const QuotaDay& day, TimePoint now) {
  auto& seat = seats_[group];
  if (!seat.pace || !keeps_pace() || !seat.is_in || seat.waits) return;
  const auto room =
      seat.pace->room(configured(seat), presumed_[seat.paid ? 1 : 0], seat.today, day, now);
  if (room.free_at > now) {
    sit_out(group, {room.for_the_day ? ModelStatus::exhausted : ModelStatus::cooling, room.free_at,
                    room.for_the_day ? paced_day_reason : paced_reason});
    return;
  }
  if (room.presumed_at <= now) {
    if (seat.over_presumed) come_within_limits(group);
    return;
  }
  timed_.put(group, room.presumed_at);
  if (std::exchange(seat.over_presumed, true)) return;
  ready_.put(group, rank_of(seat));
}

void ModelQueue::take_back(Group group, std::uint32_t tokens, const QuotaDay& day, TimePoint now) {
  if (group >= seats_.size()) return;
  auto& seat = seats_[group];
  if (seat.today > 0) --seat.today;
  if (!seat.pace) return;
  seat.pace->take_back(now, tokens);
  // What waited for room has it sooner now.
  if (seat.waits && (seat.reason == paced_reason || seat.reason == paced_day_reason))
    release(group);
  keep_pace(group, day, now);
}

void ModelQueue::confirm(Group group, const QuotaDay& day, TimePoint now) {
  if (group >= seats_.size()) return;
  auto& seat = seats_[group];
  if (!seat.over_presumed || !seat.pace) return;
  // It is the last request within the presumed limits that puts a subject over them: one more that
  // succeeds proves them wrong.
  if (!seat.pace->is_beyond(presumed_[seat.paid ? 1 : 0], seat.today, now)) return;
  seat.pace->refute(day);
  come_within_limits(group);
}

void ModelQueue::done(Group group, std::int64_t more_tokens, TimePoint then) {
  if (group >= seats_.size()) return;
  auto& seat = seats_[group];
  if (seat.in_flight == 0) return;
  --seat.in_flight;
  --in_flight_;
  if (more_tokens != 0 && seat.pace) seat.pace->add_tokens(then, more_tokens);
  if (policy_.choice != Choice::least_in_flight) return;
  seat.score = seat.in_flight;
  if (seat.is_in && !seat.waits) ready_.put(group, rank_of(seat));
}

void ModelQueue::add_today(Group group, std::uint32_t requests, const QuotaDay& day,
                           TimePoint now) {
  if (group >= seats_.size()) return;
  wake(day, now);
  auto& seat = seats_[group];
  seat.today += requests;
  if (policy_.choice == Choice::least_used && seat.is_in && !seat.waits) enter(group);
  keep_pace(group, day, now);
}

void ModelQueue::learn(Group group, const QuotaLimits& limits, const QuotaDay& day, TimePoint now) {
  if (group >= seats_.size()) return;
  auto& seat = seats_[group];
  if (!seat.pace) seat.pace = std::make_unique<Pace>();
  seat.pace->learn(limits);
  knows_limits_ = true;
  auto& presumed = presumed_[seat.paid ? 1 : 0];
  if (limits.requests_per_minute > 0) presumed.requests_per_minute = limits.requests_per_minute;
  if (limits.requests_per_day > 0) presumed.requests_per_day = limits.requests_per_day;
  if (limits.tokens_per_minute > 0) {
    presumed.tokens_per_minute = limits.tokens_per_minute;
    if (least_learned_tokens_ == 0 || limits.tokens_per_minute < least_learned_tokens_)
      least_learned_tokens_ = limits.tokens_per_minute;
  }
  keep_pace(group, day, now);
}

std::optional<TimePoint> ModelQueue::first_back() const {
  std::optional<TimePoint> first;
  if (ready_.empty() && !timed_.empty()) first = timed_.first_rank();
  return first;
}

std::optional<Bench> ModelQueue::waits(Group group) const {
  if (!is_in(group) || !seats_[group].waits) return std::nullopt;
  const auto& seat = seats_[group];
  return Bench{seat.status, seat.until, seat.reason};
}

const QuotaLimits* ModelQueue::limits(Group group) const {
  if (group >= seats_.size() || !seats_[group].pace) return nullptr;
  return &seats_[group].pace->own();
}

}  // namespace gembal::keypool
