#include "daemon/event_log.hpp"

#include <utility>

namespace gembal::daemon {

std::vector<std::function<void()>> EventLog::take_waiting() { return std::exchange(waiting_, {}); }

void EventLog::append(std::string_view events) {
  std::vector<std::function<void()>> waiting;
  {
    const std::lock_guard lock(mutex_);
    text_ += events;
    waiting = take_waiting();
  }
  for (const auto& tell : waiting) tell();
}

void EventLog::end() {
  std::vector<std::function<void()>> waiting;
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    waiting = take_waiting();
  }
  for (const auto& tell : waiting) tell();
}

EventLog::Share EventLog::from(std::size_t bytes) const {
  const std::lock_guard lock(mutex_);
  return {bytes < text_.size() ? text_.substr(bytes) : std::string(), ended_};
}

std::size_t EventLog::bytes() const {
  const std::lock_guard lock(mutex_);
  return text_.size();
}

std::size_t EventLog::bytes_of(std::size_t events) const {
  const std::lock_guard lock(mutex_);
  std::size_t at = 0;
  for (; events > 0; --events) {
    const auto end = text_.find("\n\n", at);
    if (end == std::string::npos) return text_.size();
    at = end + 2;
  }
  return at;
}

void EventLog::when_more(std::size_t bytes, std::function<void()> tell) {
  {
    const std::lock_guard lock(mutex_);
    if (text_.size() <= bytes && !ended_) {
      waiting_.push_back(std::move(tell));
      return;
    }
  }
  tell();
}

}  // namespace gembal::daemon
