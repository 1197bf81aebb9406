#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace gembal {

/// Wall-clock time: what the store keeps and people read. Pure code is handed it; only the edges
/// read the clock.
using TimePoint = std::chrono::system_clock::time_point;
using Milliseconds = std::chrono::milliseconds;

/// The first midnight in Los Angeles after `now`: when Google's daily quotas start anew.
/// Daylight saving by the rule in force since 2007 (second Sunday of March to first Sunday of
/// November, 2:00), so that no time-zone database is needed at run time.
TimePoint next_pacific_midnight(TimePoint now);

/// "2026-11-24T10:00:00Z", and the way back (fractions and any `+hh:mm` offset are taken).
std::string to_iso8601(TimePoint time);
std::optional<TimePoint> parse_iso8601(std::string_view text);

/// "Tue, 24 Nov 2026 20:00:00 GMT", as HTTP writes it.
std::string to_http_date(TimePoint time);

/// Seconds since 1970, as the store and the APIs write them.
std::int64_t to_unix_seconds(TimePoint time);
std::int64_t to_unix_milliseconds(TimePoint time);
TimePoint from_unix_milliseconds(std::int64_t milliseconds);

/// "850ms", "32s", "5m", "1h30m", "2d": at most two units, rounded up so that nobody comes back too
/// early.
std::string to_short_text(Milliseconds duration);

/// A setting's duration: "250ms", "30s", "5m", "1h", "7d", and Google's "48.9399s", "1h2m3s". A
/// bare number is refused but for "0". nullopt when malformed, negative or over 100 years.
std::optional<Milliseconds> parse_duration(std::string_view text);

/// A setting's size in bytes: "512", "64KiB", "200MiB", "2GiB" (also KB, MB, GB as powers of 1000).
/// nullopt when malformed.
std::optional<std::uint64_t> parse_size(std::string_view text);

}  // namespace gembal
