// What only stores on a server meet: connections that are lost or refused, several processes that
// make the tables at once, texts that other databases take for equal or do not take.

#include <soci/soci.h>

#include <thread>

#include "lib/store/database.hpp"
#include "tests/store/store_support.hpp"
#include "tests/support/socket.hpp"

namespace gembal::store {
namespace {

using keypool::ModelStatus;
using std::chrono::hours;
using testing::DatabaseServer;
using testing::ServerKind;

class StoreServerTest : public OnEveryDatabase {
 protected:
  ServerKind server_kind() const {
    return GetParam() == DatabaseKind::mysql ? ServerKind::mariadb : ServerKind::postgresql;
  }
  const char* scheme() const { return GetParam() == DatabaseKind::mysql ? "mysql" : "postgresql"; }
};

void expect_no_password(const Error& error) {
  EXPECT_EQ(error.kind, ErrorKind::store);
  for (const auto& said : {error.message, error.hint}) {
    EXPECT_EQ(said.find(DatabaseServer::kPassword), std::string::npos) << said;
    EXPECT_EQ(said.find("wrong-word"), std::string::npos) << said;
    EXPECT_EQ(said.find("%25"), std::string::npos) << said;
  }
}

TEST_P(StoreServerTest, AServerThatWasRestartedBetweenTwoWritesCostsNothing) {
  DatabaseServer own(server_kind());
  auto store = open(own.new_database());
  ASSERT_TRUE(store.add({key("key-one")}));
  own.kill();
  own.start();
  EXPECT_EQ(names(store), std::vector<std::string>{"key-one"}) << "reading";
  own.kill();
  own.start();
  const auto added = store.add({key("key-two")});
  ASSERT_TRUE(added) << added.error().message;
  EXPECT_EQ(added->added.size(), 1u);
  EXPECT_EQ(names(store), (std::vector<std::string>{"key-one", "key-two"}));
}

TEST_P(StoreServerTest, WhileTheServerIsAwayErrorsAreClearAndAfterwardsAllIsWell) {
  DatabaseServer own(server_kind());
  auto store = open(own.new_database());
  ASSERT_TRUE(store.add({key("key-one")}));
  own.kill();
  for (int i = 0; i < 2; ++i) {
    const auto added = store.add({key("key-two")});
    ASSERT_FALSE(added);
    expect_no_password(added.error());
    EXPECT_FALSE(added.error().hint.empty());
    EXPECT_FALSE(store.keys());
    EXPECT_FALSE(store.news_since(0, kNow));
  }
  own.start();
  ASSERT_TRUE(store.add({key("key-two")}));
  EXPECT_EQ(names(store), (std::vector<std::string>{"key-one", "key-two"}));
}

/// Ends every other connection to the database, as an administrator does, or a server that
/// restarts.
void end_connections(DatabaseKind kind, DatabaseServer& server, const std::string& database) {
  if (kind == DatabaseKind::mysql) {
    server.execute(database,
                   {"BEGIN NOT ATOMIC FOR one IN (SELECT id FROM information_schema.processlist"
                    " WHERE db = database() AND id <> connection_id()) DO"
                    " EXECUTE IMMEDIATE concat('KILL CONNECTION ', one.id); END FOR; END"});
  } else {
    server.execute(database, {"SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                              " WHERE datname = current_database() AND pid <> pg_backend_pid()"});
  }
}

TEST_P(StoreServerTest, ATransactionWhoseConnectionIsLostIsDoneOnceMoreAndOnce) {
  const auto url = at(place());
  open(place());
  auto database = Database::open(url, kSoon);
  ASSERT_TRUE(database);
  int runs = 0;
  const auto written = database->write([&](soci::session& sql) {
    sql << "INSERT INTO own_values (name, value) VALUES ('a', 'b')";
    if (++runs == 1) end_connections(GetParam(), server(), url.database);
    sql << "INSERT INTO own_values (name, value) VALUES ('c', 'd')";
  });
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(runs, 2);

  const auto lost = database->write([&](soci::session& sql) {
    end_connections(GetParam(), server(), url.database);
    sql << "INSERT INTO own_values (name, value) VALUES ('e', 'f')";
  });
  EXPECT_FALSE(lost) << "it is lost each time";
  int rows = 0;
  ASSERT_TRUE(database->read(
      [&](soci::session& sql) { sql << "SELECT count(*) FROM own_values", soci::into(rows); }));
  EXPECT_EQ(rows, 2);
}

TEST_P(StoreServerTest, WhenTheConnectionIsLostAtTheVeryEndItIsNotDoneAgain) {
  const auto url = at(place());
  open(place());
  auto database = Database::open(url, kSoon);
  ASSERT_TRUE(database);
  int runs = 0;
  const auto lost = database->write([&](soci::session& sql) {
    ++runs;
    sql << "INSERT INTO own_values (name, value) VALUES ('a', 'b')";
    end_connections(GetParam(), server(), url.database);
  });
  ASSERT_FALSE(lost);
  EXPECT_EQ(runs, 1);
  EXPECT_NE(lost.error().hint.find("not known whether it was saved"), std::string::npos)
      << lost.error().hint;
}

TEST_P(StoreServerTest, SaysWhyItCannotBeOpened) {
  const auto database = at(place()).database;
  const auto expect = [](const std::string& url, const char* what) {
    SCOPED_TRACE(what);
    const auto start = std::chrono::steady_clock::now();
    const auto store = KeyStore::open(url);
    ASSERT_FALSE(store);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{15});
    expect_no_password(store.error());
    EXPECT_NE(store.error().message.find(what), std::string::npos) << store.error().message;
    EXPECT_FALSE(store.error().hint.empty());
  };
  expect(server().url(database, "wrong-word", server().port()),
         GetParam() == DatabaseKind::mysql ? "Access denied" : "authentication failed");
  expect(server().url("nowhere", DatabaseServer::kPassword, server().port()), "nowhere");
  expect(server().url(database, "wrong-word", 1), scheme());
  // An address that is reserved for documentation: nobody answers, or there is no way to it.
  expect(std::string(scheme()) + "://gembal:wrong-word@192.0.2.1/keys", "192.0.2.1");
  // The system takes the connection, and then nobody says a word.
  testing::ListenSocket silent;
  expect(server().url(database, "wrong-word", silent.port()), scheme());
}

TEST_P(StoreServerTest, IsReachedByASocketToo) {
  const auto path = server().socket_url(at(place()).database);
  auto store = open(path);
  ASSERT_TRUE(store.add({key("key-one")}));
  auto other = open(place());
  EXPECT_EQ(names(other), std::vector<std::string>{"key-one"});
}

TEST_P(StoreServerTest, AskingForWhatIsSavedMakesNoTables) {
  EXPECT_TRUE(saved_settings(at(place()))->empty());
  EXPECT_FALSE(*KeyStore::open_existing(at(place())));
  ASSERT_TRUE(open(place()).save({{"a.b", {{"1"}}}}));
  EXPECT_EQ(saved_settings(at(place()))->at("a.b"), std::vector<std::string>{"1"});
}

TEST_P(StoreServerTest, ProcessesThatStartAtOnceMakeTheTablesOnce) {
  const auto& path = place();
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    children.push_back(start_child([&] {
      auto store = KeyStore::open(path, std::chrono::seconds{60});
      return store && store->add({key("key-" + std::to_string(i))}) ? 0 : 1;
    }));
  }
  for (const pid_t child : children) EXPECT_EQ(end_of(child), 0);
  auto store = open(path);
  EXPECT_EQ(store.keys()->size(), 4u);
}

TEST_P(StoreServerTest, WhatAProcessLeftHalfMadeIsFinished) {
  if (GetParam() == DatabaseKind::postgresql) return;  // there nothing is ever half made
  const auto url = at(place());
  open(place());
  // As a process left it that was killed before it wrote down that the second table is made.
  std::vector<std::string> statements = {"DELETE FROM schema_version",
                                         "DELETE FROM schema_steps WHERE version > 0 OR done > 1"};
  for (const char* table :
       {"own_values", "counters", "quota_states", "quota_limits", "usage_hours", "objects", "kept",
        "settings", "request_log", "error_log", "traffic", "client_tokens"})
    statements.push_back(std::string("DROP TABLE ") + table);
  for (const char* column : {"seq", "last_used_at"})
    statements.push_back(std::string("ALTER TABLE api_keys DROP COLUMN ") + column);
  statements.push_back(
      "CREATE TABLE model_states (key_id VARCHAR(16) NOT NULL, model VARCHAR(256) NOT NULL, status INTEGER NOT NULL,"
      " until_at BIGINT NOT NULL, reason VARCHAR(256) NOT NULL, PRIMARY KEY (key_id, model))");
  server().execute(url.database, statements);
  auto store = open(place());
  ASSERT_TRUE(store.add({key("key-one")}));
  EXPECT_EQ(names(store), std::vector<std::string>{"key-one"});
}

TEST_P(StoreServerTest, TablesOfOthersAreNotTakenForItsOwn) {
  server().execute(at(place()).database, {"CREATE TABLE api_keys (id INTEGER)"});
  const auto store = KeyStore::open(place());
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().message.find("api_keys"), std::string::npos) << store.error().message;
}

TEST_P(StoreServerTest, AnErrorDoesNotTellWhatWasBeingWritten) {
  auto store = open(place());
  auto long_one = key("key-one");
  long_one.label = std::string(300, 'x');
  const auto added = store.add({long_one});
  ASSERT_FALSE(added);
  for (const auto& said : {added.error().message, added.error().hint})
    EXPECT_EQ(said.find("key-one"), std::string::npos) << said;
  EXPECT_TRUE(store.add({key("key-one")}));
}

INSTANTIATE_TEST_SUITE_P(On, StoreServerTest,
                         ::testing::Values(DatabaseKind::mysql, DatabaseKind::postgresql), name_of);

class StoreTextTest : public OnEveryDatabase {};

TEST_P(StoreTextTest, NamesThatAreAlmostTheSameAreNotTheSame) {
  auto store = open(place());
  ASSERT_TRUE(store.add({key("key-one", "p"), key("key-two", "P"), key("key-three", "p ")}));
  Batch batch;
  const std::vector<std::string> models = {"m", "M", "m ", "\xC3\xA9", "e", "\xC3\x89"};
  for (const auto& known : *store.keys()) {
    batch.changes.push_back({known, false, {}, {}});
    for (const auto& model : models) {
      batch.changes.back().model_states.push_back(cooling(model, kNow + hours{1}));
      batch.changes.back().limits.push_back({model, {1, 2, 3, kNow}});
      batch.usage.push_back({known.id, model, kHour, 1, 1});
    }
  }
  for (const auto& name : {"files/a", "files/A", "files/a "}) {
    batch.objects.push_back({name, "id", "", "", kNow + hours{1}});
    batch.kept.push_back({"response", name, name, kNow + hours{1}});
  }
  ASSERT_TRUE(store.write(batch));
  ASSERT_TRUE(store.write({{}, batch.usage, {}, {}}));
  EXPECT_EQ(store.model_states(kNow)->size(), 18u);
  EXPECT_EQ(store.limits()->size(), 18u);
  const auto usage = *store.usage_since(0);
  EXPECT_EQ(usage.size(), 18u);
  for (const auto& row : usage) EXPECT_EQ(row.requests, 2u);
  EXPECT_EQ(store.objects(kNow)->size(), 3u);
  EXPECT_EQ(store.kept("response", {"files/A"}, kNow)->at(0).value, "files/A");
  EXPECT_EQ(*store.reset({stored(store, "key-two").id}), 1u);
  EXPECT_EQ(store.model_states(kNow)->size(), 12u);
}

TEST_P(StoreTextTest, WhatNoDatabaseTakesIsMadeToFitOrPassedOver) {
  auto store = open(place());
  ASSERT_TRUE(store.add({key("key-one")}));
  const auto known = stored(store, "key-one");
  const std::string nul("a\0b", 3), broken = "m\xFF\xC3", long_one(1'000, 'm');
  std::string accents;
  for (int i = 0; i < 300; ++i) accents += "\xC3\xA9";
  Batch batch;
  batch.changes = {{known, true, {}, {}}};
  for (const auto& text : {nul, broken, long_one, accents}) {
    batch.changes[0].model_states.push_back({text, ModelStatus::cooling, kNow + hours{1}, text});
    batch.changes[0].limits.push_back({text, {1, 2, 3, kNow}});
    batch.usage.push_back({known.id, text, kHour, 1, 1});
    batch.objects.push_back({text, known.id, text, "", kNow + hours{1}});
    batch.objects.push_back({"files/" + std::to_string(text.size()), known.id, text,
                             std::string(5'000, 'x'), kNow + hours{1}});
    batch.kept.push_back({"response", text, "", kNow + hours{1}});
    batch.kept.push_back({"response", "value", text, kNow + hours{1}});
  }
  batch.changes[0].key.reason = long_one;
  batch.kept.push_back({"response", "good", "good", kNow + hours{1}});
  const auto written = store.write(batch);
  ASSERT_TRUE(written) << written.error().message;
  std::vector<std::string> models;
  for (const auto& row : *store.usage_since(0)) models.push_back(row.model);
  std::sort(models.begin(), models.end());
  EXPECT_EQ(models, (std::vector<std::string>{"a?b", "m??", std::string(256, 'm'),
                                              accents.substr(0, 512)}));
  EXPECT_EQ(store.model_states(kNow)->size(), 4u);
  EXPECT_TRUE(store.objects(kNow)->empty());
  EXPECT_EQ(store.kept("response", {nul, broken, long_one, "good"}, kNow)->size(), 1u);
  EXPECT_EQ(stored(store, "key-one").reason, std::string(256, 'm'));
}

INSTANTIATE_TEST_SUITE_P(On, StoreTextTest, every_database(), name_of);

}  // namespace
}  // namespace gembal::store
