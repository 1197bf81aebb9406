// Stores that an earlier gembal made.

#include <signal.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/resource.h>

#include <map>

#include "tests/store/store_support.hpp"

namespace gembal::store {
namespace {

using keypool::ModelStatus;
using std::chrono::hours;
using testing::TempDir;

/// Makes a store as the first release did, with five keys: two of a project, one disabled.
void make_schema_1(const std::string& path) {
  soci::session sql(soci::sqlite3, "dbname=" + path);
  std::string mode;
  sql << "PRAGMA journal_mode = WAL", soci::into(mode);
  for (
      const char* statement : {
          "CREATE TABLE schema_version (version INTEGER NOT NULL)",
          "INSERT INTO schema_version (version) VALUES (1)",
          "CREATE TABLE api_keys (id VARCHAR(16) PRIMARY KEY, secret VARCHAR(512) NOT NULL, label VARCHAR(256) NOT NULL,"
          " project VARCHAR(256) NOT NULL, paid INTEGER NOT NULL, disabled INTEGER NOT NULL, reason VARCHAR(256) NOT NULL,"
          " disabled_since BIGINT NOT NULL, failures INTEGER NOT NULL, revision BIGINT NOT NULL, position BIGINT NOT NULL,"
          " added_at BIGINT NOT NULL)",
          "CREATE TABLE model_states (key_id VARCHAR(16) NOT NULL, model VARCHAR(256) NOT NULL, status INTEGER NOT NULL,"
          " until_at BIGINT NOT NULL, reason VARCHAR(256) NOT NULL, PRIMARY KEY (key_id, model))",
          "CREATE TABLE own_values (name VARCHAR(64) PRIMARY KEY, value VARCHAR(4096) NOT NULL)",
          "INSERT INTO own_values (name, value) VALUES ('client_token', 'token-one')",
          "INSERT INTO api_keys VALUES ('a', 'key-a', 'first', '', 1, 0, '', 0, 2, 7, 1, 1000)",
          "INSERT INTO api_keys VALUES ('b', 'key-b', '', 'shop', 0, 0, '', 0, 0, 0, 2, 1000)",
          "INSERT INTO api_keys VALUES ('c', 'key-c', '', 'shop', 0, 0, '', 0, 0, 0, 3, 1000)",
          "INSERT INTO api_keys VALUES ('d', 'key-d', '', '', 0, 1, 'leaked', 5000, 0, 3, 4, 1000)",
          "INSERT INTO api_keys VALUES ('shop', 'key-e', '', '', 0, 0, '', 0, 0, 0, 5, 1000)",
      })
    sql << statement;
  const struct {
    std::string id, model;
    int status;
    TimePoint until;
    std::string reason;
  } states[] = {
      {"a", "m", 0, kNow + hours{1}, "PerMinute"},
      {"a", "*", 1, kNow + hours{2}, "no credit"},
      {"b", "m", 1, kNow + hours{12}, "PerDay"},  // the same for both, as for most
      {"c", "m", 1, kNow + hours{12}, "PerDay"},
      {"b", "n", 0, kNow + hours{1}, "PerMinute"},
      {"c", "n", 2, kNow + hours{24}, "limit 0"},  // the later one
      {"c", "o", 0, kNow - hours{1}, "PerMinute"},
      {"shop", "m", 0, kNow + hours{3}, "PerMinute"},
      {"removed", "m", 0, kNow + hours{1}, "PerMinute"},
  };
  for (const auto& row : states) {
    const long long until = to_unix_milliseconds(row.until);
    sql << "INSERT INTO model_states VALUES (:id, :model, :status, :until, :reason)",
        soci::use(row.id), soci::use(row.model), soci::use(row.status), soci::use(until),
        soci::use(row.reason);
  }
}

void expect_all_is_there(KeyStore& store) {
  const auto keys = *store.keys();
  ASSERT_EQ(keys.size(), 5u);
  EXPECT_EQ(names(store), (std::vector<std::string>{"key-a", "key-b", "key-c", "key-d", "key-e"}));
  EXPECT_EQ(keys[0].id, "a");
  EXPECT_EQ(keys[0].label, "first");
  EXPECT_TRUE(keys[0].paid);
  EXPECT_EQ(keys[0].failures, 2);
  EXPECT_EQ(keys[0].revision, 7);
  EXPECT_EQ(keys[0].last_used, TimePoint{});
  EXPECT_EQ(keys[1].project, "shop");
  EXPECT_TRUE(keys[3].disabled);
  EXPECT_EQ(keys[3].reason, "leaked");
  EXPECT_EQ(keys[3].disabled_since, from_unix_milliseconds(5000));
  EXPECT_EQ(**store.value("client_token"), "token-one");

  std::map<std::string, std::string> states;
  for (const auto& [subject, state] : *store.model_states(TimePoint{})) {
    const auto left = std::chrono::duration_cast<hours>(state.until - kNow).count();
    EXPECT_TRUE(
        states
            .emplace(subject + " " + state.model,
                     to_string(state.status) + (" " + state.reason) + " " + std::to_string(left))
            .second);
  }
  const std::map<std::string, std::string> expected = {
      {"k:a *", "exhausted no credit 2"},     {"k:a m", "cooling PerMinute 1"},
      {"k:shop m", "cooling PerMinute 3"},    {"p:shop m", "exhausted PerDay 12"},
      {"p:shop n", "unsupported limit 0 24"}, {"p:shop o", "cooling PerMinute -1"},
  };
  EXPECT_EQ(states, expected);
}

TEST(StoreMigrationTest, AStoreOfTheFirstSchemaComesOverWhole) {
  TempDir folder;
  make_schema_1(folder.file("x.db"));
  {
    auto store = open(folder.file("x.db"));
    expect_all_is_there(store);
    const auto news = *store.news_since(0, kNow);
    EXPECT_TRUE(news.owner_changed);
    EXPECT_EQ(news.keys.size(), 5u);
    EXPECT_EQ(news.states.size(), 5u);
  }
  auto store = open(folder.file("x.db"));
  expect_all_is_there(store);
  ASSERT_TRUE(store.write(
      {{}, {{"b", "m", kHour, 1, 1}}, {{"files/x", "b", "shop", "", kNow + hours{1}}}}));
  EXPECT_NE(stored(store, "key-b").last_used, TimePoint{});
  EXPECT_EQ(*store.reset({"b"}), 1u);
  EXPECT_EQ(store.model_states(kNow)->size(), 3u);
  ASSERT_TRUE(store.add({key("key-new")}));
  EXPECT_EQ(names(store).back(), "key-new");
}

/// Takes away what later schemas added to the second.
void make_schema_2(const std::string& path) {
  soci::session sql(soci::sqlite3, "dbname=" + path);
  for (const char* table :
       {"kept", "settings", "request_log", "error_log", "traffic", "client_tokens"})
    sql << std::string("DROP TABLE ") + table;
  sql << "DELETE FROM schema_version WHERE version > 2";
}

TEST(StoreMigrationTest, AStoreOfTheSecondSchemaGetsRoomForWhatIsKeptAndForSettings) {
  TempDir folder;
  const auto path = folder.file("x.db");
  ASSERT_TRUE(open(path).add({key("key-one")}));
  make_schema_2(path);
  auto store = open(path);
  EXPECT_EQ(names(store), std::vector<std::string>{"key-one"});
  ASSERT_TRUE(store.write({{}, {}, {}, {{"signature", "call_a", "s", kNow + hours{1}}}}));
  EXPECT_EQ(store.kept("signature", {"call_a"}, kNow)->size(), 1u);
  EXPECT_EQ(*store.save({{"pool.max_retries", {{"5"}}}}), 1u);
}

TEST(StoreMigrationTest, ProcessesThatStartAtOnceBringItOverOnce) {
  TempDir folder;
  make_schema_1(folder.file("x.db"));
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    children.push_back(start_child([&] { return KeyStore::open(folder.file("x.db")) ? 0 : 1; }));
  }
  for (const pid_t child : children) EXPECT_EQ(end_of(child), 0);
  auto store = open(folder.file("x.db"));
  expect_all_is_there(store);
}

TEST(StoreMigrationTest, WithoutRoomTheOldStoreStaysAsItWas) {
  TempDir folder;
  const auto path = folder.file("x.db");
  make_schema_1(path);
  const int result = in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{40'000, 40'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    int rows = 0;
    soci::session sql(soci::sqlite3, "dbname=" + path);
    sql << "SELECT count(*) FROM model_states", soci::into(rows);
    if (rows != 9) return 2;  // there is room for reading
    const auto store = KeyStore::open(path);
    return !store && store.error().kind == ErrorKind::store && !store.error().hint.empty() ? 0 : 1;
  });
  EXPECT_EQ(result, 0);
  auto store = open(path);
  expect_all_is_there(store);
}

}  // namespace
}  // namespace gembal::store
