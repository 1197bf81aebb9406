#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "lib/core/time.hpp"

namespace gembal::simulation {

/// Simulated time: runs what is planned in the order of its time; what is planned for one moment,
/// in the order in which it was planned. Nobody sleeps.
class Timeline {
 public:
  explicit Timeline(TimePoint start) : now_(start) {}

  TimePoint now() const { return now_; }

  void at(TimePoint when, std::function<void()> what) {
    planned_.push_back({std::max(when, now_), ++sequence_, std::move(what)});
    std::push_heap(planned_.begin(), planned_.end(), later);
  }
  void after(Milliseconds pause, std::function<void()> what) { at(now_ + pause, std::move(what)); }

  /// Until nothing is planned any more.
  void run() {
    while (!planned_.empty()) {
      std::pop_heap(planned_.begin(), planned_.end(), later);
      auto next = std::move(planned_.back());
      planned_.pop_back();
      now_ = next.when;
      next.what();
    }
  }

 private:
  struct Planned {
    TimePoint when{};
    std::uint64_t sequence = 0;
    std::function<void()> what;
  };
  static bool later(const Planned& a, const Planned& b) {
    return a.when != b.when ? a.when > b.when : a.sequence > b.sequence;
  }

  TimePoint now_;
  std::uint64_t sequence_ = 0;
  std::vector<Planned> planned_;
};

}  // namespace gembal::simulation
