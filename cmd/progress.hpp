#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace gembal::cmd {

/// One line on stderr that says how far a long command is, how fast it goes and how long it will
/// take: "12,300/100,000 texts  1,540/s  57 s left". Only on a terminal; nothing is printed
/// elsewhere. Not thread-safe.
class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  /// `unit`: what is counted, "texts". `total`: nullopt when nobody knows.
  Progress(bool is_shown, std::string unit, std::optional<std::uint64_t> total)
      : is_shown_(is_shown), unit_(std::move(unit)), total_(total) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Shows that so many are done; a few times a second at most.
  void show(std::uint64_t done);
  /// Takes the line away: something else is about to be printed, or the work is over.
  void clear();

 private:
  const bool is_shown_;
  const std::string unit_;
  const std::optional<std::uint64_t> total_;
  const Clock::time_point began_ = Clock::now();
  Clock::time_point shown_{};
  bool is_visible_ = false;
};

/// Whether stderr is a terminal that progress belongs on.
bool shows_progress(bool quiet);

/// The line itself. `seconds`: since the beginning.
std::string progress_line(std::uint64_t done, std::optional<std::uint64_t> total,
                          const std::string& unit, double seconds);

/// "1,234,567"
std::string with_commas(std::uint64_t number);

}  // namespace gembal::cmd
