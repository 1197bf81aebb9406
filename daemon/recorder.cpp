#include "daemon/recorder.hpp"

#include <algorithm>

namespace gembal::daemon {
namespace {

constexpr std::size_t kMostWaiting = 20'000;
// A loop at full speed answers tens of thousands a second, and nobody reads those one by one.
constexpr std::size_t kMostOfASecond = 200;
constexpr std::size_t kMostFailedOfASecond = 400;

std::string name_of(const store::TrafficCount& count) {
  std::string name = std::to_string(count.minute);
  name.append(1, '\n').append(count.key_id).append(1, '\n');
  return name.append(count.token).append(1, '\n').append(count.model);
}

}  // namespace

void Recorder::note(store::RequestRecord request, std::vector<store::ErrorRecord> errors) {
  const std::lock_guard lock(mutex_);
  count(request);
  for (const auto& [id, told] : watchers_) told(request);
  if (!is_worth_keeping(request)) return;
  if (requests_.size() + errors_.size() >= kMostWaiting) {
    ++dropped_;
    return;
  }
  requests_.push_back(std::move(request));
  std::move(errors.begin(), errors.end(), std::back_inserter(errors_));
}

void Recorder::count(const store::RequestRecord& request) {
  store::TrafficCount count;
  count.minute = to_unix_seconds(request.time) / store::kMinuteStep;
  count.key_id = request.key_id;
  count.model = request.model;
  count.token = request.token;
  auto [known, is_new] = counts_.try_emplace(name_of(count));
  if (is_new) known->second = std::move(count);
  known->second.traffic.add(request);
}

bool Recorder::is_worth_keeping(const store::RequestRecord& request) {
  const auto second = to_unix_seconds(request.time);
  if (second != second_) {
    second_ = second;
    of_second_ = 0;
  }
  return ++of_second_ <= (request.failed() ? kMostFailedOfASecond : kMostOfASecond);
}

store::JournalBatch Recorder::take() {
  store::JournalBatch batch;
  const std::lock_guard lock(mutex_);
  batch.requests.swap(requests_);
  batch.errors.swap(errors_);
  batch.counts.reserve(counts_.size());
  for (auto& [name, count] : counts_) batch.counts.push_back(std::move(count));
  counts_.clear();
  return batch;
}

void Recorder::give_back(store::JournalBatch batch) {
  const std::lock_guard lock(mutex_);
  for (auto& count : batch.counts) {
    auto [known, is_new] = counts_.try_emplace(name_of(count));
    if (is_new) {
      known->second = std::move(count);
    } else {
      known->second.traffic.add(count.traffic);
    }
  }
  const auto put_before = [this](auto& kept, auto& back) {
    const auto room = kMostWaiting / 2 - std::min(kept.size(), kMostWaiting / 2);
    if (back.size() > room) {
      dropped_ += back.size() - room;
      back.resize(room);
    }
    kept.insert(kept.begin(), std::make_move_iterator(back.begin()),
                std::make_move_iterator(back.end()));
  };
  put_before(requests_, batch.requests);
  put_before(errors_, batch.errors);
}

std::uint64_t Recorder::take_dropped() {
  const std::lock_guard lock(mutex_);
  return std::exchange(dropped_, 0);
}

std::uint64_t Recorder::watch(std::function<void(const store::RequestRecord&)> told) {
  const std::lock_guard lock(mutex_);
  watchers_.emplace(next_watcher_, std::move(told));
  return next_watcher_++;
}

void Recorder::unwatch(std::uint64_t watcher) {
  const std::lock_guard lock(mutex_);
  watchers_.erase(watcher);
}

}  // namespace gembal::daemon
