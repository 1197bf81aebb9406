#pragma once

#include <atomic>
#include <thread>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace gembal::keypool {

/// A mutex for sections of well under a microsecond. Whoever finds it locked looks again after a
/// rest that doubles, and sleeps only then: being woken takes longer than the section does. The
/// rests let the thread that has it, and the guarded memory in its core's cache, go on for some
/// turns: handing both to another core for each section takes three times as long.
class BriefMutex {
 public:
  void lock() {
    if (try_lock()) return;
    for (int rests = 1; rests <= kMostRests; rests *= 2) {
      for (int i = 0; i < rests; ++i) rest();
      if (try_lock()) return;
    }
    for (int i = 0; i < kYields; ++i) {
      std::this_thread::yield();
      if (try_lock()) return;
    }
    while (state_.exchange(kAwaited, std::memory_order_acquire) != kFree)
      state_.wait(kAwaited, std::memory_order_relaxed);
  }
  bool try_lock() {
    int free = kFree;
    return state_.load(std::memory_order_relaxed) == kFree &&
           state_.compare_exchange_strong(free, kHeld, std::memory_order_acquire,
                                          std::memory_order_relaxed);
  }
  void unlock() {
    if (state_.exchange(kFree, std::memory_order_release) == kAwaited) state_.notify_one();
  }

 private:
  static constexpr int kFree = 0, kHeld = 1, kAwaited = 2;  // awaited: by threads that sleep
  static constexpr int kMostRests = 64;
  static constexpr int kYields = 8;

  static void rest() {
#if defined(__x86_64__)
    _mm_pause();
#endif
  }

  std::atomic<int> state_ = kFree;
};

}  // namespace gembal::keypool
