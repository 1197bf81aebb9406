#include "lib/keypool/ranked_slots.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace gembal::keypool {
namespace {

TEST(RankedSlotsTest, DoesWhatASortedSetDoes) {
  constexpr std::uint32_t kSlots = 60;
  std::minstd_rand random(7);
  RankedSlots<int> slots;
  slots.reserve(kSlots);
  std::set<std::pair<int, std::uint32_t>> model;
  std::vector<int> ranks(kSlots, -1);  // -1: absent
  for (int i = 0; i < 20'000; ++i) {
    const auto slot = static_cast<std::uint32_t>(random() % kSlots);
    if (ranks[slot] >= 0) model.erase({ranks[slot], slot});
    if (random() % 3 == 0) {
      slots.remove(slot);
      ranks[slot] = -1;
    } else {
      ranks[slot] = static_cast<int>(random() % 40);  // equal ranks are common
      slots.put(slot, ranks[slot]);
      model.insert({ranks[slot], slot});
    }
    ASSERT_EQ(slots.size(), model.size());
    ASSERT_EQ(slots.empty(), model.empty());
    ASSERT_EQ(slots.has(slot), ranks[slot] >= 0);
    if (model.empty()) continue;
    ASSERT_EQ(slots.first_rank(), model.begin()->first);
    ASSERT_EQ(slots.rank(slots.first()), slots.first_rank());
    if (ranks[slot] >= 0) ASSERT_EQ(slots.rank(slot), ranks[slot]);
  }
  std::set<std::pair<int, std::uint32_t>> visited;
  slots.for_each([&](std::uint32_t slot, int rank) { visited.insert({rank, slot}); });
  EXPECT_EQ(visited, model);
}

TEST(RankedSlotsTest, EmptiesInOrder) {
  RankedSlots<int> slots;
  slots.reserve(100);
  for (std::uint32_t slot = 0; slot < 100; ++slot)
    slots.put(slot, static_cast<int>(slot * 37 % 100));
  for (int rank = 0; rank < 100; ++rank) {
    ASSERT_EQ(slots.first_rank(), rank);
    slots.remove(slots.first());
  }
  EXPECT_TRUE(slots.empty());
}

TEST(RankedSlotsTest, KnowsNothingOfNumbersItHasNoRoomFor) {
  RankedSlots<int> slots;
  EXPECT_FALSE(slots.has(3));
  slots.remove(3);
  slots.reserve(4);
  EXPECT_FALSE(slots.has(3));
  slots.put(3, 1);
  slots.reserve(2);
  EXPECT_TRUE(slots.has(3)) << "room is not taken back";
}

}  // namespace
}  // namespace gembal::keypool
