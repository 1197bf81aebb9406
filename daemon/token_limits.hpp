#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "lib/core/result.hpp"
#include "lib/store/key_store.hpp"

namespace gembal::daemon {

/// What the tokens with limits have used: of the present minute, and of the day (UTC). Days are
/// shared with the other processes of the store, a moment late; minutes are this process's own.
/// Thread-safe. Reads no clock.
class TokenLimits {
 public:
  /// Counts a request. Errors: keys_waiting (over a limit; retry_after: until it may ask again).
  Result<void> take(const store::ClientToken& token, TimePoint now);
  /// Counts what a request has used, once that is known.
  void count_tokens(const std::string& name, std::uint64_t tokens, TimePoint now);

  /// Around a write to the store: what was counted before the first is among the totals that the
  /// second is given.
  void begin_write();
  struct Day {
    std::string name;
    std::uint64_t requests = 0;
    std::uint64_t tokens = 0;
  };
  /// What all processes have used of the day that `now` is in.
  void learn(const std::vector<Day>& days, TimePoint now);

 private:
  struct Used {
    std::int64_t minute = 0;
    std::uint64_t requests_of_minute = 0;
    std::int64_t day = 0;
    // Of the day: what the store has, what is being written, and what came since.
    std::uint64_t stored_requests = 0, written_requests = 0, new_requests = 0;
    std::uint64_t stored_tokens = 0, written_tokens = 0, new_tokens = 0;

    std::uint64_t requests() const { return stored_requests + written_requests + new_requests; }
    std::uint64_t tokens() const { return stored_tokens + written_tokens + new_tokens; }
  };
  Used& used(const std::string& name, TimePoint now);

  std::mutex mutex_;  // guards the following
  std::unordered_map<std::string, Used> used_;
};

}  // namespace gembal::daemon
