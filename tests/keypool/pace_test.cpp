#include "lib/keypool/pace.hpp"

#include <gtest/gtest.h>

namespace gembal::keypool {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

const TimePoint kNow = *parse_iso8601("2026-11-24T20:00:00Z");
const QuotaDay kDay{5, *parse_iso8601("2026-11-25T08:00:00Z")};

QuotaLimits per_minute(std::uint32_t requests, std::uint64_t tokens = 0) {
  QuotaLimits limits;
  limits.requests_per_minute = requests;
  limits.tokens_per_minute = tokens;
  limits.learned = kNow;
  return limits;
}

QuotaLimits per_day(std::uint32_t requests) {
  QuotaLimits limits;
  limits.requests_per_day = requests;
  limits.learned = kNow;
  return limits;
}

TEST(MinuteWindowTest, CountsAMinuteAndTheRestOfItsSecond) {
  MinuteWindow window;
  window.add(kNow, 1, 100);
  window.add(kNow + milliseconds{400}, 1, 100);
  window.add(kNow + seconds{10}, 1, 50);
  const struct {
    const char* name;
    milliseconds after;
    std::uint32_t requests;
    std::uint64_t tokens;
  } cases[] = {
      {"all of them", seconds{10}, 3, 250},
      {"still at the minute: upstream's may end later", seconds{60}, 3, 250},
      {"to the last moment of that second", milliseconds{60'999}, 3, 250},
      {"the first two are out", seconds{61}, 1, 50},
      {"the last too", seconds{71}, 0, 0},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto sum = window.sum(kNow + c.after);
    EXPECT_EQ(sum.requests, c.requests);
    EXPECT_EQ(sum.tokens, c.tokens);
  }
}

TEST(MinuteWindowTest, KnowsWhenThereIsRoomAgain) {
  MinuteWindow window;
  window.add(kNow, 2, 100);
  window.add(kNow + seconds{20}, 1, 100);
  const auto now = kNow + seconds{30};
  EXPECT_EQ(window.when_at_most(3, UINT64_MAX, now), now);
  EXPECT_EQ(window.when_at_most(2, UINT64_MAX, now), kNow + seconds{61});
  EXPECT_EQ(window.when_at_most(0, UINT64_MAX, now), kNow + seconds{81});
  EXPECT_EQ(window.when_at_most(UINT32_MAX, 150, now), kNow + seconds{61});
  EXPECT_EQ(window.when_at_most(UINT32_MAX, 99, now), kNow + seconds{81});
}

TEST(MinuteWindowTest, TakesBackTheLatest) {
  MinuteWindow window;
  window.take_back(kNow, 10);  // nothing to take
  window.add(kNow, 1, 30);
  window.add(kNow + seconds{5}, 1, 10);
  window.add(kNow + seconds{6}, 0, 7);
  window.take_back(kNow + seconds{6}, 25);
  const auto sum = window.sum(kNow + seconds{6});
  EXPECT_EQ(sum.requests, 1u);
  EXPECT_EQ(sum.tokens, 37u) << "no more than the slice has";
}

// A request may take minutes: what it says at its end must not forget those that were sent since.
TEST(MinuteWindowTest, LateTokensCountWhereTheyBelong) {
  MinuteWindow window;
  window.add(kNow, 1, 10);
  window.add(kNow + seconds{30}, 1, 10);
  window.add_late(kNow, 5);
  EXPECT_EQ(window.sum(kNow + seconds{30}).tokens, 25u);
  EXPECT_EQ(window.sum(kNow + seconds{61}).tokens, 10u) << "they leave with their request";
  window.add(kNow + seconds{90}, 1, 10);
  window.add_late(kNow, 1000);
  const auto sum = window.sum(kNow + seconds{90});
  EXPECT_EQ(sum.requests, 2u);
  EXPECT_EQ(sum.tokens, 20u) << "out of the window: not counted";
}

TEST(MinuteWindowTest, SurvivesAClockThatGoesBackAndForward) {
  MinuteWindow window;
  window.add(kNow, 1, 1);
  window.add(kNow - seconds{20}, 1, 1);
  EXPECT_EQ(window.sum(kNow).requests, 2u) << "a little back: counted as if now";
  window.add(kNow - hours{3}, 1, 1);
  EXPECT_EQ(window.sum(kNow - hours{3}).requests, 1u) << "far back: nothing else is known";
  EXPECT_EQ(window.sum(kNow - hours{3} + seconds{61}).requests, 0u);
  window.add(kNow + hours{20'000}, 1, 1);
  EXPECT_EQ(window.sum(kNow + hours{20'000}).requests, 1u);
}

TEST(MinuteWindowTest, CountsOnAcrossManyHours) {
  MinuteWindow window;
  for (int second = 0; second < 70'000; ++second) {  // further than its small numbers reach
    const auto now = kNow + seconds{second};
    window.add(now, 1, 2);
    if (second < 60) continue;
    const auto sum = window.sum(now);
    ASSERT_EQ(sum.requests, 61u) << second;
    ASSERT_EQ(sum.tokens, 122u);
  }
}

TEST(PaceTest, RoomByWhoseLimit) {
  const struct {
    const char* name;
    QuotaLimits own, configured, presumed;
    int sent;
    std::uint32_t today;
    bool free, within_presumed, for_the_day;
  } cases[] = {
      {"no limits", {}, {}, {}, 100, 100, true, true, false},
      {"below its own", per_minute(3), {}, {}, 2, 2, true, true, false},
      {"at its own", per_minute(3), {}, {}, 3, 3, false, true, false},
      {"at what is configured", {}, per_minute(3), {}, 3, 3, false, true, false},
      {"the stricter of both", per_minute(3), per_minute(2), {}, 2, 2, false, true, false},
      {"at what others are allowed", {}, {}, per_minute(3), 3, 3, true, false, false},
      {"its own says more than others'", per_minute(5), {}, per_minute(3), 3, 3, true, true, false},
      {"of another kind, others' still counts",
       per_day(9),
       {},
       per_minute(3),
       3,
       3,
       true,
       false,
       false},
      {"the day's requests are used up", per_day(3), {}, {}, 1, 3, false, true, true},
      {"not yet", per_day(3), {}, {}, 1, 2, true, true, false},
      {"others' day", {}, {}, per_day(3), 1, 3, true, false, false},
      {"tokens", per_minute(0, 30), {}, {}, 3, 3, false, true, false},
      {"some tokens left", per_minute(0, 31), {}, {}, 3, 3, true, true, false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Pace pace;
    pace.learn(c.own);
    for (int i = 0; i < c.sent; ++i) pace.count(kNow, 10);
    const auto room = pace.room(c.configured, c.presumed, c.today, kDay, kNow);
    EXPECT_EQ(room.free_at <= kNow, c.free);
    EXPECT_EQ(room.presumed_at <= kNow, c.within_presumed);
    EXPECT_EQ(room.for_the_day, c.for_the_day);
    if (!c.free) EXPECT_EQ(room.free_at, c.for_the_day ? kDay.ends : kNow + seconds{61});
  }
}

TEST(PaceTest, LearnsOneLimitAtATime) {
  Pace pace;
  pace.learn(per_minute(10));
  pace.learn(per_day(20));
  EXPECT_EQ(pace.own().requests_per_minute, 10u);
  EXPECT_EQ(pace.own().requests_per_day, 20u);
  pace.learn(per_minute(15));
  EXPECT_EQ(pace.own().requests_per_minute, 15u) << "the latest is the truth";
  pace.forget();
  EXPECT_EQ(pace.own(), QuotaLimits{});
}

TEST(PaceTest, AWeekOldLimitIsAPresumption) {
  Pace pace;
  auto limits = per_minute(1);
  limits.learned = kNow - hours{7 * 24 - 1};
  pace.learn(limits);
  pace.count(kNow, 0);
  EXPECT_GT(pace.room({}, {}, 1, kDay, kNow).free_at, kNow);
  const auto later = kNow + hours{2};
  pace.count(later, 0);
  const auto room = pace.room({}, {}, 2, kDay, later);
  EXPECT_LE(room.free_at, later);
  EXPECT_GT(room.presumed_at, later);
}

TEST(PaceTest, APresumptionIsRefutedForTheDay) {
  Pace pace;
  pace.count(kNow, 0);
  EXPECT_FALSE(pace.is_beyond(per_minute(1), 1, kNow)) << "the last within the limit";
  pace.count(kNow, 0);
  EXPECT_TRUE(pace.is_beyond(per_minute(1), 2, kNow));
  EXPECT_TRUE(pace.is_beyond(per_day(1), 2, kNow));
  EXPECT_GT(pace.room({}, per_minute(1), 2, kDay, kNow).presumed_at, kNow);
  pace.refute(kDay);
  EXPECT_LE(pace.room({}, per_minute(1), 2, kDay, kNow).presumed_at, kNow);
  EXPECT_GT(pace.room(per_minute(1), {}, 2, kDay, kNow).free_at, kNow)
      << "what is configured is none";
  const QuotaDay next{kDay.number + 1, kDay.ends + hours{24}};
  EXPECT_GT(pace.room({}, per_minute(1), 2, next, kNow).presumed_at, kNow);
}

TEST(PaceTest, WhatIsTakenBackMakesRoom) {
  Pace pace;
  pace.learn(per_minute(2));
  pace.count(kNow, 10);
  pace.count(kNow, 10);
  EXPECT_GT(pace.room({}, {}, 2, kDay, kNow).free_at, kNow);
  pace.take_back(kNow, 10);
  EXPECT_LE(pace.room({}, {}, 1, kDay, kNow).free_at, kNow);
  EXPECT_EQ(pace.tokens_in_window(kNow), 10u);
}

}  // namespace
}  // namespace gembal::keypool
