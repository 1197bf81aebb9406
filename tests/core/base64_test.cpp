#include "lib/core/base64.hpp"

#include <gtest/gtest.h>

namespace gembal {
namespace {

TEST(Base64Test, GoesThereAndBack) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes);
    bytes += static_cast<char>(i * 7);
  }
}

TEST(Base64Test, TakesWhatClientsSend) {
  EXPECT_EQ(base64_decode("aGk="), "hi");
  EXPECT_EQ(base64_decode("aGk"), "hi");
  EXPECT_EQ(base64_decode("aG\r\nk="), "hi");
  EXPECT_EQ(base64_decode("-_-_"), base64_decode("+/+/"));
  EXPECT_EQ(base64_decode(""), "");
  EXPECT_EQ(base64_decode("a"), std::nullopt);
  EXPECT_EQ(base64_decode("aGk=x"), std::nullopt);
  EXPECT_EQ(base64_decode("a*k="), std::nullopt);
}

}  // namespace
}  // namespace gembal
