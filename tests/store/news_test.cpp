// What one process learns of what others wrote.

#include <algorithm>
#include <map>

#include "tests/store/store_support.hpp"

namespace gembal::store {
namespace {

using keypool::Key;
using keypool::ModelStatus;
using std::chrono::hours;

void expect_nothing_new(KeyStore& store, std::int64_t seq) {
  const auto news = *store.news_since(seq, kNow);
  EXPECT_EQ(news.seq, seq);
  EXPECT_FALSE(news.owner_changed);
  EXPECT_TRUE(news.keys.empty() && news.states.empty() && news.limits.empty() &&
              news.usage.empty() && news.objects.empty());
}

class StoreNewsTest : public OnEveryDatabase {};

TEST_P(StoreNewsTest, TwoStoresTellEachOtherEverything) {
  auto one = open(place()), two = open(place());
  ASSERT_TRUE(one.add({key("key-one"), key("key-two")}));
  const auto start = two.news_since(0, kNow)->seq;
  expect_nothing_new(one, start);
  expect_nothing_new(two, start);

  Key known = stored(one, "key-two");
  known.failures = 2;
  ASSERT_TRUE(one.write({{{known, true, {cooling("m", kNow + hours{1})}, {{"m", {5, 6, 7, kNow}}}}},
                         {{known.id, "m", kHour, 1, 10}},
                         {{"files/x", known.id, "p", "", kNow + hours{1}}}}));
  for (auto* store : {&one, &two}) {  // own writes are among it
    const auto news = *store->news_since(start, kNow);
    EXPECT_GT(news.seq, start);
    EXPECT_FALSE(news.owner_changed);
    ASSERT_EQ(news.keys.size(), 1u);
    EXPECT_EQ(news.keys[0].secret.reveal(), "key-two");
    EXPECT_EQ(news.keys[0].failures, 2);
    ASSERT_EQ(news.states.size(), 1u);
    EXPECT_EQ(news.states[0].subject, quota_subject(known));
    ASSERT_EQ(news.limits.size(), 1u);
    EXPECT_EQ(news.limits[0].limits.limits, (keypool::QuotaLimits{5, 6, 7, kNow}));
    ASSERT_EQ(news.usage.size(), 1u);
    EXPECT_EQ(news.usage[0].tokens, 10u);
    ASSERT_EQ(news.objects.size(), 1u);
    EXPECT_EQ(news.objects[0].project, "p");
    expect_nothing_new(*store, news.seq);
  }

  const auto next = two.news_since(start, kNow)->seq;
  ASSERT_TRUE(two.write({{}, {{known.id, "m", kHour, 1, 10}, {known.id, "n", kHour, 1, 10}}, {}}));
  const auto news = *one.news_since(next, kNow);
  EXPECT_TRUE(news.keys.empty()) << "when it was used last is in the usage";
  EXPECT_TRUE(news.states.empty() && news.limits.empty() && news.objects.empty());
  ASSERT_EQ(news.usage.size(), 2u);
  for (const auto& row : news.usage) EXPECT_EQ(row.requests, row.model == "m" ? 2u : 1u);
}

TEST_P(StoreNewsTest, TellsWhetherAnOwnerChangedSomething) {
  using Ids = std::vector<std::string>;
  const struct {
    const char* name;
    bool expected;
    std::function<bool(KeyStore&, const Ids&)> work;
  } cases[] = {
      {"added", true, [](auto& store, auto&) { return !!store.add({key("key-new")}); }},
      {"removed", true, [](auto& store, auto& ids) { return !!store.remove(ids); }},
      {"disabled", true, [](auto& store, auto& ids) { return !!store.disable(ids, "by hand"); }},
      {"enabled", true, [](auto& store, auto& ids) { return !!store.enable(ids); }},
      {"reset", true, [](auto& store, auto& ids) { return !!store.reset(ids); }},
      {"edited", true, [](auto& store, auto& ids) { return !!store.edit(ids, {.label = "x"}); }},
      {"added what is there", false,
       [](auto& store, auto&) { return !!store.add({key("key-one")}); }},
      {"removed what is not there", false,
       [](auto& store, auto&) { return !!store.remove({"x"}); }},
      {"enabled one that works", false,
       [](auto& store, auto&) { return !!store.enable({key("key-two").id}); }},
      {"learned", false,
       [](auto& store, auto& ids) {
         const auto known = stored(store, "key-one");
         return !!store.write({{{known, true, {cooling("m", kNow + hours{1})}, {}}},
                               {{ids[0], "m", kHour, 1, 1}},
                               {}});
       }},
      {"made a value", false, [](auto& store, auto&) { return !!store.value_or_insert("a", "b"); }},
      {"forgot", false, [](auto& store, auto&) { return !!store.forget_old(kNow); }},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto path = new_place();
    auto one = open(path), two = open(path);
    ASSERT_TRUE(one.add({key("key-one"), key("key-two")}));
    Key failed = stored(one, "key-one");
    failed.failures = 1;
    ASSERT_TRUE(one.write(one_change({failed, true, {}, {}})));
    const auto before = two.news_since(0, kNow)->seq;
    ASSERT_TRUE(c.work(one, {failed.id}));
    const auto news = *two.news_since(before, kNow);
    EXPECT_EQ(news.owner_changed, c.expected);
    EXPECT_FALSE(two.news_since(news.seq, kNow)->owner_changed);
  }
}

TEST_P(StoreNewsTest, TheFirstAreEverythingInForce) {
  auto store = open(place());
  EXPECT_TRUE(store.news_since(0, kNow)->owner_changed) << "nobody knows the keys yet";
  EXPECT_GT(store.news_since(0, kNow)->seq, 0);
  ASSERT_TRUE(store.add({key("key-one")}));
  const auto known = stored(store, "key-one");
  Batch batch;
  batch.changes = {{known,
                    false,
                    {cooling("over", kNow),
                     cooling("in force", kNow + hours{1}),
                     {"overloaded", ModelStatus::overloaded, kNow + hours{1}, ""}},
                    {{"m", {1, 2, 3, kNow}}}}};
  batch.usage = {{known.id, "m", kHour, 1, 1},
                 {known.id, "m", kHour - 24, 2, 2},
                 {known.id, "m", kHour - 25, 3, 3}};
  batch.objects = {{"files/gone", known.id, "", "", kNow},
                   {"files/x", known.id, "", "", kNow + hours{1}}};
  ASSERT_TRUE(store.write(batch));
  // One that was made by a newer sequence, from which this store was restored, asks for too much.
  for (const std::int64_t seq : {0, 1'000'000}) {
    SCOPED_TRACE(seq);
    const auto news = *store.news_since(seq, kNow);
    EXPECT_TRUE(news.owner_changed);
    EXPECT_LT(news.seq, 1'000);
    EXPECT_EQ(news.keys.size(), 1u);
    EXPECT_EQ(news.states.size(), 2u);
    for (const auto& row : news.states) EXPECT_NE(row.state.model, "over");
    EXPECT_EQ(news.limits.size(), 1u);
    EXPECT_EQ(news.usage.size(), 2u);
    for (const auto& row : news.usage) EXPECT_LT(row.requests, 3u);
    ASSERT_EQ(news.objects.size(), 1u);
    EXPECT_EQ(news.objects[0].name, "files/x");
  }
}

TEST_P(StoreNewsTest, WhatEndedIsNewsToo) {
  auto store = open(place());
  ASSERT_TRUE(store.add({key("key-one")}));
  const auto known = stored(store, "key-one");
  ASSERT_TRUE(store.write({{{known, false, {cooling("m", kNow + hours{1})}, {}}},
                           {},
                           {{"files/x", known.id, "", "", kNow + hours{1}}}}));
  const auto before = store.news_since(0, kNow)->seq;
  ASSERT_TRUE(store.write({{{known, false, {cooling("m", kNow)}, {}}},
                           {{known.id, "m", kHour - 25, 1, 1}},
                           {{"files/x", known.id, "", "", kNow}}}));
  const auto news = *store.news_since(before, kNow);
  ASSERT_EQ(news.states.size(), 1u);
  EXPECT_EQ(news.states[0].state.until, kNow);
  ASSERT_EQ(news.objects.size(), 1u);
  EXPECT_EQ(news.objects[0].expires, kNow);
  EXPECT_TRUE(news.usage.empty()) << "too old to matter";
}

TEST_P(StoreNewsTest, NothingThatOthersWriteMeanwhileIsMissed) {
  const auto& path = place();
  ASSERT_TRUE(open(path).add({key("key-one")}));
  std::vector<pid_t> writers;
  for (int writer = 0; writer < 2; ++writer) {
    writers.push_back(start_child([&] {
      auto store = KeyStore::open(path, std::chrono::seconds{30});
      for (int i = 0; i < 100; ++i) {
        const auto model = "m" + std::to_string(i % 7);
        if (!store || !store->write({{}, {{key("key-one").id, model, kHour, 1, 0}}, {}})) return 1;
      }
      return 0;
    }));
  }
  auto store = open(path);
  std::int64_t seq = 0;
  std::map<std::string, std::uint64_t> heard;
  const auto listen = [&] {
    const auto news = *store.news_since(seq, kNow);
    for (const auto& row : news.usage) heard[row.model] = row.requests;
    seq = news.seq;
  };
  std::uint64_t total = 0;
  for (const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
       total < 200 && std::chrono::steady_clock::now() < deadline;) {
    listen();
    total = 0;
    for (const auto& [model, requests] : heard) total += requests;
  }
  EXPECT_EQ(total, 200u);
  for (const pid_t writer : writers) EXPECT_EQ(end_of(writer), 0);
}

INSTANTIATE_TEST_SUITE_P(On, StoreNewsTest, every_database(), name_of);

}  // namespace
}  // namespace gembal::store
