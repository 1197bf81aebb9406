// Settings that are saved in the store.

#include <filesystem>

#include "tests/store/store_support.hpp"

namespace gembal::store {
namespace {

using testing::TempDir;

class StoreSettingsTest : public OnEveryDatabase {};

TEST_P(StoreSettingsTest, AreSavedAndTakenBack) {
  auto one = open(place()), two = open(place());
  EXPECT_TRUE(one.settings()->empty());
  const std::vector<std::string> strange = {"a, b", "\"'; DROP TABLE settings; --", "\xC3\xA9\n"};
  EXPECT_EQ(*one.save({{"pool.max_retries", {{"5"}}}, {"models.search", strange}}), 2u);
  EXPECT_EQ(*two.settings(), (Settings{{"models.search", strange}, {"pool.max_retries", {"5"}}}));

  EXPECT_EQ(*two.save({{"pool.max_retries", std::nullopt}, {"models.search", {{}}}}), 2u);
  EXPECT_EQ(*one.settings(), (Settings{{"models.search", {}}})) << "an empty list is a value";
  EXPECT_EQ(*one.save({{"pool.max_retries", {{"6"}}}}), 1u) << "again";
  EXPECT_EQ(one.settings()->at("pool.max_retries"), std::vector<std::string>{"6"});
}

TEST_P(StoreSettingsTest, WhatIsAlreadySoIsNoNews) {
  auto store = open(place());
  ASSERT_TRUE(store.save({{"a.b", {{"1"}}}}));
  auto news = *store.news_since(0, kNow);
  EXPECT_TRUE(news.settings_changed);
  EXPECT_EQ(*store.save({{"a.b", {{"1"}}}, {"c.d", std::nullopt}}), 0u);
  news = *store.news_since(news.seq, kNow);
  EXPECT_FALSE(news.settings_changed);
  EXPECT_EQ(*store.save({{"a.b", std::nullopt}}), 1u);
  news = *store.news_since(news.seq, kNow);
  EXPECT_TRUE(news.settings_changed) << "taking one back is a change";
  EXPECT_FALSE(news.owner_changed) << "of keys";
  ASSERT_TRUE(store.add({key("key-one")}));
  EXPECT_FALSE(store.news_since(news.seq, kNow)->settings_changed);
}

TEST(StoreSettingsFileTest, AskingForThemMakesNoStore) {
  TempDir folder;
  const auto path = folder.file("none/x.db");
  EXPECT_TRUE(saved_settings(at(path))->empty());
  EXPECT_FALSE(std::filesystem::exists(folder.file("none")));
  ASSERT_TRUE(open(path).save({{"a.b", {{"1"}}}}));
  EXPECT_EQ(saved_settings(at("sqlite://" + path))->at("a.b"), std::vector<std::string>{"1"});
  EXPECT_EQ(saved_settings(at(folder.write("text.db", "no database, but long enough for one")))
                .error()
                .kind,
            ErrorKind::store);
}

TEST_P(StoreSettingsTest, TryingToWriteIsNoNews) {
  auto store = open(place());
  const auto seq = store.news_since(0, kNow)->seq;
  EXPECT_TRUE(store.try_to_write());
  EXPECT_EQ(store.news_since(0, kNow)->seq, seq);
  EXPECT_GE(KeyStore::schema(), 4);
}

INSTANTIATE_TEST_SUITE_P(On, StoreSettingsTest, every_database(), name_of);

}  // namespace
}  // namespace gembal::store
