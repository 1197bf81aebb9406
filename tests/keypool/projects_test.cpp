#include "tests/keypool/small_pool.hpp"

namespace gembal::keypool {
namespace {

Verdict naming(const std::string& project) {
  auto made = verdict(Outcome::quota_minute, seconds{30});
  made.project = project;
  return made;
}

TEST(ProjectsTest, TheKeysOfAProjectTakeOneTurn) {
  Pool pool({key("key-1", "p"), key("key-2", "p"), key("key-3", "q")});
  EXPECT_EQ(pool.next_few(6), "key-1 key-3 key-2 key-3 key-1 key-3");
}

TEST(ProjectsTest, AnotherProjectIsTriedFirst) {
  Pool pool({key("key-1", "p"), key("key-2", "p"), key("key-3", "q")});
  EXPECT_EQ(pool.next("m", kNoon, {id("key-1")}), "key-3");
  EXPECT_EQ(pool.next("m", kNoon, {id("key-1"), id("key-3")}), "key-2")
      << "then another key of the same";
  EXPECT_EQ(pool.next("m", kNoon, {id("key-1"), id("key-2"), id("key-3")}), "keys_waiting");
}

TEST(ProjectsTest, AProjectIsLearnedFromAnErrorAndToldOnce) {
  Pool pool(keys(3));
  const auto first = pool.report_for("key-1", naming("projects/77"));
  ASSERT_GE(first.changes.size(), 1u);
  EXPECT_TRUE(first.changes[0].key_changed);
  EXPECT_EQ(first.changes[0].key.project, "projects/77");
  EXPECT_EQ(pool.next_few(2), "key-2 key-3");
  pool.report_for("key-2", naming("projects/77"), kNoon, "other");
  EXPECT_EQ(pool.known("key-2").project, "projects/77");
  EXPECT_EQ(pool.next_few(2), "key-3 key-3") << "key-2 shares what key-1 has used up";
  const auto again = pool.report_for("key-2", naming("projects/77"), kNoon + minutes{2});
  for (const auto& change : again.changes) EXPECT_FALSE(change.key_changed);
}

TEST(ProjectsTest, WhatTheOwnerDeclaredIsNotOverruled) {
  Pool pool({key("key-1", "mine")});
  pool.report_for("key-1", naming("projects/77"));
  EXPECT_EQ(pool.known("key-1").project, "mine");
}

TEST(ProjectsTest, WhatIsKnownAboutQuotasMovesAlong) {
  Pool pool(keys(3));
  pool.next("m", kNoon);  // key-1
  pool.report_for("key-1", verdict(Outcome::quota_day), kNoon, "day");
  auto limited = verdict(Outcome::quota_minute, seconds{1});
  limited.limits.requests_per_minute = 7;
  pool.report_for("key-1", limited, kNoon, "paced");
  pool.report_for("key-1", verdict(Outcome::no_credit, minutes{10}), kNoon, "other");
  auto moved = keys(3);
  moved[0].project = "p";
  pool.pool.replace(moved, kNoon);
  EXPECT_EQ(pool.waits("key-1", "day"), "quota per day");
  EXPECT_EQ(pool.waits("key-1", "*"), "no credit");
  EXPECT_EQ(pool.prospect("key-1", kNoon, "m").requests_today, 1u);
  EXPECT_EQ(pool.prospect("key-1", kNoon, "paced").limits.requests_per_minute, 7u);
  EXPECT_EQ(pool.next_few(2, "made later"), "key-2 key-3") << "no credit there, either";
}

TEST(ProjectsTest, CountsOfMergedKeysAddUp) {
  Pool pool(keys(2));
  pool.next_few(3);
  auto merged = keys(2);
  merged[0].project = merged[1].project = "p";
  pool.pool.replace(merged, kNoon);
  EXPECT_EQ(pool.prospect("key-1").requests_today, 3u);
  EXPECT_EQ(pool.prospect("key-2").requests_today, 3u);
}

TEST(ProjectsTest, AProjectTakesTurnsAsLongAsOneOfItsKeysDoes) {
  Pool pool({key("key-1", "p"), key("key-2", "p"), key("key-3", "q")});
  pool.report_for("key-1", verdict(Outcome::key_dead));
  EXPECT_EQ(pool.next_few(4), "key-3 key-2 key-3 key-2");
  pool.report_for("key-3", verdict(Outcome::success));
  pool.report_for("key-2", verdict(Outcome::key_dead));
  EXPECT_EQ(pool.next_few(2), "key-3 key-3");
  EXPECT_EQ(pool.pool.usable(), 1u);
}

TEST(ProjectsTest, AProjectIsPaidWhenAllItsKeysAre) {
  auto all = std::vector{key("key-1", "p"), key("key-2", "p"), key("key-3", "q")};
  all[0].paid = true;
  Policy policy;
  policy.paid_models = {"*-image*"};
  Pool pool(all, policy);
  EXPECT_EQ(pool.next_few(2, "m"), "key-1 key-3");
  all[1].paid = true;
  pool.pool.replace(all, kNoon);
  EXPECT_EQ(pool.next_few(3, "m"), "key-3 key-3 key-3") << "what costs is the last choice";
  EXPECT_EQ(pool.next_few(2, "x-image-1"), "key-2 key-1") << "but for the models it is for";
}

TEST(ProjectsTest, InWhichOrderTheKeysOfAProjectCome) {
  std::vector<Key> all;
  for (int i = 1; i <= 5; ++i) all.push_back(key("key-" + std::to_string(i), "p"));
  Pool pool(all);
  pool.next_few(4);  // key-5 is next
  for (const auto i : {1u, 3u}) {
    all[i].disabled = true;
    all[i].revision = 1;
  }
  pool.pool.replace(all, kNoon);
  std::string order;
  for (const auto& one : pool.pool.prospects("m", kNoon)) {
    if (one.ready) order += one.key.secret.reveal() + " ";
  }
  std::string taken;
  for (int i = 0; i < 3; ++i) taken += pool.next() + " ";
  EXPECT_EQ(order, taken);
}

TEST(ProjectsTest, FillFirstGoesByTheOrderOfTheStore) {
  Policy policy;
  policy.choice = Choice::fill_first;
  Pool pool(keys(3), policy);
  auto all = keys(4);
  all.erase(all.begin());
  pool.pool.replace(all, kNoon);  // key-4 gets what was key-1's number
  EXPECT_EQ(pool.next_few(2), "key-2 key-2");
  EXPECT_EQ(pool.next_few(2, "another"), "key-2 key-2");
  pool.report_for("key-2", naming("projects/77"));
  EXPECT_EQ(pool.next(), "key-3");
  EXPECT_EQ(pool.next("m", kNoon + minutes{1}), "key-2") << "also with its project known";
}

}  // namespace
}  // namespace gembal::keypool
