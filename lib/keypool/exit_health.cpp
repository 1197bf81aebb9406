#include "lib/keypool/exit_health.hpp"

#include <algorithm>
#include <utility>

namespace gembal::keypool {
namespace {

constexpr std::size_t kInARow = 3;
constexpr auto kRowLasts = std::chrono::minutes{5};  // what lies further apart is no row
constexpr auto kFirstPause = std::chrono::seconds{1};
constexpr int kMostDoublings = 6;  // 64 s
constexpr auto kLongestPause = kFirstPause * (1 << kMostDoublings);

}  // namespace

ExitHealth::Effect ExitHealth::refused(Suspect suspect, TimePoint now) {
  const bool goes_on = open_ || (suspect.verdict.reason == how_ && now - latest_ < kRowLasts);
  if (!goes_on) row_.clear();
  if (!open_) how_ = suspect.verdict.reason;
  latest_ = now;
  const auto same = [&](const Suspect& known) { return known.slot == suspect.slot; };
  if (std::none_of(row_.begin(), row_.end(), same)) row_.push_back(std::move(suspect));
  if (open_) {
    if (std::exchange(probing_, false) || is_due(now)) {
      next_probe_ = now + kFirstPause * (1 << level_);
      level_ = std::min(level_ + 1, kMostDoublings);
    }
    return Effect::suspend;
  }
  if (row_.size() < kInARow) return Effect::judge;
  open_ = true;
  level_ = 1;
  next_probe_ = now + kFirstPause;
  return Effect::opened;
}

std::vector<Suspect> ExitHealth::accepted() {
  probing_ = false;
  if (row_.empty() && !open_) return {};
  auto suspects = std::exchange(row_, {});
  if (!std::exchange(open_, false)) suspects.clear();
  level_ = 0;
  return suspects;
}

void ExitHealth::forget(std::uint32_t slot) {
  std::erase_if(row_, [slot](const Suspect& suspect) { return suspect.slot == slot; });
}

/// What is further away than the longest pause is of a clock that has gone back since.
bool ExitHealth::is_due(TimePoint now) const {
  return now >= next_probe_ || next_probe_ - now > kLongestPause;
}

bool ExitHealth::begin_probe(TimePoint now) {
  if (probing_ || !is_due(now)) return false;
  probing_ = true;
  return true;
}

}  // namespace gembal::keypool
