#include <atomic>
#include <thread>

#include "tests/keypool/small_pool.hpp"

namespace gembal::keypool {
namespace {

/// One that waits, and how often it was woken.
struct Waiting {
  Waiting(Pool& pool, std::string_view model = "m")
      : place(*pool.pool.line_up(
            model, [count = woken] { ++*count; }, 100)) {}

  std::shared_ptr<std::atomic<int>> woken = std::make_shared<std::atomic<int>>(0);
  std::optional<PlaceInLine> place;
};

std::string take_at(Pool& pool, const Waiting& waiting, TimePoint now) {
  Wish wish;
  wish.model = "m";
  wish.place = waiting.place->number();
  return Pool::name_of(pool.pool.take(wish, now));
}

/// A pool of one key that is back 30 s after noon.
struct Line : Pool {
  Line() : Pool(keys(1)) { report_for("key-1", verdict(Outcome::quota_minute, seconds{30})); }
};

constexpr auto kBack = seconds{31};

TEST(LineTest, WhoCameFirstGetsTheKeyFirst) {
  Line pool;
  Waiting first(pool), second(pool), third(pool);
  EXPECT_TRUE(pool.pool.is_first(*first.place));
  EXPECT_FALSE(pool.pool.is_first(*second.place));
  const auto now = kNoon + kBack;
  EXPECT_EQ(take_at(pool, second, now), "keys_waiting");
  EXPECT_EQ(take_at(pool, third, now), "keys_waiting");
  EXPECT_EQ(take_at(pool, first, now), "key-1");
  first.place.reset();
  EXPECT_EQ(*second.woken, 1) << "it is the first now";
  EXPECT_EQ(*third.woken, 0);
  EXPECT_EQ(take_at(pool, third, now), "keys_waiting");
  EXPECT_EQ(take_at(pool, second, now), "key-1");
}

TEST(LineTest, NewArrivalsDoNotOvertake) {
  Line pool;
  Waiting first(pool);
  const auto now = kNoon + kBack;
  EXPECT_EQ(pool.next("m", now), "keys_waiting");
  EXPECT_EQ(pool.next("other", now), "key-1") << "that line is empty";
  Wish goes_on;
  goes_on.model = "m";
  goes_on.goes_on = true;
  EXPECT_EQ(Pool::name_of(pool.pool.take(goes_on, now)), "key-1")
      << "a further try of a request that was let out is no new arrival";
  first.place.reset();
  EXPECT_EQ(pool.next("m", now), "key-1");
}

TEST(LineTest, WhoGivesUpLeavesTheLineWhereverItStands) {
  Line pool;
  Waiting first(pool), second(pool), third(pool);
  second.place.reset();
  EXPECT_EQ(*third.woken, 0) << "it is still not the first";
  first.place.reset();
  EXPECT_EQ(*third.woken, 1);
  EXPECT_TRUE(pool.pool.is_first(*third.place));
  third.place.reset();
  EXPECT_EQ(*first.woken + *second.woken, 0);
}

TEST(LineTest, APlaceMoves) {
  Line pool;
  Waiting first(pool), second(pool);
  PlaceInLine moved = *std::move(first.place);
  first.place.reset();
  EXPECT_TRUE(pool.pool.is_first(moved));
  EXPECT_EQ(*second.woken, 0);
}

TEST(LineTest, IsBoundedOverAllModels) {
  Line pool;
  std::vector<PlaceInLine> places;
  for (const char* model : {"a", "b", "a"})
    places.push_back(*pool.pool.line_up(
        model, [] {}, 3));
  const auto more = pool.pool.line_up(
      "c", [] {}, 3);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().kind, ErrorKind::keys_waiting);
  EXPECT_TRUE(more.error().retry_after);
  places.pop_back();
  EXPECT_TRUE(pool.pool.line_up(
      "c", [] {}, 3));
}

TEST(LineTest, TheFirstIsWokenWhenAKeyMayHaveCome) {
  const struct {
    const char* name;
    std::function<void(Pool&)> happens;
  } cases[] = {
      {"one is added", [](Pool& pool) { pool.pool.replace(keys(2), kNoon); }},
      {"another process enabled one",
       [](Pool& pool) { pool.pool.learn_keys({key("key-1")}, kNoon); }},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Line pool;
    Waiting first(pool), second(pool), other(pool, "other");
    c.happens(pool);
    EXPECT_EQ(*first.woken, 1);
    EXPECT_EQ(*second.woken, 0);
    EXPECT_EQ(*other.woken, 1) << "of every line";
  }
}

TEST(LineTest, TheFirstIsWokenWhenAReportGivesRoom) {
  Policy policy;
  policy.free_tier.requests_per_minute = 1;
  Pool pool(keys(1), policy);
  auto lease = pool.take();
  ASSERT_TRUE(lease);
  ASSERT_EQ(pool.next(), "keys_waiting");
  Waiting first(pool), second(pool), other(pool, "other");
  pool.pool.report(*lease, verdict(Outcome::broken), kNoon);
  EXPECT_EQ(*first.woken, 1) << "what upstream did not count may be sent again";
  EXPECT_EQ(*second.woken + *other.woken, 0);
}

TEST(LineTest, EveryLineIsWokenWhenTheExitIsWellAgain) {
  Pool pool(keys(4));
  for (const char* name : {"key-1", "key-2", "key-3"})
    pool.report_for(name, verdict(Outcome::key_unusable));
  Waiting first(pool), other(pool, "other");
  pool.report_for("key-4", verdict(Outcome::success));
  EXPECT_EQ(*first.woken, 1);
  EXPECT_EQ(*other.woken, 1);
}

TEST(LineTest, IsSafeForThreads) {
  Pool pool(keys(2));
  std::atomic<int> wakes = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&pool, &wakes] {
      for (int j = 0; j < 300; ++j) {
        auto place = pool.pool.line_up(
            "m", [&wakes] { ++wakes; }, 3);
        Wish wish;
        wish.model = "m";
        if (place) wish.place = place->number();
        const auto lease = pool.pool.take(wish, kNoon);
        if (place && pool.pool.is_first(*place)) EXPECT_TRUE(pool.pool.take(wish, kNoon));
        if (j % 50 == 0) pool.pool.replace(keys(2 + j % 3), kNoon);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_NE(pool.next(), "keys_waiting") << "nobody is left in line";
}

}  // namespace
}  // namespace gembal::keypool
