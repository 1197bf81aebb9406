#include "lib/keypool/model_queue.hpp"

#include <gtest/gtest.h>

#include <random>

namespace gembal::keypool {
namespace {

const TimePoint kStart = *parse_iso8601("2026-11-24T20:00:00Z");

TimePoint after(int seconds) { return kStart + std::chrono::seconds{seconds}; }
ModelState cooling(TimePoint until) { return {"m", ModelStatus::cooling, until, "PerMinute"}; }

ModelQueue queue_of(Slot count) {
  ModelQueue queue;
  queue.reserve(count);
  for (Slot slot = 0; slot < count; ++slot) queue.join(slot);
  return queue;
}

TEST(ModelQueueTest, HandsOutInTurn) {
  auto queue = queue_of(3);
  std::vector<Slot> taken;
  for (int i = 0; i < 7; ++i) taken.push_back(*queue.take({}));
  EXPECT_EQ(taken, (std::vector<Slot>{0, 1, 2, 0, 1, 2, 0}));
}

TEST(ModelQueueTest, PassesOverTriedOnesWithoutLosingTheirTurn) {
  auto queue = queue_of(3);
  EXPECT_EQ(queue.take({0, 1}), 2u);
  EXPECT_EQ(queue.take({}), 0u);
  EXPECT_EQ(queue.take({0, 1, 2}), std::nullopt);
}

TEST(ModelQueueTest, BenchedOnesComeBackWhenTheirTimeHasCome) {
  auto queue = queue_of(2);
  EXPECT_TRUE(queue.bench(0, cooling(after(10))));
  EXPECT_FALSE(queue.bench(0, cooling(after(5)))) << "the later of two counts";
  EXPECT_TRUE(queue.bench(0, cooling(after(20))));
  EXPECT_EQ(queue.take({}), 1u);
  EXPECT_EQ(queue.take({}), 1u);
  queue.wake(after(19));
  EXPECT_EQ(queue.first_back(), after(20));
  EXPECT_EQ(queue.take({1}), std::nullopt);
  queue.wake(after(20));
  EXPECT_EQ(queue.take({1}), 0u);
  EXPECT_EQ(queue.state(0), nullptr);
  EXPECT_EQ(queue.first_back(), std::nullopt);
}

TEST(ModelQueueTest, WhatLeftIsForgotten) {
  auto queue = queue_of(2);
  queue.bench(0, cooling(after(10)));
  queue.leave(0);
  EXPECT_FALSE(queue.has_waiting());
  EXPECT_FALSE(queue.bench(0, cooling(after(10))));
  queue.join(0);
  EXPECT_EQ(queue.take({1}), 0u);
}

// Against the simplest possible model: a list.
TEST(ModelQueueTest, AgreesWithAListWhateverHappens) {
  std::mt19937 dice(7);
  constexpr Slot kSlots = 9;
  ModelQueue queue = queue_of(kSlots);
  std::vector<Slot> ring;
  std::vector<std::optional<TimePoint>> waits(kSlots);
  std::vector<bool> inside(kSlots, true);
  for (Slot slot = 0; slot < kSlots; ++slot) ring.push_back(slot);
  int now = 0;
  for (int step = 0; step < 20'000; ++step) {
    const Slot slot = dice() % kSlots;
    switch (dice() % 5) {
      case 0:
      case 1: {
        std::vector<Slot> tried;
        if (dice() % 2) tried.push_back(slot);
        const auto expected = std::find_if(ring.begin(), ring.end(),
                                           [&](Slot s) { return tried.empty() || s != tried[0]; });
        const auto taken = queue.take(tried);
        ASSERT_EQ(taken.has_value(), expected != ring.end());
        if (!taken) break;
        ASSERT_EQ(*taken, *expected);
        ring.erase(expected);
        ring.push_back(*taken);
        break;
      }
      case 2: {
        const auto until = after(now + static_cast<int>(dice() % 30) + 1);
        const bool changes = inside[slot] && (!waits[slot] || *waits[slot] < until);
        ASSERT_EQ(queue.bench(slot, cooling(until)), changes);
        if (!changes) break;
        waits[slot] = until;
        std::erase(ring, slot);
        break;
      }
      case 3: {
        now += static_cast<int>(dice() % 10);
        queue.wake(after(now));
        std::vector<std::pair<TimePoint, Slot>> back;
        for (Slot s = 0; s < kSlots; ++s) {
          if (waits[s] && *waits[s] <= after(now)) back.emplace_back(*waits[s], s);
        }
        std::sort(back.begin(), back.end());
        for (const auto& [until, s] : back) {
          waits[s].reset();
          ring.push_back(s);
        }
        break;
      }
      default:
        if (inside[slot]) {
          queue.leave(slot);
          waits[slot].reset();
          std::erase(ring, slot);
        } else {
          queue.join(slot);
          ring.push_back(slot);
        }
        inside[slot] = !inside[slot];
    }
    ASSERT_EQ(queue.has_ready(), !ring.empty());
  }
}

}  // namespace
}  // namespace gembal::keypool
