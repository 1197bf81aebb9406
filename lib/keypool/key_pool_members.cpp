// Who is in the pool: what owners do, and what was learned elsewhere or before.

#include <algorithm>

#include "lib/keypool/key_pool_state.hpp"

namespace gembal::keypool {
namespace {

constexpr auto kAllModels = "*";

std::uint32_t cut(std::uint64_t number) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(number, UINT32_MAX));
}

}  // namespace

KeyPool::KeyPool(Policy policy, std::uint32_t seed) : state_(std::make_unique<State>()) {
  state_->policy = std::move(policy);
  state_->random.seed(seed);
  for (const char* own : {kPacedReason, kPacedDayReason, kBareReason, kSuspectReason})
    state_->words.number(own);
}
KeyPool::~KeyPool() = default;

void KeyPool::set_policy(Policy policy) {
  auto& state = *state_;
  const std::lock_guard lock(state.mutex);
  state.policy = std::move(policy);
  for (auto& [name, model] : state.models) model->queue.rank_anew(state.is_paid_model(name));
}

// ---- Groups.

/// A project is one of the paid tier when all of its keys are.
bool KeyPool::State::is_paid(Group group) const {
  const auto& usable_keys = groups[group].usable;
  return !usable_keys.empty() && std::all_of(usable_keys.begin(), usable_keys.end(),
                                             [this](Slot slot) { return keys[slot].key->paid; });
}

void KeyPool::State::enter_group(Slot slot) {
  const auto subject = quota_subject(*keys[slot].key);
  auto known = by_subject.find(subject);
  if (known == by_subject.end()) {
    Group made = 0;
    if (free_groups.empty()) {
      made = static_cast<Group>(groups.size());
      groups.emplace_back();
      for (auto& [name, model] : models) model->queue.reserve(groups.size());
    } else {
      made = free_groups.back();
      free_groups.pop_back();
    }
    groups[made].subject = subject;
    ++groups[made].tenant;
    known = by_subject.emplace(subject, made).first;
  }
  keys[slot].group = known->second;
  ++groups[known->second].members;
  if (!keys[slot].key->disabled) set_usable(slot, true);
}

void KeyPool::State::leave_group(Slot slot) {
  const auto group = keys[slot].group;
  set_usable(slot, false);
  if (--groups[group].members > 0) return;
  for (auto& [name, model] : models) model->queue.forget(group);
  benched.erase(group);
  by_subject.erase(groups[group].subject);
  const auto tenant = groups[group].tenant + 1;
  groups[group] = {};
  groups[group].tenant = tenant;
  free_groups.push_back(group);
}

/// Whether the key takes turns. Its group does as long as one of its keys does.
void KeyPool::State::set_usable(Slot slot, bool is_usable) {
  const auto number = keys[slot].group;
  auto& group = groups[number];
  const auto at = std::find(group.usable.begin(), group.usable.end(), slot);
  if ((at != group.usable.end()) == is_usable) return;
  if (is_usable) {
    group.usable.push_back(slot);
    ++usable;
  } else {
    group.usable.erase(at);
    --usable;
  }
  for (auto& [name, model] : models) {
    if (group.usable.empty()) {
      model->queue.leave(number);
      continue;
    }
    model->queue.join(number, is_paid(number));
    if (const auto all = benched.find(number); all != benched.end())
      model->queue.bench(number, all->second);
  }
}

/// The key's project has become known, or another: it takes along what is known about its quotas.
void KeyPool::State::move_group(Slot slot, TimePoint now) {
  const auto from = keys[slot].group;
  struct Known {
    PoolModel* model;
    std::optional<Bench> wait;
    QuotaLimits limits;
    std::uint32_t today;
  };
  std::vector<Known> known;
  for (auto& [name, model] : models) {
    const auto* limits = model->queue.limits(from);
    known.push_back({model.get(), model->queue.waits(from), limits ? *limits : QuotaLimits{},
                     model->queue.today(from)});
  }
  const auto all = benched.find(from);
  const auto everywhere = all == benched.end() ? std::nullopt : std::optional(all->second);
  const auto place = groups[from].place;
  leave_group(slot);
  enter_group(slot);
  const auto to = keys[slot].group;
  set_place(to, std::min(groups[to].place, place));
  if (everywhere) bench(to, kAllModels, *everywhere, now);
  for (const auto& one : known) {
    auto& queue = one.model->queue;
    if (one.limits != QuotaLimits{}) queue.learn(to, one.limits, today(now), now);
    if (one.today > 0) queue.add_today(to, one.today, today(now), now);
    if (one.wait) queue.bench(to, *one.wait);
  }
}

void KeyPool::State::set_place(Group group, std::uint32_t place) {
  groups[group].place = place;
  for (auto& [name, model] : models) model->queue.set_place(group, place);
}

void KeyPool::State::set_places() {
  std::vector<bool> known(groups.size(), false);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto group = keys[order[i]].group;
    if (known[group]) continue;
    known[group] = true;
    if (groups[group].place != i) set_place(group, static_cast<std::uint32_t>(i));
  }
}

void KeyPool::State::start_afresh(Group group) {
  benched.erase(group);
  for (auto& [name, model] : models) model->queue.start_afresh(group);
}

// ---- Keys.

Slot KeyPool::State::add(Key key) {
  Slot slot = 0;
  if (free_slots.empty()) {
    slot = static_cast<Slot>(keys.size());
    keys.emplace_back();
    for (auto& [name, model] : models) model->uses.resize(keys.size());
  } else {
    slot = free_slots.back();
    free_slots.pop_back();
  }
  ++keys[slot].tenant;
  by_id[key.id] = slot;
  edit(slot, std::move(key));
  enter_group(slot);
  return slot;
}

void KeyPool::State::remove(Slot slot) {
  by_id.erase(keys[slot].key->id);
  leave_group(slot);
  for (auto& [name, model] : models) model->uses[slot] = {};  // to_tell is sifted when it is told
  const auto tenant = keys[slot].tenant + 1;
  keys[slot] = {};
  keys[slot].tenant = tenant;
  free_slots.push_back(slot);
}

/// Takes over what the owner changed; keeps what was learned, unless the owner wants a clean slate.
void KeyPool::State::update(Slot slot, Key key, TimePoint now) {
  const Key known = *keys[slot].key;
  if (known.revision == key.revision) {
    // What was learned here may not be in the store yet; what others learned is only there.
    key.failures = known.failures;
    if (known.disabled) {
      key.disabled = true;
      key.reason = known.reason;
      key.disabled_since = known.disabled_since;
    }
    if (key.project.empty()) key.project = known.project;
  }
  const bool is_another = known.revision != key.revision;
  const bool moves = known.project != key.project;
  const bool changes_tier = known.paid != key.paid;
  const bool is_usable = !key.disabled;
  edit(slot, std::move(key));
  if (moves) move_group(slot, now);
  set_usable(slot, is_usable);
  if (is_another) {
    keys[slot].bare_refusals = 0;
    start_afresh(keys[slot].group);
  }
  if (!changes_tier || groups[keys[slot].group].usable.empty()) return;
  for (auto& [name, model] : models) model->queue.join(keys[slot].group, is_paid(keys[slot].group));
}

void KeyPool::replace(std::vector<Key> all, TimePoint now) {
  auto& state = *state_;
  Wakes wakes;
  {
    const std::lock_guard lock(state.mutex);
    state.doubt();
    std::vector<Slot> order;
    std::vector<bool> stays(state.keys.size(), false);
    std::vector<Key> fresh;
    for (auto& key : all) {
      const auto known = state.by_id.find(key.id);
      if (known == state.by_id.end()) {
        fresh.push_back(std::move(key));
        continue;
      }
      if (stays[known->second]) continue;
      stays[known->second] = true;
      order.push_back(known->second);
      state.update(known->second, std::move(key), now);
    }
    for (const auto slot : state.order) {
      if (!stays[slot]) state.remove(slot);
    }
    for (auto& key : fresh) {
      if (state.by_id.find(key.id) != state.by_id.end()) continue;
      order.push_back(state.add(std::move(key)));
    }
    state.order = std::move(order);
    state.set_places();
    state.start = 0;
    wakes = state.first_in_lines();
  }
  wake(wakes);
}

void KeyPool::learn_keys(const std::vector<Key>& keys, TimePoint now) {
  auto& state = *state_;
  Wakes wakes;
  {
    const std::lock_guard lock(state.mutex);
    state.doubt();
    for (const auto& learned : keys) {
      const auto known = state.by_id.find(learned.id);
      if (known == state.by_id.end()) continue;
      const auto slot = known->second;
      Key key = *state.keys[slot].key;
      if (key.revision != learned.revision) continue;  // an owner's change, which is on its way
      const bool moves = key.project.empty() && !learned.project.empty();
      if (moves) key.project = learned.project;
      key.failures = learned.failures;
      key.disabled = learned.disabled;
      key.reason = learned.reason;
      key.disabled_since = learned.disabled_since;
      const bool is_usable = !key.disabled;
      state.edit(slot, std::move(key));
      if (moves) state.move_group(slot, now);
      state.set_usable(slot, is_usable);
    }
    wakes = state.first_in_lines();
  }
  wake(wakes);
}

void KeyPool::learn_states(const std::vector<SubjectState>& states, TimePoint now) {
  auto& state = *state_;
  const std::lock_guard lock(state.mutex);
  state.doubt();
  for (const auto& [subject, learned] : states) {
    if (learned.until <= now) continue;
    if (learned.status == ModelStatus::overloaded) {
      state.model(learned.model, now).queue.health.learn_overloaded(learned.until);
      continue;
    }
    const auto group = state.by_subject.find(subject);
    if (group == state.by_subject.end()) continue;
    state.bench(group->second, learned.model,
                {learned.status, learned.until, state.words.number(learned.reason)}, now);
  }
}

void KeyPool::learn_limits(const std::vector<SubjectLimits>& limits, TimePoint now) {
  auto& state = *state_;
  const std::lock_guard lock(state.mutex);
  for (const auto& [subject, learned] : limits) {
    const auto group = state.by_subject.find(subject);
    if (group == state.by_subject.end() || learned.model.empty()) continue;
    state.model(learned.model, now)
        .queue.learn(group->second, learned.limits, state.today(now), now);
  }
}

void KeyPool::add_usage(const std::vector<Usage>& usage, TimePoint now) {
  auto& state = *state_;
  const std::lock_guard lock(state.mutex);
  const auto& day = state.today(now);
  // The quota day began a day before it ends; with the hour that daylight saving takes or gives.
  const auto began = day.ends - std::chrono::hours{26};
  const auto true_begin =
      next_pacific_midnight(began) <= now ? next_pacific_midnight(began) : began;
  const auto first_hour = to_unix_seconds(true_begin) / 3600;
  for (const auto& one : usage) {
    if (one.hour < first_hour || one.requests == 0) continue;
    const auto known = state.by_id.find(one.key_id);
    if (known == state.by_id.end()) continue;
    state.model(one.model, now)
        .queue.add_today(state.keys[known->second].group, cut(one.requests), day, now);
  }
}

}  // namespace gembal::keypool
