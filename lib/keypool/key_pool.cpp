// The life of a request: taking a key, and giving it back. What a verdict does is in
// key_pool_verdicts.cpp, who is in the pool in key_pool_members.cpp.

#include "lib/keypool/key_pool.hpp"

#include <algorithm>

#include "lib/core/pattern.hpp"
#include "lib/keypool/key_pool_state.hpp"

namespace gembal::keypool {
namespace {

using std::chrono::seconds;

// Clients can name any model: those that nobody asks for any more are forgotten. With many keys
// fewer are kept.
constexpr std::size_t kMostModels = 128;
constexpr std::size_t kFewestModels = 16;
constexpr std::size_t kMostSeats = 2'000'000;

}  // namespace

std::uint16_t Words::number(std::string_view text) {
  if (const auto known = numbers_.find(text); known != numbers_.end()) return known->second;
  if (texts_.size() >= kMost) return 0;
  const auto made = static_cast<std::uint16_t>(texts_.size());
  texts_.emplace_back(text);
  numbers_.emplace(text, made);
  return made;
}

// ---- Leases.

Lease& Lease::operator=(Lease&& other) noexcept {
  if (this == &other) return *this;
  if (pool_) pool_->give_back(*this);
  key_ = std::move(other.key_);
  pool_ = std::exchange(other.pool_, nullptr);
  use_ = other.use_;
  return *this;
}

Lease::~Lease() {
  if (pool_) pool_->give_back(*this);
}

void Lease::count_tokens(std::uint64_t input, std::uint64_t total) {
  use_.input_tokens = input;
  use_.total_tokens = total;
}

void KeyPool::give_back(Lease& lease) {
  auto& state = *state_;
  const auto& use = lease.use_;
  const std::lock_guard lock(state.mutex);
  if (use.probe && !use.reported) state.exit(use.way).end_probe();
  auto& model = *use.model;
  if (state.groups[use.group].tenant == use.group_tenant) {
    const auto input =
        static_cast<std::int64_t>(std::min<std::uint64_t>(use.input_tokens, UINT32_MAX));
    model.queue.done(use.group, input == 0 ? 0 : input - use.estimate, use.taken_at);
  } else {
    model.queue.done_elsewhere();
  }
  if (use.total_tokens > 0 && state.keys[use.slot].tenant == use.slot_tenant) {
    auto& counts = model.uses[use.slot];
    if (counts.requests == 0 && counts.tokens == 0) model.to_tell.push_back(use.slot);
    counts.tokens += static_cast<std::uint32_t>(
        std::min<std::uint64_t>(use.total_tokens, UINT32_MAX - counts.tokens));
  }
  lease.key_ = {};
  lease.pool_ = nullptr;
}

// ---- Taking.

const QuotaDay& KeyPool::State::today(TimePoint now) {
  // A clock that went back by more than a day begins another day, too: the longest has 25 hours.
  if (now < day.ends && day.ends - now <= std::chrono::hours{26}) return day;
  ++day.number;
  day.ends = next_pacific_midnight(now);
  return day;
}

bool KeyPool::State::is_paid_model(std::string_view name) const {
  return matches_any(name, policy.paid_models);
}

PoolModel& KeyPool::State::model(std::string_view name, TimePoint now) {
  ++clock;
  if (!latest || latest->name != name) {
    const auto known = models.find(name);
    latest = known == models.end() ? nullptr : known->second.get();
  }
  if (latest) {
    latest->queue.last_used = clock;
    return *latest;
  }
  forget_unused_models();
  auto& made = *models.emplace(name, std::make_unique<PoolModel>(policy, name, is_paid_model(name)))
                    .first->second;
  auto& queue = made.queue;
  queue.last_used = clock;
  queue.keeps_limits = !name.empty();
  queue.paced_reason = words.number(kPacedReason);
  queue.paced_day_reason = words.number(kPacedDayReason);
  queue.reserve(groups.size());
  queue.wake(today(now), now);
  for (Group group = 0; group < groups.size(); ++group) queue.set_place(group, groups[group].place);
  made.uses.resize(keys.size());
  // Each model begins with another key: else the first would get the first request of every model.
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto slot = order[(start + i) % order.size()];
    const auto group = keys[slot].group;
    if (groups[group].usable.empty() || queue.is_in(group)) continue;
    queue.join(group, is_paid(group));
    if (const auto all = benched.find(group); all != benched.end()) queue.bench(group, all->second);
  }
  if (!order.empty()) start = (start + 1) % order.size();
  return made;
}

void KeyPool::State::forget_unused_models() {
  const auto most =
      std::clamp(kMostSeats / std::max<std::size_t>(groups.size(), 1), kFewestModels, kMostModels);
  if (models.size() < most) return;
  // What is learned about a model matters more than when it was last asked for.
  const auto worth = [](const auto& entry) {
    const auto& queue = entry.second->queue;
    return std::pair(queue.has_waiting() || queue.knows_limits(), queue.last_used);
  };
  auto least = models.end();
  for (auto it = models.begin(); it != models.end(); ++it) {
    if (it->second->queue.in_use()) continue;
    if (least == models.end() || worth(*it) < worth(*least)) least = it;
  }
  if (least == models.end()) return;
  take_usage(*least->second, untold);
  if (latest == least->second.get()) latest = nullptr;
  models.erase(least);
}

std::vector<Slot> KeyPool::State::slots_of(const std::vector<std::string>& ids) const {
  std::vector<Slot> slots;
  for (const auto& id : ids) {
    if (const auto known = by_id.find(id); known != by_id.end()) slots.push_back(known->second);
  }
  return slots;
}

/// A key of the group that was not tried; the keys of a group take turns, too.
std::optional<Slot> KeyPool::State::choose_key(Group group, const std::vector<Slot>& tried,
                                               bool turn) {
  auto& own = groups[group];
  const auto count = own.usable.size();
  if (count == 1 && tried.empty()) return own.usable.front();
  auto at = own.turn < count ? own.turn : 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto slot = own.usable[at];
    if (++at == count) at = 0;
    if (std::find(tried.begin(), tried.end(), slot) != tried.end()) continue;
    if (turn) own.turn = at;
    return slot;
  }
  return std::nullopt;
}

/// Whether a later turn of a conversation may go to the key that had the last.
bool KeyPool::State::may_follow(PoolModel& model, const Conversations::Place& place,
                                const Wish& wish, TimePoint now) {
  if (place.slot >= keys.size()) return false;
  const auto& entry = keys[place.slot];
  if (entry.tenant != place.tenant || !entry.key || entry.key->disabled) return false;
  return model.queue.may_prefer(entry.group, wish.tokens, now);
}

/// The key for a request, and whether it comes in its turn.
std::optional<std::pair<Slot, bool>> KeyPool::State::choose(PoolModel& model, const Wish& wish,
                                                            TimePoint now) {
  if (!wish.tried.empty()) return choose_another(model, wish, now);
  if (wish.conversation != 0 && wish.continues && policy.follows_conversations) {
    const auto place = conversations.find(wish.conversation);
    if (place && may_follow(model, *place, wish, now)) return std::pair(place->slot, false);
  }
  const auto group = model.queue.next(wish.tokens, now, [](Group) { return false; });
  if (!group) return std::nullopt;
  const auto slot = choose_key(*group, {}, true);
  if (!slot) return std::nullopt;
  return std::pair(*slot, true);
}

/// The same for a request that has tried some.
std::optional<std::pair<Slot, bool>> KeyPool::State::choose_another(PoolModel& model,
                                                                    const Wish& wish,
                                                                    TimePoint now) {
  const auto tried = slots_of(wish.tried);
  std::vector<Group> tried_groups;
  for (const auto slot : tried) tried_groups.push_back(keys[slot].group);
  // Another project first: what befell one key of a project befalls the others, too.
  auto group = model.queue.next(wish.tokens, now, [&](Group candidate) {
    return std::find(tried_groups.begin(), tried_groups.end(), candidate) != tried_groups.end();
  });
  if (!group) {
    group = model.queue.next(wish.tokens, now, [&](Group candidate) {
      return !choose_key(candidate, tried, false).has_value();
    });
  }
  if (!group) return std::nullopt;
  const auto slot = choose_key(*group, tried, true);
  if (!slot) return std::nullopt;
  return std::pair(*slot, true);
}

/// A probe finds nobody but suspects: the one that was asked the longest ago. Else a short trouble
/// would keep a pool of few keys shut until their waits are over.
std::optional<std::pair<Slot, bool>> KeyPool::State::choose_suspect(const PoolModel& model,
                                                                    const ExitHealth& exit) {
  const auto reason = words.number(kSuspectReason);
  std::optional<std::pair<Slot, bool>> chosen;
  TimePoint until{};
  for (const auto& suspect : exit.suspects()) {
    if (!is_still(suspect) || keys[suspect.slot].key->disabled) continue;
    const auto bench = model.queue.waits(keys[suspect.slot].group);
    if (!bench || bench->reason != reason || (chosen && bench->until >= until)) continue;
    chosen = std::pair(suspect.slot, false);
    until = bench->until;
  }
  return chosen;
}

bool KeyPool::State::must_line_up(const Wish& wish) const {
  if (lines.empty() || wish.goes_on) return false;
  const auto line = lines.find(wish.model);
  if (line == lines.end()) return false;
  return line->second.front().number != wish.place;
}

std::optional<Error> KeyPool::State::exit_refuses(const Wish& wish, bool& probe, TimePoint now) {
  if (!wish.way || wish.goes_on) return std::nullopt;
  auto& sole = exit(*wish.way);
  if (!sole.is_open()) return std::nullopt;
  probe = sole.begin_probe(now);
  if (probe) return std::nullopt;
  Error error{ErrorKind::upstream,
              "the upstream refuses one key after the other in the same way (" + sole.how() +
                  "): the keys are not judged for it",
              "check this machine's network, proxy and upstream.base_url"};
  error.retry_after =
      std::max<Milliseconds>(std::chrono::ceil<Milliseconds>(sole.next_probe() - now), seconds{1});
  return error;
}

/// A request that no key will ever take: it must not wait, nor keep others waiting behind it.
std::optional<Error> KeyPool::State::is_too_large(const PoolModel& model, const Wish& wish,
                                                  TimePoint now) const {
  if (!is_surely_over(wish.tokens, model.queue.least_known_tokens())) return std::nullopt;
  const auto most = model.queue.most_tokens(now);
  if (!most || !is_surely_over(wish.tokens, *most)) return std::nullopt;
  return Error{ErrorKind::too_large,
               "the request has about " + std::to_string(wish.tokens) +
                   " input tokens, more than any usable API key may send in a minute (" +
                   std::to_string(*most) + ")",
               "shorten it, or add a key of a higher tier"};
}

Error KeyPool::State::none_left(const PoolModel& model, TimePoint now) const {
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
  // Ready ones that are left were tried, or have no room for so many tokens: they may do for
  // another request.
  if (const auto back = model.queue.first_back())
    wait = std::max(std::chrono::ceil<Milliseconds>(*back - now), Milliseconds{1});
  Error error{ErrorKind::keys_waiting,
              "every usable API key is waiting: try again in " + to_short_text(wait), ""};
  error.retry_after = wait;
  return error;
}

void KeyPool::State::use(PoolModel& model, Slot slot, bool in_turn, const Wish& wish,
                         TimePoint now) {
  auto& entry = keys[slot];
  ++entry.requests;
  model.queue.use(entry.group, in_turn, wish.tokens, today(now), now);
  auto& use = model.uses[slot];
  if (use.requests == 0 && use.tokens == 0) model.to_tell.push_back(slot);
  ++use.requests;
  if (wish.conversation != 0 && policy.follows_conversations)
    conversations.remember(wish.conversation, {slot, entry.tenant});
}

Result<Lease> KeyPool::take(const Wish& wish, TimePoint now) {
  auto& state = *state_;
  const std::lock_guard lock(state.mutex);
  bool probe = false;
  if (auto refused = state.exit_refuses(wish, probe, now)) return *std::move(refused);
  auto& model = state.model(wish.model, now);
  model.queue.wake(state.today(now), now);
  std::optional<std::pair<Slot, bool>> chosen;
  if (!state.must_line_up(wish)) {
    chosen = state.choose(model, wish, now);
    if (!chosen && probe) chosen = state.choose_suspect(model, state.exit(*wish.way));
  }
  if (!chosen) {
    if (probe) state.exit(*wish.way).end_probe();
    if (auto refused = state.is_too_large(model, wish, now)) return *std::move(refused);
    return state.none_left(model, now);
  }
  const auto [slot, in_turn] = *chosen;
  state.use(model, slot, in_turn, wish, now);
  auto lease = lease_of(slot, model, wish, now);
  if (probe) {
    lease.use_.probe = true;
    lease.use_.undoubted = false;
  }
  lease.use_.way = wish.way.value_or(0);
  return lease;
}

/// Whether there is nothing that the key's success with the model would clear.
bool KeyPool::State::is_undoubted(const PoolKey& entry, const ModelQueue& queue) const {
  return !suspects && entry.bare_refusals == 0 && entry.key->failures == 0 &&
         queue.health.is_quiet() && !queue.is_over_presumed(entry.group);
}

Lease KeyPool::lease_of(std::uint32_t slot, PoolModel& model, const Wish& wish, TimePoint now) {
  const auto& state = *state_;
  const auto& entry = state.keys[slot];
  Lease lease;
  lease.key_ = entry.key;
  lease.pool_ = this;
  auto& use = lease.use_;
  use.model = &model;
  use.slot = slot;
  use.slot_tenant = entry.tenant;
  use.group = entry.group;
  use.group_tenant = state.groups[entry.group].tenant;
  use.estimate = wish.tokens;
  use.taken_at = now;
  use.last_try = model.queue.health.is_open();
  use.undoubted = state.is_undoubted(entry, model.queue);
  use.doubts = state.doubts.load(std::memory_order_relaxed);
  return lease;
}

Result<Lease> KeyPool::take_owner(std::string_view key_id, const std::string& project,
                                  const Wish& wish, TimePoint now) {
  auto& state = *state_;
  const std::lock_guard lock(state.mutex);
  std::optional<Slot> slot;
  if (const auto known = state.by_id.find(key_id); known != state.by_id.end()) slot = known->second;
  if (!slot || state.keys[*slot].key->disabled) {
    // Another key of its project sees the same objects.
    std::string subject = project.empty() ? "" : "p:" + project;
    if (slot && !state.keys[*slot].key->project.empty())
      subject = quota_subject(*state.keys[*slot].key);
    const auto group = state.by_subject.find(subject);
    const auto other =
        group == state.by_subject.end() ? std::nullopt : state.choose_key(group->second, {}, true);
    if (!other) {
      const std::string id(key_id);
      if (!slot) {
        return Error{ErrorKind::no_usable_key,
                     "the API key that this object belongs to (" + id + ") was removed",
                     "add that key again, or make the object anew"};
      }
      return Error{ErrorKind::no_usable_key,
                   "the API key that this object belongs to (" + id +
                       ") is disabled: " + state.keys[*slot].key->reason,
                   "'gembal keys enable " + id + "' uses it again"};
    }
    slot = other;
  }
  auto& model = state.model(wish.model, now);
  model.queue.wake(state.today(now), now);
  if (const auto bench = model.queue.waits(state.keys[*slot].group); bench && !wish.model.empty()) {
    const auto wait =
        std::max(std::chrono::ceil<Milliseconds>(bench->until - now), Milliseconds{1});
    Error error{
        ErrorKind::keys_waiting,
        "the API key that this object belongs to is waiting: try again in " + to_short_text(wait),
        "", wait};
    return error;
  }
  state.use(model, *slot, false, wish, now);
  return lease_of(*slot, model, wish, now);
}

// ---- Waiting in line.

Wakes KeyPool::State::first_in_lines() const {
  Wakes wakes;
  for (const auto& [model, line] : lines) wakes.push_back(line.front().wake);
  return wakes;
}

Wakes KeyPool::State::first_in_line(std::string_view name) const {
  if (lines.empty()) return {};
  const auto line = lines.find(name);
  return line == lines.end() ? Wakes{} : Wakes{line->second.front().wake};
}

void wake(const Wakes& wakes) {
  for (const auto& one : wakes) (*one)();
}

PlaceInLine::PlaceInLine(PlaceInLine&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)),
      model_(std::move(other.model_)),
      number_(other.number_) {}

PlaceInLine::~PlaceInLine() {
  if (pool_) pool_->leave_line(*this);
}

Result<PlaceInLine> KeyPool::line_up(std::string_view model, std::function<void()> wake,
                                     std::size_t most) {
  auto& state = *state_;
  const std::lock_guard lock(state.mutex);
  std::size_t waiting = 0;
  for (const auto& [name, line] : state.lines) waiting += line.size();
  if (waiting >= most) {
    Error error{ErrorKind::keys_waiting,
                "every usable API key is waiting, and so are " + std::to_string(waiting) +
                    " requests for one",
                ""};
    error.retry_after = seconds{5};
    return error;
  }
  const auto number = ++state.next_in_line;
  state.lines[std::string(model)].push_back(
      {number, std::make_shared<const std::function<void()>>(std::move(wake))});
  return PlaceInLine(*this, std::string(model), number);
}

bool KeyPool::is_first(const PlaceInLine& place) const {
  const std::lock_guard lock(state_->mutex);
  const auto line = state_->lines.find(place.model_);
  return line != state_->lines.end() && line->second.front().number == place.number_;
}

void KeyPool::leave_line(const PlaceInLine& place) {
  Wakes wakes;
  {
    const std::lock_guard lock(state_->mutex);
    const auto line = state_->lines.find(place.model_);
    if (line == state_->lines.end()) return;
    auto& waiting = line->second;
    const bool was_first = waiting.front().number == place.number_;
    std::erase_if(waiting, [&](const Waiter& one) { return one.number == place.number_; });
    if (waiting.empty()) {
      state_->lines.erase(line);
    } else if (was_first) {
      wakes.push_back(waiting.front().wake);
    }
  }
  wake(wakes);
}

}  // namespace gembal::keypool
