#include "lib/keypool/key_pool.hpp"

#include <gtest/gtest.h>

#include <map>
#include <thread>

namespace gembal::keypool {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

const TimePoint kNoon = *parse_iso8601("2026-11-24T20:00:00Z");  // in Los Angeles

Key key(const std::string& name, const std::string& project = "") {
  Key made;
  made.secret = Secret(name);
  made.id = made.secret.id();
  made.project = project;
  return made;
}

std::vector<Key> keys(int count) {
  std::vector<Key> made;
  for (int i = 1; i <= count; ++i) made.push_back(key("key-" + std::to_string(i)));
  return made;
}

Verdict verdict(Outcome outcome, std::optional<Milliseconds> delay = std::nullopt) {
  Verdict made;
  made.outcome = outcome;
  made.delay = delay;
  made.reason = to_string(outcome);
  return made;
}

struct Pool : KeyPool {
  explicit Pool(std::vector<Key> all, int max_failures = 3) : KeyPool({max_failures}) {
    replace(std::move(all), {}, kNoon);
  }

  std::string next(std::string_view model = "m", TimePoint now = kNoon,
                   const std::vector<std::string>& tried = {}) {
    auto lease = take(model, tried, now);
    return lease ? (*lease)->secret.reveal() : std::string(to_string(lease.error().kind));
  }
  /// Takes until it is that key's turn, and reports.
  std::vector<Change> report_for(const std::string& name, const Verdict& what,
                                 TimePoint now = kNoon, std::string_view model = "m") {
    for (int i = 0; i < 100; ++i) {
      auto lease = take("another model, to find a lease", {}, now);
      if (lease && (*lease)->secret.reveal() == name) return report(*lease, model, what, now);
    }
    ADD_FAILURE() << name << " is not handed out";
    return {};
  }
};

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
  Pool pool(keys(1), 3);
  const auto fails = verdict(Outcome::key_unusable);
  pool.report_for("key-1", fails);
  pool.report_for("key-1", fails);
  const auto cleared = pool.report_for("key-1", verdict(Outcome::success));
  ASSERT_EQ(cleared.size(), 1u);
  EXPECT_EQ(cleared[0].key.failures, 0);
  pool.report_for("key-1", fails);
  pool.report_for("key-1", fails);
  EXPECT_EQ(pool.next(), "key-1");
  const auto last = pool.report_for("key-1", fails);
  ASSERT_EQ(last.size(), 1u);
  EXPECT_TRUE(last[0].key.disabled);
  EXPECT_EQ(last[0].key.reason, fails.reason);
  EXPECT_EQ(last[0].key.disabled_since, kNoon);
  EXPECT_EQ(pool.next(), "no_usable_key");
  EXPECT_EQ(pool.usable(), 0u);
  EXPECT_EQ(pool.size(), 1u);
}

TEST(KeyPoolTest, SaysWhenTheFirstKeyIsBack) {
  Pool pool(keys(2));
  pool.report_for("key-1", verdict(Outcome::quota_minute, seconds{40}));
  pool.report_for("key-2", verdict(Outcome::quota_day, hours{12}));
  const auto none = pool.take("m", {}, kNoon + seconds{10});
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
  EXPECT_EQ(changes.size(), 2u);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(pool.next(), "key-3");
}

TEST(KeyPoolTest, TheOwnersChangesWinAndWhatWasLearnedStays) {
  Pool pool(keys(3));
  pool.report_for("key-1", verdict(Outcome::quota_minute, seconds{30}));
  pool.report_for("key-2", verdict(Outcome::key_unusable));
  auto changed = keys(4);
  changed[1].label = "second";
  changed.erase(changed.begin() + 2);
  pool.replace(changed, {}, kNoon);
  EXPECT_EQ(pool.size(), 3u);
  EXPECT_EQ(pool.next("m", kNoon, {key("key-2").id}), "key-4")
      << "the new one; key-1 still cools, key-3 has left";
  for (const auto& report : pool.snapshot(kNoon)) {
    if (report.key.secret.reveal() != "key-2") continue;
    EXPECT_EQ(report.key.label, "second");
    EXPECT_EQ(report.key.failures, 1);
  }
  changed[0].disabled = true;
  changed[0].revision = 1;
  pool.replace(changed, {}, kNoon);
  EXPECT_EQ(pool.usable(), 2u);
  changed[0].disabled = false;
  changed[0].revision = 2;
  pool.replace(changed, {}, kNoon);
  EXPECT_EQ(pool.next("m", kNoon, {key("key-2").id, key("key-4").id}), "key-1")
      << "enabled again, it starts afresh";
}

TEST(KeyPoolTest, WhatTheStoreDoesNotKnowYetIsNotUndone) {
  Pool pool(keys(2));
  pool.report_for("key-1", verdict(Outcome::key_dead));
  pool.replace(keys(2), {}, kNoon);
  EXPECT_EQ(pool.usable(), 1u) << "another process changed the store before ours wrote";
  auto theirs = keys(2);
  theirs[1].disabled = true;
  theirs[1].reason = "leaked";
  pool.replace(theirs, {}, kNoon);
  EXPECT_EQ(pool.usable(), 0u) << "what another process learned is taken over";
}

TEST(KeyPoolTest, AResetEndsCoolDowns) {
  Pool pool(keys(1));
  pool.report_for("key-1", verdict(Outcome::quota_day, hours{12}));
  pool.report_for("key-1", verdict(Outcome::key_unusable));
  EXPECT_EQ(pool.next(), "keys_waiting");
  auto reset = keys(1);
  reset[0].revision = 1;
  pool.replace(reset, {}, kNoon);
  EXPECT_EQ(pool.next(), "key-1");
  EXPECT_EQ(pool.snapshot(kNoon)[0].key.failures, 0);
}

TEST(KeyPoolTest, RemembersStatesOnlyForKeysThatAreNew) {
  const ModelState state{"m", ModelStatus::exhausted, kNoon + hours{2}, "PerDay"};
  const ModelState past{"m", ModelStatus::cooling, kNoon - hours{2}, "PerMinute"};
  KeyPool pool({3});
  const auto all = keys(2);
  pool.replace(all, {{all[0].id, state}, {all[1].id, past}, {"unknown", state}}, kNoon);
  EXPECT_EQ((*pool.take("m", {}, kNoon))->id, all[1].id);
  EXPECT_EQ((*pool.take("m", {}, kNoon))->id, all[1].id);
  EXPECT_EQ((*pool.take("m", {all[1].id}, kNoon + hours{3}))->id, all[0].id);
}

TEST(KeyPoolTest, AReportForAKeyThatLeftIsIgnored) {
  Pool pool(keys(1));
  const auto lease = *pool.take("m", {}, kNoon);
  pool.replace({}, {}, kNoon);
  EXPECT_TRUE(pool.report(lease, "m", verdict(Outcome::key_dead), kNoon).empty());
  EXPECT_EQ(lease->secret.reveal(), "key-1");
  EXPECT_EQ(pool.next(), "no_usable_key");
}

TEST(KeyPoolTest, ABareQuotaRefusalBenchesShortlyAndLonger) {
  Pool pool(keys(1));
  auto bare = verdict(Outcome::quota_minute);
  bare.bare_quota = true;
  pool.report_for("key-1", bare);
  const auto first = pool.take("m", {}, kNoon).error().retry_after;
  pool.report_for("key-1", bare, kNoon + seconds{10});
  const auto second = pool.take("m", {}, kNoon + seconds{10}).error().retry_after;
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
