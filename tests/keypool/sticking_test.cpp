// Later turns of a conversation go where the first went.

#include "tests/keypool/small_pool.hpp"

namespace gembal::keypool {
namespace {

std::string turn(Pool& pool, std::uint64_t conversation, bool continues,
                 std::vector<std::string> tried = {}, TimePoint now = kNoon) {
  Wish wish;
  wish.model = "m";
  wish.conversation = conversation;
  wish.continues = continues;
  wish.goes_on = !tried.empty();
  wish.tried = std::move(tried);
  return Pool::name_of(pool.pool.take(wish, now));
}

TEST(StickingTest, FirstTurnsSpreadAlsoWhenTheyAreEqual) {
  Pool pool(keys(3));
  EXPECT_EQ(turn(pool, 5, false), "key-1");
  EXPECT_EQ(turn(pool, 5, false), "key-2");
  EXPECT_EQ(turn(pool, 5, false), "key-3");
  EXPECT_EQ(turn(pool, 5, true), "key-3") << "the latest with that beginning";
}

TEST(StickingTest, LaterTurnsStick) {
  Pool pool(keys(3));
  EXPECT_EQ(turn(pool, 5, false), "key-1");
  EXPECT_EQ(turn(pool, 6, false), "key-2");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(turn(pool, 5, true), "key-1");
    EXPECT_EQ(turn(pool, 6, true), "key-2");
  }
  EXPECT_EQ(turn(pool, 7, true), "key-3") << "unknown: in its turn";
  EXPECT_EQ(turn(pool, 7, true), "key-3");
}

TEST(StickingTest, OneConversationDoesNotUseUpAKey) {
  Policy policy;
  policy.most_ahead = 5;
  Pool pool(keys(2), policy);
  turn(pool, 5, false);
  int stuck = 0;
  while (stuck < 50 && turn(pool, 5, true) == "key-1") ++stuck;
  EXPECT_GE(stuck, 4);
  EXPECT_LE(stuck, 6);
}

TEST(StickingTest, AnotherKeyServesWhenThatOneWaitsOrHasLeft) {
  const struct {
    const char* name;
    std::function<void(Pool&)> happens;
  } cases[] = {
      {"it waits",
       [](Pool& pool) { pool.report_for("key-1", verdict(Outcome::quota_minute, seconds{30})); }},
      {"it is disabled", [](Pool& pool) { pool.report_for("key-1", verdict(Outcome::key_dead)); }},
      {"it was removed, and another has its place",
       [](Pool& pool) {
         auto all = keys(3);
         all.erase(all.begin());
         pool.pool.replace(all, kNoon);
       }},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Pool pool(keys(2));
    EXPECT_EQ(turn(pool, 5, false), "key-1");
    c.happens(pool);
    EXPECT_EQ(turn(pool, 5, true), "key-2");
    EXPECT_EQ(turn(pool, 5, true), "key-2") << "where it stays";
  }
}

TEST(StickingTest, ATriedKeyIsNotHandedOutForOldTimesSake) {
  Pool pool(keys(2));
  turn(pool, 5, false);
  EXPECT_EQ(turn(pool, 5, true, {id("key-1")}), "key-2");
}

TEST(StickingTest, CanBeSwitchedOff) {
  Policy policy;
  policy.follows_conversations = false;
  Pool pool(keys(2), policy);
  EXPECT_EQ(turn(pool, 5, false), "key-1");
  EXPECT_EQ(turn(pool, 5, true), "key-2");
  EXPECT_EQ(turn(pool, 5, true), "key-1");
}

}  // namespace
}  // namespace gembal::keypool
