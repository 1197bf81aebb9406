#include <map>
#include <thread>

#include "tests/keypool/small_pool.hpp"

namespace gembal::keypool {
namespace {

TEST(KeyPoolTest, GivesEachOfTenReadyKeysATenthOfTenThousandRequests) {
  Pool pool(keys(10));
  std::map<std::string, int> counts;
  for (int i = 0; i < 10'000; ++i) ++counts[pool.next()];
  ASSERT_EQ(counts.size(), 10u);
  for (const auto& [name, count] : counts) EXPECT_EQ(count, 1000) << name;
}

TEST(KeyPoolTest, IsFairAmongThreads) {
  Pool pool(keys(10));
  std::vector<std::map<std::string, int>> counts(4);
  std::vector<std::thread> threads;
  for (auto& mine : counts) {
    threads.emplace_back([&pool, &mine] {
      for (int i = 0; i < 2'500; ++i) ++mine[pool.next()];
    });
  }
  for (auto& thread : threads) thread.join();
  std::map<std::string, int> total;
  for (const auto& mine : counts) {
    for (const auto& [name, count] : mine) total[name] += count;
  }
  for (const auto& [name, count] : total) EXPECT_EQ(count, 1000) << name;
}

TEST(KeyPoolTest, WhatAVerdictDoesToAKey) {
  const struct {
    const char* name;
    Verdict verdict;
    const char* same_model;  // who is next for the model, of key-1 (reported) and nobody else
    const char* other_model;
    milliseconds back_after;  // zero: not by time
  } cases[] = {
      {"success", verdict(Outcome::success), "key-1", "key-1", {}},
      {"the caller's fault costs nothing", verdict(Outcome::caller_fault), "key-1", "key-1", {}},
      {"a dead key is out for everything",
       verdict(Outcome::key_dead),
       "no_usable_key",
       "no_usable_key",
       {}},
      {"one failure of an unusable key is forgiven",
       verdict(Outcome::key_unusable),
       "key-1",
       "key-1",
       {}},
      {"a minute's quota: that model, for the delay", verdict(Outcome::quota_minute, seconds{48}),
       "keys_waiting", "key-1", seconds{48}},
      {"a day's quota", verdict(Outcome::quota_day, hours{12}), "keys_waiting", "key-1", hours{12}},
      {"no quota at all: a day", verdict(Outcome::quota_zero, seconds{5}), "keys_waiting", "key-1",
       hours{24}},
      {"a closed model", verdict(Outcome::model_closed), "keys_waiting", "key-1", hours{24}},
      {"no credit: every model", verdict(Outcome::no_credit, hours{1}), "keys_waiting",
       "keys_waiting", hours{1}},
      {"an overloaded model blames no key",
       verdict(Outcome::model_overloaded),
       "key-1",
       "key-1",
       {}},
      {"nor does a broken answer", verdict(Outcome::broken), "key-1", "key-1", {}},
      {"nor a refused region", verdict(Outcome::exit_blocked), "key-1", "key-1", {}},
      {"nor another key's object", verdict(Outcome::wrong_object), "key-1", "key-1", {}},
      {"nor our own mistake", verdict(Outcome::proxy_fault), "key-1", "key-1", {}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Pool pool(keys(1));
    pool.report_for("key-1", c.verdict);
    EXPECT_EQ(pool.next("m"), c.same_model);
    EXPECT_EQ(pool.next("other"), c.other_model);
    if (c.back_after == milliseconds{0}) continue;
    EXPECT_EQ(pool.next("m", kNoon + c.back_after - seconds{1}), "keys_waiting");
    EXPECT_EQ(pool.next("m", kNoon + c.back_after + seconds{2}), "key-1")
        << "a little margin is added, not more";
  }
}

TEST(KeyPoolTest, DisablesAtMaxFailuresInARow) {
  Pool pool(keys(1));
  const auto fails = verdict(Outcome::key_unusable);
  pool.report_for("key-1", fails);
  pool.report_for("key-1", fails);
  const auto cleared = pool.report_for("key-1", verdict(Outcome::success));
  ASSERT_EQ(cleared.changes.size(), 1u);
  EXPECT_EQ(cleared.changes[0].key.failures, 0);
  pool.report_for("key-1", fails);
  pool.report_for("key-1", fails);
  EXPECT_EQ(pool.next(), "key-1");
  const auto last = pool.report_for("key-1", fails);
  ASSERT_EQ(last.changes.size(), 1u);
  EXPECT_TRUE(last.changes[0].key.disabled);
  EXPECT_EQ(last.changes[0].key.reason, fails.reason);
  EXPECT_EQ(last.changes[0].key.disabled_since, kNoon);
  EXPECT_EQ(pool.next(), "no_usable_key");
  EXPECT_EQ(pool.pool.usable(), 0u);
  EXPECT_EQ(pool.pool.size(), 1u);
}

TEST(KeyPoolTest, SaysWhenTheFirstKeyIsBack) {
  Pool pool(keys(2));
  pool.report_for("key-1", verdict(Outcome::quota_minute, seconds{40}));
  pool.report_for("key-2", verdict(Outcome::quota_day, hours{12}));
  const auto none = pool.take("m", kNoon + seconds{10});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::keys_waiting);
  ASSERT_TRUE(none.error().retry_after);
  EXPECT_GE(*none.error().retry_after, seconds{30});
  EXPECT_LE(*none.error().retry_after, seconds{32});
}

TEST(KeyPoolTest, NeverHandsOutATriedKey) {
  Pool pool(keys(3));
  const auto id = [](int n) { return key("key-" + std::to_string(n)).id; };
  EXPECT_EQ(pool.next("m", kNoon, {id(1)}), "key-2");
  EXPECT_EQ(pool.next("m", kNoon, {id(1), id(2)}), "key-3");
  EXPECT_EQ(pool.next("m", kNoon, {id(1), id(2), id(3)}), "keys_waiting");
}

TEST(KeyPoolTest, KeysOfOneProjectShareItsQuota) {
  Pool pool({key("key-1", "p"), key("key-2", "p"), key("key-3", "q")});
  const auto changes = pool.report_for("key-1", verdict(Outcome::quota_minute, seconds{30}));
  EXPECT_EQ(changes.changes.size(), 1u);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(pool.next(), "key-3");
}

TEST(KeyPoolTest, TheOwnersChangesWinAndWhatWasLearnedStays) {
  Pool pool(keys(3));
  pool.report_for("key-1", verdict(Outcome::quota_minute, seconds{30}));
  pool.report_for("key-2", verdict(Outcome::key_unusable));
  auto changed = keys(4);
  changed[1].label = "second";
  changed.erase(changed.begin() + 2);
  pool.pool.replace(changed, kNoon);
  EXPECT_EQ(pool.pool.size(), 3u);
  EXPECT_EQ(pool.next("m", kNoon, {key("key-2").id}), "key-4")
      << "the new one; key-1 still cools, key-3 has left";
  for (const auto& report : pool.pool.snapshot(kNoon)) {
    if (report.key.secret.reveal() != "key-2") continue;
    EXPECT_EQ(report.key.label, "second");
    EXPECT_EQ(report.key.failures, 1);
  }
  changed[0].disabled = true;
  changed[0].revision = 1;
  pool.pool.replace(changed, kNoon);
  EXPECT_EQ(pool.pool.usable(), 2u);
  changed[0].disabled = false;
  changed[0].revision = 2;
  pool.pool.replace(changed, kNoon);
  EXPECT_EQ(pool.next("m", kNoon, {key("key-2").id, key("key-4").id}), "key-1")
      << "enabled again, it starts afresh";
}

TEST(KeyPoolTest, WhatTheStoreDoesNotKnowYetIsNotUndone) {
  Pool pool(keys(2));
  pool.report_for("key-1", verdict(Outcome::key_dead));
  pool.pool.replace(keys(2), kNoon);
  EXPECT_EQ(pool.pool.usable(), 1u) << "another process changed the store before ours wrote";
  auto theirs = keys(2);
  theirs[1].disabled = true;
  theirs[1].reason = "leaked";
  pool.pool.replace(theirs, kNoon);
  EXPECT_EQ(pool.pool.usable(), 0u) << "what another process learned is taken over";
}

TEST(KeyPoolTest, AResetEndsCoolDowns) {
  Pool pool(keys(1));
  pool.report_for("key-1", verdict(Outcome::quota_day, hours{12}));
  pool.report_for("key-1", verdict(Outcome::key_unusable), kNoon, "other");
  EXPECT_EQ(pool.next(), "keys_waiting");
  auto reset = keys(1);
  reset[0].revision = 1;
  pool.pool.replace(reset, kNoon);
  EXPECT_EQ(pool.next(), "key-1");
  EXPECT_EQ(pool.pool.snapshot(kNoon)[0].key.failures, 0);
}

TEST(KeyPoolTest, TakesOverWhatWasLearnedBeforeAndElsewhere) {
  const ModelState state{"m", ModelStatus::exhausted, kNoon + hours{2}, "PerDay"};
  const ModelState past{"m", ModelStatus::cooling, kNoon - hours{2}, "PerMinute"};
  Pool pool(keys(2));
  const auto one = quota_subject(key("key-1")), two = quota_subject(key("key-2"));
  pool.pool.learn_states({{one, state}, {two, past}, {"k:unknown", state}}, kNoon);
  EXPECT_EQ(pool.next(), "key-2");
  EXPECT_EQ(pool.next(), "key-2");
  EXPECT_EQ(pool.next("m", kNoon + hours{3}, {key("key-2").id}), "key-1");
}

TEST(KeyPoolTest, AReportForAKeyThatLeftIsIgnored) {
  Pool pool(keys(1));
  auto lease = *pool.take("m", kNoon);
  pool.pool.replace({}, kNoon);
  EXPECT_TRUE(pool.pool.report(lease, verdict(Outcome::key_dead), kNoon).changes.empty());
  EXPECT_EQ(lease->secret.reveal(), "key-1");
  EXPECT_EQ(pool.next(), "no_usable_key");
}

TEST(KeyPoolTest, ABareQuotaRefusalBenchesShortlyAndLonger) {
  Pool pool(keys(1));
  auto bare = verdict(Outcome::quota_minute);
  bare.bare_quota = true;
  pool.report_for("key-1", bare);
  const auto first = pool.take("m", kNoon).error().retry_after;
  pool.report_for("key-1", bare, kNoon + seconds{10});
  const auto second = pool.take("m", kNoon + seconds{10}).error().retry_after;
  ASSERT_TRUE(first && second);
  EXPECT_LT(*first, seconds{10});
  EXPECT_GT(*second, *first);
}

TEST(KeyPoolTest, AnyNumberOfModelNamesKeepsItBounded) {
  Pool pool(keys(2));
  pool.report_for("key-1", verdict(Outcome::quota_day, hours{5}));
  for (int i = 0; i < 5'000; ++i) pool.next("made-up-" + std::to_string(i));
  EXPECT_EQ(pool.next("m"), "key-2");
  EXPECT_EQ(pool.next("m"), "key-2")
      << "what is waiting is not forgotten for names that nobody asks for again";
}

}  // namespace
}  // namespace gembal::keypool
