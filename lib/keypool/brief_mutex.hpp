#pragma once

#include <mutex>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace gembal::keypool {

/// A mutex for sections of well under a microsecond: whoever finds it locked looks again a few
/// times before it sleeps, since going to sleep and being woken take longer than the section does.
class BriefMutex {
 public:
  void lock() {
    for (int look = 0; look < kLooks; ++look) {
      if (mutex_.try_lock()) return;
      rest();
    }
    mutex_.lock();
  }
  bool try_lock() { return mutex_.try_lock(); }
  void unlock() { mutex_.unlock(); }

 private:
  static constexpr int kLooks = 100;

  static void rest() {
#if defined(__x86_64__)
    _mm_pause();
#endif
  }

  std::mutex mutex_;
};

}  // namespace gembal::keypool
