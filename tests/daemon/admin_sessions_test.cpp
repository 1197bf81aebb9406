#include "daemon/admin/sessions.hpp"

#include <gtest/gtest.h>

#include "daemon/routes_admin.hpp"

namespace gembal::daemon::admin {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const Sessions::Time kNow{std::chrono::hours{1000}};
constexpr std::chrono::milliseconds kHour{3'600'000};

/// A head that stays where it was read.
struct Head {
  explicit Head(const std::string& fields) : reader({}) {
    EXPECT_EQ(reader.read("GET / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n"),
              front::HeadProgress::complete);
  }
  front::HeadReader reader;
};

std::string cookie(const Sessions::Session& session) {
  return "Cookie: a=b; gembal_session=" + session.cookie + "; c=d\r\n";
}

TEST(SessionsTest, AreFoundByTheirCookieAndChangesNeedTheirText) {
  Sessions sessions;
  const auto session = sessions.begin(kHour, kNow);
  const Head plain(cookie(session));
  EXPECT_TRUE(sessions.find(plain.reader.head, true, kHour, kNow));
  EXPECT_FALSE(sessions.find(plain.reader.head, false, kHour, kNow)) << "without x-csrf-token";
  const Head full(cookie(session) + "x-csrf-token: " + session.csrf + "\r\n");
  EXPECT_TRUE(sessions.find(full.reader.head, false, kHour, kNow));
  const Head wrong(cookie(session) + "x-csrf-token: " + session.csrf + "0\r\n");
  EXPECT_FALSE(sessions.find(wrong.reader.head, false, kHour, kNow));
  EXPECT_FALSE(sessions.find(Head("").reader.head, true, kHour, kNow));
  EXPECT_FALSE(sessions.find(Head("Cookie: gembal_session=\r\n").reader.head, true, kHour, kNow));
}

TEST(SessionsTest, EndWhenNobodyUsesThem) {
  Sessions sessions;
  const auto session = sessions.begin(kHour, kNow);
  const Head head(cookie(session));
  EXPECT_TRUE(sessions.find(head.reader.head, true, kHour, kNow + minutes{59}));
  EXPECT_TRUE(sessions.find(head.reader.head, true, kHour, kNow + minutes{118})) << "used since";
  EXPECT_FALSE(sessions.find(head.reader.head, true, kHour, kNow + minutes{178}));
}

TEST(SessionsTest, OneOrAllAreEnded) {
  Sessions sessions;
  const auto one = sessions.begin(kHour, kNow), two = sessions.begin(kHour, kNow);
  sessions.end(one.cookie);
  EXPECT_FALSE(sessions.find(Head(cookie(one)).reader.head, true, kHour, kNow));
  EXPECT_TRUE(sessions.find(Head(cookie(two)).reader.head, true, kHour, kNow));
  sessions.end_all();
  EXPECT_FALSE(sessions.find(Head(cookie(two)).reader.head, true, kHour, kNow));
}

TEST(AttemptsTest, WhoeverGuessesWaitsLongerEachTime) {
  Attempts attempts;
  for (int i = 0; i < 4; ++i) attempts.failed("10.0.0.1", kNow);
  EXPECT_EQ(attempts.wait("10.0.0.1", kNow).count(), 0) << "a few slips are free";
  attempts.failed("10.0.0.1", kNow);
  EXPECT_EQ(attempts.wait("10.0.0.1", kNow), seconds{1});
  for (int i = 0; i < 5; ++i) attempts.failed("10.0.0.1", kNow);
  EXPECT_EQ(attempts.wait("10.0.0.1", kNow), seconds{32});
  EXPECT_EQ(attempts.wait("10.0.0.2", kNow).count(), 0) << "another address does not";
  attempts.succeeded("10.0.0.1");
  EXPECT_EQ(attempts.wait("10.0.0.1", kNow).count(), 0);
}

TEST(AttemptsTest, ManyAddressesTogetherHaveALimit) {
  Attempts attempts;
  for (int i = 0; i < 55; ++i) attempts.failed("10.0.1." + std::to_string(i), kNow);
  EXPECT_GT(attempts.wait("10.0.2.1", kNow).count(), 0);
  EXPECT_EQ(attempts.wait("10.0.2.1", kNow + minutes{20}).count(), 0);
}

TEST(OwnHostTest, NamesThatAreNotOursAreRefused) {
  const std::vector<std::string> more = {"gembal.example.org"};
  for (const char* host : {"localhost:8000", "LOCALHOST", "app.localhost", "127.0.0.1:8000",
                           "[::1]:8000", "192.168.1.5", "gembal.example.org:443", ""}) {
    EXPECT_TRUE(is_own_host(host, more)) << host;
  }
  for (const char* host : {"evil.example.org", "localhost.evil.org", "gembal.example.org.evil.org",
                           "127.0.0.1.evil.org"}) {
    EXPECT_FALSE(is_own_host(host, more)) << host;
  }
}

}  // namespace
}  // namespace gembal::daemon::admin
