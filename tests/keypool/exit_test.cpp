// Many keys that are refused at once are not the keys' fault.

#include "tests/keypool/small_pool.hpp"

namespace gembal::keypool {
namespace {

/// A pool of five of which three were refused in the same way.
struct Refused : Pool {
  explicit Refused(Outcome outcome = Outcome::key_dead) : Pool(keys(5)) {
    next("under way");
    under_way = take("under way");  // key-2
    report_for("key-1", verdict(outcome));
    report_for("key-2", verdict(outcome));
    opening = report_for("key-3", verdict(outcome));
  }
  Report opening;
  Result<Lease> under_way = Error{};
};

TEST(ExitTest, AThirdRefusalInARowUndoesWhatWasJudged) {
  for (const auto outcome : {Outcome::key_dead, Outcome::key_unusable}) {
    SCOPED_TRACE(to_string(outcome));
    Refused pool(outcome);
    EXPECT_EQ(pool.pool.usable(), 5u);
    for (const char* name : {"key-1", "key-2", "key-3"}) {
      EXPECT_FALSE(pool.known(name).disabled) << name;
      EXPECT_EQ(pool.known(name).failures, 0) << name;
      EXPECT_EQ(pool.waits(name, "*"), "suspected with others") << name;
    }
    EXPECT_TRUE(pool.opening.suspended);
    ASSERT_EQ(pool.opening.notices.size(), 1u);
    EXPECT_EQ(pool.opening.notices[0].about, to_string(outcome));
    EXPECT_EQ(pool.opening.changes.size(), 2u) << "the store is told about those that were judged";
    for (const auto& change : pool.opening.changes) EXPECT_TRUE(change.key_changed);
  }
}

TEST(ExitTest, ARegionThatIsRefusedOpensIt) {
  Refused pool(Outcome::exit_blocked);
  EXPECT_EQ(pool.next(), "upstream");
  EXPECT_TRUE(pool.opening.changes.empty());
}

TEST(ExitTest, OneProbeAtATimeIsLetThrough) {
  Refused pool;
  const auto refused = pool.take();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::upstream);
  EXPECT_GE(refused.error().retry_after, seconds{1});
  EXPECT_EQ(pool.next("m", kNoon, {id("key-3")}), "key-4") << "who goes on is let out";
  const auto now = kNoon + seconds{2};
  auto probe = pool.take("m", now);
  ASSERT_TRUE(probe);
  EXPECT_EQ((*probe)->secret.reveal(), "key-5") << "no suspect";
  EXPECT_EQ(pool.next("m", now), "upstream");
  const auto report = pool.pool.report(*probe, verdict(Outcome::key_dead), now);
  EXPECT_TRUE(report.suspended);
  EXPECT_TRUE(report.changes.empty());
  EXPECT_FALSE(pool.known("key-5").disabled);
  EXPECT_EQ(pool.next("m", now), "upstream") << "and not at once again";
}

TEST(ExitTest, AProbeThatIsDroppedOrTellsNothingMakesRoomForAnother) {
  Refused pool;
  const auto now = kNoon + seconds{2};
  { auto dropped = pool.take("m", now); }
  auto broken = pool.take("m", now);
  ASSERT_TRUE(broken);
  pool.pool.report(*broken, verdict(Outcome::broken), now);
  auto left = pool.take("m", now);
  ASSERT_TRUE(left);
  pool.pool.replace(keys(3), now);
  pool.pool.report(*left, verdict(Outcome::success), now);
  EXPECT_EQ(pool.next("m", kNoon + minutes{2}), "key-1");
}

TEST(ExitTest, WhereAllAreSuspectsTheyAreAskedInTurn) {
  Pool pool(keys(3));
  for (const char* name : {"key-1", "key-2", "key-3"})
    pool.report_for(name, verdict(Outcome::key_dead));
  auto now = kNoon;
  for (const char* name : {"key-1", "key-2", "key-3", "key-1"}) {
    now += seconds{20};
    auto probe = pool.take("m", now);
    ASSERT_EQ(Pool::name_of(probe), name);
    EXPECT_EQ(pool.next("m", now), "upstream") << "one probe at a time";
    pool.pool.report(*probe, verdict(Outcome::key_dead), now);
  }
  now += seconds{18};
  auto probe = pool.take("m", now);
  ASSERT_EQ(Pool::name_of(probe), "key-2");
  pool.pool.report(*probe, verdict(Outcome::success), now);
  EXPECT_EQ(pool.next_few(2, "m", now), "key-2 key-2") << "well again, before the waits are over";
}

TEST(ExitTest, AProbeThatFindsNoKeyIsNone) {
  Pool pool(keys(3));
  for (const char* name : {"key-1", "key-2", "key-3"})
    pool.report_for(name, verdict(Outcome::quota_day));
  for (const char* name : {"key-1", "key-2", "key-3"})
    pool.report_for(name, verdict(Outcome::key_dead), kNoon, "other");
  const auto now = kNoon + seconds{2};
  EXPECT_EQ(pool.next("m", now), "keys_waiting") << "the day's requests are used up";
  EXPECT_EQ(pool.next("m", now), "keys_waiting") << "not: a probe is under way";
  EXPECT_EQ(pool.next("other", now), "key-1");
}

TEST(ExitTest, AnAcceptedKeyProvesThatTheOthersWereRefusedForThemselves) {
  Refused pool;
  pool.pool.report(*pool.under_way, verdict(Outcome::key_dead), kNoon);  // not a suspect twice
  const auto closing = pool.report_for("key-4", verdict(Outcome::success), kNoon + seconds{3});
  EXPECT_EQ(pool.pool.usable(), 2u);
  for (const char* name : {"key-1", "key-2", "key-3"}) EXPECT_TRUE(pool.known(name).disabled);
  EXPECT_EQ(closing.changes.size(), 3u);
  EXPECT_FALSE(closing.notices.at(0).bad);
  EXPECT_EQ(pool.next_few(4), "key-5 key-4 key-5 key-4");
}

TEST(ExitTest, AQuotaOrAnOverloadIsAnAcceptanceToo) {
  for (const auto outcome :
       {Outcome::quota_minute, Outcome::quota_zero, Outcome::model_overloaded}) {
    Refused pool;
    pool.report_for("key-4", verdict(outcome));
    EXPECT_EQ(pool.pool.usable(), 2u) << to_string(outcome);
  }
}

TEST(ExitTest, ASuspectThatIsAcceptedIsNone) {
  Refused pool;
  pool.pool.report(*pool.under_way, verdict(Outcome::success), kNoon + seconds{3});
  EXPECT_FALSE(pool.known("key-2").disabled);
  EXPECT_EQ(pool.waits("key-2", "*"), "");
  EXPECT_TRUE(pool.known("key-1").disabled);
  EXPECT_EQ(pool.pool.usable(), 3u);
}

TEST(ExitTest, RefusedRegionsAreForgottenWhenItIsWellAgain) {
  Refused pool(Outcome::exit_blocked);
  pool.report_for("key-4", verdict(Outcome::success));
  EXPECT_EQ(pool.pool.usable(), 5u);
  for (const char* name : {"key-1", "key-2", "key-3"}) EXPECT_EQ(pool.waits(name, "*"), "");
}

TEST(ExitTest, WhatTheOwnerDisabledStaysSo) {
  Pool pool(keys(5));
  pool.report_for("key-1", verdict(Outcome::key_dead));
  auto all = keys(5);
  all[0].disabled = true;
  all[0].reason = kDisabledByHand;
  all[0].revision = 1;
  pool.pool.replace(all, kNoon);
  pool.report_for("key-2", verdict(Outcome::key_dead));
  pool.report_for("key-3", verdict(Outcome::key_dead));
  EXPECT_TRUE(pool.known("key-1").disabled);
  EXPECT_EQ(pool.known("key-1").reason, kDisabledByHand);
  EXPECT_FALSE(pool.known("key-2").disabled);
}

TEST(ExitTest, WhatTheOwnerEnabledMeanwhileIsNotJudgedForBefore) {
  Refused pool;
  auto all = keys(5);
  all[0].revision = 1;
  pool.pool.replace(all, kNoon);
  pool.report_for("key-4", verdict(Outcome::success));
  EXPECT_FALSE(pool.known("key-1").disabled);
  EXPECT_TRUE(pool.known("key-2").disabled);
}

TEST(ExitTest, ASuspectThatHasLeftIsNobodyElse) {
  Refused pool;
  auto all = keys(6);
  all.erase(all.begin());
  pool.pool.replace(all, kNoon);  // key-6 gets key-1's place
  pool.report_for("key-4", verdict(Outcome::success));
  EXPECT_FALSE(pool.known("key-6").disabled);
  EXPECT_EQ(pool.waits("key-6", "*"), "");
}

TEST(ExitTest, ADayThatWasUsedUpBeforeStaysSo) {
  Pool pool(keys(5));
  pool.report_for("key-1", verdict(Outcome::quota_day));
  for (const char* name : {"key-1", "key-2", "key-3"})
    pool.report_for(name, verdict(Outcome::key_dead), kNoon, "other");
  EXPECT_EQ(pool.waits("key-1", "m"), "quota per day") << "disabled and back again";
}

TEST(ExitTest, AClockThatWentBackDoesNotKeepItShut) {
  Refused pool;
  EXPECT_EQ(pool.next("m", kNoon - hours{5}), "key-4");
}

// ---- With proxies, each is an exit of its own.

constexpr Way kFirst{1, false};
constexpr Way kSecond{2, false};

/// A pool of six of which three were refused in the same way through the first of two proxies.
struct RefusedThere : Pool {
  RefusedThere() : Pool(keys(6)) {
    for (const char* name : {"key-1", "key-2", "key-3"}) opening = refuse(name, kFirst);
  }
  Report refuse(const std::string& name, Way way, TimePoint now = kNoon) {
    return report_for(name, verdict(Outcome::key_dead), now, "m", way);
  }
  Report accept(const std::string& name, Way way) {
    return report_for(name, verdict(Outcome::success), kNoon, "m", way);
  }
  std::string next_by(std::optional<std::uint32_t> way, TimePoint now = kNoon) {
    Wish wish;
    wish.model = "m";
    wish.way = way;
    return name_of(pool.take(wish, now));
  }
  Report opening;
};

TEST(ProxyExitTest, TheKeysOfOneProxyAreSuspectedAndTheOthersJudged) {
  RefusedThere pool;
  EXPECT_TRUE(pool.opening.suspended);
  EXPECT_FALSE(pool.known("key-1").disabled);
  EXPECT_FALSE(pool.refuse("key-4", kSecond).suspended);
  EXPECT_TRUE(pool.known("key-4").disabled);
  EXPECT_EQ(pool.next_by(std::nullopt), "key-5") << "nobody waits for it";
}

TEST(ProxyExitTest, SuspectsDoNotWaitWhileThereIsAnotherWay) {
  RefusedThere pool;
  EXPECT_EQ(pool.waits("key-1", "*"), "");
  EXPECT_TRUE(pool.refuse("key-5", kFirst).suspended);
  EXPECT_EQ(pool.waits("key-5", "*"), "");
  EXPECT_TRUE(pool.refuse("key-6", {1, true}).suspended);
  EXPECT_EQ(pool.waits("key-6", "*"), "suspected with others") << "there is no other";
}

TEST(ProxyExitTest, WhoeverIsAcceptedElsewhereIsNotJudgedForIt) {
  RefusedThere pool;
  pool.accept("key-2", kSecond);
  EXPECT_FALSE(pool.known("key-1").disabled) << "the first one is not well for that";
  const auto closing = pool.accept("key-4", kFirst);
  EXPECT_TRUE(pool.known("key-1").disabled);
  EXPECT_FALSE(pool.known("key-2").disabled);
  EXPECT_TRUE(pool.known("key-3").disabled);
}

TEST(ProxyExitTest, TheRowOfOneProxyIsNotBrokenByAnother) {
  Pool pool(keys(4));
  const auto dead = verdict(Outcome::key_dead);
  pool.report_for("key-1", dead, kNoon, "m", kFirst);
  pool.report_for("key-4", verdict(Outcome::success), kNoon, "m", kSecond);
  pool.report_for("key-2", dead, kNoon, "m", kFirst);
  EXPECT_TRUE(pool.report_for("key-3", dead, kNoon, "m", kFirst).suspended);
}

TEST(ProxyExitTest, AProxyThatAllGoThroughIsLikeNone) {
  RefusedThere pool;
  EXPECT_EQ(pool.next_by(1), "upstream");
  EXPECT_EQ(pool.next_by(0), "key-4") << "without proxies it is another exit";
  EXPECT_EQ(pool.next_by(1, kNoon + seconds{2}), "key-5") << "a probe";
}

TEST(ProxyExitTest, AProbeThatWentAnotherWayMakesRoomForAnother) {
  RefusedThere pool;
  const auto now = kNoon + seconds{2};
  Wish wish;
  wish.model = "m";
  wish.way = 1;
  auto probe = pool.pool.take(wish, now);
  ASSERT_TRUE(probe);
  EXPECT_EQ(pool.next_by(1, now), "upstream");
  pool.pool.report(*probe, verdict(Outcome::success), now, kSecond);
  EXPECT_NE(pool.next_by(1, now), "upstream");
}

}  // namespace
}  // namespace gembal::keypool
