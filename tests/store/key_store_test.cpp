#include "lib/store/key_store.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "lib/store/database.hpp"
#include "tests/support/temp_dir.hpp"

namespace gembal::store {
namespace {

using keypool::Change;
using keypool::Key;
using keypool::ModelState;
using keypool::ModelStatus;
using testing::TempDir;

constexpr Milliseconds kSoon{100};
const TimePoint kNow = *parse_iso8601("2026-11-24T20:00:00Z");

Key key(const std::string& name) {
  Key made;
  made.secret = Secret(name);
  made.id = made.secret.id();
  return made;
}

std::vector<std::string> names(KeyStore& store) {
  std::vector<std::string> all;
  for (const auto& one : *store.keys()) all.push_back(one.secret.reveal());
  return all;
}

KeyStore open(const std::string& path) {
  auto store = KeyStore::open(path);
  EXPECT_TRUE(store) << store.error().message;
  return *std::move(store);
}

/// Runs `work` in another process, which ends as `work` says.
int in_child(const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST(KeyStoreTest, KeepsKeysInTheirOrderAndOnce) {
  TempDir folder;
  auto store = open(folder.file("a/b/gembal.db"));
  Key labelled = key("key-two");
  labelled.label = "second";
  labelled.project = "p";
  labelled.paid = true;
  const auto added = store.add({key("key-one"), labelled, key("key-one")});
  ASSERT_TRUE(added);
  EXPECT_EQ(added->added, (std::vector<std::string>{key("key-one").id, key("key-two").id}));
  EXPECT_EQ(added->present.size(), 1u);
  auto again = open(folder.file("a/b/gembal.db"));
  const auto keys = *again.keys();
  ASSERT_EQ(keys.size(), 2u);
  EXPECT_EQ(keys[1].label, "second");
  EXPECT_EQ(keys[1].project, "p");
  EXPECT_TRUE(keys[1].paid);
  EXPECT_EQ(*again.remove({key("key-one").id, "unknown"}), 1u);
  EXPECT_EQ(names(store), std::vector<std::string>{"key-two"});
}

TEST(KeyStoreTest, NobodyElseMayReadIt) {
  TempDir folder;
  const auto path = folder.file("private/gembal.db");
  auto store = open(path);
  ASSERT_TRUE(store.add({key("key-one")}));
  struct stat known {};
  ASSERT_EQ(::stat(path.c_str(), &known), 0);
  EXPECT_EQ(known.st_mode & 0777, 0600u);
  ASSERT_EQ(::stat(folder.file("private").c_str(), &known), 0);
  EXPECT_EQ(known.st_mode & 0777, 0700u);
  if (::stat((path + "-wal").c_str(), &known) == 0) EXPECT_EQ(known.st_mode & 0777, 0600u);
}

TEST(KeyStoreTest, TwoConnectionsSeeEachOther) {
  TempDir folder;
  auto one = open(folder.file("x.db")), two = open(folder.file("x.db"));
  const auto before = two.news_since(0, kNow)->seq;
  ASSERT_TRUE(one.add({key("key-one")}));
  EXPECT_TRUE(two.news_since(before, kNow)->owner_changed);
  EXPECT_EQ(names(two), std::vector<std::string>{"key-one"});
}

TEST(KeyStoreTest, RemembersWhatWasLearned) {
  TempDir folder;
  auto store = open(folder.file("x.db"));
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
  auto again = open(folder.file("x.db"));
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

TEST(KeyStoreTest, WhatWasLearnedBeforeDoesNotUndoWhatTheOwnerDid) {
  TempDir folder;
  auto daemon = open(folder.file("x.db")), owner = open(folder.file("x.db"));
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

TEST(KeyStoreTest, TwoThatStartAtOnceAgreeOnAValue) {
  TempDir folder;
  auto one = open(folder.file("x.db")), two = open(folder.file("x.db"));
  EXPECT_EQ(*one.value("token"), std::nullopt);
  EXPECT_EQ(*one.value_or_insert("token", "a"), "a");
  EXPECT_EQ(*two.value_or_insert("token", "b"), "a");
  EXPECT_EQ(**two.value("token"), "a");
}

TEST(KeyStoreTest, ManyProcessesAddAtOnceAndNothingIsLost) {
  TempDir folder;
  const auto path = folder.file("x.db");
  open(path);
  std::vector<pid_t> children;
  for (int child = 0; child < 4; ++child) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      auto store = KeyStore::open(path, std::chrono::seconds{30});
      if (!store) ::_exit(1);
      for (int i = 0; i < 10; ++i) {
        if (!store->add({key("key-" + std::to_string(child) + "-" + std::to_string(i))}))
          ::_exit(2);
      }
      ::_exit(0);
    }
    children.push_back(pid);
  }
  for (const pid_t pid : children) {
    int status = 0;
    ::waitpid(pid, &status, 0);
    EXPECT_EQ(status, 0);
  }
  auto store = open(path);
  EXPECT_EQ(store.keys()->size(), 40u);
}

TEST(KeyStoreTest, AKilledProcessLosesNothingThatItAcknowledged) {
  TempDir folder;
  const auto path = folder.file("x.db");
  int told[2];
  ASSERT_EQ(::pipe(told), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto store = KeyStore::open(path);
    for (int i = 0;; ++i) {
      if (!store->add({key("key-" + std::to_string(i))})) ::_exit(1);
      if (::write(told[1], "x", 1) != 1) ::_exit(1);
    }
  }
  char buffer[25];
  for (std::size_t got = 0; got < sizeof buffer;) {
    const auto count = ::read(told[0], buffer, sizeof buffer - got);
    ASSERT_GT(count, 0);
    got += static_cast<std::size_t>(count);
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(told[1]);
  std::size_t acknowledged = sizeof buffer;
  for (char rest = 0; ::read(told[0], &rest, 1) == 1;) ++acknowledged;
  ::close(told[0]);
  auto store = open(path);
  EXPECT_GE(store.keys()->size(), acknowledged);
  EXPECT_LE(store.keys()->size(), acknowledged + 1);
}

TEST(KeyStoreTest, AFullDiskIsAClearErrorAndLosesNothing) {
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

TEST(KeyStoreTest, SaysWhyItCannotBeOpened) {
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
    auto database = Database::open(newer, kSoon);
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

TEST(KeyStoreTest, ALockedStoreIsAClearErrorAfterItsPatience) {
  TempDir folder;
  const auto path = folder.file("x.db");
  auto holder = Database::open(path, kSoon);
  ASSERT_TRUE(holder);
  auto waiting = *KeyStore::open(path, kSoon);
  const auto locked = holder->write([&](soci::session&) {
    const auto added = waiting.add({key("key-one")});
    ASSERT_FALSE(added);
    EXPECT_NE(added.error().message.find("another program has locked it"), std::string::npos)
        << added.error().message;
    EXPECT_TRUE(waiting.keys()) << "reading goes on";
  });
  EXPECT_TRUE(locked);
  EXPECT_TRUE(waiting.add({key("key-one")}));
}

TEST(KeyStoreTest, AnUnwritableStoreIsAClearError) {
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

}  // namespace
}  // namespace gembal::store
