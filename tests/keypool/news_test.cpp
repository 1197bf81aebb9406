// What owners do and other processes learn, while requests are under way.

#include "tests/keypool/small_pool.hpp"

namespace gembal::keypool {
namespace {

Key learned(const std::string& name, bool disabled, int failures = 0) {
  Key made = key(name);
  made.disabled = disabled;
  made.reason = disabled ? "leaked" : "";
  made.failures = failures;
  return made;
}

TEST(NewsTest, WhatAnotherProcessLearnedAboutAKeyIsTakenOver) {
  Pool pool(keys(2));
  pool.pool.learn_keys({learned("key-1", true), learned("key-2", false, 2), learned("key-9", true)},
                       kNoon);
  EXPECT_EQ(pool.next_few(2), "key-2 key-2");
  EXPECT_EQ(pool.known("key-1").reason, "leaked");
  EXPECT_EQ(pool.known("key-2").failures, 2);
  EXPECT_EQ(pool.pool.size(), 2u);
  pool.pool.learn_keys({learned("key-1", false)}, kNoon);
  EXPECT_EQ(pool.next_few(2), "key-1 key-2") << "enabled again, too";
}

TEST(NewsTest, NewsOfAnotherRevisionAreOfAKeyAsItWas) {
  auto all = keys(1);
  all[0].revision = 4;
  Pool pool(all);
  for (const std::int64_t revision : {3, 5}) {
    auto news = learned("key-1", true);
    news.revision = revision;
    pool.pool.learn_keys({news}, kNoon);
    EXPECT_EQ(pool.next(), "key-1") << revision;
  }
}

TEST(NewsTest, ALearnedProjectMovesTheKey) {
  Pool pool({key("key-1"), key("key-2", "p"), key("key-3")});
  pool.report_for("key-2", verdict(Outcome::quota_minute, seconds{30}));
  auto news = key("key-1");
  news.project = "p";
  auto other = key("key-2");
  other.project = "q";
  pool.pool.learn_keys({news, other}, kNoon);
  EXPECT_EQ(pool.known("key-1").project, "p");
  EXPECT_EQ(pool.known("key-2").project, "p") << "what is known is not replaced";
  EXPECT_EQ(pool.next_few(2), "key-3 key-3");
}

TEST(NewsTest, TheLaterEndOfAWaitWins) {
  Pool pool(keys(1));
  const auto subject = quota_subject(key("key-1"));
  const auto learn = [&](seconds until, const char* reason) {
    pool.pool.learn_states({{subject, {"m", ModelStatus::cooling, kNoon + until, reason}}}, kNoon);
  };
  learn(seconds{20}, "second");
  learn(seconds{10}, "first");
  EXPECT_EQ(pool.waits("key-1"), "second");
  learn(seconds{30}, "third");
  EXPECT_EQ(pool.waits("key-1"), "third");
  learn(seconds{-30}, "past");
  EXPECT_EQ(pool.waits("key-1"), "third");
  EXPECT_EQ(pool.next("m", kNoon + seconds{30}), "key-1");
}

TEST(NewsTest, TheStateOfAProjectIsOfAllItsKeys) {
  Pool pool({key("key-1", "p"), key("key-2", "p"), key("key-3")});
  pool.pool.learn_states({{"p:p", {"*", ModelStatus::exhausted, kNoon + hours{1}, "no credit"}}},
                         kNoon);
  EXPECT_EQ(pool.next_few(2, "any"), "key-3 key-3");
  EXPECT_EQ(pool.waits("key-2", "*"), "no credit");
}

TEST(NewsTest, LeasesSurviveThePoolsReplacement) {
  Pool pool(keys(3));
  std::vector<Lease> out;
  for (int i = 0; i < 6; ++i) out.push_back(*pool.take());
  pool.pool.replace({key("key-2"), key("key-4"), key("key-5")}, kNoon);
  for (auto& lease : out) {
    const auto report = pool.pool.report(lease, verdict(Outcome::quota_day), kNoon);
    EXPECT_EQ(report.changes.empty(), lease->secret.reveal() != "key-2");
    lease.count_tokens(10, 10);
  }
  out.clear();
  EXPECT_EQ(pool.waits("key-2"), "quota per day");
  EXPECT_EQ(pool.next_few(4), "key-4 key-5 key-4 key-5") << "who got a place is not blamed";
  pool.pool.replace({}, kNoon);
  EXPECT_EQ(pool.next(), "no_usable_key");
  EXPECT_EQ(pool.pool.size(), 0u);
}

TEST(NewsTest, AReportAboutAKeyWhoseProjectChangedIsStillItsOwn) {
  Pool pool(keys(2));
  auto lease = pool.take();
  auto moved = keys(2);
  moved[0].project = "p";
  pool.pool.replace(moved, kNoon);
  pool.pool.report(*lease, verdict(Outcome::quota_minute, seconds{30}), kNoon);
  EXPECT_EQ(pool.waits("key-1"), "quota per minute");
  { auto ended = *std::move(lease); }
  EXPECT_EQ(pool.next_few(2), "key-2 key-2");
}

TEST(NewsTest, AKeyThatComesTwiceIsThereOnce) {
  auto twice = keys(2);
  twice.push_back(key("key-1"));
  Pool pool(twice);
  EXPECT_EQ(pool.pool.size(), 2u);
  pool.pool.replace(twice, kNoon);
  EXPECT_EQ(pool.pool.size(), 2u);
  EXPECT_EQ(pool.pool.usable(), 2u);
}

TEST(NewsTest, ANewPolicyHoldsFromTheNextRequest) {
  Pool pool(keys(3));
  EXPECT_EQ(pool.next_few(2), "key-1 key-2");
  Policy policy;
  policy.choice = Choice::fill_first;
  pool.pool.set_policy(policy);
  EXPECT_EQ(pool.next_few(2), "key-1 key-1");
  policy.choice = Choice::least_used;
  pool.pool.set_policy(policy);
  EXPECT_EQ(pool.next_few(2), "key-3 key-2");
}

TEST(NewsTest, ProspectsAreWhatComes) {
  Pool pool(keys(4));
  pool.next();
  pool.report_for("key-2", verdict(Outcome::quota_minute, seconds{30}));
  pool.report_for("key-4", verdict(Outcome::key_dead));
  const auto prospects = pool.pool.prospects("m", kNoon);
  ASSERT_EQ(prospects.size(), 4u);
  EXPECT_EQ(prospects[0].key.id, id(pool.next()));
  EXPECT_EQ(prospects[1].key.id, id(pool.next()));
  EXPECT_FALSE(prospects[2].ready);
  EXPECT_EQ(pool.prospect("key-2").reason, "quota per minute");
  EXPECT_EQ(pool.prospect("key-4").reason, "disabled: key dead");
}

TEST(NewsTest, IsSpentWhenAllAreOutForTheDay) {
  Pool pool(keys(3));
  pool.report_for("key-1", verdict(Outcome::key_dead));
  pool.report_for("key-2", verdict(Outcome::quota_day));
  EXPECT_FALSE(pool.pool.is_spent("m", kNoon));
  pool.report_for("key-3", verdict(Outcome::quota_zero));
  EXPECT_TRUE(pool.pool.is_spent("m", kNoon));
  EXPECT_FALSE(pool.pool.is_spent("other", kNoon));
  EXPECT_FALSE(pool.pool.is_spent("m", kNoon + hours{13}));
}

}  // namespace
}  // namespace gembal::keypool
