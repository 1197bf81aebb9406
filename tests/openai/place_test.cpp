#include "lib/openai/place.hpp"

#include <gtest/gtest.h>

namespace gembal::openai {
namespace {

TEST(PlaceTest, SaysWhereSomethingStands) {
  const Place messages("messages");
  EXPECT_EQ(messages.text(), "messages");
  EXPECT_EQ(messages[12].text(), "messages[12]");
  EXPECT_EQ(messages[0].member("content")[3].member("image_url").text(),
            "messages[0].content[3].image_url");
  EXPECT_EQ(messages[0][1] + ".name", "messages[0][1].name");
  const std::string named = messages[2].member("role");
  EXPECT_EQ(named, "messages[2].role");
}

}  // namespace
}  // namespace gembal::openai
