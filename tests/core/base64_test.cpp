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

TEST(Base64Test, AppendsBehindWhatIsThere) {
  std::string text = "a:";
  append_base64(text, "hello");
  EXPECT_EQ(text, "a:aGVsbG8=");
  std::string bytes = "b:";
  EXPECT_TRUE(append_decoded(bytes, "aGVsbG8"));
  EXPECT_EQ(bytes, "b:hello");
  EXPECT_FALSE(append_decoded(bytes, "aGVsbG8!"));
  EXPECT_EQ(bytes, "b:hello");
}

}  // namespace
}  // namespace gembal
