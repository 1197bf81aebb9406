#include "lib/keypool/key_pool.hpp"

#include <algorithm>
#include <unordered_map>

#include "lib/keypool/model_queue.hpp"

namespace gembal::keypool {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr std::size_t kMostModels =
    128;  // clients can name any model: those that nobody asks for any more are forgotten
constexpr auto kAllModels = "*";
constexpr auto kDefaultCoolDown = std::chrono::minutes{1};
constexpr auto kMargin =
    std::chrono::milliseconds{500};  // upstream's clock is not ours, and it rounds down
constexpr auto kFirstBareCoolDown = seconds{5};
constexpr auto kLongestBareCoolDown = seconds{80};

struct Entry {
  Lease key;  ///< null: the slot is free
  std::uint64_t requests = 0;
  TimePoint last_used{};
  int bare_refusals = 0;  ///< in a row, of any model: the cool-down doubles
};

}  // namespace

struct KeyPool::State {
  mutable std::mutex mutex;  // guards everything below; nothing is called while it is held
  Policy policy;
  std::vector<Entry> entries;  ///< by slot
  std::vector<Slot> free;
  std::vector<Slot> order;  ///< of the keys in the pool, as the store lists them
  std::unordered_map<std::string, Slot> by_id;
  std::unordered_map<std::string, std::vector<Slot>> by_project;
  std::unordered_map<std::string, ModelQueue> models;
  std::unordered_map<Slot, ModelState> benched;  ///< for every model
  std::size_t usable = 0;
  std::uint64_t clock = 0;  ///< counts takes
  std::size_t start = 0;    ///< where in `order` the next model's ring begins

  ModelQueue& queue(std::string_view model);
  void forget_unused_models();
  std::vector<Slot> slots_of(const std::vector<std::string>& ids) const;
  Error none_left(const ModelQueue& queue, TimePoint now) const;

  Slot add(Key key);
  void remove(Slot slot);
  void update(Slot slot, Key key);
  void enter_queues(Slot slot);
  void leave_queues(Slot slot);
  void edit(Slot slot, Key key) { entries[slot].key = std::make_shared<const Key>(std::move(key)); }

  void bench(Slot slot, const ModelState& state);
  void bench_project(Slot slot, const ModelState& state, std::vector<Change>& changes);
  void disable(Slot slot, Key key, const std::string& reason, TimePoint now);
};

KeyPool::KeyPool(Policy policy) : state_(std::make_unique<State>()) { state_->policy = policy; }
KeyPool::~KeyPool() = default;

void KeyPool::set_policy(Policy policy) {
  const std::lock_guard lock(state_->mutex);
  state_->policy = policy;
}

ModelQueue& KeyPool::State::queue(std::string_view model) {
  const auto [it, is_new] = models.try_emplace(std::string(model));
  auto& made = it->second;
  made.last_used = ++clock;
  if (!is_new) return made;
  made.reserve(entries.size());
  // Each model begins with another key: else the first would get the first request of every model.
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto slot = order[(start + i) % order.size()];
    if (entries[slot].key->disabled) continue;
    made.join(slot);
    if (const auto all = benched.find(slot); all != benched.end()) made.bench(slot, all->second);
  }
  if (!order.empty()) start = (start + 1) % order.size();
  return made;
}

void KeyPool::State::forget_unused_models() {
  if (models.size() <= kMostModels) return;
  // What is learned about a model matters more than when it was last asked for.
  const auto worth = [](const auto& entry) {
    return std::pair(entry.second.has_waiting(), entry.second.last_used);
  };
  const auto least =
      std::min_element(models.begin(), models.end(),
                       [&](const auto& a, const auto& b) { return worth(a) < worth(b); });
  models.erase(least);
}

std::vector<Slot> KeyPool::State::slots_of(const std::vector<std::string>& ids) const {
  std::vector<Slot> slots;
  for (const auto& id : ids) {
    if (const auto known = by_id.find(id); known != by_id.end()) slots.push_back(known->second);
  }
  return slots;
}

Error KeyPool::State::none_left(const ModelQueue& queue, TimePoint now) const {
  if (order.empty())
    return {ErrorKind::no_usable_key, "no usable API key: there is none in the pool",
            "add one with 'gembal keys add'"};
  if (usable == 0) {
    const bool one = order.size() == 1;
    return {ErrorKind::no_usable_key,
            one ? "no usable API key: the only one is disabled"
                : "no usable API key: all " + std::to_string(order.size()) + " are disabled",
            "'gembal keys list' says why"};
  }
  auto wait = std::chrono::duration_cast<Milliseconds>(seconds{1});
  // Ready ones that are left were tried: they may do for another request.
  if (const auto back = queue.first_back(); back && !queue.has_ready()) {
    wait = std::max(wait, std::chrono::ceil<Milliseconds>(*back - now));
  }
  Error error{ErrorKind::keys_waiting,
              "every usable API key is waiting: try again in " + to_short_text(wait), ""};
  error.retry_after = wait;
  return error;
}

Slot KeyPool::State::add(Key key) {
  Slot slot = 0;
  if (free.empty()) {
    slot = static_cast<Slot>(entries.size());
    entries.emplace_back();
  } else {
    slot = free.back();
    free.pop_back();
    entries[slot] = {};
  }
  by_id[key.id] = slot;
  if (!key.project.empty()) by_project[key.project].push_back(slot);
  const bool usable_now = !key.disabled;
  edit(slot, std::move(key));
  for (auto& [name, queue] : models) queue.reserve(entries.size());
  if (usable_now) enter_queues(slot);
  return slot;
}

void KeyPool::State::remove(Slot slot) {
  const auto& key = *entries[slot].key;
  if (!key.disabled) leave_queues(slot);
  by_id.erase(key.id);
  if (!key.project.empty()) std::erase(by_project[key.project], slot);
  benched.erase(slot);
  entries[slot] = {};
  free.push_back(slot);
}

/// Takes over what the owner changed; keeps what was learned, unless the owner wants a clean slate.
void KeyPool::State::update(Slot slot, Key key) {
  const Key known = *entries[slot].key;
  if (known.project != key.project) {
    if (!known.project.empty()) std::erase(by_project[known.project], slot);
    if (!key.project.empty()) by_project[key.project].push_back(slot);
  }
  if (known.revision == key.revision) {
    // What was learned here may not be in the store yet; what others learned is only there.
    key.failures = known.failures;
    if (known.disabled) {
      key.disabled = true;
      key.reason = known.reason;
      key.disabled_since = known.disabled_since;
    }
    const bool leaves = key.disabled && !known.disabled;
    edit(slot, std::move(key));
    if (leaves) leave_queues(slot);
    return;
  }
  const bool is_usable = !key.disabled;
  edit(slot, std::move(key));
  if (!known.disabled) leave_queues(slot);
  benched.erase(slot);
  entries[slot].bare_refusals = 0;
  if (is_usable) enter_queues(slot);
}

void KeyPool::State::enter_queues(Slot slot) {
  ++usable;
  for (auto& [name, queue] : models) queue.join(slot);
}

void KeyPool::State::leave_queues(Slot slot) {
  --usable;
  for (auto& [name, queue] : models) queue.leave(slot);
}

void KeyPool::replace(std::vector<Key> keys,
                      const std::vector<std::pair<std::string, ModelState>>& states,
                      TimePoint now) {
  auto& state = *state_;
  const std::lock_guard lock(state.mutex);
  std::vector<Slot> order;
  std::unordered_map<std::string, Slot> added;
  std::vector<bool> stays(state.entries.size(), false);
  std::vector<Key> fresh;
  for (auto& key : keys) {
    const auto known = state.by_id.find(key.id);
    if (known == state.by_id.end()) {
      fresh.push_back(std::move(key));
      continue;
    }
    stays[known->second] = true;
    order.push_back(known->second);
    state.update(known->second, std::move(key));
  }
  for (const auto slot : state.order) {
    if (!stays[slot]) state.remove(slot);
  }
  for (auto& key : fresh) {
    const std::string id = key.id;
    const auto slot = state.add(std::move(key));
    if (added.emplace(id, slot).second) order.push_back(slot);
  }
  state.order = std::move(order);
  state.start = 0;
  for (const auto& [id, remembered] : states) {
    const auto slot = added.find(id);
    if (slot != added.end() && remembered.until > now) state.bench(slot->second, remembered);
  }
}

Result<Lease> KeyPool::take(std::string_view model, const std::vector<std::string>& tried,
                            TimePoint now) {
  auto& state = *state_;
  const std::lock_guard lock(state.mutex);
  auto& queue = state.queue(model);
  queue.wake(now);
  const auto leave_out = state.slots_of(tried);
  const auto slot = queue.take(leave_out);
  if (!slot) return state.none_left(queue, now);
  auto& entry = state.entries[*slot];
  ++entry.requests;
  entry.last_used = now;
  const Lease lease = entry.key;
  state.forget_unused_models();
  return lease;
}

void KeyPool::State::bench(Slot slot, const ModelState& state) {
  if (state.model != kAllModels) {
    queue(state.model).bench(slot, state);
    return;
  }
  benched[slot] = state;
  for (auto& [name, waiting] : models) waiting.bench(slot, state);
}

/// Keys of one project share its quota: what one of them is told holds for all.
void KeyPool::State::bench_project(Slot slot, const ModelState& state,
                                   std::vector<Change>& changes) {
  const auto& project = entries[slot].key->project;
  std::vector<Slot> together = {slot};
  if (!project.empty()) together = by_project[project];
  for (const auto one : together) {
    bench(one, state);
    Change change;
    change.key = *entries[one].key;
    change.model_states = {state};
    changes.push_back(std::move(change));
  }
}

void KeyPool::State::disable(Slot slot, Key key, const std::string& reason, TimePoint now) {
  const bool was_usable = !key.disabled;
  key.disabled = true;
  key.reason = reason;
  key.disabled_since = now;
  edit(slot, std::move(key));
  if (was_usable) leave_queues(slot);
}

std::vector<Change> KeyPool::report(const Lease& used, std::string_view model,
                                    const Verdict& verdict, TimePoint now) {
  auto& state = *state_;
  const std::lock_guard lock(state.mutex);
  std::vector<Change> changes;
  const auto known = state.by_id.find(used->id);
  if (known == state.by_id.end()) return changes;
  const Slot slot = known->second;
  auto& entry = state.entries[slot];
  const Key& key = *entry.key;

  const auto key_changed = [&] {
    Change change;
    change.key = *entry.key;
    change.key_changed = true;
    changes.push_back(std::move(change));
  };
  const auto bench_until = [&](ModelStatus status, TimePoint until, std::string name) {
    state.bench_project(slot, {std::move(name), status, until, verdict.reason}, changes);
  };

  switch (verdict.outcome) {
    case Outcome::success:
      entry.bare_refusals = 0;
      if (key.failures > 0 && !key.disabled) {
        Key cleared = key;
        cleared.failures = 0;
        state.edit(slot, std::move(cleared));
        key_changed();
      }
      break;
    case Outcome::key_dead:
      if (key.disabled) break;
      state.disable(slot, key, verdict.reason, now);
      key_changed();
      break;
    case Outcome::key_unusable: {
      if (key.disabled) break;
      Key failed = key;
      ++failed.failures;
      if (failed.failures >= state.policy.max_failures) {
        state.disable(slot, std::move(failed), verdict.reason, now);
      } else {
        state.edit(slot, std::move(failed));
      }
      key_changed();
      break;
    }
    case Outcome::quota_minute: {
      Milliseconds wait = verdict.delay.value_or(kDefaultCoolDown);
      if (verdict.bare_quota && !verdict.delay) {
        wait = std::min<Milliseconds>(
            kFirstBareCoolDown * (1 << std::min(entry.bare_refusals++, 6)), kLongestBareCoolDown);
      }
      bench_until(ModelStatus::cooling, now + wait + kMargin, std::string(model));
      break;
    }
    case Outcome::quota_day: {
      auto until = next_pacific_midnight(now);
      if (verdict.delay) until = std::max<TimePoint>(until, now + *verdict.delay);
      bench_until(ModelStatus::exhausted, until, std::string(model));
      break;
    }
    case Outcome::quota_zero:
    case Outcome::model_closed:
      bench_until(ModelStatus::unsupported, now + hours{24}, std::string(model));
      break;
    case Outcome::no_credit:
      bench_until(ModelStatus::exhausted, now + verdict.delay.value_or(hours{1}), kAllModels);
      break;
    case Outcome::caller_fault:
    case Outcome::model_overloaded:
    case Outcome::broken:
    case Outcome::exit_blocked:
    case Outcome::wrong_object:
    case Outcome::proxy_fault: break;
  }
  return changes;
}

std::size_t KeyPool::usable() const {
  const std::lock_guard lock(state_->mutex);
  return state_->usable;
}

std::size_t KeyPool::size() const {
  const std::lock_guard lock(state_->mutex);
  return state_->order.size();
}

std::vector<KeyReport> KeyPool::snapshot(TimePoint now) const {
  const auto& state = *state_;
  const std::lock_guard lock(state.mutex);
  std::vector<KeyReport> reports;
  reports.reserve(state.order.size());
  for (const auto slot : state.order) {
    const auto& entry = state.entries[slot];
    KeyReport report{*entry.key, {}, entry.requests, entry.last_used};
    if (const auto all = state.benched.find(slot);
        all != state.benched.end() && all->second.until > now) {
      report.models.push_back(all->second);
    }
    for (const auto& [name, queue] : state.models) {
      const auto* waits = queue.state(slot);
      if (waits && waits->until > now && waits->model != kAllModels)
        report.models.push_back(*waits);
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

}  // namespace gembal::keypool
