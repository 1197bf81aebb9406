#include "lib/keypool/conversations.hpp"

#include <gtest/gtest.h>

namespace gembal::keypool {
namespace {

TEST(ConversationsTest, RemembersTheLatestPlace) {
  Conversations conversations;
  EXPECT_FALSE(conversations.find(7));
  conversations.remember(7, {1, 10});
  conversations.remember(8, {2, 20});
  conversations.remember(7, {3, 30});
  ASSERT_TRUE(conversations.find(7));
  EXPECT_EQ(conversations.find(7)->slot, 3u);
  EXPECT_EQ(conversations.find(7)->tenant, 30u);
  EXPECT_EQ(conversations.find(8)->slot, 2u);
}

TEST(ConversationsTest, ForgetsWhatNobodyContinues) {
  Conversations conversations;
  conversations.remember(1, {1, 1});
  conversations.remember(2, {2, 2});
  for (std::uint64_t prefix = 100; prefix < 40'100; ++prefix) {
    conversations.remember(prefix, {9, 9});
    if (prefix % 5'000 == 0) conversations.remember(1, {1, 1});
  }
  EXPECT_TRUE(conversations.find(1)) << "it went on";
  EXPECT_FALSE(conversations.find(2));
  EXPECT_TRUE(conversations.find(40'099));
}

}  // namespace
}  // namespace gembal::keypool
