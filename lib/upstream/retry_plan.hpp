#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "lib/keypool/outcome.hpp"

namespace gembal::upstream {

/// Whether a verdict is about the key rather than about the request, the model or the way.
bool blames_key(keypool::Outcome outcome);

/// What one try came to.
struct TryOutcome {
  std::string key_id;
  keypool::Verdict verdict;
  bool was_slow = false;     ///< it took its time before it failed: a time-out, 499, 504
  bool last_try = false;     ///< the model's breaker is open
  bool suspended = false;    ///< the verdict was not held against the key
  std::uint32_t tokens = 0;  ///< of the request's input, an estimate; 0: unknown
};

/// Decides, after each failed try of one request, what is next. Pure.
///
/// A key found unusable costs one try and no retry, unless it comes again: after a wait, or because
/// the request has to go to it. max_retries counts those tries and the ones that failed for other
/// reasons; they pause first, doubling and jittered.
class RetryPlan {
 public:
  /// `seeks_owner`: the request names an object that some key of the pool may own: a few are asked.
  explicit RetryPlan(int max_retries, bool seeks_owner = false)
      : max_retries_(max_retries), owners_to_ask_(seeks_owner ? kMostOwnersAsked : 0) {}

  enum class Next {
    pass_on,    ///< hand the answer, or the error, to the client
    try_again,  ///< after Step::pause
    bypass,     ///< again, with thought signatures replaced
    give_up,    ///< every key that was asked was refused: an error of ours
    own_fault,  ///< upstream did not accept how gembal asked
  };
  struct Step {
    Next next = Next::pass_on;
    std::chrono::milliseconds pause{};
  };

  /// `jitter`: 0 to 1.
  Step after(const TryOutcome& outcome, double jitter);

  /// The keys that must not get the next try.
  std::vector<std::string> leave_out() const;

  /// No other key is ready: those that met with an outage may be asked again. False when there are
  /// none.
  bool allow_again();

  bool has_tried() const { return tried_; }

 private:
  Step count_failure(const TryOutcome& outcome, double jitter);

  static constexpr int kMostOwnersAsked = 16;
  int max_retries_;
  int owners_to_ask_;
  int failures_ = 0;  ///< tries that failed for reasons that are not the key's
  bool tried_ = false;
  bool bypassed_ = false;
  std::vector<std::string> blamed_;   ///< never asked again for this request
  std::vector<std::string> unlucky_;  ///< met with an outage
};

}  // namespace gembal::upstream
