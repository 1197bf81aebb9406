#include "lib/keypool/model_health.hpp"

#include <algorithm>

namespace gembal::keypool {
namespace {

constexpr int kInARow = 3;
constexpr auto kFirstBackOff = std::chrono::seconds{2};
constexpr int kMostDoublings = 5;                           // 64 s
constexpr auto kLongestBackOff = std::chrono::seconds{80};  // with the jitter

}  // namespace

void ModelHealth::back_off(TimePoint now, double jitter) {
  // Refusals of requests that were under way together are one piece of news.
  if (is_backing_off(now)) return;
  const auto full = std::chrono::duration<double>(kFirstBackOff) * (1 << level_);
  level_ = std::min(level_ + 1, kMostDoublings);
  until_ = now + std::chrono::duration_cast<Milliseconds>(full * (0.75 + jitter / 2));
}

ModelHealth::Effect ModelHealth::overloaded(TimePoint now, double jitter) {
  if (++in_a_row_ < kInARow && !open_) return Effect::none;
  const auto before = until_;
  back_off(now, jitter);
  if (open_) return until_ == before ? Effect::none : Effect::prolonged;
  open_ = true;
  return Effect::opened;
}

bool ModelHealth::is_backing_off(TimePoint now) const {
  return open_ && now < until_ && until_ - now <= kLongestBackOff;
}

ModelHealth::Effect ModelHealth::refused_barely(Group group, std::size_t subjects, TimePoint now,
                                                double jitter) {
  if (open_) return overloaded(now, jitter);  // no subject is blamed
  if (std::find(barely_refused_.begin(), barely_refused_.end(), group) == barely_refused_.end())
    barely_refused_.push_back(group);
  const auto enough = std::clamp<std::size_t>(subjects, 2, kInARow);
  if (barely_refused_.size() < enough) return Effect::none;
  in_a_row_ = std::max(in_a_row_, kInARow - 1);
  return overloaded(now, jitter);
}

bool ModelHealth::succeeded() {
  in_a_row_ = 0;
  level_ = 0;
  if (!barely_refused_.empty()) barely_refused_.clear();
  return std::exchange(open_, false);
}

void ModelHealth::learn_overloaded(TimePoint until) {
  if (until <= until_) return;
  open_ = true;
  in_a_row_ = kInARow;
  until_ = until;
}

}  // namespace gembal::keypool
