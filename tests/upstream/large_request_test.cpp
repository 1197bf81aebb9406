#include <gtest/gtest.h>

#include "lib/upstream/retry_plan.hpp"

namespace gembal::upstream {
namespace {

TryOutcome refused_for_tokens(int key, std::uint32_t tokens) {
  TryOutcome outcome;
  outcome.key_id = "key-" + std::to_string(key);
  outcome.verdict.outcome = keypool::Outcome::quota_minute;
  outcome.verdict.limits.tokens_per_minute = 250'000;
  outcome.tokens = tokens;
  return outcome;
}

TEST(LargeRequestTest, DoesNotWalkThroughTheWholePool) {
  RetryPlan plan(3);
  for (int key = 0; key < 3; ++key) {
    EXPECT_EQ(plan.after(refused_for_tokens(key, 400'000), 0.5).next, RetryPlan::Next::try_again);
  }
  EXPECT_EQ(plan.after(refused_for_tokens(3, 400'000), 0.5).next, RetryPlan::Next::give_up);
}

TEST(LargeRequestTest, AnOrdinaryOneIsTriedAsLongAsThereAreKeys) {
  RetryPlan plan(3);
  for (int key = 0; key < 20; ++key) {
    const auto step = plan.after(refused_for_tokens(key, 20'000), 0.5);
    EXPECT_EQ(step.next, RetryPlan::Next::try_again);
    EXPECT_EQ(step.pause.count(), 0);
  }
}

}  // namespace
}  // namespace gembal::upstream
