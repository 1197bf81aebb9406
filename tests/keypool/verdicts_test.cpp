// What replies, as they come over the wire, do to a pool.

#include <random>

#include "lib/upstream/verdict.hpp"
#include "tests/keypool/small_pool.hpp"

namespace gembal::keypool {
namespace {

constexpr auto kMinuteQuota =
    R"({"quotaId":"GenerateRequestsPerMinutePerProjectPerModel-FreeTier","quotaValue":"10"})";
constexpr auto kDayQuota =
    R"({"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier","quotaValue":"20"})";

/// The verdict on a 429 with those violations.
Verdict refused(const std::string& violations, const std::string& delay = "",
                const std::string& message = "You exceeded your current quota.") {
  const std::string retry =
      delay.empty() ? ""
                    : R"(,{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":")" +
                          delay + "\"}";
  return upstream::judge_error(
      429,
      R"({"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":")" + message +
          R"(","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[)" +
          violations + "]}" + retry + "]}}",
      upstream::Subject::model, kNoon);
}

Verdict bare() {
  return upstream::judge_error(
      429, R"({"error":{"code":429,"message":"Resource has been exhausted (e.g. check quota)."}})",
      upstream::Subject::model, kNoon);
}

TEST(VerdictsTest, HowLongAQuotaKeepsAKeyAway) {
  const std::string both = std::string(kMinuteQuota) + "," + kDayQuota;
  const struct {
    const char* name;
    Verdict verdict;
    milliseconds back_after;
  } cases[] = {
      {"the delay", refused(kMinuteQuota, "34s"), seconds{34}},
      {"no delay: a minute", refused(kMinuteQuota), seconds{60}},
      {"a day with a delay of seconds: to midnight", refused(kDayQuota, "27s"), hours{12}},
      {"of several the longest", refused(both, "30s"), hours{12}},
      {"in either order", refused(std::string(kDayQuota) + "," + kMinuteQuota, "30s"), hours{12}},
      {"the true delay beyond midnight", refused(kDayQuota, "79586s"), seconds{79'586}},
      {"limit 0 is not waited for: a day", refused(both, "5s", "Quota exceeded, limit: 0"),
       hours{24}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Pool pool(keys(1));
    pool.report_for("key-1", c.verdict);
    EXPECT_EQ(pool.next("m", kNoon + c.back_after - seconds{1}), "keys_waiting");
    EXPECT_EQ(pool.next("m", kNoon + c.back_after + seconds{2}), "key-1");
  }
}

TEST(VerdictsTest, ADaysQuotaEndsAtMidnightInLosAngelesAlsoWhenTheClocksChange) {
  const struct {
    const char* name;
    const char* now;
    const char* midnight;
  } cases[] = {
      {"winter", "2026-11-24T20:00:00Z", "2026-11-25T08:00:00Z"},
      {"the short day in March", "2026-03-08T09:00:00Z", "2026-03-09T07:00:00Z"},
      {"the long day in November", "2026-11-01T07:30:00Z", "2026-11-02T08:00:00Z"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto now = *parse_iso8601(c.now), midnight = *parse_iso8601(c.midnight);
    Pool pool(keys(1));
    pool.report_for("key-1", verdict(Outcome::quota_day), now);
    EXPECT_EQ(pool.next("m", midnight - seconds{1}), "keys_waiting");
    EXPECT_EQ(pool.next("m", midnight), "key-1");
  }
}

TEST(VerdictsTest, TheStoreIsToldWhatTheSubjectWaitsFor) {
  Pool pool({key("key-1", "p")});
  const auto report = pool.report_for("key-1", refused(kDayQuota, "27s"));
  ASSERT_EQ(report.changes.size(), 2u);
  const auto& limits = report.changes[0].limits;
  ASSERT_EQ(limits.size(), 1u);
  EXPECT_EQ(limits[0].model, "m");
  EXPECT_EQ(limits[0].limits.requests_per_day, 20u);
  EXPECT_EQ(limits[0].limits.learned, kNoon);
  const auto& states = report.changes[1].model_states;
  ASSERT_EQ(states.size(), 1u);
  EXPECT_EQ(states[0].status, ModelStatus::exhausted);
  EXPECT_EQ(states[0].until, kNoon + hours{12});
  EXPECT_EQ(quota_subject(report.changes[1].key), "p:p");
  EXPECT_FALSE(report.changes[1].key_changed);
}

TEST(VerdictsTest, AnAliasAndItsModelShareTheirQuota) {
  Pool pool(keys(1));
  pool.next("real");
  auto quota = verdict(Outcome::quota_minute, seconds{30});
  quota.quota_model = "real";
  pool.report_for("key-1", quota, kNoon, "alias");
  EXPECT_EQ(pool.next("alias"), "keys_waiting");
  EXPECT_EQ(pool.next("real"), "keys_waiting");
  EXPECT_EQ(pool.next("other"), "key-1");
}

TEST(VerdictsTest, NoCreditIsForAllModelsAlsoForThoseToCome) {
  Pool pool({key("key-1", "p"), key("key-2", "p"), key("key-3")});
  pool.next("seen");
  const auto report = pool.report_for(
      "key-1",
      upstream::judge_error(
          429, R"({"error":{"message":"Your prepayment credits are depleted. Please ..."}})",
          upstream::Subject::model, kNoon));
  ASSERT_EQ(report.changes.size(), 1u);
  EXPECT_EQ(report.changes[0].model_states.at(0).model, "*");
  for (const char* model : {"m", "seen", "new"}) {
    EXPECT_EQ(pool.next_few(2, model), "key-3 key-3") << model;
    EXPECT_EQ(pool.waits("key-2", "*"), "prepaid credit used up") << "told once, for all";
    EXPECT_EQ(pool.waits("key-2", model), "");
  }
  EXPECT_TRUE(pool.prospect("key-1", kNoon + hours{2}, "new").ready);
}

// ---- Limits.

TEST(VerdictsTest, ALearnedLimitIsObeyedAndToldOnce) {
  Pool pool(keys(1));
  const auto learned = pool.report_for("key-1", refused(kMinuteQuota, "5s"));
  ASSERT_EQ(learned.changes.size(), 2u);
  EXPECT_EQ(learned.changes[0].limits.at(0).limits.requests_per_minute, 10u);
  const auto again = pool.report_for("key-1", refused(kMinuteQuota, "5s"), kNoon + seconds{10});
  EXPECT_EQ(again.changes.size(), 1u) << "no news but the wait";
  const auto later = pool.report_for("key-1", refused(kMinuteQuota, "5s"), kNoon + hours{2});
  EXPECT_EQ(later.changes.size(), 2u) << "that it still holds is worth a line an hour";

  const auto now = kNoon + hours{3};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(pool.next("m", now), "key-1") << i;
  EXPECT_EQ(pool.next("m", now), "keys_waiting") << "before upstream says so";
  EXPECT_EQ(pool.waits("key-1", "m", now), "paced");
  EXPECT_EQ(pool.next("m", now + seconds{61}), "key-1");
}

TEST(VerdictsTest, WhatUpstreamRefusedIsNotCounted) {
  Pool pool(keys(1));
  pool.report_for("key-1", refused(kMinuteQuota, "1s"));
  const auto now = kNoon + minutes{5};
  for (int i = 0; i < 30; ++i) {
    auto lease = pool.take("m", now);
    ASSERT_TRUE(lease) << i;
    pool.pool.report(*lease, verdict(Outcome::broken), now);
  }
  EXPECT_EQ(pool.prospect("key-1", now).requests_today, 0u);
}

TEST(VerdictsTest, ThePresumedLimitOfATierIsALastChoiceAndNoRefusal) {
  Pool pool(keys(2));
  pool.report_for("key-1", refused(kMinuteQuota, "20s"));  // ten a minute: perhaps key-2, too
  for (int i = 0; i < 15; ++i) EXPECT_EQ(pool.next(), "key-2") << i;
  const auto later = kNoon + seconds{25};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(pool.next("m", later), "key-1") << i;
  EXPECT_EQ(pool.next("m", later), "key-2");
}

TEST(VerdictsTest, ASuccessBeyondThePresumedLimitRefutesIt) {
  Pool pool(keys(2));
  pool.report_for("key-1", refused(kMinuteQuota, "20s"));
  for (int i = 0; i < 11; ++i) {
    auto lease = pool.take();
    ASSERT_TRUE(lease);
    pool.pool.report(*lease, verdict(Outcome::success), kNoon);
  }
  EXPECT_EQ(pool.next_few(4, "m", kNoon + seconds{25}), "key-1 key-2 key-1 key-2");
}

TEST(VerdictsTest, ALimitOfOneTierIsNotPresumedOfTheOther) {
  auto both = keys(3);
  both[1].paid = true;
  Pool pool(both);
  pool.report_for("key-1", refused(kDayQuota, "20s"));
  EXPECT_EQ(pool.pool.prospects("m", kNoon).at(0).key.id, id("key-3"));
  for (int i = 0; i < 20; ++i) pool.next();  // key-3 has used up what is presumed
  EXPECT_EQ(pool.next(), "key-3") << "still a free one: paid ones are for when none is left";
  pool.report_for("key-3", refused(kDayQuota, "20s"));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(pool.next(), "key-2") << i;
}

// ---- Bare refusals and breakers.

TEST(VerdictsTest, BareRefusalsOfThreeSubjectsAreTheModels) {
  Pool pool(keys(5));
  EXPECT_TRUE(pool.report_for("key-1", bare()).notices.empty());
  EXPECT_TRUE(pool.report_for("key-2", bare()).notices.empty());
  EXPECT_EQ(pool.waits("key-1"), "quota without details");
  const auto third = pool.report_for("key-3", bare());
  ASSERT_EQ(third.notices.size(), 1u);
  EXPECT_TRUE(third.notices[0].bad);
  EXPECT_EQ(third.notices[0].about, "m");
  for (const char* name : {"key-1", "key-2", "key-3"}) EXPECT_EQ(pool.waits(name), "") << name;
  EXPECT_TRUE(pool.pool.overloaded_until("m", kNoon));
  int told = 0;
  for (const auto& change : third.changes) {
    for (const auto& state : change.model_states)
      told += state.status == ModelStatus::cooling && state.until <= kNoon;
  }
  EXPECT_EQ(told, 3) << "the store forgets their benches, too";
}

TEST(VerdictsTest, KeysOfOneProjectAreOneSubject) {
  Pool pool({key("key-1", "p"), key("key-2", "p"), key("key-3", "p"), key("key-4"), key("key-5")});
  for (int i = 0; i < 3; ++i) {
    const auto now = kNoon + minutes{2 * i};
    pool.report_for("key-" + std::to_string(i + 1), bare(), now);
    EXPECT_FALSE(pool.pool.overloaded_until("m", now)) << i;
  }
}

TEST(VerdictsTest, OfTwoUsableSubjectsBothAreEnough) {
  auto all = keys(5);
  for (auto i : {2u, 3u, 4u}) all[i].disabled = true;
  Pool pool(all);
  pool.report_for("key-1", bare());
  EXPECT_FALSE(pool.pool.overloaded_until("m", kNoon));
  pool.report_for("key-2", bare());
  EXPECT_TRUE(pool.pool.overloaded_until("m", kNoon)) << "disabled ones cannot be asked";
}

TEST(VerdictsTest, TheBreakerAllowsOneTryEachUntilOneSucceeds) {
  Pool pool(keys(3));
  const auto busy = upstream::judge_error(
      503, R"({"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}})",
      upstream::Subject::model, kNoon);
  EXPECT_TRUE(pool.report_for("key-1", busy).notices.empty());
  EXPECT_TRUE(pool.report_for("key-1", busy).notices.empty());
  EXPECT_FALSE(pool.take()->is_last_try());
  const auto opening = pool.report_for("key-2", busy);
  ASSERT_EQ(opening.notices.size(), 1u);
  ASSERT_EQ(opening.changes.size(), 1u);
  EXPECT_EQ(opening.changes[0].model_states.at(0).status, ModelStatus::overloaded);
  EXPECT_EQ(opening.changes[0].model_states.at(0).until, pool.pool.overloaded_until("m", kNoon));
  EXPECT_TRUE(pool.take()->is_last_try());
  EXPECT_FALSE(pool.take("other")->is_last_try());
  EXPECT_TRUE(pool.report_for("key-3", busy).changes.empty()) << "it was under way: no news";
  const auto closing = pool.report_for("key-1", verdict(Outcome::success));
  ASSERT_EQ(closing.notices.size(), 1u);
  EXPECT_FALSE(closing.notices[0].bad);
  EXPECT_FALSE(pool.take()->is_last_try());
  EXPECT_FALSE(pool.pool.overloaded_until("m", kNoon));
  EXPECT_FALSE(pool.pool.overloaded_until("never asked for", kNoon));
}

TEST(VerdictsTest, AnOverloadIsLearnedFromOthers) {
  Pool pool(keys(1));
  pool.pool.learn_states({{"", {"m", ModelStatus::overloaded, kNoon + seconds{20}, ""}}}, kNoon);
  EXPECT_EQ(pool.pool.overloaded_until("m", kNoon), kNoon + seconds{20});
  EXPECT_TRUE(pool.take()->is_last_try());
}

// Whatever words upstream uses for its reasons, the pool's own keep their meaning.
TEST(VerdictsTest, AnyNumberOfReasonsDoesNotConfuseIt) {
  Pool pool(keys(4));
  for (int i = 0; i < 1'200; ++i) {
    auto odd = verdict(Outcome::quota_minute, milliseconds{1});
    odd.reason = "reason " + std::to_string(i);
    pool.report_for("key-4", odd, kNoon + seconds{i}, "m");
  }
  pool.report_for("key-1", verdict(Outcome::quota_day), kNoon, "day");
  for (const char* name : {"key-1", "key-2", "key-3"})
    pool.report_for(name, verdict(Outcome::key_unusable));
  pool.report_for("key-4", verdict(Outcome::success), kNoon, "other");
  EXPECT_NE(pool.waits("key-1", "day"), "") << "it does not wait as a suspect there";
  EXPECT_EQ(pool.waits("key-2", "*"), "");
}

}  // namespace
}  // namespace gembal::keypool
