#include "lib/core/secret.hpp"

#include <gtest/gtest.h>

namespace gembal {
namespace {

TEST(SecretTest, ShowsOnlyItsEnds) {
  EXPECT_EQ(Secret("key-one-for-tests").redacted(), "key-…ests");
  EXPECT_EQ(Secret("short").redacted(), "…");
  EXPECT_EQ(Secret().redacted(), "");
}

TEST(SecretTest, IsNamedByItsDigest) {
  EXPECT_EQ(Secret("abc").id(), "ba7816bf8f01");
  EXPECT_EQ(Secret().id(), "");
}

TEST(SecretTest, MatchesOnlyItself) {
  EXPECT_TRUE(Secret("abc").matches("abc"));
  EXPECT_FALSE(Secret("abc").matches("abd"));
  EXPECT_FALSE(Secret("abc").matches("ab"));
  EXPECT_FALSE(Secret("abc").matches(""));
}

}  // namespace
}  // namespace gembal
