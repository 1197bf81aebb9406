#include "lib/keypool/model_queue.hpp"

#include <algorithm>

namespace gembal::keypool {
namespace {

bool contains(const std::vector<Slot>& slots, Slot slot) {
  return std::find(slots.begin(), slots.end(), slot) != slots.end();
}

}  // namespace

ModelQueue::ModelQueue() : next_{0}, previous_{0} {}

void ModelQueue::reserve(std::size_t count) {
  if (place_.size() >= count) return;
  place_.resize(count, Place::absent);
  next_.resize(count + 1, 0);
  previous_.resize(count + 1, 0);
}

void ModelQueue::link_last(Slot slot) {
  const auto node = slot + 1;
  const auto last = previous_[0];
  next_[last] = node;
  previous_[node] = last;
  next_[node] = 0;
  previous_[0] = node;
  place_[slot] = Place::ready;
}

void ModelQueue::unlink(Slot slot) {
  const auto node = slot + 1;
  next_[previous_[node]] = next_[node];
  previous_[next_[node]] = previous_[node];
}

void ModelQueue::join(Slot slot) {
  if (place_[slot] == Place::absent) link_last(slot);
}

void ModelQueue::leave(Slot slot) {
  if (slot >= place_.size()) return;
  if (place_[slot] == Place::ready) unlink(slot);
  if (place_[slot] == Place::waiting) {
    const auto known = states_.find(slot);
    waiting_.erase({known->second.until, slot});
    states_.erase(known);
  }
  place_[slot] = Place::absent;
}

bool ModelQueue::bench(Slot slot, ModelState state) {
  if (slot >= place_.size() || place_[slot] == Place::absent) return false;
  if (place_[slot] == Place::waiting) {
    auto& known = states_[slot];
    if (known.until >= state.until) return false;
    waiting_.erase({known.until, slot});
    waiting_.insert({state.until, slot});
    known = std::move(state);
    return true;
  }
  unlink(slot);
  place_[slot] = Place::waiting;
  waiting_.insert({state.until, slot});
  states_[slot] = std::move(state);
  return true;
}

void ModelQueue::wake(TimePoint now) {
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    const auto slot = waiting_.begin()->second;
    waiting_.erase(waiting_.begin());
    states_.erase(slot);
    link_last(slot);
  }
}

std::optional<Slot> ModelQueue::take(const std::vector<Slot>& tried) {
  for (auto node = next_[0]; node != 0; node = next_[node]) {
    const Slot slot = node - 1;
    if (contains(tried, slot)) continue;
    unlink(slot);
    link_last(slot);
    return slot;
  }
  return std::nullopt;
}

std::optional<TimePoint> ModelQueue::first_back() const {
  if (waiting_.empty()) return std::nullopt;
  return waiting_.begin()->first;
}

const ModelState* ModelQueue::state(Slot slot) const {
  const auto known = states_.find(slot);
  return known == states_.end() ? nullptr : &known->second;
}

}  // namespace gembal::keypool
