// What owners do with keys, and the values of gembal's own.

#include <sys/stat.h>

#include <algorithm>

#include "tests/store/store_support.hpp"

namespace gembal::store {
namespace {

using keypool::Key;
using testing::TempDir;

class KeyStoreTest : public OnEveryDatabase {};

TEST_P(KeyStoreTest, KeepsKeysInTheirOrderAndOnce) {
  auto store = open(place());
  Key labelled = key("key-two");
  labelled.label = "second";
  labelled.project = "p";
  labelled.paid = true;
  const auto added = store.add({key("key-one"), labelled, key("key-one")});
  ASSERT_TRUE(added);
  EXPECT_EQ(added->added, (std::vector<std::string>{key("key-one").id, key("key-two").id}));
  EXPECT_EQ(added->present.size(), 1u);
  auto again = open(place());
  const auto keys = *again.keys();
  ASSERT_EQ(keys.size(), 2u);
  EXPECT_EQ(keys[1].label, "second");
  EXPECT_EQ(keys[1].project, "p");
  EXPECT_TRUE(keys[1].paid);
  EXPECT_EQ(*again.remove({key("key-one").id, "unknown"}), 1u);
  EXPECT_EQ(names(store), std::vector<std::string>{"key-two"});
}

TEST(KeyStoreFileTest, NobodyElseMayReadIt) {
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

TEST_P(KeyStoreTest, TwoThatStartAtOnceAgreeOnAValue) {
  auto one = open(place()), two = open(place());
  EXPECT_EQ(*one.value("token"), std::nullopt);
  EXPECT_EQ(*one.value_or_insert("token", "a"), "a");
  EXPECT_EQ(*two.value_or_insert("token", "b"), "a");
  EXPECT_EQ(**two.value("token"), "a");
}

/// Two keys of one project, one of another, and one of none: each has a state, a limit and a
/// failure.
KeyStore four_keys(const std::string& path) {
  auto store = open(path);
  EXPECT_TRUE(store.add(
      {key("key-one", "p"), key("key-two", "p"), key("key-three", "q"), key("key-four")}));
  Batch batch;
  for (Key known : *store.keys()) {
    ++known.failures;
    batch.changes.push_back({known,
                             true,
                             {cooling("m", kNow + std::chrono::hours{1})},
                             {{"m", {5, 100, 250'000, kNow}}}});
  }
  EXPECT_TRUE(store.write(batch));
  return store;
}

std::vector<std::string> subjects_with_states(KeyStore& store) {
  std::vector<std::string> subjects;
  for (const auto& row : *store.model_states(kNow)) subjects.push_back(row.subject);
  std::sort(subjects.begin(), subjects.end());
  return subjects;
}

std::vector<std::string> subjects_with_limits(KeyStore& store) {
  std::vector<std::string> subjects;
  for (const auto& row : *store.limits()) subjects.push_back(row.subject);
  std::sort(subjects.begin(), subjects.end());
  return subjects;
}

using Subjects = std::vector<std::string>;

TEST_P(KeyStoreTest, AResetIsForAllThatShareTheQuota) {
  auto store = four_keys(place());
  const auto before = *store.keys();
  const auto alone = "k:" + before[3].id;
  EXPECT_EQ(*store.reset({before[0].id, before[0].id, "unknown"}), 1u);
  EXPECT_EQ(subjects_with_states(store), (Subjects{alone, "p:q"}));
  EXPECT_EQ(subjects_with_limits(store), (Subjects{alone, "p:q"}));
  const auto after = *store.keys();
  EXPECT_EQ(after[0].failures, 0);
  EXPECT_EQ(after[1].failures, 1) << "only its quota was forgotten";
  EXPECT_NE(after[0].revision, before[0].revision);
  EXPECT_NE(after[1].revision, before[1].revision);
  EXPECT_EQ(after[2].revision, before[2].revision);
  EXPECT_EQ(after[3].revision, before[3].revision);
  EXPECT_EQ(*store.reset({before[3].id}), 1u);
  EXPECT_EQ(subjects_with_states(store), Subjects{"p:q"});
  EXPECT_NE(store.keys()->at(3).revision, before[3].revision);
}

TEST_P(KeyStoreTest, EnablingForgetsStatesButNotWhatIsAllowed) {
  auto store = four_keys(place());
  const auto before = *store.keys();
  EXPECT_EQ(*store.disable({before[0].id}, keypool::kDisabledByHand), 1u);
  EXPECT_EQ(*store.disable({before[0].id}, keypool::kDisabledByHand), 0u);
  EXPECT_EQ(*store.enable({before[0].id, before[2].id}), 2u);
  EXPECT_EQ(subjects_with_states(store), Subjects{"k:" + before[3].id});
  EXPECT_EQ(subjects_with_limits(store).size(), 3u);
  const auto after = *store.keys();
  EXPECT_FALSE(after[0].disabled);
  EXPECT_EQ(after[0].reason, "");
  EXPECT_EQ(after[0].failures, 0);
  EXPECT_NE(after[1].revision, before[1].revision) << "it shares the first one's quota";
  EXPECT_EQ(*store.enable({before[0].id, before[2].id}), 0u) << "nothing is left to be forgotten";
  EXPECT_EQ(store.keys()->at(1).revision, after[1].revision);
  EXPECT_EQ(*store.enable({before[1].id}), 1u) << "it had a failure";
}

TEST_P(KeyStoreTest, RemovingForgetsWhatWasTheKeysAlone) {
  auto store = four_keys(place());
  const auto keys = *store.keys();
  ASSERT_TRUE(store.write({{},
                           {{keys[0].id, "m", kHour, 1, 1}, {keys[3].id, "m", kHour, 1, 1}},
                           {{"files/x", keys[3].id, "", "", kNow + std::chrono::hours{1}}}}));
  EXPECT_EQ(*store.remove({keys[3].id, keys[0].id, "unknown"}), 2u);
  EXPECT_TRUE(store.usage_since(0)->empty());
  EXPECT_EQ(subjects_with_states(store), (Subjects{"p:p", "p:q"}));
  EXPECT_EQ(subjects_with_limits(store), (Subjects{"p:p", "p:q"}));
  EXPECT_EQ(store.objects(kNow)->size(), 1u);
}

TEST_P(KeyStoreTest, AKeyThatIsAddedAgainIsAnotherOne) {
  auto store = open(place());
  ASSERT_TRUE(store.add({key("key-one")}));
  Key before = stored(store, "key-one");
  ASSERT_TRUE(store.remove({before.id}));
  ASSERT_TRUE(store.add({key("key-one")}));
  EXPECT_NE(stored(store, "key-one").revision, before.revision);
  before.failures = 2;
  ASSERT_TRUE(store.write(one_change({before, true, {}, {}})));
  EXPECT_EQ(stored(store, "key-one").failures, 0);
}

TEST_P(KeyStoreTest, AnOwnerMayDisableWhatWasDisabledByItself) {
  auto store = open(place());
  ASSERT_TRUE(store.add({key("key-one")}));
  const auto id = key("key-one").id;
  ASSERT_EQ(*store.disable({id}, "leaked"), 1u);
  EXPECT_EQ(*store.disable({id}, "leaked"), 0u);
  EXPECT_FALSE(keypool::disabled_by_owner((*store.keys())[0]));
  EXPECT_EQ(*store.disable({id}, keypool::kDisabledByHand), 1u);
  EXPECT_TRUE(keypool::disabled_by_owner((*store.keys())[0])) << "it does not come back by itself";
  EXPECT_EQ(*store.disable({id}, "leaked"), 0u) << "nor is it taken for a learned one again";
}

TEST_P(KeyStoreTest, AnEditChangesWhatItNames) {
  auto store = open(place());
  ASSERT_TRUE(store.add({key("key-one", "p"), key("key-two", "p")}));
  const auto before = *store.keys();
  const std::vector<std::string> both = {before[0].id, before[1].id, "unknown"};
  EXPECT_EQ(*store.edit(both, {.label = "mine", .paid = true}), 2u);
  auto after = stored(store, "key-two");
  EXPECT_EQ(after.label, "mine");
  EXPECT_EQ(after.project, "p");
  EXPECT_TRUE(after.paid);
  EXPECT_EQ(after.revision, before[1].revision) << "what was learned still holds";
  EXPECT_EQ(*store.edit({after.id}, {.project = "q"}), 1u);
  after = stored(store, "key-two");
  EXPECT_EQ(after.label, "mine");
  EXPECT_EQ(after.project, "q");
  EXPECT_NE(after.revision, before[1].revision) << "what was learned was another project's";
  EXPECT_EQ(*store.edit({after.id}, {.label = "", .project = "", .paid = false}), 1u);
  after = stored(store, "key-two");
  EXPECT_EQ(after.label, "");
  EXPECT_EQ(after.project, "");
  EXPECT_FALSE(after.paid);
}

INSTANTIATE_TEST_SUITE_P(On, KeyStoreTest, every_database(), name_of);

}  // namespace
}  // namespace gembal::store
