// What is learned with the keys: states, limits, usage and owners of objects.

#include <algorithm>
#include <map>

#include "tests/store/store_support.hpp"

namespace gembal::store {
namespace {

using keypool::Change;
using keypool::Key;
using keypool::ModelStatus;
using keypool::Usage;
using std::chrono::hours;

class StoreLearnedTest : public OnEveryDatabase {};

TEST_P(StoreLearnedTest, RemembersWhatWasLearned) {
  auto store = open(place());
  ASSERT_TRUE(store.add({key("key-one"), key("key-two")}));
  auto keys = *store.keys();
  Change change;
  change.key = keys[0];
  change.key.disabled = true;
  change.key.reason = "leaked";
  change.key.disabled_since = kNow;
  change.key.failures = 2;
  change.key_changed = true;
  change.model_states = {{"m", ModelStatus::exhausted, kNow + std::chrono::hours{1}, "PerDay"},
                         {"n", ModelStatus::cooling, kNow - std::chrono::hours{1}, "old"}};
  ASSERT_TRUE(store.write({{change}, {}, {}}));
  auto again = open(place());
  keys = *again.keys();
  EXPECT_TRUE(keys[0].disabled);
  EXPECT_EQ(keys[0].reason, "leaked");
  EXPECT_EQ(keys[0].disabled_since, kNow);
  EXPECT_EQ(keys[0].failures, 2);
  const auto states = *again.model_states(kNow);
  ASSERT_EQ(states.size(), 1u);
  EXPECT_EQ(states[0].subject, quota_subject(keys[0]));
  EXPECT_EQ(states[0].state.model, "m");
  EXPECT_EQ(states[0].state.status, ModelStatus::exhausted);
  ASSERT_TRUE(again.enable({keys[0].id}));
  EXPECT_TRUE(again.model_states(kNow)->empty());
  EXPECT_FALSE(again.keys()->at(0).disabled);
}

TEST_P(StoreLearnedTest, WhatWasLearnedBeforeDoesNotUndoWhatTheOwnerDid) {
  auto daemon = open(place()), owner = open(place());
  ASSERT_TRUE(owner.add({key("key-one")}));
  Change change;
  change.key = daemon.keys()->at(0);
  change.key.failures = 1;
  change.key_changed = true;
  ASSERT_TRUE(owner.disable({change.key.id}, "by hand"));
  ASSERT_TRUE(daemon.write({{change}, {}, {}}));
  EXPECT_TRUE(owner.keys()->at(0).disabled);
  EXPECT_EQ(owner.keys()->at(0).failures, 0);
  ASSERT_TRUE(owner.remove({change.key.id}));
  EXPECT_TRUE(daemon.write({{change}, {}, {}}));
  EXPECT_TRUE(owner.keys()->empty());
}

TEST_P(StoreLearnedTest, WhatWaitedDoesNotUndoWhatTheOwnerDidMeanwhile) {
  const struct {
    const char* name;
    std::function<Result<std::size_t>(KeyStore&, const std::vector<std::string>&)> work;
  } cases[] = {
      {"disabled", [](KeyStore& store, const auto& ids) { return store.disable(ids, "by hand"); }},
      {"enabled", [](KeyStore& store, const auto& ids) { return store.enable(ids); }},
      {"reset", [](KeyStore& store, const auto& ids) { return store.reset(ids); }},
      {"moved to another project",
       [](KeyStore& store, const auto& ids) { return store.edit(ids, {.project = "q"}); }},
      {"removed", [](KeyStore& store, const auto& ids) { return store.remove(ids); }},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto path = new_place();
    auto daemon = open(path), owner = open(path);
    ASSERT_TRUE(owner.add({key("key-one", "p"), key("key-two")}));
    Change change{
        stored(daemon, "key-one"), true, {cooling("m", kNow + hours{1})}, {{"m", {1, 2, 3, kNow}}}};
    change.key.failures = 1;
    ASSERT_TRUE(daemon.write(one_change(change)));
    ASSERT_TRUE(c.work(owner, {change.key.id}));
    const auto before = *owner.keys();
    ASSERT_TRUE(daemon.keys()) << "that the writer has seen it does not make the change newer";
    change.key.failures = 2;
    change.key.disabled = true;
    change.model_states = {cooling("late", kNow + hours{1})};
    change.limits = {{"late", {1, 2, 3, kNow}}};
    ASSERT_TRUE(daemon.write(one_change(change)));
    const auto after = *owner.keys();
    ASSERT_EQ(after.size(), before.size());
    for (std::size_t i = 0; i < after.size(); ++i) {
      EXPECT_EQ(after[i].failures, before[i].failures);
      EXPECT_EQ(after[i].disabled, before[i].disabled);
      EXPECT_EQ(after[i].project, before[i].project);
    }
    for (const auto& row : *owner.model_states(kNow)) EXPECT_NE(row.state.model, "late");
    for (const auto& row : *owner.limits()) EXPECT_NE(row.limits.model, "late");
  }
}

TEST_P(StoreLearnedTest, AResetOfOneKeyOutdatesWhatTheOthersOfItsProjectLearned) {
  auto store = open(place());
  ASSERT_TRUE(store.add({key("key-one", "p"), key("key-two", "p"), key("key-three")}));
  const auto keys = *store.keys();
  ASSERT_TRUE(store.reset({keys[0].id}));
  ASSERT_TRUE(store.write({{{keys[1], false, {cooling("m", kNow + hours{1})}, {}},
                            {keys[2], false, {cooling("m", kNow + hours{1})}, {}}},
                           {},
                           {}}));
  const auto states = *store.model_states(kNow);
  ASSERT_EQ(states.size(), 1u);
  EXPECT_EQ(states[0].subject, "k:" + keys[2].id);
}

TEST_P(StoreLearnedTest, TheLatestStateWins) {
  auto store = open(place());
  ASSERT_TRUE(store.add({key("key-one", "p"), key("key-two", "p")}));
  const auto keys = *store.keys();
  ASSERT_TRUE(store.write(one_change(
      {keys[0], false, {{"m", ModelStatus::exhausted, kNow + hours{9}, "PerDay"}}, {}})));
  ASSERT_TRUE(store.write(one_change(
      {keys[1], false, {cooling("m", kNow + hours{2}), cooling("m", kNow + hours{1})}, {}})));
  const auto states = *store.model_states(kNow);
  ASSERT_EQ(states.size(), 1u) << "the keys of a project have one between them";
  EXPECT_EQ(states[0].subject, "p:p");
  EXPECT_EQ(states[0].state.status, ModelStatus::cooling);
  EXPECT_EQ(states[0].state.until, kNow + hours{1});
  EXPECT_EQ(states[0].state.reason, "PerMinute");
}

TEST_P(StoreLearnedTest, AnOverloadIsTheModelsOwn) {
  auto store = open(place());
  ASSERT_TRUE(store.add({key("key-one", "p")}));
  const auto known = stored(store, "key-one");
  ASSERT_TRUE(store.write(
      one_change({known, false, {{"m", ModelStatus::overloaded, kNow + hours{1}, "503"}}, {}})));
  ASSERT_TRUE(store.reset({known.id}));
  const auto states = *store.model_states(kNow);
  ASSERT_EQ(states.size(), 1u);
  EXPECT_EQ(states[0].subject, "");
  EXPECT_EQ(states[0].state.status, ModelStatus::overloaded);
}

TEST_P(StoreLearnedTest, KeepsWhatUpstreamAllows) {
  auto store = open(place());
  ASSERT_TRUE(store.add({key("key-one")}));
  const auto known = stored(store, "key-one");
  ASSERT_TRUE(store.write(
      one_change({known, false, {}, {{"m", {5, 0, 0, kNow}}, {"n", {1, 1, 1, kNow}}}})));
  const keypool::QuotaLimits limits{4'000'000'000u, 100, 250'000'000'000, kNow + hours{1}};
  ASSERT_TRUE(store.write(one_change({known, false, {}, {{"m", limits}}})));
  std::map<std::string, keypool::QuotaLimits> by_model;
  for (const auto& row : *store.limits()) {
    EXPECT_EQ(row.subject, "k:" + known.id);
    by_model[row.limits.model] = row.limits.limits;
  }
  EXPECT_EQ(by_model,
            (std::map<std::string, keypool::QuotaLimits>{{"m", limits}, {"n", {1, 1, 1, kNow}}}));
}

TEST_P(StoreLearnedTest, ALearnedProjectMovesTheKeyToItsQuota) {
  auto one = open(place()), two = open(place());
  ASSERT_TRUE(one.add({key("key-one")}));
  const auto unaware = stored(two, "key-one");
  Change change{unaware, true, {cooling("m", kNow + hours{1})}, {}};
  change.key.project = "123";
  ASSERT_TRUE(one.write(one_change(change)));
  EXPECT_EQ(stored(two, "key-one").project, "123");
  EXPECT_EQ(one.model_states(kNow)->at(0).subject, "p:123");
  // Another process has not heard of the project.
  ASSERT_TRUE(two.write(
      one_change({unaware, true, {cooling("m", kNow + hours{2})}, {{"m", {1, 2, 3, kNow}}}})));
  EXPECT_EQ(stored(one, "key-one").project, "123");
  ASSERT_EQ(one.model_states(kNow)->size(), 1u);
  EXPECT_EQ(one.model_states(kNow)->at(0).state.until, kNow + hours{2});
  EXPECT_EQ(one.limits()->at(0).subject, "p:123");
}

TEST_P(StoreLearnedTest, UsageAddsUp) {
  auto store = open(place());
  ASSERT_TRUE(store.add({key("key-one"), key("key-two")}));
  const auto one = key("key-one").id;
  EXPECT_EQ(stored(store, "key-one").last_used, TimePoint{});
  const auto before =
      from_unix_milliseconds(to_unix_milliseconds(std::chrono::system_clock::now()));
  ASSERT_TRUE(store.write(
      {{},
       {{one, "m", kHour, 2, 100}, {one, "n", kHour, 1, 10}, {"removed", "m", kHour, 1, 1}},
       {}}));
  ASSERT_TRUE(store.write(
      {{}, {{one, "m", kHour, 1, 5}, {one, "m", kHour, 0, 7}, {one, "m", kHour + 1, 1, 3}}, {}}));
  EXPECT_GE(stored(store, "key-one").last_used, before);
  EXPECT_EQ(stored(store, "key-two").last_used, TimePoint{});
  const auto text = [](const Usage& row) {
    return row.model + " " + std::to_string(row.hour - kHour) + ": " +
           std::to_string(row.requests) + ", " + std::to_string(row.tokens);
  };
  const auto usage_since = [&](std::int64_t hour) {
    std::vector<std::string> rows;
    for (const auto& row : *store.usage_since(hour)) {
      EXPECT_EQ(row.key_id, one);
      rows.push_back(text(row));
    }
    std::sort(rows.begin(), rows.end());
    return rows;
  };
  EXPECT_EQ(usage_since(kHour),
            (std::vector<std::string>{"m 0: 3, 112", "m 1: 1, 3", "n 0: 1, 10"}));
  EXPECT_EQ(usage_since(kHour + 1), std::vector<std::string>{"m 1: 1, 3"});
}

TEST_P(StoreLearnedTest, ObjectsAreThereUntilTheirTime) {
  auto store = open(place());
  const auto later = kNow + hours{48};
  ASSERT_TRUE(store.write({{},
                           {},
                           {{"uploads/s", "id-one", "p", "https://localhost/upload", later},
                            {"files/y", "id-one", "", "", later},
                            {"files/x", "id-one", "", "", later},
                            {"files/old", "id-one", "", "", kNow}}}));
  auto objects = *store.objects(kNow);
  ASSERT_EQ(objects.size(), 3u);
  EXPECT_EQ(objects[0].name, "files/x");
  EXPECT_EQ(objects[1].name, "files/y");
  EXPECT_EQ(objects[2].key_id, "id-one");
  EXPECT_EQ(objects[2].project, "p");
  EXPECT_EQ(objects[2].target, "https://localhost/upload");
  EXPECT_EQ(objects[2].expires, later);
  ASSERT_TRUE(store.write(
      {{}, {}, {{"files/x", "id-two", "", "", later}, {"files/y", "id-one", "", "", kNow}}}));
  objects = *store.objects(kNow);
  ASSERT_EQ(objects.size(), 2u);
  EXPECT_EQ(objects[0].key_id, "id-two");
}

TEST_P(StoreLearnedTest, ForgetsWhatNobodyAsksForAgain) {
  auto store = open(place());
  ASSERT_TRUE(store.add({key("key-one")}));
  const auto known = stored(store, "key-one");
  const auto day = hours{24}, hour = hours{1};
  Batch batch;
  batch.changes = {{known,
                    false,
                    {cooling("long gone", kNow - day), cooling("gone", kNow - day + hour),
                     cooling("in force", kNow + hour)},
                    {{"m", {1, 2, 3, kNow - 365 * day}}}}};
  batch.usage = {{known.id, "too old", kHour - 31 * 24 - 1, 1, 1},
                 {known.id, "old", kHour - 31 * 24, 1, 1}};
  batch.objects = {{"files/a", "id", "", "", kNow - day},
                   {"files/b", "id", "", "", kNow - day + hour},
                   {"files/c", "id", "", "", kNow + hour}};
  ASSERT_TRUE(store.write(batch));
  ASSERT_TRUE(store.forget_old(kNow));
  EXPECT_EQ(store.model_states(TimePoint{})->size(), 2u);
  EXPECT_EQ(store.objects(TimePoint{})->size(), 2u);
  ASSERT_EQ(store.usage_since(0)->size(), 1u);
  EXPECT_EQ(store.usage_since(0)->at(0).model, "old");
  EXPECT_EQ(store.limits()->size(), 1u);
  EXPECT_EQ(names(store).size(), 1u);
}

TEST_P(StoreLearnedTest, NothingToWriteIsNoTransaction) {
  auto store = open(place());
  const auto before = store.news_since(0, kNow)->seq;
  EXPECT_TRUE(store.write({}));
  EXPECT_EQ(store.news_since(0, kNow)->seq, before);
}

INSTANTIATE_TEST_SUITE_P(On, StoreLearnedTest, every_database(), name_of);

}  // namespace
}  // namespace gembal::store
