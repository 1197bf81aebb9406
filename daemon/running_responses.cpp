#include "daemon/running_responses.hpp"

#include <utility>

namespace gembal::daemon {
namespace {

constexpr std::size_t kLogsKept = 50;
constexpr std::size_t kLongLog = 1u << 20;  // such logs are not kept

}  // namespace

void RunningResponses::begin(const std::string& id, Run run) {
  const std::lock_guard lock(mutex_);
  entries_[id] = Entry{std::move(run), false, {}};
}

void RunningResponses::end(const std::string& id) {
  std::vector<std::function<void()>> tell;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(id);
    if (found == entries_.end()) return;
    auto& entry = found->second;
    tell = std::exchange(entry.when_ended, {});
    entry.ended = true;
    entry.run.cancel = nullptr;
    if (!entry.run.log || entry.run.log->bytes() > kLongLog) {
      entries_.erase(found);
    } else {
      ended_.push_back(id);
    }
    if (ended_.size() > kLogsKept) {
      entries_.erase(ended_.front());
      ended_.pop_front();
    }
  }
  for (const auto& one : tell) one();
}

bool RunningResponses::cancel(const std::string& id, const std::string& owner,
                              std::function<void()> ended) {
  async::Loop* loop = nullptr;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(id);
    if (found == entries_.end() || found->second.ended || found->second.run.owner != owner)
      return false;
    found->second.when_ended.push_back(std::move(ended));
    loop = found->second.run.loop;
  }
  // Runs begin and end on their loop: what is found there is still there when it is called.
  loop->post([this, id] {
    std::function<void()> cancel_run;
    {
      const std::lock_guard lock(mutex_);
      const auto found = entries_.find(id);
      if (found != entries_.end()) cancel_run = found->second.run.cancel;
    }
    if (cancel_run) cancel_run();
  });
  return true;
}

bool RunningResponses::has(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  return found != entries_.end() && !found->second.ended;
}

std::shared_ptr<EventLog> RunningResponses::log_of(const std::string& id,
                                                   const std::string& owner) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end() || found->second.run.owner != owner) return nullptr;
  return found->second.run.log;
}

}  // namespace gembal::daemon
