#include "cmd/progress.hpp"

#include <unistd.h>

#include <cmath>
#include <cstdio>

namespace gembal::cmd {
namespace {

constexpr std::chrono::milliseconds kPause{200};  // between two lines

std::string time_text(std::uint64_t seconds) {
  const auto two = [](std::uint64_t number) {
    return (number < 10 ? "0" : "") + std::to_string(number);
  };
  if (seconds < 60) return std::to_string(seconds) + " s";
  if (seconds < 3600) return std::to_string(seconds / 60) + ":" + two(seconds % 60) + " min";
  return std::to_string(seconds / 3600) + ":" + two(seconds / 60 % 60) + " h";
}

}  // namespace

std::string with_commas(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, ",");
  }
  return text;
}

std::string progress_line(std::uint64_t done, std::optional<std::uint64_t> total,
                          const std::string& unit, double seconds) {
  std::string line = with_commas(done);
  if (total) line += "/" + with_commas(*total);
  line += " " + unit;
  // The first moments say nothing about the rest.
  if (done == 0 || seconds < 0.5) return line;
  const double rate = static_cast<double>(done) / seconds;
  line += "  " + (rate < 10 ? std::to_string(std::lround(rate * 10) / 10) + "." +
                                  std::to_string(std::lround(rate * 10) % 10)
                            : with_commas(static_cast<std::uint64_t>(rate)));
  line += "/s";
  if (total && *total > done) {
    const double left = static_cast<double>(*total - done) / rate;
    line += "  " + time_text(static_cast<std::uint64_t>(std::ceil(left))) + " left";
  }
  return line;
}

bool shows_progress(bool quiet) { return !quiet && ::isatty(STDERR_FILENO) == 1; }

void Progress::show(std::uint64_t done) {
  const auto now = Clock::now();
  if (!is_shown_ || now - shown_ < kPause) return;
  shown_ = now;
  is_visible_ = true;
  const double seconds = std::chrono::duration<double>(now - began_).count();
  std::fprintf(stderr, "\r%s\x1b[K", progress_line(done, total_, unit_, seconds).c_str());
}

void Progress::clear() {
  if (is_visible_) std::fputs("\r\x1b[K", stderr);
  is_visible_ = false;
}

}  // namespace gembal::cmd
