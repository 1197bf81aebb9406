#include "daemon/token_limits.hpp"

#include <gtest/gtest.h>

namespace gembal::daemon {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const TimePoint kNow = *parse_iso8601("2026-11-25T20:15:30Z");

store::ClientToken token(std::int64_t rpm, std::int64_t rpd, std::int64_t tpd) {
  store::ClientToken made;
  made.name = "laptop";
  made.requests_per_minute = rpm;
  made.requests_per_day = rpd;
  made.tokens_per_day = tpd;
  return made;
}

TEST(TokenLimitsTest, RequestsOfAMinuteAreLetInAgainWithTheNext) {
  TokenLimits limits;
  const auto two = token(2, 0, 0);
  EXPECT_TRUE(limits.take(two, kNow));
  EXPECT_TRUE(limits.take(two, kNow + seconds{10}));
  const auto third = limits.take(two, kNow + seconds{20});
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().kind, ErrorKind::keys_waiting);
  EXPECT_EQ(third.error().retry_after, seconds{10}) << "until 20:16:00";
  EXPECT_NE(third.error().message.find("2 requests a minute"), std::string::npos);
  EXPECT_TRUE(limits.take(two, kNow + seconds{30}));
}

TEST(TokenLimitsTest, DaysEndAtMidnight) {
  TokenLimits limits;
  const auto one = token(0, 1, 0);
  EXPECT_TRUE(limits.take(one, kNow));
  const auto second = limits.take(one, kNow);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().retry_after, hours{3} + minutes{44} + seconds{30});
  EXPECT_TRUE(limits.take(one, *parse_iso8601("2026-11-26T00:00:00Z")));
}

TEST(TokenLimitsTest, TokensOfADayAreHeldAgainstTheNextRequest) {
  TokenLimits limits;
  const auto hundred = token(0, 0, 100);
  EXPECT_TRUE(limits.take(hundred, kNow));
  limits.count_tokens("laptop", 99, kNow);
  EXPECT_TRUE(limits.take(hundred, kNow));
  limits.count_tokens("laptop", 1, kNow);
  EXPECT_FALSE(limits.take(hundred, kNow));
}

TEST(TokenLimitsTest, WhatOtherProcessesUsedCountsAndNothingCountsTwice) {
  TokenLimits limits;
  const auto four = token(0, 4, 0);
  EXPECT_TRUE(limits.take(four, kNow));
  limits.begin_write();
  EXPECT_TRUE(limits.take(four, kNow)) << "while the first is being written";
  limits.learn({{"laptop", 2, 0}}, kNow);  // that one, and one of another process
  EXPECT_TRUE(limits.take(four, kNow));
  EXPECT_FALSE(limits.take(four, kNow));
  limits.begin_write();
  limits.learn({{"laptop", 4, 0}}, kNow);
  EXPECT_FALSE(limits.take(four, kNow));
}

}  // namespace
}  // namespace gembal::daemon
