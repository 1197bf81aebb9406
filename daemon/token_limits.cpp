#include "daemon/token_limits.hpp"

namespace gembal::daemon {
namespace {

using std::chrono::days;
using std::chrono::minutes;

std::int64_t minute_of(TimePoint time) {
  return std::chrono::floor<minutes>(time.time_since_epoch()).count();
}
std::int64_t day_of(TimePoint time) {
  return std::chrono::floor<days>(time.time_since_epoch()).count();
}

Error over(const std::string& name, const std::string& what, Milliseconds wait) {
  Error error{ErrorKind::keys_waiting, "the client token '" + name + "' may not " + what,
              "try again later, or ask whoever runs this server for more"};
  error.retry_after = wait;
  return error;
}

template <typename Unit>
Milliseconds until_next(TimePoint now) {
  return std::chrono::ceil<Milliseconds>(std::chrono::floor<Unit>(now) + Unit{1} - now);
}

}  // namespace

TokenLimits::Used& TokenLimits::used(const std::string& name, TimePoint now) {
  auto& used = used_[name];
  if (const auto minute = minute_of(now); used.minute != minute) {
    used.minute = minute;
    used.requests_of_minute = 0;
  }
  if (const auto day = day_of(now); used.day != day) {
    used.day = day;
    used.stored_requests = used.written_requests = used.new_requests = 0;
    used.stored_tokens = used.written_tokens = used.new_tokens = 0;
  }
  return used;
}

Result<void> TokenLimits::take(const store::ClientToken& token, TimePoint now) {
  const std::lock_guard lock(mutex_);
  auto& so_far = used(token.name, now);
  const auto is_over = [](std::uint64_t count, std::int64_t limit) {
    return limit > 0 && count >= static_cast<std::uint64_t>(limit);
  };
  if (is_over(so_far.requests(), token.requests_per_day)) {
    return over(token.name,
                "make more than " + std::to_string(token.requests_per_day) + " requests a day",
                until_next<days>(now));
  }
  if (is_over(so_far.tokens(), token.tokens_per_day)) {
    return over(token.name,
                "use more than " + std::to_string(token.tokens_per_day) + " tokens a day",
                until_next<days>(now));
  }
  if (is_over(so_far.requests_of_minute, token.requests_per_minute)) {
    return over(
        token.name,
        "make more than " + std::to_string(token.requests_per_minute) + " requests a minute",
        until_next<minutes>(now));
  }
  ++so_far.requests_of_minute;
  ++so_far.new_requests;
  return {};
}

void TokenLimits::count_tokens(const std::string& name, std::uint64_t tokens, TimePoint now) {
  const std::lock_guard lock(mutex_);
  used(name, now).new_tokens += tokens;
}

void TokenLimits::begin_write() {
  const std::lock_guard lock(mutex_);
  for (auto& [name, one] : used_) {
    one.written_requests += std::exchange(one.new_requests, 0);
    one.written_tokens += std::exchange(one.new_tokens, 0);
  }
}

void TokenLimits::learn(const std::vector<Day>& days_used, TimePoint now) {
  const std::lock_guard lock(mutex_);
  for (const auto& day : days_used) {
    auto& one = used(day.name, now);
    one.stored_requests = day.requests;
    one.stored_tokens = day.tokens;
    one.written_requests = one.written_tokens = 0;
  }
}

}  // namespace gembal::daemon
