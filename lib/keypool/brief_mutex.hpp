#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace gembal::keypool {

/// A mutex for sections of well under a microsecond. Whoever finds it locked looks again after a
/// rest that doubles, and sleeps only then, for a time that doubles, too. The rests let the thread
/// that has it, and the guarded memory in its core's cache, go on for some turns: handing both to
/// another core for each section takes three times as long. Nobody is woken: unlocking is a plain
/// store, which a mutex that knows of its sleepers cannot afford.
class BriefMutex {
 public:
  void lock() {
    if (try_lock()) return;
    // Whoever has to sleep: something long is going on, a pool of many keys is replaced, or listed.
    for (auto sleep = kShortestSleep; !lock_soon(); sleep = std::min(sleep * 2, kLongestSleep))
      std::this_thread::sleep_for(sleep);
  }
  bool try_lock() { return !held_.exchange(true, std::memory_order_acquire); }
  void unlock() { held_.store(false, std::memory_order_release); }

 private:
  static constexpr int kMostRests = 64;
  static constexpr int kYields = 8;
  static constexpr std::chrono::microseconds kShortestSleep{20};
  static constexpr std::chrono::microseconds kLongestSleep{320};

  /// Each try has the same chance, also after a sleep.
  bool lock_soon() {
    for (int rests = 1; rests <= kMostRests; rests *= 2) {
      for (int i = 0; i < rests; ++i) rest();
      if (looks_free() && try_lock()) return true;
    }
    for (int i = 0; i < kYields; ++i) {
      std::this_thread::yield();
      if (looks_free() && try_lock()) return true;
    }
    return false;
  }
  bool looks_free() const { return !held_.load(std::memory_order_relaxed); }
  static void rest() {
#if defined(__x86_64__)
    _mm_pause();
#endif
  }

  std::atomic<bool> held_ = false;
};

}  // namespace gembal::keypool
