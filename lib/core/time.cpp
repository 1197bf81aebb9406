#include "lib/core/time.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "lib/core/text.hpp"

namespace gembal {
namespace {

using namespace std::chrono;

/// How far Los Angeles is behind UTC at `time`.
hours pacific_offset(sys_seconds time) {
  const year_month_day day{floor<days>(time)};
  // 2:00 standard time is 10:00 UTC; 2:00 daylight time is 9:00 UTC.
  const sys_seconds spring = sys_days{day.year() / March / Sunday[2]} + hours{10};
  const sys_seconds autumn = sys_days{day.year() / November / Sunday[1]} + hours{9};
  return time >= spring && time < autumn ? hours{7} : hours{8};
}

/// Reads digits with an optional fraction at the front of `text`; nullopt when there are none.
std::optional<double> take_number(std::string_view& text) {
  std::size_t end = 0;
  bool seen_dot = false;
  while (end < text.size() &&
         ((text[end] >= '0' && text[end] <= '9') || (text[end] == '.' && !seen_dot))) {
    seen_dot |= text[end] == '.';
    ++end;
  }
  if (end == 0 || text[0] == '.' || end > 18) return std::nullopt;
  const double number = std::strtod(std::string(text.substr(0, end)).c_str(), nullptr);
  text.remove_prefix(end);
  return number;
}

std::string_view take_unit(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && !(text[end] >= '0' && text[end] <= '9')) ++end;
  const auto unit = text.substr(0, end);
  text.remove_prefix(end);
  return unit;
}

double milliseconds_in(std::string_view unit) {
  if (unit == "ms") return 1;
  if (unit == "s") return 1000;
  if (unit == "m") return 60'000;
  if (unit == "h") return 3'600'000;
  if (unit == "d") return 86'400'000;
  return 0;
}

}  // namespace

TimePoint next_pacific_midnight(TimePoint now) {
  const auto utc = floor<seconds>(now);
  const auto local_day = floor<days>(utc - pacific_offset(utc));
  const sys_seconds midnight_as_if_utc = local_day + days{1};
  // Daylight saving never changes at midnight, so either guess of the offset finds the one in force
  // then.
  return midnight_as_if_utc + pacific_offset(midnight_as_if_utc + hours{8});
}

std::string to_iso8601(TimePoint time) {
  const auto seconds_since = floor<seconds>(time);
  const auto day = floor<days>(seconds_since);
  const year_month_day date{day};
  const hh_mm_ss clock{seconds_since - day};
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

std::string to_http_date(TimePoint time) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto seconds_since = floor<seconds>(time);
  const auto day = floor<days>(seconds_since);
  const year_month_day date{day};
  const hh_mm_ss clock{seconds_since - day};
  char text[64];
  std::snprintf(text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d GMT",
                kDays[weekday{day}.c_encoding()], static_cast<unsigned>(date.day()),
                kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

std::optional<TimePoint> parse_iso8601(std::string_view text) {
  const std::string copy(text);
  int y = 0, mo = 0, d = 0, h = 0, mi = 0, read = 0;
  double s = 0;
  if (std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%lf%n", &y, &mo, &d, &h, &mi, &s, &read) !=
      6) {
    return std::nullopt;
  }
  const year_month_day date{year{y}, month{static_cast<unsigned>(mo)},
                            day{static_cast<unsigned>(d)}};
  if (!date.ok() || h > 23 || mi > 59 || !(s >= 0 && s < 61)) return std::nullopt;
  auto offset = minutes{0};
  const std::string zone = copy.substr(static_cast<std::size_t>(read));
  if (zone != "Z" && zone != "z") {
    int oh = 0, om = 0;
    char sign = 0;
    if (std::sscanf(zone.c_str(), "%c%2d:%2d", &sign, &oh, &om) != 3 ||
        (sign != '+' && sign != '-')) {
      return std::nullopt;
    }
    offset = minutes{oh * 60 + om} * (sign == '-' ? -1 : 1);
  }
  return sys_days{date} + hours{h} + minutes{mi} - offset +
         milliseconds{static_cast<std::int64_t>(std::llround(s * 1000))};
}

std::int64_t to_unix_seconds(TimePoint time) {
  return floor<seconds>(time).time_since_epoch().count();
}

std::int64_t to_unix_milliseconds(TimePoint time) {
  return floor<milliseconds>(time).time_since_epoch().count();
}

TimePoint from_unix_milliseconds(std::int64_t count) { return TimePoint{milliseconds{count}}; }

std::string to_short_text(Milliseconds duration) {
  if (duration < seconds{1})
    return std::to_string(std::max<std::int64_t>(duration.count(), 0)) + "ms";
  auto left = ceil<seconds>(duration);
  if (left >= hours{1}) left = ceil<minutes>(left);
  if (left >= days{2}) left = ceil<hours>(left);
  const struct {
    seconds size;
    const char* name;
  } units[] = {{days{1}, "d"}, {hours{1}, "h"}, {minutes{1}, "m"}, {seconds{1}, "s"}};
  std::string text;
  int shown = 0;
  for (const auto& unit : units) {
    if (shown == 2 || (left < unit.size && !shown)) continue;
    const auto count = left / unit.size;
    if (count) text += std::to_string(count) + unit.name;
    left %= unit.size;
    ++shown;
  }
  return text;
}

std::optional<Milliseconds> parse_duration(std::string_view text) {
  text = trim(text);
  if (text == "0") return Milliseconds{0};
  if (text.empty()) return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    const auto number = take_number(text);
    const double unit = number ? milliseconds_in(take_unit(text)) : 0;
    if (unit == 0) return std::nullopt;
    total += *number * unit;
  }
  if (total > 100.0 * 366 * 86'400'000) return std::nullopt;
  return Milliseconds{static_cast<std::int64_t>(std::ceil(total))};
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  text = trim(text);
  const auto number = take_number(text);
  if (!number) return std::nullopt;
  const struct {
    const char* name;
    double bytes;
  } units[] = {{"", 1},     {"b", 1},    {"kib", 1024.0}, {"mib", 1048576.0}, {"gib", 1073741824.0},
               {"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}};
  for (const auto& unit : units) {
    if (!iequals(trim(text), unit.name)) continue;
    const double bytes = *number * unit.bytes;
    if (bytes > 9e15) return std::nullopt;
    return static_cast<std::uint64_t>(bytes);
  }
  return std::nullopt;
}

}  // namespace gembal
