#include "lib/core/time.hpp"

#include <gtest/gtest.h>

namespace gembal {
namespace {

using namespace std::chrono_literals;

TEST(TimeTest, FindsTheNextPacificMidnightThroughDaylightSaving) {
  const struct {
    const char* name;
    const char* now;
    const char* midnight;
  } cases[] = {
      {"winter: eight hours behind", "2026-01-15T12:00:00Z", "2026-01-16T08:00:00Z"},
      {"winter, just before", "2026-01-16T07:59:59Z", "2026-01-16T08:00:00Z"},
      {"winter, at midnight itself: a whole day on", "2026-01-16T08:00:00Z",
       "2026-01-17T08:00:00Z"},
      {"summer: seven hours behind", "2026-07-01T12:00:00Z", "2026-07-02T07:00:00Z"},
      {"the day that loses an hour starts in winter", "2026-03-08T07:30:00Z",
       "2026-03-08T08:00:00Z"},
      {"and ends in summer", "2026-03-08T09:30:00Z", "2026-03-09T07:00:00Z"},
      {"after the change, the same", "2026-03-08T10:30:00Z", "2026-03-09T07:00:00Z"},
      {"the day that gains an hour starts in summer", "2026-11-01T06:59:59Z",
       "2026-11-01T07:00:00Z"},
      {"and ends in winter", "2026-11-01T07:00:00Z", "2026-11-02T08:00:00Z"},
      {"in its repeated hour", "2026-11-01T09:30:00Z", "2026-11-02T08:00:00Z"},
      {"across the new year", "2026-12-31T23:00:00Z", "2027-01-01T08:00:00Z"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(to_iso8601(next_pacific_midnight(*parse_iso8601(c.now))), c.midnight);
  }
}

TEST(TimeTest, ReadsDurationsAsSettingsAndGoogleWriteThem) {
  const struct {
    const char* text;
    std::optional<Milliseconds> expected;
  } cases[] = {
      {"250ms", 250ms},
      {"30s", 30s},
      {"5m", 5min},
      {"1h", 1h},
      {"7d", 168h},
      {"0", 0ms},
      {"1h2m3s", 3723s},
      {"48.939935699s", 48940ms},
      {"22h6m26.2s", 79586200ms},
      {"0.5s", 500ms},
      {" 5s ", 5s},
      {"", std::nullopt},
      {"5", std::nullopt},
      {"s", std::nullopt},
      {"-5s", std::nullopt},
      {"5x", std::nullopt},
      {"5s3", std::nullopt},
      {"999999999d", std::nullopt},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(parse_duration(c.text), c.expected);
  }
}

TEST(TimeTest, ReadsSizes) {
  EXPECT_EQ(parse_size("512"), 512u);
  EXPECT_EQ(parse_size("64KiB"), 65536u);
  EXPECT_EQ(parse_size("200 MiB"), 209715200u);
  EXPECT_EQ(parse_size("2GB"), 2000000000u);
  EXPECT_EQ(parse_size("MiB"), std::nullopt);
  EXPECT_EQ(parse_size("-1"), std::nullopt);
  EXPECT_EQ(parse_size("5 apples"), std::nullopt);
}

TEST(TimeTest, WritesShortDurationsRoundedUp) {
  EXPECT_EQ(to_short_text(0ms), "0ms");
  EXPECT_EQ(to_short_text(850ms), "850ms");
  EXPECT_EQ(to_short_text(31001ms), "32s");
  EXPECT_EQ(to_short_text(90s), "1m30s");
  EXPECT_EQ(to_short_text(59min + 59s + 1ms), "1h");
  EXPECT_EQ(to_short_text(90min), "1h30m");
  EXPECT_EQ(to_short_text(49h), "2d1h");
}

TEST(TimeTest, ReadsTimesWithZonesAndFractions) {
  EXPECT_EQ(to_iso8601(*parse_iso8601("2026-11-24T10:00:00+02:00")), "2026-11-24T08:00:00Z");
  EXPECT_EQ(to_unix_milliseconds(*parse_iso8601("1970-01-01T00:00:01.5Z")), 1500);
  EXPECT_FALSE(parse_iso8601("2026-02-30T10:00:00Z"));
  EXPECT_FALSE(parse_iso8601("yesterday"));
}

TEST(TimeTest, WritesDatesAsHttpDoes) {
  EXPECT_EQ(to_http_date(TimePoint{std::chrono::seconds{784'111'777}}),
            "Sun, 06 Nov 1994 08:49:37 GMT");
}

}  // namespace
}  // namespace gembal
