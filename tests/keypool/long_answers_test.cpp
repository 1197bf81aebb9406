// Answers that take longer than the minute over which tokens are counted.

#include <gtest/gtest.h>

#include "lib/keypool/key_pool.hpp"
#include "lib/keypool/pace.hpp"

namespace gembal::keypool {
namespace {

using std::chrono::seconds;

const TimePoint kNoon = *parse_iso8601("2026-11-24T20:00:00Z");

TEST(LongAnswersTest, TokensThatAreKnownLateCountWhereTheRequestWas) {
  MinuteWindow window;
  window.add(kNoon, 1, 100);
  window.add(kNoon + seconds{40}, 1, 100);
  window.add_late(kNoon, 50);
  EXPECT_EQ(window.sum(kNoon + seconds{50}).tokens, 250u);
  EXPECT_EQ(window.sum(kNoon + seconds{62}).tokens, 100u);
}

TEST(LongAnswersTest, AnAnswerThatEndsAfterItsMinuteLeavesTheMinuteThatIs) {
  MinuteWindow window;
  window.add(kNoon, 1, 100);
  window.add(kNoon + seconds{90}, 1, 30);
  window.add(kNoon + seconds{100}, 1, 30);
  window.add_late(kNoon, 50);
  const auto sum = window.sum(kNoon + seconds{101});
  EXPECT_EQ(sum.requests, 2u);
  EXPECT_EQ(sum.tokens, 60u);
}

TEST(LongAnswersTest, ALongAnswerDoesNotMakeThePoolForgetWhatWasSentMeanwhile) {
  Policy policy;
  policy.free_tier.requests_per_minute = 2;
  KeyPool pool(policy);
  Key key;
  key.secret = Secret("key-one");
  key.id = key.secret.id();
  pool.replace({key}, kNoon);
  Wish wish;
  wish.model = "m";
  wish.tokens = 10;
  {
    auto answer = pool.take(wish, kNoon);
    ASSERT_TRUE(answer);
    EXPECT_TRUE(pool.take(wish, kNoon + seconds{119}));
    (*answer).count_tokens(500, 900);
  }
  EXPECT_TRUE(pool.take(wish, kNoon + seconds{120}));
  EXPECT_FALSE(pool.take(wish, kNoon + seconds{120})) << "two were sent in the last two seconds";
}

}  // namespace
}  // namespace gembal::keypool
