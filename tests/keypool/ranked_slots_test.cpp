#include "lib/keypool/ranked_slots.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "lib/keypool/ranked_line.hpp"

namespace gembal::keypool {
namespace {

/// 0 to 39, in four kinds.
struct Rank {
  int value = 0;
  static constexpr std::size_t kKinds = 4;
  std::size_t kind() const { return static_cast<std::size_t>(value) / 10; }
  auto operator<=>(const Rank&) const = default;
};

/// What RankedSlots and RankedLine promise alike.
template <typename Slots>
class RankedTest : public testing::Test {};
using Kinds = testing::Types<RankedSlots<Rank>, RankedLine<Rank>>;
TYPED_TEST_SUITE(RankedTest, Kinds);

TYPED_TEST(RankedTest, DoesWhatASortedSetDoes) {
  constexpr std::uint32_t kSlots = 60;
  std::minstd_rand random(7);
  // Few put at the end, or nearly all.
  for (const auto at_end : {1u, 95u}) {
    TypeParam slots;
    slots.reserve(kSlots);
    std::set<std::pair<int, std::uint32_t>> model;
    std::vector<int> ranks(kSlots, -1);  // -1: absent
    for (int i = 0; i < 20'000; ++i) {
      const auto slot = static_cast<std::uint32_t>(random() % kSlots);
      if (ranks[slot] >= 0) model.erase({ranks[slot], slot});
      if (random() % 5 == 0) {
        slots.remove(slot);
        ranks[slot] = -1;
      } else {
        const auto kind = static_cast<int>(random() % 4);  // equal ranks are common
        const auto within = random() % 100 < at_end ? 9 : static_cast<int>(random() % 10);
        ranks[slot] = kind * 10 + within;
        slots.put(slot, {ranks[slot]});
        model.insert({ranks[slot], slot});
      }
      ASSERT_EQ(slots.size(), model.size());
      ASSERT_EQ(slots.empty(), model.empty());
      ASSERT_EQ(slots.has(slot), ranks[slot] >= 0);
      if (model.empty()) continue;
      ASSERT_EQ(slots.first_rank().value, model.begin()->first);
      ASSERT_EQ(slots.rank(slots.first()), slots.first_rank());
      if (ranks[slot] >= 0) {
        ASSERT_EQ(slots.rank(slot).value, ranks[slot]);
      }
    }
    std::set<std::pair<int, std::uint32_t>> visited;
    slots.for_each([&](std::uint32_t slot, Rank rank) { visited.insert({rank.value, slot}); });
    EXPECT_EQ(visited, model);
  }
}

TYPED_TEST(RankedTest, EmptiesInOrder) {
  TypeParam slots;
  slots.reserve(40);
  for (std::uint32_t slot = 0; slot < 40; ++slot)
    slots.put(slot, {static_cast<int>(slot * 37 % 40)});
  for (int rank = 0; rank < 40; ++rank) {
    ASSERT_EQ(slots.first_rank().value, rank);
    slots.remove(slots.first());
  }
  EXPECT_TRUE(slots.empty());
}

TYPED_TEST(RankedTest, KnowsNothingOfNumbersItHasNoRoomFor) {
  TypeParam slots;
  EXPECT_FALSE(slots.has(3));
  slots.remove(3);
  slots.reserve(4);
  EXPECT_FALSE(slots.has(3));
  slots.put(3, {1});
  slots.reserve(2);
  EXPECT_TRUE(slots.has(3)) << "room is not taken back";
}

}  // namespace
}  // namespace gembal::keypool
