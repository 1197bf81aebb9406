#include "lib/upstream/retry_plan.hpp"

#include <algorithm>
#include <utility>

namespace gembal::upstream {
namespace {

using keypool::Outcome;
using std::chrono::milliseconds;

constexpr auto kFirstBackOff = milliseconds{200};
constexpr auto kLongestBackOff = milliseconds{4000};

/// Doubles with each failure; the jitter keeps requests that failed together from coming back
/// together.
milliseconds back_off(int failures, double jitter) {
  const auto full = std::min(kFirstBackOff * (1 << std::min(failures - 1, 8)), kLongestBackOff);
  return full / 2 + std::chrono::duration_cast<milliseconds>(full * jitter / 2);
}

}  // namespace

bool blames_key(Outcome outcome) {
  switch (outcome) {
    case Outcome::key_dead:
    case Outcome::key_unusable:
    case Outcome::quota_minute:
    case Outcome::quota_day:
    case Outcome::quota_zero:
    case Outcome::model_closed:
    case Outcome::no_credit: return true;
    default: return false;
  }
}

std::vector<std::string> RetryPlan::leave_out() const {
  auto all = blamed_;
  all.insert(all.end(), unlucky_.begin(), unlucky_.end());
  return all;
}

bool RetryPlan::allow_again() { return !std::exchange(unlucky_, {}).empty(); }

RetryPlan::Step RetryPlan::count_failure(const TryOutcome& outcome, double jitter) {
  // What took too long once may be too large: one more try, not a row of them.
  if (outcome.was_slow) failures_ = std::max(failures_, max_retries_ - 1);
  if (++failures_ > max_retries_ || outcome.last_try) {
    return {blames_key(outcome.verdict.outcome) ? Next::give_up : Next::pass_on, {}};
  }
  return {Next::try_again, back_off(failures_, jitter)};
}

RetryPlan::Step RetryPlan::after(const TryOutcome& outcome, double jitter) {
  tried_ = true;
  const auto& verdict = outcome.verdict;
  switch (verdict.outcome) {
    case Outcome::success: return {Next::pass_on, {}};
    case Outcome::wrong_object:
      if (owners_to_ask_-- <= 0) return {Next::pass_on, {}};
      blamed_.push_back(outcome.key_id);
      return {Next::try_again, {}};
    case Outcome::proxy_fault: return {Next::own_fault, {}};
    case Outcome::caller_fault:
      if (verdict.bad_signature && !std::exchange(bypassed_, true)) return {Next::bypass, {}};
      return {Next::pass_on, {}};
    default: break;
  }
  if (blames_key(verdict.outcome)) {
    const bool again = std::find(blamed_.begin(), blamed_.end(), outcome.key_id) != blamed_.end();
    // No failure is held against a key twice for one request. What is used up may be waited for, or
    // only this key will do: that is a retry like any other.
    if (again && verdict.outcome == Outcome::key_unusable) return {Next::give_up, {}};
    if (again) return count_failure(outcome, jitter);
    blamed_.push_back(outcome.key_id);
    // A bare refusal may be the model's trouble rather than the key's, and one of many the exit's:
    // neither must walk through the whole pool.
    if (verdict.bare_quota || outcome.suspended) return count_failure(outcome, jitter);
    // Nor must a request that may be larger than what any key can send in a minute.
    const auto limit = verdict.limits.tokens_per_minute;
    if (limit > 0 && outcome.tokens > limit - limit / 4) return count_failure(outcome, jitter);
    return {Next::try_again, {}};
  }
  unlucky_.push_back(outcome.key_id);
  return count_failure(outcome, jitter);
}

}  // namespace gembal::upstream
