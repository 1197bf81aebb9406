#include "lib/upstream/retry_plan.hpp"

#include <gtest/gtest.h>

namespace gembal::upstream {
namespace {

using keypool::Outcome;
using Next = RetryPlan::Next;
using std::chrono::milliseconds;

constexpr double kMost = 1;  // of the jitter

TryOutcome outcome(Outcome what, const std::string& key_id = "one") {
  TryOutcome made;
  made.key_id = key_id;
  made.verdict.outcome = what;
  return made;
}

/// What a plan says after so many tries, each with another key.
struct Tries {
  explicit Tries(int max_retries) : plan(max_retries) {}
  RetryPlan::Step next(TryOutcome what) {
    what.key_id = "key-" + std::to_string(++count);
    return plan.after(what, kMost);
  }
  RetryPlan plan;
  int count = 0;
};

TEST(RetryPlanTest, WhatIsNextAfterTheFirstTry) {
  auto bad_signature = outcome(Outcome::caller_fault);
  bad_signature.verdict.bad_signature = true;
  const struct {
    const char* name;
    TryOutcome outcome;
    Next next;
    bool pauses;
  } cases[] = {
      {"success", outcome(Outcome::success), Next::pass_on, false},
      {"the caller's fault is answered at once", outcome(Outcome::caller_fault), Next::pass_on,
       false},
      {"so is another key's object", outcome(Outcome::wrong_object), Next::pass_on, false},
      {"a refused signature is bypassed", bad_signature, Next::bypass, false},
      {"our own mistake is no key's", outcome(Outcome::proxy_fault), Next::own_fault, false},
      {"a dead key: the next at once", outcome(Outcome::key_dead), Next::try_again, false},
      {"an unusable one", outcome(Outcome::key_unusable), Next::try_again, false},
      {"a quota", outcome(Outcome::quota_minute), Next::try_again, false},
      {"a day's quota", outcome(Outcome::quota_day), Next::try_again, false},
      {"no quota", outcome(Outcome::quota_zero), Next::try_again, false},
      {"a closed model", outcome(Outcome::model_closed), Next::try_again, false},
      {"no credit", outcome(Outcome::no_credit), Next::try_again, false},
      {"an overload: after a pause", outcome(Outcome::model_overloaded), Next::try_again, true},
      {"a broken answer too", outcome(Outcome::broken), Next::try_again, true},
      {"a refused region", outcome(Outcome::exit_blocked), Next::try_again, true},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    RetryPlan plan(3);
    EXPECT_FALSE(plan.has_tried());
    const auto step = plan.after(c.outcome, kMost);
    EXPECT_EQ(step.next, c.next);
    EXPECT_EQ(step.pause.count() > 0, c.pauses);
    EXPECT_TRUE(plan.has_tried());
  }
}

TEST(RetryPlanTest, AFaultOfAKeyCostsNoRetry) {
  Tries tries(1);
  for (int i = 0; i < 50; ++i)
    ASSERT_EQ(tries.next(outcome(Outcome::quota_day)).next, Next::try_again);
  EXPECT_EQ(tries.next(outcome(Outcome::broken)).next, Next::try_again);
  EXPECT_EQ(tries.next(outcome(Outcome::key_dead)).next, Next::try_again);
  EXPECT_EQ(tries.next(outcome(Outcome::broken)).next, Next::pass_on);
}

TEST(RetryPlanTest, CountsOtherFailures) {
  for (const int max_retries : {0, 1, 3}) {
    Tries tries(max_retries);
    int retries = 0;
    while (tries.next(outcome(Outcome::broken)).next == Next::try_again) ++retries;
    EXPECT_EQ(retries, max_retries);
  }
}

TEST(RetryPlanTest, PausesTwiceAsLongEachTimeUpToABound) {
  Tries most(20);
  for (const int expected : {200, 400, 800, 1600, 3200, 4000, 4000, 4000})
    EXPECT_EQ(most.next(outcome(Outcome::broken)).pause, milliseconds{expected});
  RetryPlan least(20);
  EXPECT_EQ(least.after(outcome(Outcome::broken), 0).pause, milliseconds{100})
      << "the jitter takes away at most half";
}

TEST(RetryPlanTest, WhatTookTooLongIsTriedOnceMore) {
  auto slow = outcome(Outcome::broken);
  slow.was_slow = true;
  Tries tries(5);
  EXPECT_EQ(tries.next(slow).next, Next::try_again);
  EXPECT_EQ(tries.next(slow).next, Next::pass_on);
  Tries none(0);
  EXPECT_EQ(none.next(slow).next, Next::pass_on);
  Tries late(2);
  late.next(outcome(Outcome::broken));
  EXPECT_EQ(late.next(slow).next, Next::try_again);
  EXPECT_EQ(late.next(outcome(Outcome::broken)).next, Next::pass_on);
}

TEST(RetryPlanTest, WhileTheBreakerIsOpenThereIsOneTry) {
  auto last = outcome(Outcome::model_overloaded);
  last.last_try = true;
  EXPECT_EQ(Tries(5).next(last).next, Next::pass_on);
  auto key_fault = outcome(Outcome::quota_day);
  key_fault.last_try = true;
  EXPECT_EQ(Tries(5).next(key_fault).next, Next::try_again) << "that is about the key";
  auto bare = outcome(Outcome::quota_minute);
  bare.verdict.bare_quota = bare.last_try = true;
  EXPECT_EQ(Tries(5).next(bare).next, Next::give_up) << "what blames a key is not passed on";
}

TEST(RetryPlanTest, NeitherBareRefusalsNorASuspectedExitWalkThroughThePool) {
  auto bare = outcome(Outcome::quota_minute);
  bare.verdict.bare_quota = true;
  auto suspended = outcome(Outcome::key_dead);
  suspended.suspended = true;
  for (const auto& what : {bare, suspended}) {
    Tries tries(2);
    EXPECT_EQ(tries.next(what).next, Next::try_again);
    EXPECT_EQ(tries.next(what).next, Next::try_again);
    EXPECT_EQ(tries.next(what).next, Next::give_up);
  }
}

TEST(RetryPlanTest, ASignatureIsBypassedOnce) {
  auto bad = outcome(Outcome::caller_fault);
  bad.verdict.bad_signature = true;
  RetryPlan plan(0);
  EXPECT_EQ(plan.after(bad, kMost).next, Next::bypass);
  EXPECT_TRUE(plan.leave_out().empty()) << "no key is to blame";
  EXPECT_EQ(plan.after(bad, kMost).next, Next::pass_on);
}

TEST(RetryPlanTest, WhoIsLeftOutAndWhoMayComeAgain) {
  RetryPlan plan(5);
  plan.after(outcome(Outcome::quota_day, "refused"), kMost);
  plan.after(outcome(Outcome::broken, "unlucky"), kMost);
  EXPECT_EQ(plan.leave_out(), (std::vector<std::string>{"refused", "unlucky"}));
  EXPECT_TRUE(plan.allow_again());
  EXPECT_EQ(plan.leave_out(), std::vector<std::string>{"refused"}) << "never again";
  EXPECT_FALSE(plan.allow_again());
}

// A request about an object goes to the object's key whatever befell it: it must not go for ever.
TEST(RetryPlanTest, AKeyThatComesAgainAfterItWasBlamedCostsRetries) {
  for (const auto what : {Outcome::quota_minute, Outcome::quota_day, Outcome::no_credit}) {
    RetryPlan plan(2);
    EXPECT_EQ(plan.after(outcome(what), kMost).pause.count(), 0);
    EXPECT_GT(plan.after(outcome(what), kMost).pause.count(), 0);
    EXPECT_EQ(plan.after(outcome(what), kMost).next, Next::try_again);
    EXPECT_EQ(plan.after(outcome(what), kMost).next, Next::give_up);
  }
  RetryPlan plan(5);
  EXPECT_EQ(plan.after(outcome(Outcome::key_unusable), kMost).next, Next::try_again);
  EXPECT_EQ(plan.after(outcome(Outcome::key_unusable), kMost).next, Next::give_up)
      << "one request must not disable it";
}

TEST(RetryPlanTest, WhatBlamesAKey) {
  EXPECT_TRUE(blames_key(Outcome::key_dead));
  EXPECT_TRUE(blames_key(Outcome::quota_minute));
  for (const auto other :
       {Outcome::success, Outcome::caller_fault, Outcome::model_overloaded, Outcome::broken,
        Outcome::exit_blocked, Outcome::wrong_object, Outcome::proxy_fault})
    EXPECT_FALSE(blames_key(other)) << to_string(other);
}

}  // namespace
}  // namespace gembal::upstream
