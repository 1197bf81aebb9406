#include "daemon/access.hpp"

#include <gtest/gtest.h>

namespace gembal::daemon {
namespace {

TEST(AccessTest, TakesAGoodTokenFromAnyOfItsFourPlaces) {
  const Access access({Secret("sk-one"), Secret("sk-two")});
  const struct {
    const char* target;
    const char* headers;
    bool allowed;
  } cases[] = {
      {"/", "Authorization: Bearer sk-one\r\n", true},
      {"/", "authorization: bearer   sk-two\r\n", true},
      {"/", "x-goog-api-key: sk-two\r\n", true},
      {"/", "X-API-Key: sk-one\r\n", true},
      {"/?key=sk-one", "", true},
      {"/?alt=sse&key=sk%2Done", "", true},
      {"/?key=wrong", "x-api-key: sk-one\r\n", true},
      {"/", "", false},
      {"/", "Authorization: Basic sk-one\r\n", false},
      {"/", "Authorization: sk-one\r\n", false},
      {"/", "Authorization: Bearer\r\n", false},
      {"/", "Authorization: Bearer \r\n", false},
      {"/", "x-goog-api-key: sk-on\r\n", false},
      {"/", "x-goog-api-key: sk-onee\r\n", false},
      {"/", "x-goog-api-key:\r\n", false},
      {"/?key=", "", false},
      {"/?monkey=sk-one", "", false},
      {"/", "Cookie: key=sk-one\r\n", false},
  };
  for (const auto& c : cases) {
    front::HeadReader reader({});
    ASSERT_EQ(reader.read(std::string("GET ") + c.target + " HTTP/1.1\r\nHost: h\r\n" + c.headers +
                          "\r\n"),
              front::HeadProgress::complete);
    EXPECT_EQ(access.allows(reader.head), c.allowed) << c.target << " " << c.headers;
  }
}

TEST(AccessTest, AnEmptyTokenOpensNothing) {
  const Access access({Secret("")});
  front::HeadReader reader({});
  ASSERT_EQ(reader.read("GET /?key= HTTP/1.1\r\nHost: h\r\nx-api-key:\r\n\r\n"),
            front::HeadProgress::complete);
  EXPECT_FALSE(access.allows(reader.head));
}

}  // namespace
}  // namespace gembal::daemon
