// Requests of more input tokens than a key may send in a minute.

#include <gtest/gtest.h>

#include "lib/keypool/key_pool.hpp"

namespace gembal::keypool {
namespace {

using std::chrono::seconds;

const TimePoint kNoon = *parse_iso8601("2026-11-24T20:00:00Z");
constexpr std::uint32_t kLimit = 250'000;

class TooLargeTest : public testing::Test {
 protected:
  void fill(int free, int paid = 0) {
    std::vector<Key> keys(static_cast<std::size_t>(free + paid));
    for (std::size_t i = 0; i < keys.size(); ++i) {
      keys[i].paid = i >= static_cast<std::size_t>(free);
      keys[i].secret = Secret((keys[i].paid ? "paid-" : "free-") + std::to_string(i));
      keys[i].id = keys[i].secret.id();
    }
    pool.replace(keys, kNoon);
  }

  Result<Lease> take(std::uint32_t tokens, TimePoint now = kNoon) {
    Wish wish;
    wish.model = "m";
    wish.tokens = tokens;
    return pool.take(wish, now);
  }

  /// A key is refused for the tokens of a request.
  std::string refuse(std::uint32_t tokens) {
    auto lease = take(tokens);
    if (!lease) return to_string(lease.error().kind);
    Verdict verdict;
    verdict.outcome = Outcome::quota_minute;
    verdict.reason = "PerMinute";
    verdict.delay = seconds{60};
    verdict.limits.tokens_per_minute = kLimit;
    (void)pool.report(*lease, verdict, kNoon);
    return (*lease)->id;
  }

  KeyPool pool{{}};
};

TEST_F(TooLargeTest, DoesNotKeepTheKeyFromServingOthers) {
  fill(1);
  ASSERT_NE(refuse(400'000), "too_large");
  EXPECT_TRUE(take(1'000));
}

TEST_F(TooLargeTest, IsToldSoOnceNoKeyTakesIt) {
  fill(2);
  (void)refuse(400'000);
  (void)refuse(400'000);
  const auto lease = take(400'000);
  ASSERT_FALSE(lease);
  EXPECT_EQ(lease.error().kind, ErrorKind::too_large);
  EXPECT_FALSE(lease.error().retry_after) << "it need not come back";
}

TEST_F(TooLargeTest, MayStillBeAGuessThatIsTooHigh) {
  fill(1);
  (void)refuse(400'000);
  EXPECT_TRUE(take(kLimit + 10'000));
}

TEST_F(TooLargeTest, GoesToATierOfWhichNoSuchLimitIsKnown) {
  fill(20, 1);
  (void)refuse(400'000);
  const auto lease = take(400'000);
  ASSERT_TRUE(lease);
  EXPECT_TRUE((*lease)->paid) << "before 19 keys that are presumed to refuse it";
}

TEST_F(TooLargeTest, WhatWasGuessedTooHighIsGivenBack) {
  fill(1);
  (void)refuse(400'000);
  {
    auto lease = take(200'000);
    ASSERT_TRUE(lease);
    EXPECT_FALSE(take(100'000));
    (void)pool.report(*lease, {}, kNoon);
    (*lease).count_tokens(120'000, 121'000);
  }
  EXPECT_TRUE(take(100'000));
}

}  // namespace
}  // namespace gembal::keypool
