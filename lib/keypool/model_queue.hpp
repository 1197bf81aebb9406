#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "lib/keypool/key.hpp"

namespace gembal::keypool {

/// Names a key inside the pool while it is there.
using Slot = std::uint32_t;

/// Whose turn it is for one model: a ring of ready keys, and the keys that wait, by the time they
/// are back. Each model has a ring of its own because quotas are counted per key and model: that
/// way each key gets its share of each model. Not thread-safe.
///
/// Every operation is O(log n) at worst; the ring is a doubly linked list in two arrays.
class ModelQueue {
 public:
  ModelQueue();

  /// Room for slots below `count`.
  void reserve(std::size_t count);

  /// Puts a key that is not in the queue at the end of the ring.
  void join(Slot slot);
  /// Takes a key out, wherever it is; its state is forgotten.
  void leave(Slot slot);

  /// Lets a key wait until `state.until`; the later of two states wins. False when it changed
  /// nothing, or the key is not in the queue.
  bool bench(Slot slot, ModelState state);

  /// Lets those whose time has come back into the ring.
  void wake(TimePoint now);

  /// The first ready key that is not among `tried`, which moves to the end of the ring.
  std::optional<Slot> take(const std::vector<Slot>& tried);

  bool has_ready() const { return next_[0] != 0; }
  /// When the first waiting key is back; nullopt when none waits.
  std::optional<TimePoint> first_back() const;
  const ModelState* state(Slot slot) const;
  bool has_waiting() const { return !waiting_.empty(); }

  std::uint64_t last_used = 0;  ///< for the pool, which forgets the models that nobody asks for

 private:
  enum class Place : std::uint8_t { absent, ready, waiting };

  void link_last(Slot slot);
  void unlink(Slot slot);

  // Index 0 is the ring's anchor: slot s is at s + 1.
  std::vector<std::uint32_t> next_;
  std::vector<std::uint32_t> previous_;
  std::vector<Place> place_;
  std::set<std::pair<TimePoint, Slot>> waiting_;
  std::unordered_map<Slot, ModelState> states_;  ///< of those that wait
};

}  // namespace gembal::keypool
