// What is remembered about requests.

#include "lib/store/journal.hpp"

#include "tests/store/store_support.hpp"

namespace gembal::store {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

Journal journal(const std::string& place) {
  auto opened = Journal::open(place);
  EXPECT_TRUE(opened) << opened.error().message;
  return *std::move(opened);
}

RequestRecord request(const std::string& id, TimePoint time = kNow) {
  RequestRecord made;
  made.id = id;
  made.time = time;
  made.method = "POST";
  made.path = "/v1/chat/completions";
  made.token = "laptop";
  made.key_id = "0123456789ab";
  made.model = "gemini-2.5-flash";
  made.status = 200;
  made.attempts = 1;
  made.prompt_tokens = 7;
  made.output_tokens = 3;
  made.total_tokens = 12;
  made.first_ms = 80;
  made.ms = 240;
  return made;
}

ErrorRecord error(const std::string& id, const std::string& request_id, TimePoint time = kNow) {
  ErrorRecord made;
  made.id = id;
  made.request_id = request_id;
  made.time = time;
  made.key_id = "0123456789ab";
  made.model = "gemini-2.5-flash";
  made.status = 429;
  made.kind = "quota";
  made.message = "You exceeded your current quota";
  made.reply = R"({"error":{"code":429}})";
  return made;
}

TrafficCount count(const RequestRecord& request) {
  TrafficCount made;
  made.minute = to_unix_seconds(request.time) / 60;
  made.key_id = request.key_id;
  made.model = request.model;
  made.token = request.token;
  made.traffic.add(request);
  return made;
}

std::vector<std::string> ids(const Page<RequestRecord>& page) {
  std::vector<std::string> all;
  for (const auto& one : page.records) all.push_back(one.id);
  return all;
}

using Ids = std::vector<std::string>;

class JournalTest : public OnEveryDatabase {};
class ClientTokenStoreTest : public OnEveryDatabase {};

TEST_P(JournalTest, ARequestComesBackAsItWas) {
  auto written = journal(place()), read = journal(place());
  auto made = request("r1");
  made.failure = "the upstream broke off";
  ASSERT_TRUE(written.write({{made}, {}, {}}));
  const auto found = *read.request("r1");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->time, made.time);
  EXPECT_EQ(found->path, made.path);
  EXPECT_EQ(found->token, "laptop");
  EXPECT_EQ(found->key_id, made.key_id);
  EXPECT_EQ(found->status, 200);
  EXPECT_EQ(found->total_tokens, 12u);
  EXPECT_EQ(found->first_ms, 80);
  EXPECT_EQ(found->ms, 240);
  EXPECT_EQ(found->failure, made.failure);
  EXPECT_FALSE(*read.request("r2"));
}

TEST_P(JournalTest, PagesComeNewestFirstAndMeetNeitherTwiceNorNever) {
  auto store = journal(place());
  JournalBatch batch;
  // Several of the same moment: the pages' borders fall among them.
  for (int i = 0; i < 10; ++i)
    batch.requests.push_back(request("r" + std::to_string(i), kNow + minutes{i / 4}));
  ASSERT_TRUE(store.write(batch));
  RecordFilter filter;
  filter.limit = 3;
  Ids all;
  for (int pages = 0; pages < 9; ++pages) {
    const auto page = *store.requests(filter);
    for (auto& id : ids(page)) all.push_back(id);
    filter.before = page.next;
    if (page.next.empty()) break;
  }
  EXPECT_EQ(all, (Ids{"r9", "r8", "r7", "r6", "r5", "r4", "r3", "r2", "r1", "r0"}));
}

TEST_P(JournalTest, Filters) {
  auto store = journal(place());
  auto plain = request("plain");
  auto other_key = request("key", kNow + minutes{1});
  other_key.key_id = "ba9876543210";
  auto limited = request("limited", kNow + minutes{2});
  limited.status = 429;
  auto broken = request("broken", kNow + minutes{3});
  broken.failure = "100% of it_went wrong";
  auto pro = request("pro", kNow + minutes{4});
  pro.model = "gemini-2.5-PRO";
  pro.token = "";
  ASSERT_TRUE(store.write({{plain, other_key, limited, broken, pro}, {}, {}}));

  const auto found = [&](const auto& choose) {
    RecordFilter filter;
    choose(filter);
    return ids(*store.requests(filter));
  };
  EXPECT_EQ(found([](auto& f) { f.key_id = "ba9876543210"; }), Ids{"key"});
  EXPECT_EQ(found([](auto& f) { f.model = "gemini-2.5-PRO"; }), Ids{"pro"});
  EXPECT_EQ(found([](auto& f) { f.least_status = 400, f.most_status = 499; }), Ids{"limited"});
  EXPECT_EQ(found([](auto& f) { f.failed_only = true; }), (Ids{"broken", "limited"}));
  EXPECT_EQ(found([](auto& f) { f.text = "Pro"; }), Ids{"pro"});
  EXPECT_EQ(found([](auto& f) { f.text = "0% of it_w"; }), Ids{"broken"}) << "no pattern";
  EXPECT_EQ(found([](auto& f) { f.text = "f%it"; }), Ids{});
  EXPECT_EQ(found([](auto& f) { f.since = kNow + minutes{3}; }), (Ids{"pro", "broken"}));
  EXPECT_EQ(found([](auto& f) { f.until = kNow + minutes{1}; }), (Ids{"key", "plain"}));
  EXPECT_EQ(found([](auto& f) { f.text = "' OR 1=1 --"; }), Ids{});
  EXPECT_EQ(found([](auto& f) { f.before = "nonsense"; }).size(), 5u);
}

TEST_P(JournalTest, ErrorsHaveTheirBodiesOneByOne) {
  auto store = journal(place());
  ASSERT_TRUE(store.write({{}, {error("e1", "r1"), error("e2", "r2", kNow + minutes{1})}, {}}));
  RecordFilter filter;
  filter.request_id = "r1";
  const auto page = *store.errors(filter);
  ASSERT_EQ(page.records.size(), 1u);
  EXPECT_EQ(page.records[0].id, "e1");
  EXPECT_EQ(page.records[0].reply, "") << "not in lists";
  EXPECT_EQ((*store.error("e1"))->reply, R"({"error":{"code":429}})");

  const auto last = *store.last_errors(kNow);
  ASSERT_EQ(last.size(), 1u) << "one a key";
  EXPECT_EQ(last[0].id, "e2");
  const auto failing = *store.failing_keys(kNow, 10);
  ASSERT_EQ(failing.size(), 1u);
  EXPECT_EQ(failing[0].count, 2u);
  EXPECT_EQ(failing[0].status, 429);
}

TEST_P(JournalTest, WhatIsTooLongOrNoTextIsMendedNotRefused) {
  auto store = journal(place());
  auto strange = request("strange");
  strange.path = std::string(600, 'p');
  strange.model = "a\xFF" + std::string(1, '\0') + "b";
  strange.failure = std::string(2047, 'x') + "\xC3\xA9";
  ASSERT_TRUE(store.write({{strange}, {}, {}}));
  const auto found = *store.request("strange");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->path.size(), 512u);
  EXPECT_EQ(found->model, "a??b");
  EXPECT_EQ(found->failure, std::string(2047, 'x')) << "no half of a character";
}

TEST_P(JournalTest, TrafficIsCountedByMinuteHourAndDay) {
  auto store = journal(place());
  auto failed = request("b", kNow + minutes{1});
  failed.status = 503;
  failed.token = "phone";
  failed.ms = 90'000;
  ASSERT_TRUE(store.write({{}, {}, {count(request("a")), count(failed)}}));
  ASSERT_TRUE(store.write({{}, {}, {count(request("c"))}})) << "adds to what is there";

  const auto since = to_unix_seconds(kNow);
  const auto by_minute = *store.series(kMinuteStep, since);
  ASSERT_EQ(by_minute.size(), 2u);
  EXPECT_EQ(by_minute[0].begin, since);
  EXPECT_EQ(by_minute[0].traffic.requests, 2u);
  EXPECT_EQ(by_minute[0].traffic.total_tokens, 24u);
  EXPECT_EQ(by_minute[1].traffic.failed, 1u);
  EXPECT_EQ(by_minute[1].traffic.latencies[9], 1u) << "longer than the last bound";
  const auto by_day = *store.series(kDayStep, since - 86'400);
  ASSERT_EQ(by_day.size(), 1u);
  EXPECT_EQ(by_day[0].traffic.requests, 3u);
  EXPECT_EQ(by_day[0].traffic.milliseconds, 90'480u);

  const auto by_token = *store.groups(kHourStep, since - 3600, GroupBy::token);
  ASSERT_EQ(by_token.size(), 2u);
  EXPECT_EQ(by_token[0].name, "laptop");
  EXPECT_EQ(by_token[0].traffic.requests, 2u);
  EXPECT_EQ(by_token[1].name, "phone");
}

TEST_P(JournalTest, OldRecordsGoAndCountsStayLonger) {
  auto store = journal(place());
  const auto old = kNow - hours{24 * 10};
  ASSERT_TRUE(store.write({{request("old", old), request("new")},
                           {error("old", "old", old), error("new", "new")},
                           {count(request("old", old)), count(request("new"))}}));
  ASSERT_TRUE(store.forget_old(kNow, {hours{24 * 30}, hours{24 * 7}}));
  EXPECT_TRUE(*store.request("old"));
  EXPECT_FALSE(*store.error("old"));
  EXPECT_EQ(store.series(kMinuteStep, 0)->size(), 1u);
  EXPECT_EQ(store.series(kHourStep, 0)->size(), 2u);
  ASSERT_TRUE(store.forget_old(kNow, {hours{24}, hours{0}}));
  EXPECT_FALSE(*store.request("old"));
  EXPECT_TRUE(*store.error("new")) << "zero keeps for ever";
}

TEST_P(JournalTest, Removing) {
  auto store = journal(place());
  ASSERT_TRUE(store.write({{request("a"), request("b"), request("c")}, {error("e", "a")}, {}}));
  EXPECT_EQ(*store.remove_requests(Ids{"a", "nobody"}), 1u);
  EXPECT_EQ(ids(*store.requests({})), (Ids{"c", "b"}));
  EXPECT_EQ(*store.remove_requests(std::nullopt), 2u);
  EXPECT_EQ(*store.remove_errors(Ids{"e"}), 1u);
}

TEST(LatencyTest, AShareLiesBetweenTwoBounds) {
  EXPECT_EQ(latency_of_share({}, 0.5), 0);
  Latencies latencies{};
  latencies[1] = 10;  // 100 to 250 ms
  EXPECT_EQ(latency_of_share(latencies, 0.5), 175);
  EXPECT_EQ(latency_of_share(latencies, 1), 250);
  latencies[9] = 10;  // more than a minute
  EXPECT_EQ(latency_of_share(latencies, 0.95), 60'000);
}

TEST_P(ClientTokenStoreTest, AreKeptWithoutTheTokenAndTheirChangesAreNews) {
  auto one = open(place()), two = open(place());
  ClientToken token;
  token.name = "laptop";
  token.digest = std::string(64, 'd');
  token.shown = "gembal-3f";
  token.requests_per_minute = 60;
  token.models = {"gemini-2.5-flash", "a, \"b\""};
  token.expires = kNow + hours{1};
  token.created = kNow;
  ASSERT_TRUE(one.add_token(token));
  EXPECT_FALSE(one.add_token(token)) << "twice";
  EXPECT_EQ(*two.client_tokens(), std::vector{token});
  auto news = *two.news_since(0, kNow);
  EXPECT_TRUE(news.tokens_changed);

  auto changed = token;
  changed.disabled = true;
  changed.tokens_per_day = 5;
  EXPECT_TRUE(*one.edit_token(changed));
  EXPECT_EQ(*two.client_tokens(), std::vector{changed});
  news = *two.news_since(news.seq, kNow);
  EXPECT_TRUE(news.tokens_changed);
  EXPECT_FALSE(news.owner_changed) << "of keys";
  EXPECT_TRUE(*one.remove_token("laptop"));
  EXPECT_FALSE(*one.remove_token("laptop"));
  EXPECT_FALSE(*one.edit_token(changed));
  EXPECT_TRUE(two.client_tokens()->empty());
  EXPECT_TRUE(two.news_since(news.seq, kNow)->tokens_changed);
  EXPECT_TRUE(one.add_token(token)) << "of the same name as one that is gone";
}

INSTANTIATE_TEST_SUITE_P(On, JournalTest, every_database(), name_of);
INSTANTIATE_TEST_SUITE_P(On, ClientTokenStoreTest, every_database(), name_of);

}  // namespace
}  // namespace gembal::store
