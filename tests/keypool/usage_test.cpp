#include <map>

#include "tests/keypool/small_pool.hpp"

namespace gembal::keypool {
namespace {

std::int64_t hour_of(const char* time) { return to_unix_seconds(*parse_iso8601(time)) / 3600; }

/// Requests and tokens by "key model".
std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> by_name(
    const std::vector<Usage>& usage, int keys_there = 9) {
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> all;
  for (const auto& one : usage) {
    for (int i = 1; i <= keys_there; ++i) {
      const auto name = "key-" + std::to_string(i);
      if (one.key_id != id(name)) continue;
      all[name + " " + one.model].first += one.requests;
      all[name + " " + one.model].second += one.tokens;
    }
  }
  return all;
}

using Counts = std::map<std::string, std::pair<std::uint64_t, std::uint64_t>>;

TEST(UsageTest, AddsUpAndIsToldOnce) {
  Pool pool(keys(2));
  {
    auto lease = pool.take();
    lease->count_tokens(70, 100);
  }
  pool.next("m");
  pool.next("m");
  pool.next("other");
  const auto usage = pool.pool.take_usage(kNoon);
  EXPECT_EQ(by_name(usage),
            (Counts{{"key-1 m", {2, 100}}, {"key-2 m", {1, 0}}, {"key-2 other", {1, 0}}}));
  for (const auto& one : usage) EXPECT_EQ(one.hour, hour_of("2026-11-24T20:00:00Z"));
  EXPECT_TRUE(pool.pool.take_usage(kNoon).empty());
}

TEST(UsageTest, TokensThatComeLaterAreToldLater) {
  Pool pool(keys(1));
  auto lease = pool.take();
  pool.pool.take_usage(kNoon);
  lease->count_tokens(70, 100);
  { auto ended = *std::move(lease); }
  EXPECT_EQ(by_name(pool.pool.take_usage(kNoon)), (Counts{{"key-1 m", {0, 100}}}));
}

TEST(UsageTest, OfAKeyThatHasLeftNobodyAsks) {
  Pool pool(keys(2));
  auto late = pool.take();
  pool.next();
  auto all = keys(3);
  all.erase(all.begin());
  pool.pool.replace(all, kNoon);  // key-3 gets key-1's place
  late->count_tokens(1, 5);
  { auto ended = *std::move(late); }
  pool.next_few(2);
  EXPECT_EQ(by_name(pool.pool.take_usage(kNoon)),
            (Counts{{"key-2 m", {2, 0}}, {"key-3 m", {1, 0}}}));
}

// Clients name the models: none may be kept only because its use has not been told.
TEST(UsageTest, OfForgottenModelsIsTold) {
  Pool pool(keys(1));
  for (int i = 0; i < 1'000; ++i) pool.next("made-up-" + std::to_string(i));
  const auto usage = pool.pool.take_usage(kNoon);
  EXPECT_EQ(usage.size(), 1'000u);
  std::uint64_t requests = 0;
  for (const auto& one : usage) {
    requests += one.requests;
    EXPECT_EQ(one.hour, hour_of("2026-11-24T20:00:00Z"));
  }
  EXPECT_EQ(requests, 1'000u);
}

TEST(UsageTest, LeasesOfForgottenModelsStayValid) {
  Pool pool(keys(1));
  std::vector<Lease> out;
  for (int i = 0; i < 300; ++i) out.push_back(*pool.take("busy-" + std::to_string(i)));
  for (int i = 0; i < 300; ++i) pool.next("made-up-" + std::to_string(i));
  for (auto& lease : out) {
    pool.pool.report(lease, verdict(Outcome::success), kNoon);
    lease.count_tokens(1, 2);
  }
  out.clear();
  std::uint64_t tokens = 0;
  for (const auto& one : pool.pool.take_usage(kNoon)) tokens += one.tokens;
  EXPECT_EQ(tokens, 600u);
}

TEST(UsageTest, WhatIsKnownAboutAModelOutlivesMadeUpNames) {
  Pool pool(keys(1));
  SubjectLimits limits{quota_subject(key("key-1")), {"m", {}}};
  limits.limits.limits.requests_per_minute = 2;
  limits.limits.limits.learned = kNoon;
  pool.pool.learn_limits({limits}, kNoon);
  for (int i = 0; i < 1'000; ++i) pool.next("made-up-" + std::to_string(i));
  EXPECT_EQ(pool.next_few(3), "key-1 key-1 keys_waiting");
}

TEST(UsageTest, WhatWasUsedElsewhereCountsTowardTheDaysLimit) {
  Pool pool(keys(2));
  SubjectLimits limits{quota_subject(key("key-1")), {"m", {}}};
  limits.limits.limits.requests_per_day = 5;
  limits.limits.limits.learned = kNoon;
  const auto hour = hour_of("2026-11-24T19:00:00Z");
  pool.pool.add_usage({{id("key-1"), "m", hour, 3, 100}, {id("key-9"), "m", hour, 3, 100}}, kNoon);
  pool.pool.learn_limits({limits, {"k:unknown", limits.limits}}, kNoon);
  EXPECT_EQ(pool.prospect("key-1").requests_today, 3u);
  pool.pool.add_usage({{id("key-1"), "m", hour, 1, 100}}, kNoon);
  EXPECT_EQ(pool.next_few(4), "key-1 key-2 key-2 key-2") << "one was left";
  EXPECT_TRUE(pool.pool.take_usage(kNoon).size() == 2) << "those of others are not told again";
}

TEST(UsageTest, OnlyTheQuotaDayCounts) {
  const struct {
    const char* name;
    const char* now;
    const char* first_hour;
    const char* last_hour_before;
  } cases[] = {
      {"winter", "2026-11-24T20:00:00Z", "2026-11-24T08:00:00Z", "2026-11-24T07:00:00Z"},
      {"just before midnight", "2026-11-25T07:59:59Z", "2026-11-24T08:00:00Z",
       "2026-11-24T07:00:00Z"},
      {"just after", "2026-11-25T08:00:00Z", "2026-11-25T08:00:00Z", "2026-11-25T07:00:00Z"},
      {"summer", "2026-07-01T20:00:00Z", "2026-07-01T07:00:00Z", "2026-07-01T06:00:00Z"},
      {"the short day in March, its beginning", "2026-03-08T08:30:00Z", "2026-03-08T08:00:00Z",
       "2026-03-08T07:00:00Z"},
      {"its end", "2026-03-09T06:30:00Z", "2026-03-08T08:00:00Z", "2026-03-08T07:00:00Z"},
      {"the day after", "2026-03-09T07:30:00Z", "2026-03-09T07:00:00Z", "2026-03-09T06:00:00Z"},
      {"the long day in November, its beginning", "2026-11-01T07:30:00Z", "2026-11-01T07:00:00Z",
       "2026-11-01T06:00:00Z"},
      {"its end", "2026-11-02T07:30:00Z", "2026-11-01T07:00:00Z", "2026-11-01T06:00:00Z"},
      {"the day after", "2026-11-02T08:30:00Z", "2026-11-02T08:00:00Z", "2026-11-02T07:00:00Z"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto now = *parse_iso8601(c.now);
    Pool pool({});
    pool.pool.replace(keys(1), now);
    pool.pool.add_usage({{id("key-1"), "m", hour_of(c.last_hour_before), 100, 0}}, now);
    EXPECT_EQ(pool.prospect("key-1", now).requests_today, 0u);
    pool.pool.add_usage({{id("key-1"), "m", hour_of(c.first_hour), 3, 0}}, now);
    EXPECT_EQ(pool.prospect("key-1", now).requests_today, 3u);
  }
}

TEST(UsageTest, MidnightInLosAngelesBeginsANewCount) {
  Pool pool(keys(1));
  const auto midnight = *parse_iso8601("2026-11-25T08:00:00Z");
  pool.next_few(3);
  EXPECT_EQ(pool.prospect("key-1", midnight - seconds{1}).requests_today, 3u);
  EXPECT_EQ(pool.prospect("key-1", midnight).requests_today, 0u);
  EXPECT_EQ(pool.prospect("key-1", midnight - milliseconds{5}).requests_today, 0u)
      << "threads read their clocks in any order";
}

// The longest day has 25 hours: a clock that is read a moment late must not begin another one.
TEST(UsageTest, TheLongDayBeginsOnce) {
  Pool pool(keys(1));
  const auto midnight = *parse_iso8601("2026-11-01T07:00:00Z");
  pool.next("m", midnight);
  pool.next("m", midnight - milliseconds{5});
  pool.next("m", midnight);
  EXPECT_EQ(pool.prospect("key-1", midnight).requests_today, 3u);
}

TEST(UsageTest, LongAnswersDoNotForgetTheMinute) {
  Pool pool(keys(1));
  SubjectLimits limits{quota_subject(key("key-1")), {"m", {}}};
  limits.limits.limits.requests_per_minute = 3;
  limits.limits.limits.learned = kNoon;
  pool.pool.learn_limits({limits}, kNoon);
  auto slow = pool.take();
  const auto now = kNoon + minutes{2};
  EXPECT_EQ(pool.next_few(2, "m", now), "key-1 key-1");
  slow->count_tokens(1'000, 2'000);
  { auto ended = *std::move(slow); }
  EXPECT_EQ(pool.next_few(2, "m", now), "key-1 keys_waiting");
}

}  // namespace
}  // namespace gembal::keypool
