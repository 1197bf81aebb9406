// The quota day of upstream ends a little after ours.

#include <gtest/gtest.h>

#include "lib/keypool/key_pool.hpp"

namespace gembal::keypool {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const TimePoint kMidnight = *parse_iso8601("2026-11-24T08:00:00Z");  // in Los Angeles

class LateMidnightTest : public testing::Test {
 protected:
  void fill(int count) {
    std::vector<Key> keys(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < keys.size(); ++i) {
      keys[i].secret = Secret("key-" + std::to_string(i));
      keys[i].id = keys[i].secret.id();
    }
    pool.replace(keys, kMidnight - hours{1});
  }

  Result<Lease> take(TimePoint now) {
    Wish wish;
    wish.model = "m";
    return pool.take(wish, now);
  }

  Verdict spent(TimePoint now) const {
    Verdict verdict;
    verdict.outcome = Outcome::quota_day;
    verdict.reason = "PerDay";
    verdict.limits.requests_per_day = 20;
    // Until midnight, as the judge has it.
    verdict.delay = std::chrono::ceil<Milliseconds>(next_pacific_midnight(now) - now);
    return verdict;
  }

  void refuse_all(TimePoint now) {
    while (auto lease = take(now)) (void)pool.report(*lease, spent(now), now);
  }

  KeyPool pool{{}};
};

TEST_F(LateMidnightTest, ARefusalThatArrivesAfterMidnightDoesNotCostTheDay) {
  fill(1);
  auto lease = take(kMidnight - milliseconds{50});
  ASSERT_TRUE(lease);
  const auto arrives = kMidnight + milliseconds{50};
  (void)pool.report(*lease, spent(arrives), arrives);
  EXPECT_FALSE(take(arrives));
  EXPECT_TRUE(take(arrives + seconds{16}));
}

TEST_F(LateMidnightTest, OneRefusalTellsForAllThatWereSpent) {
  fill(10);
  refuse_all(kMidnight - minutes{20});
  auto probe = take(kMidnight);
  ASSERT_TRUE(probe);
  (void)pool.report(*probe, spent(kMidnight), kMidnight);
  const auto lease = take(kMidnight + seconds{1});
  ASSERT_FALSE(lease);
  EXPECT_EQ(lease.error().kind, ErrorKind::keys_waiting);
  EXPECT_LE(*lease.error().retry_after, seconds{15});
  EXPECT_TRUE(take(kMidnight + seconds{16}));
}

TEST_F(LateMidnightTest, KeysThatWereNotSpentGoOn) {
  fill(2);
  auto first = take(kMidnight - minutes{20});
  ASSERT_TRUE(first);
  (void)pool.report(*first, spent(kMidnight - minutes{20}), kMidnight - minutes{20});
  auto unspent = take(kMidnight - minutes{1});
  ASSERT_TRUE(unspent);
  (void)pool.report(*unspent, {}, kMidnight - minutes{1});
  auto refused = take(kMidnight);
  auto other = take(kMidnight);
  ASSERT_TRUE(refused && other);
  auto& spent_one = (*refused)->id == (*first)->id ? *refused : *other;
  (void)pool.report(spent_one, spent(kMidnight), kMidnight);
  const auto next = take(kMidnight + seconds{1});
  ASSERT_TRUE(next);
  EXPECT_EQ((*next)->id, (*unspent)->id);
}

TEST_F(LateMidnightTest, WhoHasUsedUpTheNewDayIsOutForIt) {
  fill(1);
  for (int i = 0; i < 20; ++i) {
    auto lease = take(kMidnight + minutes{1});
    ASSERT_TRUE(lease);
    (void)pool.report(*lease, {}, kMidnight + minutes{1});
  }
  refuse_all(kMidnight + minutes{2});
  EXPECT_TRUE(pool.is_spent("m", kMidnight + minutes{3}));
}

TEST_F(LateMidnightTest, LaterInTheDayARefusalHolds) {
  fill(1);
  refuse_all(kMidnight + minutes{11});
  EXPECT_TRUE(pool.is_spent("m", kMidnight + hours{23}));
}

}  // namespace
}  // namespace gembal::keypool
