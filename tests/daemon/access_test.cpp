#include "daemon/access.hpp"

#include <gtest/gtest.h>

#include "lib/core/digest.hpp"

namespace gembal::daemon {
namespace {

const TimePoint kNow = *parse_iso8601("2026-11-25T20:15:30Z");

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
    EXPECT_EQ(static_cast<bool>(access.caller_of(reader.head, kNow)), c.allowed)
        << c.target << " " << c.headers;
  }
}

TEST(AccessTest, AnEmptyTokenOpensNothing) {
  const Access access({Secret("")});
  front::HeadReader reader({});
  ASSERT_EQ(reader.read("GET /?key= HTTP/1.1\r\nHost: h\r\nx-api-key:\r\n\r\n"),
            front::HeadProgress::complete);
  EXPECT_FALSE(access.caller_of(reader.head, kNow));
  EXPECT_FALSE(access.is_admin(""));
}

Result<Caller> caller(const Access& access, const std::string& token, TimePoint now = kNow) {
  front::HeadReader reader({});
  EXPECT_EQ(reader.read("GET / HTTP/1.1\r\nHost: h\r\nx-api-key: " + token + "\r\n\r\n"),
            front::HeadProgress::complete);
  return access.caller_of(reader.head, now);
}

store::ClientToken named(const std::string& name, const std::string& token) {
  store::ClientToken made;
  made.name = name;
  made.digest = sha256_hex(token);
  return made;
}

TEST(AccessTest, SaysWhoItIs) {
  auto limited = named("laptop", "gembal-laptop");
  limited.models = {"gemini-2.5-flash"};
  const Access access({Secret("sk-client-token-1")}, Secret("sk-the-admin"), {limited});
  const auto client = caller(access, "sk-client-token-1");
  EXPECT_EQ(client->name, Secret("sk-client-token-1").redacted());
  EXPECT_FALSE(client->is_admin);
  const auto admin = caller(access, "sk-the-admin");
  EXPECT_EQ(admin->name, "admin");
  EXPECT_TRUE(admin->is_admin);
  const auto laptop = caller(access, "gembal-laptop");
  EXPECT_EQ(laptop->name, "laptop");
  EXPECT_EQ(laptop->id, Secret("gembal-laptop").id());
  EXPECT_TRUE(may_ask(*laptop, "gemini-2.5-flash"));
  EXPECT_FALSE(may_ask(*laptop, "gemini-2.5-pro"));
  EXPECT_TRUE(may_ask(*laptop, "")) << "what is about no model";
  EXPECT_TRUE(may_ask(*client, "gemini-2.5-pro"));
}

TEST(AccessTest, TheFirstTokenIsTheAdministratorsUnlessThereIsAnother) {
  EXPECT_TRUE(caller(Access({Secret("sk-one"), Secret("sk-two")}), "sk-one")->is_admin);
  EXPECT_FALSE(caller(Access({Secret("sk-one"), Secret("sk-two")}), "sk-two")->is_admin);
  EXPECT_FALSE(caller(Access({Secret("sk-one")}, Secret("sk-admin")), "sk-one")->is_admin);
}

TEST(AccessTest, ATokenMayHaveExpiredOrBeDisabled) {
  auto expires = named("expires", "t-expires");
  expires.expires = kNow + std::chrono::hours{1};
  auto disabled = named("disabled", "t-disabled");
  disabled.disabled = true;
  const Access access({Secret("sk-one")}, {}, {expires, disabled});
  EXPECT_TRUE(caller(access, "t-expires"));
  const auto late = caller(access, "t-expires", kNow + std::chrono::hours{1});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::unauthorized);
  EXPECT_NE(late.error().message.find("has expired"), std::string::npos);
  EXPECT_NE(caller(access, "t-disabled").error().message.find("is disabled"), std::string::npos);
}

}  // namespace
}  // namespace gembal::daemon
