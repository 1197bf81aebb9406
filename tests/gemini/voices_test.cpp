#include "lib/gemini/voices.hpp"

#include <gtest/gtest.h>

namespace gembal::gemini {
namespace {

TEST(VoicesTest, AreTheThirtyOfTheApi) {
  EXPECT_EQ(all_voices().size(), 30u);
  EXPECT_EQ(voice_named("zephyr"), "Zephyr");
  EXPECT_EQ(voice_named("SULAFAT"), "Sulafat");
  EXPECT_EQ(voice_named("alloy"), std::nullopt);
  EXPECT_EQ(voice_named(""), std::nullopt);
}

}  // namespace
}  // namespace gembal::gemini
