// Requests that name an object go to the key, or the project, that made it.

#include "tests/keypool/small_pool.hpp"

namespace gembal::keypool {
namespace {

Result<Lease> take_owner(Pool& pool, const std::string& name, const std::string& project = "",
                         std::string_view model = "m") {
  Wish wish;
  wish.model = model;
  return pool.pool.take_owner(id(name), project, wish, kNoon);
}

TEST(OwnerTest, GetsThatKeyWhateverItsTurn) {
  Pool pool(keys(3));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Pool::name_of(take_owner(pool, "key-2")), "key-2");
  EXPECT_EQ(pool.next_few(4), "key-1 key-3 key-1 key-3") << "it had its turns";
}

TEST(OwnerTest, AnotherKeyOfTheProjectSeesTheSame) {
  Pool pool({key("key-1", "p"), key("key-2", "p"), key("key-3", "q")});
  pool.report_for("key-1", verdict(Outcome::key_dead));
  EXPECT_EQ(Pool::name_of(take_owner(pool, "key-1")), "key-2");
  EXPECT_EQ(Pool::name_of(take_owner(pool, "key-9", "q")), "key-3") << "removed: by its project";
}

TEST(OwnerTest, TheProjectThatWasRememberedHelpsAKeyWithoutOne) {
  Pool pool({key("key-1"), key("key-2", "p")});
  pool.report_for("key-1", verdict(Outcome::key_dead));
  EXPECT_EQ(Pool::name_of(take_owner(pool, "key-1", "p")), "key-2");
}

TEST(OwnerTest, SaysWhyThereIsNone) {
  Pool pool(keys(2));
  pool.report_for("key-1", verdict(Outcome::key_dead));
  const struct {
    const char* name;
    Result<Lease> lease;
    ErrorKind kind;
    const char* says;
  } cases[] = {
      {"disabled", take_owner(pool, "key-1"), ErrorKind::no_usable_key, "is disabled: key dead"},
      {"removed", take_owner(pool, "key-9"), ErrorKind::no_usable_key, "was removed"},
      {"of an unknown project", take_owner(pool, "key-9", "p"), ErrorKind::no_usable_key,
       "was removed"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    ASSERT_FALSE(c.lease);
    EXPECT_EQ(c.lease.error().kind, c.kind);
    EXPECT_NE(c.lease.error().message.find(c.says), std::string::npos) << c.lease.error().message;
    EXPECT_EQ(c.lease.error().message.find("key-"), std::string::npos) << "no key is told";
  }
}

TEST(OwnerTest, AWaitingKeyIsWaitedForUnlessItIsAboutNoModel) {
  Pool pool(keys(2));
  pool.report_for("key-1", verdict(Outcome::quota_minute, seconds{30}));
  pool.report_for("key-1", verdict(Outcome::quota_minute, seconds{30}), kNoon, "");
  const auto lease = take_owner(pool, "key-1");
  ASSERT_FALSE(lease);
  EXPECT_EQ(lease.error().kind, ErrorKind::keys_waiting);
  EXPECT_GE(lease.error().retry_after, seconds{30});
  EXPECT_LE(lease.error().retry_after, seconds{31});
  EXPECT_EQ(Pool::name_of(take_owner(pool, "key-1", "", "other")), "key-1");
  EXPECT_EQ(Pool::name_of(take_owner(pool, "key-1", "", "")), "key-1");
}

TEST(OwnerTest, RequestsAboutNoModelKeepToNoLimit) {
  Policy policy;
  policy.free_tier.requests_per_minute = 2;
  policy.free_tier.requests_per_day = 2;
  Pool pool(keys(1), policy);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(pool.next(""), "key-1") << i;
  EXPECT_EQ(pool.next_few(3), "key-1 key-1 keys_waiting");
}

}  // namespace
}  // namespace gembal::keypool
