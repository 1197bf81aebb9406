// What others are told about the pool.

#include <algorithm>

#include "lib/keypool/key_pool_state.hpp"

namespace gembal::keypool {
namespace {

constexpr auto kAllModels = "*";

}  // namespace

std::optional<TimePoint> KeyPool::overloaded_until(std::string_view name, TimePoint now) const {
  const std::lock_guard lock(state_->mutex);
  const auto known = state_->models.find(name);
  if (known == state_->models.end()) return std::nullopt;
  const auto& health = known->second->queue.health;
  if (!health.is_backing_off(now)) return std::nullopt;
  return health.until();
}

bool KeyPool::is_spent(std::string_view name, TimePoint now) {
  auto& state = *state_;
  const std::lock_guard lock(state.mutex);
  auto& model = state.model(name, now);
  model.queue.wake(state.today(now), now);
  return model.queue.is_spent();
}

std::size_t KeyPool::usable() const {
  const std::lock_guard lock(state_->mutex);
  return state_->usable;
}

std::size_t KeyPool::size() const {
  const std::lock_guard lock(state_->mutex);
  return state_->order.size();
}

std::vector<Key> KeyPool::one_of_each_project() const {
  const auto& state = *state_;
  std::vector<Key> keys;
  {
    const std::lock_guard lock(state.mutex);
    for (const auto& group : state.groups) {
      if (!group.usable.empty()) keys.push_back(*state.keys[group.usable.front()].key);
    }
  }
  std::sort(keys.begin(), keys.end(), [](const Key& a, const Key& b) { return a.id < b.id; });
  return keys;
}

std::vector<KeyReport> KeyPool::snapshot(TimePoint now) const {
  const auto& state = *state_;
  const std::lock_guard lock(state.mutex);
  std::vector<KeyReport> reports;
  reports.reserve(state.order.size());
  for (const auto slot : state.order) {
    const auto& entry = state.keys[slot];
    KeyReport report{*entry.key, {}, entry.requests};
    const auto all = state.benched.find(entry.group);
    const bool for_all = all != state.benched.end() && all->second.until > now;
    if (for_all) {
      report.models.push_back({kAllModels, all->second.status, all->second.until,
                               state.words.text(all->second.reason)});
    }
    for (const auto& [name, model] : state.models) {
      const auto bench = model->queue.waits(entry.group);
      if (!bench || bench->until <= now) continue;
      if (for_all && bench->until == all->second.until) continue;
      report.models.push_back({name, bench->status, bench->until, state.words.text(bench->reason)});
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

std::vector<Prospect> KeyPool::prospects(std::string_view name, TimePoint now) {
  auto& state = *state_;
  const std::lock_guard lock(state.mutex);
  auto& model = state.model(name, now);
  model.queue.wake(state.today(now), now);
  const auto turns = model.queue.turns();
  std::vector<Prospect> all;
  for (const auto slot : state.order) {
    const auto& entry = state.keys[slot];
    Prospect one;
    one.key = *entry.key;
    one.requests_today = model.queue.today(entry.group);
    if (const auto* limits = model.queue.limits(entry.group)) one.limits = *limits;
    const auto bench = model.queue.waits(entry.group);
    if (one.key.disabled) {
      one.reason = one.key.reason.empty() ? "disabled" : "disabled: " + one.key.reason;
    } else if (bench) {
      one.reason = state.words.text(bench->reason);
      if (one.reason.empty()) one.reason = to_string(bench->status);
      one.until = bench->until;
    } else {
      one.ready = true;
      const auto& group = state.groups[entry.group];
      const auto within = static_cast<std::size_t>(
          std::find(group.usable.begin(), group.usable.end(), slot) - group.usable.begin());
      const auto count = group.usable.size();
      const auto next = group.turn < count ? group.turn : 0;
      // The keys of a project follow one another a round apart.
      one.turn = turns[entry.group] + (within + count - next) % count * turns.size();
    }
    all.push_back(std::move(one));
  }
  std::stable_sort(all.begin(), all.end(), [](const Prospect& a, const Prospect& b) {
    if (a.ready != b.ready) return a.ready;
    return a.ready ? a.turn < b.turn : a.until < b.until;
  });
  std::size_t turn = 0;
  for (auto& one : all) {
    if (one.ready) one.turn = turn++;
  }
  return all;
}

/// Moves a model's uses to the others, without the hour.
void KeyPool::State::take_usage(PoolModel& model, std::vector<Usage>& usage) {
  for (const auto slot : model.to_tell) {
    auto& use = model.uses[slot];
    if (use.requests == 0 && use.tokens == 0) continue;  // its key has left since
    usage.push_back({keys[slot].key->id, model.name, 0, use.requests, use.tokens});
    use = {};
  }
  model.to_tell.clear();
}

std::vector<Usage> KeyPool::take_usage(TimePoint now) {
  auto& state = *state_;
  const std::lock_guard lock(state.mutex);
  auto usage = std::exchange(state.untold, {});
  for (auto& [name, model] : state.models) state.take_usage(*model, usage);
  for (auto& one : usage) one.hour = to_unix_seconds(now) / 3600;
  return usage;
}

}  // namespace gembal::keypool
