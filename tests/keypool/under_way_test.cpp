// A success clears what was held against its key, model and exit while it was under way.

#include "tests/keypool/small_pool.hpp"

namespace gembal::keypool {
namespace {

TEST(UnderWayTest, ASuccessClearsWhatCameUpMeanwhile) {
  const struct {
    const char* name;
    void (*doubt)(Pool&);
    void (*check)(Pool&);
  } cases[] = {
      {"nothing", [](Pool&) {}, [](Pool& pool) { EXPECT_EQ(pool.known("key-1").failures, 0); }},
      {"the key failed",
       [](Pool& pool) { pool.report_for("key-1", verdict(Outcome::key_unusable)); },
       [](Pool& pool) { EXPECT_EQ(pool.known("key-1").failures, 0); }},
      {"others say that it failed",
       [](Pool& pool) {
         Key failed = key("key-1");
         failed.failures = 2;
         pool.pool.learn_keys({failed}, kNoon);
       },
       [](Pool& pool) { EXPECT_EQ(pool.known("key-1").failures, 0); }},
      {"its owner gave it failures",
       [](Pool& pool) {
         auto all = keys(5);
         all[0].failures = 2;
         all[0].revision = 1;
         pool.pool.replace(all, kNoon);
       },
       [](Pool& pool) { EXPECT_EQ(pool.known("key-1").failures, 0); }},
      {"the model was overloaded twice",
       [](Pool& pool) {
         pool.report_for("key-2", verdict(Outcome::model_overloaded));
         pool.report_for("key-3", verdict(Outcome::model_overloaded));
       },
       [](Pool& pool) {
         pool.report_for("key-4", verdict(Outcome::model_overloaded));
         EXPECT_FALSE(pool.pool.overloaded_until("m", kNoon)) << "three, but not in a row";
       }},
      {"others say that the model is overloaded",
       [](Pool& pool) {
         pool.pool.learn_states({{"", {"m", ModelStatus::overloaded, kNoon + seconds{9}, ""}}},
                                kNoon);
         EXPECT_TRUE(pool.pool.overloaded_until("m", kNoon));
       },
       [](Pool& pool) { EXPECT_FALSE(pool.pool.overloaded_until("m", kNoon)); }},
      {"two keys were refused by its exit",
       [](Pool& pool) {
         pool.report_for("key-2", verdict(Outcome::key_dead));
         pool.report_for("key-3", verdict(Outcome::key_dead));
       },
       [](Pool& pool) {
         EXPECT_FALSE(pool.report_for("key-4", verdict(Outcome::key_dead)).suspended);
         EXPECT_TRUE(pool.known("key-4").disabled) << "three, but not in a row";
       }},
      {"three keys were",
       [](Pool& pool) {
         for (const char* name : {"key-2", "key-3", "key-4"})
           pool.report_for(name, verdict(Outcome::key_dead));
         EXPECT_EQ(pool.next(), "upstream");
       },
       [](Pool& pool) {
         EXPECT_EQ(pool.next(), "key-5") << "the only one besides key-1, which has had its turn";
         EXPECT_TRUE(pool.known("key-2").disabled);
       }},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Pool pool(keys(5));
    auto under_way = pool.take();
    ASSERT_TRUE(under_way);
    ASSERT_EQ((*under_way)->secret.reveal(), "key-1");
    c.doubt(pool);
    pool.pool.report(*under_way, verdict(Outcome::success), kNoon);
    c.check(pool);
  }
}

TEST(UnderWayTest, AKeyIsReadAsItWasWhenItWasTaken) {
  Pool pool(keys(1));
  auto under_way = pool.take();
  ASSERT_TRUE(under_way);
  auto renamed = keys(1);
  renamed[0].label = "new";
  pool.pool.replace(renamed, kNoon);
  EXPECT_EQ((*under_way)->label, "");
  pool.pool.replace({}, kNoon);
  EXPECT_EQ((*under_way)->secret.reveal(), "key-1") << "it has left";
}

}  // namespace
}  // namespace gembal::keypool
