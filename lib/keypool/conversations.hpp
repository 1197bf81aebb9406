#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>

namespace gembal::keypool {

/// Which key a conversation went to last. Bounded: of two generations, the older is forgotten when
/// the younger is full. Not thread-safe.
class Conversations {
 public:
  /// A key of the pool: its slot, and which tenant of the slot it is.
  struct Place {
    std::uint32_t slot = 0;
    std::uint32_t tenant = 0;
  };

  /// `prefix`: a hash of what stays the same through the conversation; not 0.
  void remember(std::uint64_t prefix, Place place) {
    if (young_.size() >= kGeneration) {
      old_ = std::exchange(young_, {});
    }
    young_[prefix] = place;
  }

  std::optional<Place> find(std::uint64_t prefix) const {
    for (const auto* generation : {&young_, &old_}) {
      if (const auto known = generation->find(prefix); known != generation->end())
        return known->second;
    }
    return std::nullopt;
  }

 private:
  static constexpr std::size_t kGeneration = 20'000;
  std::unordered_map<std::uint64_t, Place> young_;
  std::unordered_map<std::uint64_t, Place> old_;
};

}  // namespace gembal::keypool
