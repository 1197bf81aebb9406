#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/keypool/model_health.hpp"
#include "lib/keypool/pace.hpp"
#include "lib/keypool/policy.hpp"
#include "lib/keypool/ranked_line.hpp"
#include "lib/keypool/ranked_slots.hpp"

namespace gembal::keypool {

/// Names a key inside the pool while it is there.
using Slot = std::uint32_t;
/// Names a quota subject inside the pool: the keys of a project, or one key.
using Group = std::uint32_t;

/// Why a subject waits, and until when.
struct Bench {
  ModelStatus status = ModelStatus::cooling;
  TimePoint until{};
  std::uint16_t reason = 0;  ///< a word of the pool's
};

/// Whose turn it is for one model. Quotas are counted per subject and model, so each model has a
/// queue of its own in which every subject gets its share. Not thread-safe; reads no clock.
///
/// Ready subjects stand in a line by rank, waiting ones in a heap by the time they are back: every
/// operation is O(log n) at worst. A turn is fair queueing: taking costs a subject one turn, in or
/// out of its order, so whoever is preferred now is passed over later.
class ModelQueue {
 public:
  /// The policy must outlive the queue. `paid_first`: the model is one for paid keys.
  ModelQueue(const Policy& policy, bool paid_first);

  /// Room for subjects below `count`.
  void reserve(std::size_t count);

  /// Puts a subject in, behind those that are ready; what was counted for it before, and why it
  /// waited, is kept. One that is in already gets its tier.
  void join(Group group, bool paid);
  /// Where it stands in the order of the store: what Choice::fill_first goes by.
  void set_place(Group group, std::uint32_t place);
  /// Takes it out; what was counted and why it waits is kept.
  void leave(Group group);
  /// Forgets all about a subject whose number will name another.
  void forget(Group group);

  /// Lets a subject wait; the later of two ends wins. False when that changes nothing.
  bool bench(Group group, const Bench& bench);
  /// Ends its wait. `reason`: only when it waits for that; 0: for whatever.
  void release(Group group, std::uint16_t reason = 0);

  /// Upstream still counts yesterday's requests: lets those wait that were out for the day when it
  /// ended and have not been used since.
  void hold_spent(const Bench& bench);

  /// Lets those whose time has come back in, and begins a new quota day when `day` is another.
  void wake(const QuotaDay& day, TimePoint now);

  /// The ready subject that is next. Passed over: those for which `skip` is true, and those whose
  /// room for input tokens is less than `tokens`; they keep their turns. At most kMostPassedOver
  /// are.
  template <typename Skip>
  std::optional<Group> next(std::uint32_t tokens, TimePoint now, Skip skip);

  /// No limit of input tokens that is known is less, so that few have to look further.
  std::uint64_t least_known_tokens() const;
  /// The most input tokens that any subject takes in a minute; nullopt when one may take any
  /// number, as far as is known. O(n).
  std::optional<std::uint64_t> most_tokens(TimePoint now) const;

  /// Whether a subject may be taken out of its turn: it is ready, no better kind of key is, and it
  /// is at most Policy::most_ahead turns ahead.
  bool may_prefer(Group group, std::uint32_t tokens, TimePoint now);

  /// Counts one use by a request of so many input tokens (an estimate). `in_turn`: it was next().
  void use(Group group, bool in_turn, std::uint32_t tokens, const QuotaDay& day, TimePoint now);
  /// Upstream did not count that use.
  void take_back(Group group, std::uint32_t tokens, const QuotaDay& day, TimePoint now);
  /// Upstream did: what was presumed about the subject is wrong when it is more than that.
  void confirm(Group group, const QuotaDay& day, TimePoint now);
  /// A use that was taken at `then` has ended. `more_tokens`: than the estimate; below 0: fewer.
  void done(Group group, std::int64_t more_tokens, TimePoint then);

  /// The same for a subject that has left since.
  void done_elsewhere() {
    if (in_flight_ > 0) --in_flight_;
  }

  /// Uses of the quota day that were made elsewhere, or before.
  void add_today(Group group, std::uint32_t requests, const QuotaDay& day, TimePoint now);
  void learn(Group group, const QuotaLimits& limits, const QuotaDay& day, TimePoint now);

  bool is_in(Group group) const { return group < seats_.size() && seats_[group].is_in; }
  /// How many subjects are in.
  std::size_t size() const { return ready_.size() + waiting_; }
  bool has_ready() const { return !ready_.empty(); }
  bool has_waiting() const { return !timed_.empty(); }
  bool in_use() const { return in_flight_ > 0; }
  /// When the first waiting subject is back; nullopt when none waits.
  std::optional<TimePoint> first_back() const;
  /// Whether all subjects that are in wait for the end of a day or longer.
  bool is_spent() const { return ready_.empty() && spent_ > 0 && spent_ == waiting_; }

  /// Why it waits; nullopt when it does not.
  std::optional<Bench> waits(Group group) const;
  std::uint32_t today(Group group) const { return seats_[group].today; }
  std::uint32_t in_flight(Group group) const { return seats_[group].in_flight; }
  const QuotaLimits* limits(Group group) const;
  /// Whether one more success would prove presumed limits wrong.
  bool is_over_presumed(Group group) const { return seats_[group].over_presumed; }
  /// Whether a limit of some subject was learned.
  bool knows_limits() const { return knows_limits_; }

  /// The policy has changed: ranks all anew.
  void rank_anew(bool paid_first);
  /// Its owner wants a clean slate: no wait, no learned limits.
  void start_afresh(Group group);
  /// Of every subject, how many ready ones come before it.
  std::vector<std::size_t> turns() const;

  ModelHealth health;
  std::uint64_t last_used = 0;     ///< for the pool, which forgets the models that nobody asks for
  bool keeps_limits = true;        ///< false: it is about no model, and has none
  std::uint16_t paced_reason = 0;  ///< the word for a wait that keeps to a limit
  std::uint16_t paced_day_reason = 0;  ///< the same for a day's limit

  static constexpr std::size_t kMostPassedOver = 32;

 private:
  struct Seat {
    std::uint64_t score = 0;     ///< by the policy: turns had, requests today, requests under way
    TimePoint until{};           ///< of the wait
    std::unique_ptr<Pace> pace;  ///< once a limit is known
    std::uint32_t in_flight = 0;
    std::uint32_t today = 0;
    std::uint32_t place = 0;
    std::uint16_t reason = 0;
    ModelStatus status = ModelStatus::cooling;
    bool is_in = false;
    bool waits = false;  ///< also while it is not in
    bool paid = false;
    bool over_presumed = false;  ///< ready, but only when no other is
    bool was_spent = false;      ///< out for the day when the last quota day ended
  };
  struct Rank {
    std::uint64_t major = 0;  ///< the kind, and below it the score
    std::uint64_t minor = 0;
    static constexpr int kKindShift = 60;
    static constexpr std::size_t kKinds = 4;
    std::size_t kind() const { return major >> kKindShift; }
    // As one number: whose turn comes first is decided without a jump, several times a request.
    __extension__ using Whole = unsigned __int128;
    Whole whole() const { return Whole{major} << 64 | minor; }
    bool operator<(const Rank& other) const { return whole() < other.whole(); }
  };

  Rank rank_of(const Seat& seat);
  void rank_all();
  void enter(Group group);
  void come_within_limits(Group group);
  void sit_out(Group group, const Bench& bench);
  static bool lasts_for_a_day(ModelStatus status) { return status != ModelStatus::cooling; }
  bool keeps_pace() const { return keeps_limits && policy_.paces; }
  template <typename Skip>
  std::optional<Group> look(std::uint32_t tokens, bool presume, TimePoint now, Skip skip);
  bool has_room_for(Seat& seat, std::uint32_t tokens, bool presume, TimePoint now) const;
  std::uint64_t token_limit(const Seat& seat, TimePoint now) const;
  void keep_pace(Group group, const QuotaDay& day, TimePoint now);
  const QuotaLimits& configured(const Seat& seat) const;

  const Policy& policy_;
  bool paid_first_;
  std::vector<Seat> seats_;
  RankedLine<Rank> ready_;
  RankedSlots<TimePoint> timed_;  ///< those that wait, and those over a presumed limit
  QuotaLimits presumed_[2];       ///< of the free and of the paid tier: what was learned last
  std::uint64_t least_learned_tokens_ = 0;  ///< of any subject, ever; 0: none
  std::uint64_t turn_ = 0;                  ///< the score of the last that was taken in its turn
  std::uint64_t sequence_ = 0;
  std::uint32_t day_ = 0;
  std::size_t waiting_ = 0;
  std::size_t spent_ = 0;      ///< of those that wait: for a day or longer
  std::size_t in_flight_ = 0;  ///< of all
  bool knows_limits_ = false;
};

template <typename Skip>
std::optional<Group> ModelQueue::next(std::uint32_t tokens, TimePoint now, Skip skip) {
  // Subjects that are only presumed to take less than a large request are asked last.
  const bool is_large = tokens > 0 && is_surely_over(tokens, least_known_tokens());
  auto found = look(tokens, is_large, now, skip);
  if (!found && is_large) found = look(tokens, false, now, skip);
  return found;
}

template <typename Skip>
std::optional<Group> ModelQueue::look(std::uint32_t tokens, bool presume, TimePoint now,
                                      Skip skip) {
  if (ready_.empty()) return std::nullopt;
  const auto first = ready_.first();
  if (!skip(first) && has_room_for(seats_[first], tokens, presume, now)) return first;
  std::vector<std::pair<Group, Rank>> aside;
  std::optional<Group> found;
  while (!ready_.empty() && aside.size() < kMostPassedOver) {
    const auto group = ready_.first();
    if (!skip(group) && has_room_for(seats_[group], tokens, presume, now)) {
      found = group;
      break;
    }
    aside.emplace_back(group, ready_.first_rank());
    ready_.remove(group);
  }
  for (const auto& [group, rank] : aside) ready_.put(group, rank);
  return found;
}

}  // namespace gembal::keypool
