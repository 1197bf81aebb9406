// A store's way from one database into another, and that none of its tables is forgotten.

#include "lib/store/transfer.hpp"

#include <soci/soci.h>

#include <map>

#include "lib/store/database.hpp"
#include "lib/store/journal.hpp"
#include "tests/store/store_support.hpp"

namespace gembal::store {
namespace {

using std::chrono::hours;
using testing::DatabaseServer;
using testing::ServerKind;
using testing::TempDir;

/// Everything that a store can hold, with what is hard to carry.
void fill(const std::string& place) {
  const std::string strange = "\"'\\ \xC3\xA9 \xF0\x9F\x94\x91 '; DROP TABLE kept; -- :name %s\n";
  auto store = open(place);
  auto labelled = key("key-one", "p");
  labelled.label = strange;
  labelled.paid = true;
  ASSERT_TRUE(store.add({labelled, key("key-two"), key("key-three")}));
  Batch batch;
  for (auto known : *store.keys()) {
    ++known.failures;
    batch.changes.push_back(
        {known, true, {cooling("m", kNow + hours{1})}, {{"m", {5, 6, 7, kNow}}}});
    batch.usage.push_back({known.id, "m", kHour, 1ull << 40, 10});
    batch.objects.push_back({"files/" + known.id, known.id, "", strange, kNow + hours{1}});
  }
  batch.kept = {{"response", strange, std::string(300'000, 'x') + strange, kNow + hours{1}},
                {"signature", "empty", "", kNow + hours{1}}};
  ASSERT_TRUE(store.write(batch));
  ASSERT_TRUE(store.disable({key("key-three").id}, "leaked"));
  ASSERT_TRUE(store.save({{"models.search", {{strange, "b"}}}}));
  ASSERT_TRUE(store.value_or_insert("client_token", "token-one"));
  ClientToken token;
  token.name = "alice";
  token.digest = "abc";
  token.models = {strange};
  ASSERT_TRUE(store.add_token(token));
  auto journal = *Journal::open(place);
  RequestRecord request;
  request.id = "r1";
  request.time = kNow;
  request.failure = strange;
  ErrorRecord error;
  error.id = "e1";
  error.time = kNow;
  error.reply = strange;
  Traffic traffic;
  traffic.add(request);
  ASSERT_TRUE(journal.write({{request}, {error}, {{kHour * 60, "k", "m", "alice", traffic}}}));
}

using Rows = std::map<std::string, std::vector<std::string>>;

/// Every row of every table of gembal's, as text, in an order that does not depend on the database.
Rows contents(const std::string& place) {
  Rows found;
  auto database = Database::open(at(place), kSoon);
  EXPECT_TRUE(database);
  std::vector<std::string> tables;
  for (const auto& size : *table_sizes(at(place))) tables.push_back(size.table);
  EXPECT_TRUE(database->read([&](soci::session& sql) {
    for (const auto& table : tables) {
      auto& rows = found[table];
      soci::rowset<soci::row> all = (sql.prepare << "SELECT * FROM " + table);
      for (const auto& row : all) {
        std::string text;
        for (std::size_t i = 0; i < row.size(); ++i) {
          const auto& properties = row.get_properties(i);
          text += properties.get_name() + "=";
          const auto type = properties.get_data_type();
          text += type == soci::dt_string    ? row.get<std::string>(i)
                  : type == soci::dt_integer ? std::to_string(row.get<int>(i))
                                             : std::to_string(row.get<long long>(i));
          text += "|";
        }
        rows.push_back(text);
      }
      std::sort(rows.begin(), rows.end());
    }
  }));
  return found;
}

class StoreTransferTest : public OnEveryDatabase {
 protected:
  /// An empty place on another database.
  std::string place_on(DatabaseKind kind) {
    if (kind == DatabaseKind::sqlite) return files_.file(std::to_string(++made_) + ".db");
    return DatabaseServer::shared(kind == DatabaseKind::mysql ? ServerKind::mariadb
                                                              : ServerKind::postgresql)
        .new_database();
  }

 private:
  TempDir files_;
  int made_ = 0;
};

TEST_P(StoreTransferTest, EverythingArrivesWhereverItGoesAndStaysWhereItWas) {
  fill(place());
  const auto before = contents(place());
  for (const auto& [table, rows] : before) EXPECT_FALSE(rows.empty()) << table;
  for (const auto kind : {DatabaseKind::sqlite, DatabaseKind::mysql, DatabaseKind::postgresql}) {
    const auto to = place_on(kind);
    SCOPED_TRACE(shown(at(to)));
    const auto copied = copy_store(at(place()), at(to), Present::refuse);
    ASSERT_TRUE(copied) << copied.error().message;
    EXPECT_EQ(contents(to), before);
    for (const auto& size : *copied)
      EXPECT_EQ(static_cast<std::size_t>(size.rows), before.at(size.table).size()) << size.table;
    EXPECT_EQ(contents(place()), before) << "it stays as it was";
    auto store = open(to);
    ASSERT_TRUE(store.add({key("key-new")})) << "and it is a store like any other";
    EXPECT_EQ(names(store).back(), "key-new");
  }
}

TEST_P(StoreTransferTest, WhatIsThereIsOnlyReplacedWhenThatIsWanted) {
  const auto from = new_place(), to = new_place();
  fill(from);
  ASSERT_TRUE(open(to).add({key("key-of-others")}));
  const auto before = contents(to);
  const auto refused = copy_store(at(from), at(to), Present::refuse);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::usage);
  EXPECT_NE(refused.error().message.find("is not empty"), std::string::npos);
  EXPECT_NE(refused.error().hint.find("--force"), std::string::npos);
  EXPECT_EQ(contents(to), before);
  ASSERT_TRUE(copy_store(at(from), at(to), Present::replace));
  EXPECT_EQ(contents(to), contents(from));
}

TEST_P(StoreTransferTest, SaysWhatIsWrong) {
  const auto from = new_place(), to = new_place();
  EXPECT_EQ(copy_store(at(from), at(to), Present::refuse).error().kind, ErrorKind::not_found);
  EXPECT_EQ(table_sizes(at(from)).error().kind, ErrorKind::not_found);
  ASSERT_TRUE(open(from).add({key("key-one")}));
  EXPECT_EQ(copy_store(at(from), at(from), Present::replace).error().kind, ErrorKind::usage);
  auto store = open(from);
  EXPECT_EQ(names(store), std::vector<std::string>{"key-one"});
}

INSTANTIATE_TEST_SUITE_P(On, StoreTransferTest, every_database(), name_of);

TEST(StoreTablesTest, EachIsMoved) {
  TempDir folder;
  const auto path = folder.file("x.db");
  open(path);
  std::vector<std::string> moved, present;
  for (const auto& size : *table_sizes(at(path))) moved.push_back(size.table);
  auto database = Database::open(at(path), kSoon);
  ASSERT_TRUE(database->read([&](soci::session& sql) {
    soci::rowset<std::string> all =
        (sql.prepare << "SELECT name FROM sqlite_master WHERE type = 'table' AND name <>"
                        " 'schema_version'");
    present.assign(all.begin(), all.end());
  }));
  std::sort(moved.begin(), moved.end());
  std::sort(present.begin(), present.end());
  EXPECT_EQ(moved, present) << "lib/store/transfer.cpp has the list";
}

}  // namespace
}  // namespace gembal::store
