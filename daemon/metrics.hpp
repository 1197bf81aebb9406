#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "lib/keypool/key_pool.hpp"
#include "lib/store/journal.hpp"

namespace gembal::daemon {

/// What a process has done since it started, as Prometheus reads it. Thread-safe.
class Metrics {
 public:
  /// `overhead`: of the whole time, what was not spent on upstream.
  void note(const store::RequestRecord& request, std::string_view face,
            std::chrono::nanoseconds overhead);
  void note_failed_call(const std::string& kind);
  void note_dropped(std::uint64_t records) { dropped_ += records; }

  void request_began() { ++active_; }
  void request_ended() { --active_; }

  /// The text exposition format, with the keys of `pool` by their state at `now`.
  std::string text(const keypool::KeyPool& pool, TimePoint now, bool store_works) const;

 private:
  /// Counts of values up to each bound, in seconds.
  struct Histogram {
    static constexpr std::array<double, 14> kBounds = {
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120};
    std::array<std::uint64_t, kBounds.size() + 1> counts{};
    double sum = 0;

    void add(double seconds);
    std::string text(const std::string& name, const std::string& help) const;
  };

  std::atomic<std::int64_t> active_{0};
  std::atomic<std::uint64_t> dropped_{0};

  mutable std::mutex mutex_;                                       // guards the following
  std::map<std::pair<std::string, int>, std::uint64_t> requests_;  ///< by face and status
  std::map<std::string, std::uint64_t> failed_calls_;              ///< by kind
  std::uint64_t prompt_tokens_ = 0;
  std::uint64_t output_tokens_ = 0;
  Histogram duration_, first_byte_, overhead_;
};

}  // namespace gembal::daemon
