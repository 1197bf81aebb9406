// Values that are kept for a while.

#include <algorithm>

#include "tests/store/store_support.hpp"

namespace gembal::store {
namespace {

using std::chrono::hours;

Batch keep(std::vector<KeptValue> values) { return {{}, {}, {}, std::move(values)}; }

/// "name=value name=value", sorted.
std::string kept(KeyStore& store, const std::string& kind, const std::vector<std::string>& names,
                 TimePoint now = kNow) {
  const auto values = store.kept(kind, names, now);
  if (!values) return values.error().message;
  std::vector<std::string> all;
  for (const auto& one : *values) all.push_back(one.name + "=" + one.value);
  std::sort(all.begin(), all.end());
  std::string text;
  for (const auto& one : all) text += (text.empty() ? "" : " ") + one;
  return text;
}

class StoreKeptTest : public OnEveryDatabase {};

TEST_P(StoreKeptTest, EveryProcessFindsThemByKindAndNameForTheirTime) {
  auto one = open(place()), two = open(place());
  ASSERT_TRUE(one.write(keep({{"signature", "call_a", "s", kNow + hours{1}},
                              {"signature", "call_b", "t", kNow + hours{2}},
                              {"response", "call_a", "{}", kNow + hours{2}}})));
  EXPECT_EQ(kept(two, "signature", {"call_a", "call_b", "call_c"}), "call_a=s call_b=t");
  EXPECT_EQ(kept(two, "response", {"call_a", "call_b"}), "call_a={}");
  EXPECT_EQ(kept(two, "other", {"call_a"}), "");
  EXPECT_EQ(kept(two, "signature", {}), "");
  EXPECT_EQ(kept(two, "signature", {"call_a", "call_b"}, kNow + hours{1}), "call_b=t");

  ASSERT_TRUE(two.write(keep(
      {{"signature", "call_a", "u", kNow + hours{3}}, {"signature", "call_b", "", TimePoint{}}})));
  EXPECT_EQ(kept(one, "signature", {"call_a", "call_b"}), "call_a=u");
}

TEST_P(StoreKeptTest, ALargeValueAndStrangeNamesComeBackAsTheyWere) {
  const std::string large(800'000, 'x');
  const std::string name = "'; DROP TABLE kept; -- \xC3\xA9";
  {
    auto store = open(place());
    ASSERT_TRUE(store.write(keep({{"response", name, large, kNow + hours{1}}})));
  }
  auto store = open(place());
  const auto values = *store.kept("response", {name}, kNow);
  ASSERT_EQ(values.size(), 1u);
  EXPECT_EQ(values[0].value, large);
  EXPECT_EQ(values[0].expires, kNow + hours{1});
}

TEST_P(StoreKeptTest, WhatIsGoneIsSwept) {
  auto store = open(place());
  ASSERT_TRUE(store.write(
      keep({{"response", "gone", "a", kNow}, {"response", "there", "b", kNow + hours{1}}})));
  ASSERT_TRUE(store.forget_old(kNow));
  EXPECT_EQ(kept(store, "response", {"gone", "there"}, TimePoint{}), "there=b");
}

TEST_P(StoreKeptTest, OfAKindTheOldestGoWhenThereAreTooMany) {
  auto store = open(place());
  ASSERT_TRUE(store.write(keep({{"signature", "oldest", "a", kNow + hours{1}}})));
  ASSERT_TRUE(store.write(keep({{"response", "oldest", "a", kNow + hours{1}}})));
  std::vector<KeptValue> many;
  for (int i = 0; i < 1'000; ++i)
    many.push_back({"signature", std::to_string(i), "", kNow + hours{1}});
  ASSERT_TRUE(store.write(keep(std::move(many))));
  ASSERT_TRUE(store.forget_old(kNow, 1'000));
  EXPECT_EQ(kept(store, "signature", {"oldest", "0"}), "0=");
  EXPECT_EQ(kept(store, "response", {"oldest"}), "oldest=a");
}

INSTANTIATE_TEST_SUITE_P(On, StoreKeptTest, every_database(), name_of);

}  // namespace
}  // namespace gembal::store
