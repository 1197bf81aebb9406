#include "lib/core/expiring_cache.hpp"

#include <gtest/gtest.h>

namespace gembal {
namespace {

using std::chrono::hours;

const TimePoint kNow = *parse_iso8601("2026-11-24T20:00:00Z");

std::string found(ExpiringCache& cache, std::string_view name, TimePoint now = kNow) {
  const auto* value = cache.find(name, now);
  return value ? *value : "none";
}

TEST(ExpiringCacheTest, KeepsEachForItsTime) {
  ExpiringCache cache(10, 10'000);
  cache.put("a", "1", kNow + hours{1});
  cache.put("b", "2", kNow + hours{2});
  EXPECT_EQ(found(cache, "a"), "1");
  EXPECT_EQ(found(cache, "a", kNow + hours{1}), "none");
  EXPECT_EQ(found(cache, "b", kNow + hours{1}), "2");
  EXPECT_EQ(cache.size(), 1u) << "what is gone takes no room";
  cache.put("b", "3", kNow + hours{3});
  EXPECT_EQ(found(cache, "b", kNow + hours{2}), "3") << "a later one takes its place";
  cache.erase("b");
  cache.erase("never there");
  EXPECT_EQ(found(cache, "b"), "none");
  EXPECT_EQ(cache.size(), 0u);
  EXPECT_EQ(cache.bytes(), 0u);
}

TEST(ExpiringCacheTest, DropsWhatWasNotAskedForLongest) {
  ExpiringCache cache(3, 10'000);
  for (const char* name : {"a", "b", "c"}) cache.put(name, name, kNow + hours{1});
  EXPECT_EQ(found(cache, "a"), "a");
  cache.put("d", "d", kNow + hours{1});
  EXPECT_EQ(found(cache, "b"), "none");
  for (const char* name : {"a", "c", "d"}) EXPECT_EQ(found(cache, name), name);
}

TEST(ExpiringCacheTest, StaysWithinItsBytes) {
  ExpiringCache cache(1'000, 4'000);
  for (int i = 0; i < 500; ++i) {
    cache.put("name-" + std::to_string(i), std::string(1'000, 'x'), kNow + hours{1});
    EXPECT_LE(cache.bytes(), 4'000u);
  }
  EXPECT_EQ(cache.size(), 3u);
  EXPECT_EQ(found(cache, "name-499").size(), 1'000u);
  cache.put("large", std::string(5'000, 'x'), kNow + hours{1});
  EXPECT_EQ(found(cache, "large"), "none");
}

}  // namespace
}  // namespace gembal
