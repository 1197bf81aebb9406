#include "lib/keypool/model_health.hpp"

#include <gtest/gtest.h>

namespace gembal::keypool {
namespace {

using Effect = ModelHealth::Effect;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

const TimePoint kNow = *parse_iso8601("2026-11-24T20:00:00Z");
constexpr double kMiddle = 0.5;  // of the jitter: the back-off as it is

TEST(ModelHealthTest, OpensAtTheThirdRefusalInARow) {
  ModelHealth health;
  EXPECT_EQ(health.overloaded(kNow, kMiddle), Effect::none);
  EXPECT_EQ(health.overloaded(kNow, kMiddle), Effect::none);
  EXPECT_FALSE(health.succeeded()) << "it was not open";
  EXPECT_EQ(health.overloaded(kNow, kMiddle), Effect::none);
  EXPECT_EQ(health.overloaded(kNow, kMiddle), Effect::none);
  EXPECT_FALSE(health.is_open());
  EXPECT_EQ(health.overloaded(kNow, kMiddle), Effect::opened);
  EXPECT_TRUE(health.is_open());
  EXPECT_EQ(health.until(), kNow + seconds{2});
  EXPECT_TRUE(health.succeeded());
  EXPECT_FALSE(health.is_open());
}

TEST(ModelHealthTest, BacksOffTwiceAsLongEachTime) {
  ModelHealth health;
  for (int i = 0; i < 3; ++i) health.overloaded(kNow, kMiddle);
  auto now = kNow;
  for (const int expected : {4, 8, 16, 32, 64, 64}) {
    EXPECT_EQ(health.overloaded(health.until() - milliseconds{1}, kMiddle), Effect::none)
        << "what was under way is no news";
    now = health.until();
    EXPECT_EQ(health.overloaded(now, kMiddle), Effect::prolonged);
    EXPECT_EQ(health.until(), now + seconds{expected});
  }
  health.succeeded();
  for (int i = 0; i < 3; ++i) health.overloaded(now + hours{1}, kMiddle);
  EXPECT_EQ(health.until(), now + hours{1} + seconds{2}) << "a success forgets how long it was";
}

TEST(ModelHealthTest, TheJitterStaysAroundTheBackOff) {
  for (const double jitter : {0.0, 0.999}) {
    ModelHealth health;
    for (int i = 0; i < 3; ++i) health.overloaded(kNow, jitter);
    EXPECT_GE(health.until(), kNow + milliseconds{1500});
    EXPECT_LE(health.until(), kNow + milliseconds{2500});
  }
}

TEST(ModelHealthTest, BareRefusalsAreTheModelsWhenSeveralSubjectsHaveThem) {
  const struct {
    const char* name;
    std::size_t subjects;
    std::vector<ModelHealth::Group> refused;
    bool opens;
    std::vector<ModelHealth::Group> blamed;
  } cases[] = {
      {"three of many", 10, {1, 2, 3}, true, {1, 2, 3}},
      {"two of many", 10, {1, 2}, false, {1, 2}},
      {"one again and again", 10, {1, 1, 1, 1, 1}, false, {1}},
      {"both of two", 2, {1, 2}, true, {1, 2}},
      {"the only one: nobody can tell", 1, {1, 1, 1}, false, {1}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    ModelHealth health;
    for (const auto group : c.refused) health.refused_barely(group, c.subjects, kNow, kMiddle);
    EXPECT_EQ(health.is_open(), c.opens);
    EXPECT_EQ(health.take_blameless(), c.blamed);
    EXPECT_TRUE(health.take_blameless().empty());
  }
}

TEST(ModelHealthTest, ASuccessBetweenBreaksTheRowOfBareRefusals) {
  ModelHealth health;
  health.refused_barely(1, 10, kNow, kMiddle);
  health.refused_barely(2, 10, kNow, kMiddle);
  health.succeeded();
  EXPECT_EQ(health.refused_barely(3, 10, kNow, kMiddle), Effect::none);
  EXPECT_EQ(health.take_blameless(), std::vector<ModelHealth::Group>{3});
}

// With 100,000 subjects that are all refused, remembering each would cost a walk for each.
TEST(ModelHealthTest, WhileOpenNobodyIsRemembered) {
  ModelHealth health;
  for (ModelHealth::Group group = 0; group < 3; ++group)
    health.refused_barely(group, 10, kNow, kMiddle);
  health.take_blameless();
  for (ModelHealth::Group group = 0; group < 100; ++group)
    health.refused_barely(group, 1000, kNow + seconds{group}, kMiddle);
  EXPECT_TRUE(health.take_blameless().empty());
}

TEST(ModelHealthTest, TakesOverWhatAnotherProcessFoundOut) {
  ModelHealth health;
  health.learn_overloaded(kNow + seconds{30});
  EXPECT_TRUE(health.is_open());
  EXPECT_TRUE(health.is_backing_off(kNow));
  health.learn_overloaded(kNow + seconds{10});
  EXPECT_EQ(health.until(), kNow + seconds{30}) << "the later wins";
  EXPECT_FALSE(health.is_backing_off(kNow + seconds{30}));
  EXPECT_TRUE(health.is_open()) << "until one succeeds";
}

TEST(ModelHealthTest, AClockThatWentBackDoesNotProlongIt) {
  ModelHealth health;
  for (int i = 0; i < 3; ++i) health.overloaded(kNow, kMiddle);
  const auto before = kNow - hours{3};
  EXPECT_FALSE(health.is_backing_off(before));
  EXPECT_EQ(health.overloaded(before, kMiddle), Effect::prolonged);
  EXPECT_EQ(health.until(), before + seconds{4});
}

}  // namespace
}  // namespace gembal::keypool
