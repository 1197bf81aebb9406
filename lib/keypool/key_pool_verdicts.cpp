// What a verdict does: the effects of DESIGN's table, the keys' side and the model's.

#include <algorithm>

#include "lib/keypool/key_pool_state.hpp"

namespace gembal::keypool {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr auto kAllModels = "*";
constexpr auto kDefaultCoolDown = std::chrono::minutes{1};
constexpr auto kMargin =
    std::chrono::milliseconds{500};  // upstream's clock is not ours, and it rounds down
// Upstream's midnight is not ours to the second, and its counters take their time to start anew.
constexpr auto kNewDayIsDoubtful = std::chrono::minutes{10};
constexpr auto kDoubtWaits = seconds{15};
constexpr auto kFirstBareCoolDown = seconds{5};
constexpr auto kLongestBareCoolDown = seconds{80};
constexpr auto kSuspectWaits = std::chrono::minutes{1};

Change change_of(const Key& key) {
  Change change;
  change.key = key;
  return change;
}

bool names_limits(const QuotaLimits& limits) {
  return limits.requests_per_minute + limits.requests_per_day + limits.tokens_per_minute > 0;
}

/// It went well, and there was nothing to learn.
bool tells_nothing(const Verdict& verdict) {
  return verdict.outcome == Outcome::success && verdict.project.empty() &&
         !names_limits(verdict.limits);
}

}  // namespace

void KeyPool::State::bench(Group group, const std::string& name, const Bench& bench,
                           TimePoint now) {
  if (name != kAllModels) {
    model(name, now).queue.bench(group, bench);
    return;
  }
  auto& known = benched[group];
  if (known.until < bench.until) known = bench;
  for (auto& [other, entry] : models) entry->queue.bench(group, bench);
}

void KeyPool::State::disable(Slot slot, const std::string& reason, TimePoint now) {
  Key key = *keys[slot].key;
  key.disabled = true;
  key.reason = reason;
  key.disabled_since = now;
  edit(slot, std::move(key));
  set_usable(slot, false);
}

/// Whether a day's refusal is about the day before: the quota day has only just begun, and so few
/// requests do not use it up.
bool KeyPool::State::is_about_yesterday(Slot slot, const std::string& name, const Verdict& verdict,
                                        TimePoint now) {
  if (next_pacific_midnight(now - kNewDayIsDoubtful) > now) return false;
  const auto& queue = model(name, now).queue;
  const auto group = keys[slot].group;
  auto limit = verdict.limits.requests_per_day;
  if (const auto* known = queue.limits(group); known && limit == 0) limit = known->requests_per_day;
  return limit == 0 || queue.today(group) < limit;
}

/// Holds a verdict against the key, or against its quota subject.
void KeyPool::State::judge(Slot slot, const std::string& name, const Verdict& verdict,
                           Report& report, TimePoint now) {
  doubt();
  const Key before = *keys[slot].key;
  const auto tell_key = [&] {
    report.changes.push_back(change_of(*keys[slot].key));
    report.changes.back().key_changed = true;
    if (keys[slot].key->disabled)
      report.notices.push_back({true, "a key is disabled: " + keys[slot].key->reason, before.id});
  };
  const auto bench_until = [&](ModelStatus status, TimePoint until, const std::string& which) {
    bench(keys[slot].group, which, {status, until, words.number(verdict.reason)}, now);
    // The model that was asked for may be an alias of one that is asked for by its own name, too.
    if (const auto same = models.find(verdict.quota_model); same != models.end() && which == name)
      same->second->queue.bench(keys[slot].group, {status, until, words.number(verdict.reason)});
    if (which.empty()) return;  // it was about no model: nothing that others could use
    report.changes.push_back(change_of(before));
    report.changes.back().model_states = {{which, status, until, verdict.reason}};
  };
  switch (verdict.outcome) {
    case Outcome::key_dead:
      if (before.disabled) break;
      disable(slot, verdict.reason, now);
      tell_key();
      break;
    case Outcome::key_unusable: {
      if (before.disabled) break;
      Key failed = before;
      ++failed.failures;
      const bool enough = failed.failures >= policy.max_failures;
      edit(slot, std::move(failed));
      if (enough) disable(slot, verdict.reason, now);
      tell_key();
      break;
    }
    case Outcome::quota_minute:
      bench_until(ModelStatus::cooling, now + verdict.delay.value_or(kDefaultCoolDown) + kMargin,
                  name);
      break;
    case Outcome::quota_day: {
      if (is_about_yesterday(slot, name, verdict, now)) {
        const auto until = now + kDoubtWaits;
        bench_until(ModelStatus::cooling, until, name);
        // One more try tells for all of them.
        model(name, now).queue.hold_spent(
            {ModelStatus::cooling, until, words.number(verdict.reason)});
        break;
      }
      auto until = next_pacific_midnight(now);
      if (verdict.delay) until = std::max<TimePoint>(until, now + *verdict.delay);
      bench_until(ModelStatus::exhausted, until, name);
      break;
    }
    case Outcome::quota_zero:
    case Outcome::model_closed: bench_until(ModelStatus::unsupported, now + hours{24}, name); break;
    case Outcome::no_credit:
      bench_until(ModelStatus::exhausted, now + verdict.delay.value_or(hours{1}), kAllModels);
      break;
    case Outcome::success:
    case Outcome::caller_fault:
    case Outcome::model_overloaded:
    case Outcome::broken:
    case Outcome::exit_blocked:
    case Outcome::wrong_object:
    case Outcome::proxy_fault: break;
  }
}

ExitHealth& KeyPool::State::exit(std::uint32_t way) {
  if (way == 0) return straight;
  if (proxies.size() < way) proxies.resize(way);
  return proxies[way - 1];
}

/// A key was accepted: the exit is well, and what was suspected with others is now judged.
void KeyPool::State::accept(Slot slot, Report& report, TimePoint now, Way way) {
  auto& its_exit = exit(way.id);
  if (its_exit.is_quiet() && open_exits == 0) return;
  const bool was_open = its_exit.is_open();
  const auto cleared = its_exit.accepted();
  if (was_open) --open_exits;
  if (open_exits > 0) {
    straight.forget(slot);
    for (auto& other : proxies) other.forget(slot);
  }
  suspects = !straight.is_quiet() ||
             !std::all_of(proxies.begin(), proxies.end(),
                          [](const ExitHealth& other) { return other.is_quiet(); });
  if (!was_open) return;
  report.notices.push_back({false, "the upstream accepts keys again", ""});
  const auto reason = words.number(kSuspectReason);
  for (const auto& suspect : cleared) {
    if (!is_still(suspect)) continue;
    const auto& entry = keys[suspect.slot];
    const auto all = benched.find(entry.group);
    if (all != benched.end() && all->second.reason == reason) benched.erase(all);
    for (auto& [name, other] : models) other->queue.release(entry.group, reason);
    if (suspect.slot != slot) judge(suspect.slot, kAllModels, suspect.verdict, report, now);
  }
}

/// Whether a suspect is in the pool, and its owner has not seen to it since.
bool KeyPool::State::is_still(const Suspect& suspect) const {
  const auto& key = keys[suspect.slot].key;
  return key && key->id == suspect.before->id && key->revision == suspect.before->revision;
}

/// Takes back what a verdict did to a key that is now suspected with others.
void KeyPool::State::undo(const Suspect& suspect, Report& report) {
  const auto& entry = keys[suspect.slot];
  const bool comes_back = entry.key->disabled && !suspect.before->disabled;
  if (!comes_back && entry.key->failures == suspect.before->failures) return;
  Key restored = *entry.key;
  restored.disabled = suspect.before->disabled;
  restored.reason = suspect.before->reason;
  restored.failures = suspect.before->failures;
  edit(suspect.slot, std::move(restored));
  if (comes_back) set_usable(suspect.slot, true);
  report.changes.push_back(change_of(*keys[suspect.slot].key));
  report.changes.back().key_changed = true;
}

/// A key was refused as a whole: its own fault, unless others are refused in the same way.
void KeyPool::State::refuse(Slot slot, const std::string& name, const Verdict& verdict,
                            Report& report, TimePoint now, Way way) {
  const auto before = keys[slot].key;
  auto& its_exit = exit(way.id);
  doubt();
  suspects = true;
  const auto effect = its_exit.refused({slot, before, verdict}, now);
  if (effect == ExitHealth::Effect::judge) return judge(slot, name, verdict, report, now);
  report.suspended = true;
  const Bench wait{ModelStatus::cooling, now + kSuspectWaits, words.number(kSuspectReason)};
  if (effect == ExitHealth::Effect::suspend) {
    if (way.is_only) bench(keys[slot].group, kAllModels, wait, now);
    return;
  }
  ++open_exits;
  // Notices of what is undone would only confuse.
  report.notices.clear();
  for (const auto& suspect : its_exit.suspects()) {
    if (!is_still(suspect)) continue;
    undo(suspect, report);
    if (way.is_only) bench(keys[suspect.slot].group, kAllModels, wait, now);
  }
  report.notices.push_back(
      {true, "the upstream refuses one key after the other: no key is judged until one is accepted",
       its_exit.how()});
}

/// A model has too much to do, or seems to.
void KeyPool::State::model_refused(PoolModel& model, Slot slot, const Verdict& verdict,
                                   Report& report, TimePoint now) {
  auto& health = model.queue.health;
  doubt();
  const auto group = keys[slot].group;
  const bool barely = verdict.outcome == Outcome::quota_minute;
  const auto effect = barely ? health.refused_barely(group, model.queue.size(), now, jitter())
                             : health.overloaded(now, jitter());
  if (barely && !health.is_open()) {
    auto& row = keys[slot].bare_refusals;
    const auto wait = std::min<Milliseconds>(kFirstBareCoolDown * (1 << std::min(row++, 6)),
                                             kLongestBareCoolDown);
    auto blamed = verdict;
    blamed.delay = wait;
    blamed.reason = kBareReason;
    judge(slot, model.name, blamed, report, now);
    return;
  }
  if (effect == ModelHealth::Effect::none) return;
  if (effect == ModelHealth::Effect::opened)
    report.notices.push_back({true, "the model is overloaded", model.name});
  for (const auto blameless : health.take_blameless()) {
    model.queue.release(blameless, words.number(kBareReason));
    if (groups[blameless].usable.empty()) continue;
    report.changes.push_back(change_of(*keys[groups[blameless].usable.front()].key));
    report.changes.back().model_states = {{model.name, ModelStatus::cooling, now, ""}};
  }
  if (model.name.empty()) return;
  report.changes.push_back(change_of(*keys[slot].key));
  report.changes.back().model_states = {
      {model.name, ModelStatus::overloaded, health.until(), verdict.reason}};
}

void KeyPool::State::learn_from(PoolModel& model, Slot slot, const Verdict& verdict, Report& report,
                                TimePoint now) {
  if (!verdict.project.empty() && keys[slot].key->project.empty()) {
    Key key = *keys[slot].key;
    key.project = verdict.project;
    edit(slot, std::move(key));
    move_group(slot, now);
    report.changes.push_back(change_of(*keys[slot].key));
    report.changes.back().key_changed = true;
  }
  if (!names_limits(verdict.limits) || model.name.empty()) return;
  auto limits = verdict.limits;
  limits.learned = now;
  const auto group = keys[slot].group;
  const auto* known = model.queue.limits(group);
  const QuotaLimits before = known ? *known : QuotaLimits{};
  model.queue.learn(group, limits, today(now), now);
  // Written again only when there is news: the same refusal may come often.
  const auto& after = *model.queue.limits(group);
  const bool same = after.requests_per_minute == before.requests_per_minute &&
                    after.requests_per_day == before.requests_per_day &&
                    after.tokens_per_minute == before.tokens_per_minute;
  if (same && now - before.learned < hours{1}) return;
  report.changes.push_back(change_of(*keys[slot].key));
  report.changes.back().limits = {{model.name, after}};
}

/// A success clears what was counted against the key and the model.
void KeyPool::State::succeed(PoolModel& model, Slot slot, Report& report) {
  auto& entry = keys[slot];
  entry.bare_refusals = 0;
  if (model.queue.health.succeeded())
    report.notices.push_back({false, "the model answers again", model.name});
  if (entry.key->failures == 0 || entry.key->disabled) return;
  Key cleared = *entry.key;
  cleared.failures = 0;
  edit(slot, std::move(cleared));
  report.changes.push_back(change_of(*entry.key));
  report.changes.back().key_changed = true;
}

Report KeyPool::report(Lease& used, const Verdict& verdict, TimePoint now, Way way) {
  auto& state = *state_;
  if (used.use_.undoubted && tells_nothing(verdict) &&
      used.use_.doubts == state.doubts.load(std::memory_order_acquire)) {
    used.use_.reported = true;
    return {};
  }
  Report report;
  Wakes wakes;
  {
    const std::lock_guard lock(state.mutex);
    const bool was_open = state.exit(way.id).is_open();
    const auto& model = *used.use_.model;
    const bool was_dry = !model.queue.has_ready();
    judge(used, verdict, report, now, way);
    if (was_open && !state.exit(way.id).is_open()) {
      wakes = state.first_in_lines();
    } else if (was_dry && model.queue.has_ready()) {
      wakes = state.first_in_line(model.name);
    }
  }
  wake(wakes);
  return report;
}

void KeyPool::judge(Lease& used, const Verdict& verdict, Report& report, TimePoint now, Way way) {
  auto& state = *state_;
  auto& use = used.use_;
  use.reported = true;
  // The way that it was to probe is not the one that it went.
  if (use.probe && use.way != way.id) state.exit(use.way).end_probe();
  const auto slot = use.slot;
  auto& model = *use.model;
  if (state.keys[slot].tenant != use.slot_tenant || !state.keys[slot].key) {
    if (use.probe) state.exit(use.way).end_probe();
    return;
  }
  if (state.groups[use.group].tenant == use.group_tenant) {
    const bool counted =
        verdict.outcome == Outcome::success || verdict.outcome == Outcome::caller_fault;
    if (!counted) {
      model.queue.take_back(use.group, use.estimate, state.today(now), now);
    } else if (verdict.outcome == Outcome::success) {
      model.queue.confirm(use.group, state.today(now), now);
    }
  }
  state.learn_from(model, slot, verdict, report, now);
  // A request larger than all that the key may send in a minute says nothing about the key's state.
  if (verdict.outcome == Outcome::quota_minute && verdict.limits.requests_per_minute == 0 &&
      verdict.limits.tokens_per_minute > 0 && use.estimate > verdict.limits.tokens_per_minute) {
    state.accept(slot, report, now, way);
    return;
  }

  switch (verdict.outcome) {
    case Outcome::success:
      state.accept(slot, report, now, way);
      state.succeed(model, slot, report);
      break;
    case Outcome::key_dead:
    case Outcome::key_unusable:
    case Outcome::exit_blocked: state.refuse(slot, model.name, verdict, report, now, way); break;
    case Outcome::quota_minute:
    case Outcome::quota_day:
    case Outcome::quota_zero:
    case Outcome::model_closed:
    case Outcome::no_credit:
      state.accept(slot, report, now, way);
      if (verdict.bare_quota && !verdict.delay) {
        state.model_refused(model, slot, verdict, report, now);
      } else {
        state.judge(slot, model.name, verdict, report, now);
      }
      break;
    case Outcome::model_overloaded:
      state.accept(slot, report, now, way);
      state.model_refused(model, slot, verdict, report, now);
      break;
    case Outcome::caller_fault:
    case Outcome::broken:
    case Outcome::wrong_object:
    case Outcome::proxy_fault:
      if (use.probe) state.exit(use.way).end_probe();
      break;
  }
}

}  // namespace gembal::keypool
