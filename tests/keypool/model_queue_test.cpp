#include "lib/keypool/model_queue.hpp"

#include <gtest/gtest.h>

namespace gembal::keypool {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const TimePoint kNow = *parse_iso8601("2026-11-24T20:00:00Z");
const QuotaDay kDay{1, *parse_iso8601("2026-11-25T08:00:00Z")};

Policy policy_of(Choice choice) {
  Policy policy;
  policy.choice = choice;
  return policy;
}

QuotaLimits per_minute(std::uint32_t requests, std::uint64_t tokens = 0) {
  QuotaLimits limits;
  limits.requests_per_minute = requests;
  limits.tokens_per_minute = tokens;
  limits.learned = kNow;
  return limits;
}

/// A queue of `count` subjects, and short ways to use it.
struct Queue {
  explicit Queue(Group count, Policy its_policy = {}, bool paid_first = false)
      : policy(std::move(its_policy)), queue(policy, paid_first) {
    queue.paced_reason = 1;
    queue.paced_day_reason = 2;
    queue.reserve(count);
    queue.wake(kDay, kNow);
    for (Group group = 0; group < count; ++group) {
      queue.set_place(group, group);
      queue.join(group, false);
    }
  }

  /// Whose turn it is; -1 when it is nobody's.
  int next(TimePoint now = kNow, std::uint32_t tokens = 0, int skipped = -1) {
    queue.wake(kDay, now);
    const auto group = queue.next(
        tokens, now, [&](Group candidate) { return static_cast<int>(candidate) == skipped; });
    return group ? static_cast<int>(*group) : -1;
  }
  /// Uses the next one.
  int take(TimePoint now = kNow, std::uint32_t tokens = 0, int skipped = -1) {
    const int group = next(now, tokens, skipped);
    if (group >= 0) queue.use(static_cast<Group>(group), true, tokens, kDay, now);
    return group;
  }
  std::vector<int> take_few(int count, TimePoint now = kNow) {
    std::vector<int> groups;
    for (int i = 0; i < count; ++i) groups.push_back(take(now));
    return groups;
  }
  void cool(Group group, std::chrono::seconds wait, TimePoint now = kNow) {
    queue.bench(group, {ModelStatus::cooling, now + wait, 7});
  }

  Policy policy;
  ModelQueue queue;
};

using Groups = std::vector<int>;

TEST(ModelQueueTest, EachHasItsTurn) {
  Queue queue(3);
  EXPECT_EQ(queue.take_few(7), (Groups{0, 1, 2, 0, 1, 2, 0}));
}

TEST(ModelQueueTest, WhoIsPassedOverKeepsItsTurn) {
  Queue queue(3);
  EXPECT_EQ(queue.take(kNow, 0, 0), 1);
  EXPECT_EQ(queue.take_few(4), (Groups{0, 2, 1, 0}));
  Queue alone(1);
  EXPECT_EQ(alone.take(kNow, 0, 0), -1);
  EXPECT_EQ(alone.take(), 0);
}

TEST(ModelQueueTest, PassesOverSoManyAndNoMore) {
  Queue queue(40);
  std::size_t asked = 0;
  EXPECT_FALSE(queue.queue.next(0, kNow, [&](Group) {
    ++asked;
    return true;
  }));
  EXPECT_LE(asked, ModelQueue::kMostPassedOver + 1);
  EXPECT_EQ(queue.take_few(3), (Groups{0, 1, 2})) << "their turns are as they were";
}

TEST(ModelQueueTest, WaitsUntilTheTimeHasCome) {
  Queue queue(2);
  queue.cool(0, seconds{30});
  EXPECT_EQ(queue.take_few(2), (Groups{1, 1}));
  EXPECT_EQ(queue.queue.waits(0)->until, kNow + seconds{30});
  EXPECT_EQ(queue.take(kNow + seconds{29}), 1);
  EXPECT_EQ(queue.take(kNow + seconds{30}), 0);
  EXPECT_EQ(queue.take(kNow + seconds{30}), 1) << "it has no turns to make up for";
}

TEST(ModelQueueTest, TheLaterOfTwoEndsWins) {
  Queue queue(1);
  EXPECT_TRUE(queue.queue.bench(0, {ModelStatus::exhausted, kNow + hours{2}, 3}));
  EXPECT_FALSE(queue.queue.bench(0, {ModelStatus::cooling, kNow + hours{1}, 4}));
  EXPECT_EQ(queue.queue.waits(0)->reason, 3);
  EXPECT_TRUE(queue.queue.is_spent());
  EXPECT_TRUE(queue.queue.bench(0, {ModelStatus::cooling, kNow + hours{3}, 4}));
  EXPECT_EQ(queue.queue.waits(0)->reason, 4);
  EXPECT_FALSE(queue.queue.is_spent()) << "it cools now";
}

TEST(ModelQueueTest, IsReleasedForAReason) {
  Queue queue(1);
  queue.cool(0, seconds{30});
  queue.queue.release(0, 6);
  EXPECT_EQ(queue.next(), -1) << "it waits for another";
  queue.queue.release(0, 7);
  EXPECT_EQ(queue.next(), 0);
  queue.cool(0, seconds{30});
  queue.queue.release(0);
  EXPECT_EQ(queue.next(), 0);
}

TEST(ModelQueueTest, KnowsWhoIsBackFirst) {
  Queue queue(2);
  EXPECT_FALSE(queue.queue.first_back());
  queue.cool(0, seconds{50});
  EXPECT_FALSE(queue.queue.first_back()) << "one is ready";
  queue.cool(1, seconds{20});
  EXPECT_EQ(queue.queue.first_back(), kNow + seconds{20});
}

TEST(ModelQueueTest, IsSpentWhenAllAreOutForLong) {
  Queue queue(2);
  EXPECT_FALSE(queue.queue.is_spent());
  queue.queue.bench(0, {ModelStatus::exhausted, kNow + hours{9}, 3});
  EXPECT_FALSE(queue.queue.is_spent());
  queue.queue.bench(1, {ModelStatus::unsupported, kNow + hours{24}, 3});
  EXPECT_TRUE(queue.queue.is_spent());
  queue.queue.leave(1);
  EXPECT_TRUE(queue.queue.is_spent()) << "of those that are in";
  queue.queue.leave(0);
  EXPECT_FALSE(queue.queue.is_spent()) << "nobody is in";
  queue.queue.join(0, false);
  EXPECT_TRUE(queue.queue.is_spent());
}

TEST(ModelQueueTest, ChoosesByThePolicy) {
  // Of three subjects, 0 has had two requests today that are over, 1 has one under way, 2 is fresh
  // and was the last to join.
  const struct {
    const char* name;
    Choice choice;
    Groups next;
  } cases[] = {
      {"each in its turn, whatever it did", Choice::round_robin, {2, 0, 1, 2, 0}},
      {"the least used first, then evenly", Choice::least_used, {2, 1, 2, 0, 1}},
      {"the least busy first", Choice::least_in_flight, {2, 0, 1, 2, 0}},
      {"the first as long as it lasts", Choice::fill_first, {0, 0, 0, 0, 0}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Queue queue(3, policy_of(c.choice));
    for (int i = 0; i < 2; ++i) {
      queue.queue.use(0, true, 0, kDay, kNow);
      queue.queue.done(0, 0, kNow);
    }
    queue.queue.use(1, true, 0, kDay, kNow);
    EXPECT_EQ(queue.take_few(5), c.next);
  }
}

TEST(ModelQueueTest, FillFirstGoesByThePlaceAndMovesOnWhenSpent) {
  Queue queue(3, policy_of(Choice::fill_first));
  queue.queue.set_place(0, 9);
  EXPECT_EQ(queue.take_few(2), (Groups{1, 1}));
  queue.cool(1, seconds{30});
  EXPECT_EQ(queue.take_few(2), (Groups{2, 2}));
  queue.cool(2, seconds{40});
  EXPECT_EQ(queue.take(), 0);
  EXPECT_EQ(queue.take(kNow + seconds{30}), 1) << "back at its place";
}

TEST(ModelQueueTest, FreeSubjectsGoFirstUnlessTheModelIsForPaidOnes) {
  for (const bool paid_first : {false, true}) {
    Queue queue(2, {}, paid_first);
    queue.queue.join(1, true);
    const int first = paid_first ? 1 : 0;
    EXPECT_EQ(queue.take_few(3), (Groups{first, first, first}));
    queue.cool(static_cast<Group>(first), seconds{10});
    EXPECT_EQ(queue.take(), 1 - first) << "the others when none of those is ready";
    EXPECT_EQ(queue.take(kNow + seconds{10}), first);
    queue.queue.rank_anew(!paid_first);
    EXPECT_EQ(queue.take(kNow + seconds{10}), 1 - first);
  }
}

TEST(ModelQueueTest, APreferredSubjectIsPassedOverLater) {
  Queue queue(3);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(queue.queue.may_prefer(2, 0, kNow));
    queue.queue.use(2, false, 0, kDay, kNow);
  }
  EXPECT_EQ(queue.take_few(7), (Groups{0, 1, 0, 1, 0, 1, 2})) << "it has had three turns";
  EXPECT_EQ(queue.take_few(3), (Groups{0, 1, 2})) << "and then it is one of them again";
}

TEST(ModelQueueTest, ASubjectMayBePreferredUpToABound) {
  Policy policy;
  policy.most_ahead = 3;
  const struct {
    const char* name;
    Choice choice;
    int allowed;
  } cases[] = {{"in turn", Choice::round_robin, 4},
               {"least used", Choice::least_used, 4},
               {"least in flight", Choice::least_in_flight, 4},
               {"to the last drop", Choice::fill_first, 20}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    policy.choice = c.choice;
    Queue queue(2, policy);
    int allowed = 0;
    while (allowed < 20 && queue.queue.may_prefer(1, 0, kNow)) {
      queue.queue.use(1, false, 0, kDay, kNow);
      ++allowed;
    }
    EXPECT_EQ(allowed, c.allowed);
  }
}

TEST(ModelQueueTest, WhoMayNotBePreferred) {
  Queue queue(3);
  queue.cool(0, seconds{10});
  EXPECT_FALSE(queue.queue.may_prefer(0, 0, kNow)) << "it waits";
  queue.queue.leave(1);
  EXPECT_FALSE(queue.queue.may_prefer(1, 0, kNow)) << "it is not in";
  EXPECT_FALSE(queue.queue.may_prefer(99, 0, kNow)) << "there is no such";
  queue.queue.join(1, true);
  EXPECT_FALSE(queue.queue.may_prefer(1, 0, kNow)) << "a free one is ready";
  EXPECT_TRUE(queue.queue.may_prefer(2, 0, kNow));
}

TEST(ModelQueueTest, LeavingKeepsWhatWasCountedAndWhyItWaits) {
  Queue queue(2);
  queue.take_few(4);
  queue.cool(0, seconds{30});
  queue.queue.leave(0);
  EXPECT_FALSE(queue.queue.is_in(0));
  EXPECT_FALSE(queue.queue.waits(0));
  EXPECT_EQ(queue.queue.size(), 1u);
  queue.queue.join(0, false);
  EXPECT_EQ(queue.queue.today(0), 2u);
  ASSERT_TRUE(queue.queue.waits(0));
  EXPECT_EQ(queue.queue.waits(0)->reason, 7);
  EXPECT_EQ(queue.take(), 1);
  EXPECT_EQ(queue.take(kNow + seconds{30}), 0);
  queue.cool(0, seconds{30}, kNow);
  queue.queue.leave(0);
  queue.queue.join(0, false);
  queue.queue.wake(kDay, kNow + seconds{31});
  EXPECT_FALSE(queue.queue.waits(0)) << "the wait was over meanwhile";
}

TEST(ModelQueueTest, WhatIsForgottenIsGone) {
  Queue queue(2);
  queue.take_few(4);
  queue.queue.learn(0, per_minute(2), kDay, kNow);
  queue.cool(0, seconds{30});
  queue.queue.forget(0);
  queue.queue.forget(99);
  queue.queue.join(0, false);
  EXPECT_EQ(queue.queue.today(0), 0u);
  EXPECT_EQ(queue.queue.limits(0), nullptr);
  EXPECT_FALSE(queue.queue.waits(0));
}

TEST(ModelQueueTest, UsesAreCountedUntilTheyEnd) {
  Queue queue(1);
  queue.take_few(2);
  EXPECT_EQ(queue.queue.in_flight(0), 2u);
  queue.queue.done(0, 0, kNow);
  EXPECT_TRUE(queue.queue.in_use());
  queue.queue.forget(0);  // another subject will have its number
  EXPECT_TRUE(queue.queue.in_use());
  queue.queue.done_elsewhere();
  EXPECT_FALSE(queue.queue.in_use());
  queue.queue.done_elsewhere();
  EXPECT_FALSE(queue.queue.in_use());
}

TEST(ModelQueueTest, ANewDayCountsAnew) {
  Queue queue(2, policy_of(Choice::least_used));
  queue.queue.add_today(0, 5, kDay, kNow);
  EXPECT_EQ(queue.take_few(3), (Groups{1, 1, 1}));
  const QuotaDay next{kDay.number + 1, kDay.ends + hours{24}};
  queue.queue.wake(next, kDay.ends);
  EXPECT_EQ(queue.queue.today(0), 0u);
  EXPECT_EQ(queue.queue.today(1), 0u);
}

TEST(ModelQueueTest, AClockThatGoesBackDoesNotKeepAnybodyOut) {
  Queue queue(1);
  queue.queue.bench(0, {ModelStatus::exhausted, kNow + hours{12}, 3});
  EXPECT_EQ(queue.next(kNow - hours{1}), -1);
  EXPECT_EQ(queue.next(kNow - hours{72}), 0) << "nobody waits for so long";
}

TEST(ModelQueueTest, AClockThatGoesForwardBringsAllBack) {
  Queue queue(2);
  queue.cool(0, seconds{10});
  queue.queue.bench(1, {ModelStatus::unsupported, kNow + hours{24}, 3});
  EXPECT_EQ(queue.next(kNow + hours{1'000}), 0);
  EXPECT_FALSE(queue.queue.has_waiting());
}

TEST(ModelQueueTest, KeepsToALimitOnceItIsKnown) {
  Queue queue(2);
  queue.queue.learn(0, per_minute(2), kDay, kNow);
  EXPECT_EQ(queue.take_few(6), (Groups{0, 1, 0, 1, 1, 1}));
  EXPECT_EQ(queue.queue.waits(0)->reason, 1);
  EXPECT_EQ(queue.queue.waits(0)->until, kNow + seconds{61});
  EXPECT_EQ(queue.take(kNow + seconds{61}), 0);
}

TEST(ModelQueueTest, WhatUpstreamDidNotCountGivesRoom) {
  Queue queue(1);
  queue.queue.learn(0, per_minute(2), kDay, kNow);
  EXPECT_EQ(queue.take_few(3), (Groups{0, 0, -1}));
  queue.queue.take_back(0, 0, kDay, kNow);
  EXPECT_EQ(queue.queue.today(0), 1u);
  EXPECT_EQ(queue.take_few(2), (Groups{0, -1}));
  queue.cool(0, seconds{90});
  queue.queue.take_back(0, 0, kDay, kNow);
  EXPECT_EQ(queue.next(), -1) << "it does not wait for room";
}

TEST(ModelQueueTest, TheDaysLimitHoldsUntilMidnight) {
  Queue queue(1);
  QuotaLimits limits;
  limits.requests_per_day = 3;
  limits.learned = kNow;
  queue.queue.add_today(0, 2, kDay, kNow);
  queue.queue.learn(0, limits, kDay, kNow);
  EXPECT_EQ(queue.take_few(2), (Groups{0, -1}));
  EXPECT_TRUE(queue.queue.is_spent());
  EXPECT_EQ(queue.queue.waits(0)->reason, 2);
  EXPECT_EQ(queue.queue.waits(0)->until, kDay.ends);
  queue.queue.wake({kDay.number + 1, kDay.ends + hours{24}}, kDay.ends);
  EXPECT_FALSE(queue.queue.waits(0));
}

TEST(ModelQueueTest, WhoIsOverAPresumedLimitIsTheLastChoiceAndNoMore) {
  Queue queue(2);
  queue.queue.learn(0, per_minute(2), kDay, kNow);  // 1 is of the same tier
  queue.queue.bench(0, {ModelStatus::cooling, kNow + seconds{5}, 7});
  EXPECT_EQ(queue.take_few(4), (Groups{1, 1, 1, 1})) << "no other is there";
  const auto later = kNow + seconds{5};
  EXPECT_EQ(queue.take_few(3, later), (Groups{0, 0, 1}))
      << "two of its own, and then the last choice";
  EXPECT_EQ(queue.take_few(2, kNow + seconds{70}), (Groups{1, 0})) << "the minute is over";
}

TEST(ModelQueueTest, ASuccessBeyondAPresumedLimitRefutesIt) {
  Queue queue(2);
  queue.queue.learn(0, per_minute(1), kDay, kNow);
  queue.queue.bench(0, {ModelStatus::cooling, kNow + seconds{5}, 7});
  queue.take();
  queue.queue.confirm(1, kDay, kNow);
  const auto later = kNow + seconds{5};
  EXPECT_EQ(queue.next(later), 0) << "within the limit: nothing is refuted";
  queue.queue.use(1, false, 0, kDay, later);
  queue.queue.confirm(1, kDay, later);
  EXPECT_EQ(queue.take(later), 0);
  EXPECT_EQ(queue.take_few(3, later), (Groups{1, 1, 1}));
}

TEST(ModelQueueTest, WhoComesBackWithinLimitsHasNoTurnsToMakeUpFor) {
  Queue queue(3);
  queue.queue.learn(0, per_minute(40), kDay, kNow);
  queue.queue.learn(1, per_minute(40), kDay, kNow);
  queue.queue.learn(2, per_minute(40), kDay, kNow);
  queue.queue.start_afresh(2);  // what it is allowed is a presumption again
  for (int i = 0; i < 41; ++i) queue.queue.use(2, false, 0, kDay, kNow);
  EXPECT_EQ(queue.take_few(6), (Groups{0, 1, 0, 1, 0, 1}));
  queue.queue.confirm(2, kDay, kNow);  // it has more
  int of_2 = 0;
  for (int i = 0; i < 6; ++i) of_2 += queue.take() == 2;
  EXPECT_LE(of_2, 2);
}

TEST(ModelQueueTest, ARequestGoesWhereItsTokensHaveRoom) {
  Queue queue(2);
  queue.queue.learn(0, per_minute(0, 1000), kDay, kNow);
  queue.queue.learn(1, per_minute(0, 1000), kDay, kNow);
  EXPECT_EQ(queue.take(kNow, 700), 0);
  EXPECT_EQ(queue.take(kNow, 100), 1);
  EXPECT_EQ(queue.take(kNow, 500), 1) << "0 has its turn, but no room";
  EXPECT_EQ(queue.take(kNow, 200), 0) << "which it keeps";
  EXPECT_EQ(queue.take(kNow, 500), -1);
  EXPECT_FALSE(queue.queue.may_prefer(0, 500, kNow));
  EXPECT_TRUE(queue.queue.may_prefer(0, 50, kNow));
  EXPECT_EQ(queue.take(kNow + seconds{61}, 5000), -1)
      << "larger than the whole limit, however wrong the guess";
  EXPECT_EQ(queue.take(kNow + seconds{61}, 1200), 1) << "maybe not larger: upstream's to say";
}

TEST(ModelQueueTest, TokensThatTheEstimateMissedAreCounted) {
  Queue queue(1);
  queue.queue.learn(0, per_minute(0, 1000), kDay, kNow);
  queue.take(kNow, 100);
  queue.queue.done(0, 850, kNow);
  EXPECT_EQ(queue.take(kNow + seconds{1}, 100), -1);
}

TEST(ModelQueueTest, ConfiguredLimitsHoldForTheirTier) {
  Policy policy;
  policy.free_tier.requests_per_minute = 1;
  policy.paid_tier.requests_per_minute = 2;
  Queue queue(2, policy);
  queue.queue.join(1, true);
  EXPECT_EQ(queue.take_few(4), (Groups{0, 1, 1, -1}));
}

TEST(ModelQueueTest, WithoutPacingOrWithoutAModelNoLimitIsKept) {
  for (const bool paces : {false, true}) {
    Policy policy;
    policy.paces = paces;
    policy.free_tier.requests_per_minute = 1;
    Queue queue(1, policy);
    queue.queue.keeps_limits = !paces;
    EXPECT_EQ(queue.take_few(3), (Groups{0, 0, 0}));
  }
}

TEST(ModelQueueTest, ACleanSlateEndsAllThatWasLearned) {
  Queue queue(2);
  queue.queue.learn(0, per_minute(1), kDay, kNow);
  queue.take_few(2);
  EXPECT_TRUE(queue.queue.waits(0)) << "by its own limit";
  queue.queue.start_afresh(0);
  EXPECT_FALSE(queue.queue.waits(0));
  EXPECT_EQ(queue.queue.limits(0)->requests_per_minute, 0u);
  queue.cool(1, seconds{30});
  queue.queue.leave(1);
  queue.queue.start_afresh(1);
  queue.queue.join(1, false);
  EXPECT_FALSE(queue.queue.waits(1)) << "also for one that is not in";
}

TEST(ModelQueueTest, SaysInWhichOrderTheReadyOnesCome) {
  Queue queue(3);
  queue.take();
  queue.cool(1, seconds{5});
  const auto turns = queue.queue.turns();
  EXPECT_EQ(turns[2], 0u);
  EXPECT_EQ(turns[0], 1u);
}

}  // namespace
}  // namespace gembal::keypool
