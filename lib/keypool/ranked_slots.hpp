#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace gembal::keypool {

/// Numbers below a bound in the order of their ranks, the least first: a heap of four children a
/// node that knows where each number is. Every change is O(log n), without an allocation once
/// grown.
template <typename Rank>
class RankedSlots {
 public:
  using Slot = std::uint32_t;

  /// Room for numbers below `count`.
  void reserve(std::size_t count) {
    if (places_.size() < count) places_.resize(count, kAbsent);
  }
  bool empty() const { return nodes_.empty(); }
  std::size_t size() const { return nodes_.size(); }
  bool has(Slot slot) const { return slot < places_.size() && places_[slot] != kAbsent; }

  Slot first() const { return nodes_.front().second; }
  const Rank& first_rank() const { return nodes_.front().first; }
  const Rank& rank(Slot slot) const { return nodes_[places_[slot]].first; }

  /// Adds a number, or gives it another rank.
  void put(Slot slot, Rank rank) {
    if (!has(slot)) {
      nodes_.emplace_back(rank, slot);
      rise(nodes_.size() - 1, {rank, slot});
      return;
    }
    const std::size_t place = places_[slot];
    if (rank < nodes_[place].first) {
      rise(place, {rank, slot});
    } else {
      sink(place, {rank, slot});
    }
  }

  void remove(Slot slot) {
    if (!has(slot)) return;
    const std::size_t place = places_[slot];
    places_[slot] = kAbsent;
    const Node last = nodes_.back();
    nodes_.pop_back();
    if (place == nodes_.size()) return;
    if (last.first < nodes_[place].first) {
      rise(place, last);
    } else {
      sink(place, last);
    }
  }

  /// All of them, in no order.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (const auto& [rank, slot] : nodes_) visit(slot, rank);
  }

 private:
  using Node = std::pair<Rank, Slot>;
  static constexpr std::uint32_t kAbsent = UINT32_MAX;
  static constexpr std::size_t kChildren = 4;

  void place(std::size_t at, const Node& node) {
    nodes_[at] = node;
    places_[node.second] = static_cast<std::uint32_t>(at);
  }

  void rise(std::size_t at, const Node& node) {
    while (at > 0) {
      const std::size_t parent = (at - 1) / kChildren;
      if (!(node.first < nodes_[parent].first)) break;
      place(at, nodes_[parent]);
      at = parent;
    }
    place(at, node);
  }

  void sink(std::size_t at, const Node& node) {
    for (;;) {
      const std::size_t begin = at * kChildren + 1;
      if (begin >= nodes_.size()) break;
      const std::size_t end = begin + kChildren < nodes_.size() ? begin + kChildren : nodes_.size();
      std::size_t least = begin;
      for (std::size_t child = begin + 1; child < end; ++child) {
        if (nodes_[child].first < nodes_[least].first) least = child;
      }
      if (!(nodes_[least].first < node.first)) break;
      place(at, nodes_[least]);
      at = least;
    }
    place(at, node);
  }

  std::vector<Node> nodes_;
  std::vector<std::uint32_t> places_;  ///< of each number in nodes_
};

}  // namespace gembal::keypool
