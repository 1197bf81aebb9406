// Processes that write at once or are killed, disks that are full, files that are locked or none of
// ours.

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "lib/store/database.hpp"
#include "tests/store/store_support.hpp"

namespace gembal::store {
namespace {

using keypool::Key;
using testing::TempDir;

class StoreSafetyTest : public OnEveryDatabase {};

TEST_P(StoreSafetyTest, ManyProcessesAddAtOnceAndNothingIsLost) {
  const auto& path = place();
  open(path);
  std::vector<pid_t> children;
  for (int child = 0; child < 4; ++child) {
    children.push_back(start_child([&] {
      auto store = KeyStore::open(path, std::chrono::seconds{30});
      if (!store) return 1;
      for (int i = 0; i < 10; ++i) {
        if (!store->add({key("key-" + std::to_string(child) + "-" + std::to_string(i))})) return 2;
      }
      return 0;
    }));
  }
  for (const pid_t child : children) EXPECT_EQ(end_of(child), 0);
  auto store = open(path);
  EXPECT_EQ(store.keys()->size(), 40u);
}

TEST_P(StoreSafetyTest, ManyProcessesCountAtOnceAndNothingIsLost) {
  const auto& path = place();
  ASSERT_TRUE(open(path).add({key("key-one"), key("key-two")}));
  std::vector<pid_t> children;
  for (int child = 0; child < 4; ++child) {
    children.push_back(start_child([&] {
      auto store = KeyStore::open(path, std::chrono::seconds{30});
      if (!store) return 1;
      const auto own = "m" + std::to_string(child);
      for (int i = 0; i < 50; ++i) {
        if (!store->write(
                {{},
                 {{key("key-one").id, "m", kHour, 1, 10}, {key("key-two").id, own, kHour, 2, 0}},
                 {}}))
          return 2;
      }
      return 0;
    }));
  }
  for (const pid_t child : children) EXPECT_EQ(end_of(child), 0);
  auto store = open(path);
  const auto usage = *store.usage_since(0);
  EXPECT_EQ(usage.size(), 5u);
  for (const auto& row : usage) {
    EXPECT_EQ(row.requests, row.model == "m" ? 200u : 100u) << row.model;
    EXPECT_EQ(row.tokens, row.model == "m" ? 2'000u : 0u) << row.model;
  }
}

/// Runs `step` over and over in a process that is killed after some 25 of them; returns how many it
/// reported as done.
std::size_t kill_in_the_middle_of(const std::function<bool(KeyStore&, int)>& step,
                                  const std::string& path) {
  int told[2];
  EXPECT_EQ(::pipe(told), 0);
  const pid_t child = start_child([&] {
    auto store = KeyStore::open(path);
    for (int i = 0; store && step(*store, i) && ::write(told[1], "x", 1) == 1; ++i) {
    }
    return 1;
  });
  ::close(told[1]);
  std::size_t acknowledged = 0;
  char one = 0;
  while (::read(told[0], &one, 1) == 1) {
    if (++acknowledged == 25) ::kill(child, SIGKILL);
  }
  ::close(told[0]);
  EXPECT_EQ(end_of(child), 128 + SIGKILL);
  return acknowledged;
}

TEST_P(StoreSafetyTest, AKilledProcessLosesNoKeyThatItAcknowledged) {
  const auto& path = place();
  const auto acknowledged = kill_in_the_middle_of(
      [](KeyStore& store, int i) {
        return static_cast<bool>(store.add({key("key-" + std::to_string(i))}));
      },
      path);
  auto store = open(path);
  EXPECT_GE(store.keys()->size(), acknowledged);
  EXPECT_LE(store.keys()->size(), acknowledged + 1);
}

TEST_P(StoreSafetyTest, AKilledProcessLosesNoBatchThatItAcknowledgedAndLeavesNoHalfOne) {
  const auto& path = place();
  ASSERT_TRUE(open(path).add({key("key-one")}));
  const auto acknowledged = kill_in_the_middle_of(
      [](KeyStore& store, int i) {
        const auto known = store.keys()->at(0);
        Batch batch;
        batch.changes = {
            {known, false, {cooling("m" + std::to_string(i), kNow + std::chrono::hours{1})}, {}}};
        for (int row = 0; row < 100; ++row)
          batch.usage.push_back({known.id, "m" + std::to_string(row), kHour, 1, 1});
        batch.objects = {
            {"files/" + std::to_string(i), known.id, "", "", kNow + std::chrono::hours{1}}};
        return static_cast<bool>(store.write(batch));
      },
      path);
  auto store = open(path);
  const auto batches = store.objects(kNow)->size();
  EXPECT_GE(batches, acknowledged);
  EXPECT_LE(batches, acknowledged + 1);
  EXPECT_EQ(store.model_states(kNow)->size(), batches);
  const auto usage = *store.usage_since(0);
  EXPECT_EQ(usage.size(), 100u);
  for (const auto& row : usage) EXPECT_EQ(row.requests, batches);
}

TEST(StoreSafetyFileTest, AFullDiskIsAClearErrorAndLosesNothing) {
  TempDir folder;
  const auto path = folder.file("x.db");
  ASSERT_TRUE(open(path).add({key("key-before")}));
  // A limit on file size stands in for the disk's end.
  const int result = in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    auto store = KeyStore::open(path);
    if (!store) return 1;
    const rlimit limit{40'000, 40'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    std::vector<Key> many;
    for (int i = 0; i < 5'000; ++i) many.push_back(key("key-" + std::to_string(i)));
    const auto added = store->add(many);
    if (added) return 2;
    if (added.error().kind != ErrorKind::store || added.error().hint.empty()) return 3;
    return store->keys() && store->keys()->size() == 1 ? 0 : 4;
  });
  EXPECT_EQ(result, 0);
  auto store = open(path);
  EXPECT_EQ(names(store), std::vector<std::string>{"key-before"});
  EXPECT_TRUE(store.add({key("key-after")}));
}

TEST(StoreSafetyFileTest, AFullDiskWritesNoHalfBatch) {
  TempDir folder;
  const auto path = folder.file("x.db");
  ASSERT_TRUE(open(path).add({key("key-one")}));
  Batch batch;
  batch.objects = {{"files/x", "id", "", "", kNow + std::chrono::hours{1}}};
  for (int i = 0; i < 5'000; ++i)
    batch.usage.push_back({key("key-one").id, "model-" + std::to_string(i), kHour, 1, 1});
  const int result = in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    auto store = KeyStore::open(path);
    if (!store) return 1;
    batch.changes = {
        {stored(*store, "key-one"), true, {cooling("m", kNow + std::chrono::hours{1})}, {}}};
    batch.changes[0].key.failures = 1;
    const rlimit limit{150'000, 150'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const auto written = store->write(batch);
    if (written) return 2;
    if (written.error().kind != ErrorKind::store || written.error().hint.empty()) return 3;
    return store->keys() && store->usage_since(0)->empty() ? 0 : 4;
  });
  EXPECT_EQ(result, 0);
  auto store = open(path);
  EXPECT_EQ(stored(store, "key-one").failures, 0);
  EXPECT_EQ(stored(store, "key-one").last_used, TimePoint{});
  EXPECT_TRUE(store.model_states(kNow)->empty());
  EXPECT_TRUE(store.usage_since(0)->empty());
  EXPECT_TRUE(store.objects(kNow)->empty());
  EXPECT_TRUE(store.write(batch));
  EXPECT_EQ(store.usage_since(0)->size(), 5'000u);
}

TEST(StoreSafetyFileTest, SaysWhyItCannotBeOpened) {
  TempDir folder;
  const auto expect = [](const std::string& path, const char* what) {
    SCOPED_TRACE(what);
    const auto store = KeyStore::open(path, kSoon);
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().kind, ErrorKind::store);
    EXPECT_NE(store.error().message.find(what), std::string::npos) << store.error().message;
    EXPECT_NE(store.error().message.find(path), std::string::npos) << store.error().message;
    EXPECT_FALSE(store.error().hint.empty());
  };
  expect(folder.write("text.db",
                      "this is no database, but long enough to be taken for one at first sight: " +
                          std::string(2000, 'x')),
         "it is no key store");
  expect(folder.path().string(), "it is a folder");
  expect(folder.file("text.db/below/it.db"), "its folder cannot be made");

  const auto newer = folder.file("newer.db");
  {
    auto database = Database::open(at(newer), kSoon);
    ASSERT_TRUE(database);
    ASSERT_TRUE(database->write(
        [](soci::session& sql) { sql << "INSERT INTO schema_version (version) VALUES (99)"; }));
  }
  expect(newer, "made by a newer gembal (schema 99");

  const auto half = folder.file("half.db");
  { ASSERT_TRUE(open(half).add({key("key-one")})); }
  std::filesystem::resize_file(half, 5000);
  const auto damaged = KeyStore::open(half, kSoon);
  if (damaged)
    EXPECT_FALSE(KeyStore::open(half, kSoon)->keys());
  else
    EXPECT_NE(damaged.error().message.find("it is damaged"), std::string::npos)
        << damaged.error().message;
}

TEST_P(StoreSafetyTest, ALockedStoreIsAClearErrorAfterItsPatience) {
  const auto& path = place();
  auto holder = Database::open(at(path), kSoon);
  ASSERT_TRUE(holder);
  auto waiting = *KeyStore::open(path, kSoon);
  const Batch batch{{}, {}, {{"files/x", "id", "", "", kNow + std::chrono::hours{1}}}};
  const auto locked = holder->write([&](soci::session&) {
    const auto added = waiting.add({key("key-one")});
    ASSERT_FALSE(added);
    EXPECT_NE(added.error().message.find("another program has locked it"), std::string::npos)
        << added.error().message;
    EXPECT_TRUE(waiting.keys()) << "reading goes on";
    EXPECT_TRUE(waiting.news_since(0, kNow)) << "reading goes on";
    const auto written = waiting.write(batch);
    ASSERT_FALSE(written);
    EXPECT_NE(written.error().message.find("another program has locked it"), std::string::npos)
        << written.error().message;
  });
  EXPECT_TRUE(locked);
  EXPECT_TRUE(waiting.objects(kNow)->empty());
  EXPECT_TRUE(waiting.write(batch));
  EXPECT_TRUE(waiting.add({key("key-one")}));
}

TEST(StoreSafetyFileTest, AnUnwritableStoreIsAClearError) {
  TempDir folder;
  const auto path = folder.file("x.db");
  ASSERT_TRUE(open(path).add({key("key-one")}));
  // Permissions do not bind root: the child gives that up.
  const int result = in_child([&] {
    if (::chmod(path.c_str(), 0400) != 0 || ::chmod(folder.path().c_str(), 0555) != 0) return 1;
    if (::geteuid() == 0 && (::chown(path.c_str(), 65534, 65534) != 0 || ::setuid(65534) != 0))
      return 2;
    auto store = KeyStore::open(path, kSoon);
    if (!store)
      return store.error().kind == ErrorKind::store && !store.error().hint.empty() ? 0 : 3;
    const auto added = store->add({key("key-two")});
    return !added && added.error().message.find("cannot be written") != std::string::npos ? 0 : 4;
  });
  EXPECT_EQ(result, 0);
}

INSTANTIATE_TEST_SUITE_P(On, StoreSafetyTest, every_database(), name_of);

}  // namespace
}  // namespace gembal::store
