#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "lib/keypool/ranked_slots.hpp"

namespace gembal::keypool {

/// What RankedSlots is, for numbers that mostly get a rank behind all others of their kind: those
/// stand in a line, where joining and leaving it takes a few steps however many there are. The few
/// that belong before others are kept in a heap. Every change is O(log n) at worst.
///
/// `Rank::kind()`: below Rank::kKinds; all of a lesser kind rank before those of a greater one.
template <typename Rank>
class RankedLine {
 public:
  using Slot = std::uint32_t;

  /// Room for numbers below `count`.
  void reserve(std::size_t count) {
    if (links_.size() < count) links_.resize(count);
    others_.reserve(count);
  }
  bool empty() const { return size() == 0; }
  std::size_t size() const { return in_line_ + others_.size(); }
  bool has(Slot slot) const { return is_in_line(slot) || others_.has(slot); }

  Slot first() const {
    const auto leader = first_in_line();
    if (others_.empty()) return leader;
    return leader == kNone || others_.first_rank() < links_[leader].rank ? others_.first() : leader;
  }
  const Rank& first_rank() const { return rank(first()); }
  const Rank& rank(Slot slot) const {
    return is_in_line(slot) ? links_[slot].rank : others_.rank(slot);
  }

  /// Adds a number, or gives it another rank.
  void put(Slot slot, Rank rank) {
    if (is_in_line(slot)) step_out(slot);
    const auto& line = lines_[rank.kind()];
    if (line.last != kNone && rank < links_[line.last].rank) return others_.put(slot, rank);
    if (!others_.empty()) others_.remove(slot);
    line_up(slot, rank);
  }

  void remove(Slot slot) {
    if (is_in_line(slot)) return step_out(slot);
    others_.remove(slot);
  }

  /// All of them, in no order.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (const auto& line : lines_) {
      for (auto slot = line.first; slot != kNone; slot = links_[slot].next)
        visit(slot, links_[slot].rank);
    }
    others_.for_each(visit);
  }

 private:
  static constexpr Slot kNone = UINT32_MAX;
  static constexpr Slot kOutside = UINT32_MAX - 1;  // of `next`: it is in no line

  struct Link {
    Rank rank{};
    Slot previous = kNone;
    Slot next = kOutside;
  };
  struct Line {
    Slot first = kNone;
    Slot last = kNone;
  };

  bool is_in_line(Slot slot) const { return slot < links_.size() && links_[slot].next != kOutside; }
  Slot first_in_line() const {
    for (const auto& line : lines_) {
      if (line.first != kNone) return line.first;
    }
    return kNone;
  }

  void line_up(Slot slot, const Rank& rank) {
    auto& line = lines_[rank.kind()];
    (line.last == kNone ? line.first : links_[line.last].next) = slot;
    links_[slot] = {rank, line.last, kNone};
    line.last = slot;
    ++in_line_;
  }
  void step_out(Slot slot) {
    auto& own = links_[slot];
    auto& line = lines_[own.rank.kind()];
    (own.previous == kNone ? line.first : links_[own.previous].next) = own.next;
    (own.next == kNone ? line.last : links_[own.next].previous) = own.previous;
    own.next = kOutside;
    --in_line_;
  }

  std::array<Line, Rank::kKinds> lines_;
  std::vector<Link> links_;
  std::size_t in_line_ = 0;
  RankedSlots<Rank> others_;
};

}  // namespace gembal::keypool
