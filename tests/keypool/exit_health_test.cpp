#include "lib/keypool/exit_health.hpp"

#include <gtest/gtest.h>

namespace gembal::keypool {
namespace {

using Effect = ExitHealth::Effect;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const TimePoint kNow = *parse_iso8601("2026-11-24T20:00:00Z");

Suspect suspect(std::uint32_t slot, const std::string& reason = "region") {
  Suspect made;
  made.slot = slot;
  made.verdict.outcome = Outcome::key_unusable;
  made.verdict.reason = reason;
  return made;
}

ExitHealth opened() {
  ExitHealth health;
  for (std::uint32_t slot = 0; slot < 3; ++slot) health.refused(suspect(slot), kNow);
  return health;
}

TEST(ExitHealthTest, SuspectsTheExitAfterThreeKeysInARow) {
  struct Refusal {
    std::uint32_t slot;
    const char* reason;
    minutes after;
  };
  const struct {
    const char* name;
    std::vector<Refusal> refusals;
    Effect last;
  } cases[] = {
      {"the same three times", {{1, "a", {}}, {2, "a", {}}, {3, "a", {}}}, Effect::opened},
      {"only two", {{1, "a", {}}, {2, "a", {}}}, Effect::judge},
      {"one key three times", {{1, "a", {}}, {1, "a", {}}, {1, "a", {}}}, Effect::judge},
      {"in different ways", {{1, "a", {}}, {2, "b", {}}, {3, "a", {}}}, Effect::judge},
      {"another way begins another row",
       {{1, "a", {}}, {2, "b", {}}, {3, "b", {}}, {4, "b", {}}},
       Effect::opened},
      {"far apart", {{1, "a", {}}, {2, "a", {}}, {3, "a", minutes{6}}}, Effect::judge},
      {"a little apart",
       {{1, "a", {}}, {2, "a", minutes{4}}, {3, "a", minutes{8}}},
       Effect::opened},
      {"more of them", {{1, "a", {}}, {2, "a", {}}, {3, "a", {}}, {4, "b", {}}}, Effect::suspend},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    ExitHealth health;
    auto effect = Effect::judge;
    for (const auto& [slot, reason, after] : c.refusals)
      effect = health.refused(suspect(slot, reason), kNow + after);
    EXPECT_EQ(effect, c.last);
    EXPECT_EQ(health.is_open(), c.last != Effect::judge);
  }
}

TEST(ExitHealthTest, AnAcceptedKeyBreaksTheRow) {
  ExitHealth health;
  health.refused(suspect(1), kNow);
  health.refused(suspect(2), kNow);
  EXPECT_TRUE(health.accepted().empty()) << "they were judged at once";
  EXPECT_EQ(health.refused(suspect(3), kNow), Effect::judge);
}

TEST(ExitHealthTest, TheFirstAcceptedKeyClosesItAndNamesTheSuspects) {
  auto health = opened();
  EXPECT_EQ(health.how(), "region");
  EXPECT_EQ(health.suspects().size(), 3u);
  EXPECT_EQ(health.refused(suspect(7), kNow), Effect::suspend);
  EXPECT_EQ(health.refused(suspect(7), kNow), Effect::suspend);
  const auto suspects = health.accepted();
  ASSERT_EQ(suspects.size(), 4u) << "each once";
  EXPECT_EQ(suspects[3].slot, 7u);
  EXPECT_FALSE(health.is_open());
  EXPECT_TRUE(health.accepted().empty());
}

TEST(ExitHealthTest, LetsOneProbeThroughAtATimeAndLessAndLessOften) {
  auto health = opened();
  EXPECT_FALSE(health.begin_probe(kNow));
  auto now = kNow + seconds{1};
  EXPECT_EQ(health.next_probe(), now);
  for (const int pause : {2, 4, 8, 16, 32, 64, 64}) {
    EXPECT_TRUE(health.begin_probe(now));
    EXPECT_FALSE(health.begin_probe(now)) << "one is under way";
    health.refused(suspect(9), now);
    EXPECT_EQ(health.next_probe(), now + seconds{pause});
    now = health.next_probe();
  }
}

TEST(ExitHealthTest, AProbeWithoutAnAnswerIsFollowedByAnother) {
  auto health = opened();
  EXPECT_TRUE(health.begin_probe(kNow + seconds{1}));
  health.end_probe();
  EXPECT_TRUE(health.begin_probe(kNow + seconds{1}));
}

TEST(ExitHealthTest, AClockThatWentBackDoesNotKeepItShut) {
  auto health = opened();
  EXPECT_TRUE(health.begin_probe(kNow - hours{5}));
}

TEST(ExitHealthTest, WhoeverIsForgottenIsNoSuspect) {
  auto health = opened();
  for (std::uint32_t slot = 0; slot < 3; ++slot) health.forget(slot);
  EXPECT_TRUE(health.suspects().empty());
  EXPECT_TRUE(health.is_open()) << "nobody was accepted here";
  EXPECT_TRUE(health.accepted().empty());
  EXPECT_FALSE(health.is_open());
}

}  // namespace
}  // namespace gembal::keypool
