#include "daemon/front/request_head.hpp"

#include <gtest/gtest.h>

#include "lib/core/text.hpp"

namespace gembal::daemon::front {
namespace {

const std::string kHost = "Host: h\r\n";

/// What reading `text` comes to: 0 for incomplete, 200 for complete, else the status of the
/// refusal.
int outcome(std::string_view text, HeadLimits limits = {}) {
  HeadReader reader(limits);
  switch (reader.read(text)) {
    case HeadProgress::incomplete: return 0;
    case HeadProgress::complete: return 200;
    case HeadProgress::refused: return reader.error.status;
  }
  return -1;
}

TEST(HeadReaderTest, TakesWhatIsClearAndRefusesWhatIsNot) {
  const struct {
    const char* name;
    std::string head;  // without the empty line
    int outcome;
  } cases[] = {
      {"the plainest", "GET / HTTP/1.1\r\n" + kHost, 200},
      {"HTTP/1.0 needs no host", "GET / HTTP/1.0\r\n", 200},
      {"HTTP/1.1 does", "GET / HTTP/1.1\r\n", 400},
      {"two hosts", "GET / HTTP/1.1\r\n" + kHost + kHost, 400},
      {"a length", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 10\r\n", 200},
      {"the length twice, equal",
       "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 1\r\nContent-Length: 1\r\n", 400},
      {"the length twice, different",
       "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 1\r\ncontent-length: 2\r\n", 400},
      {"a list as the length", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 1, 1\r\n", 400},
      {"a signed length", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: +1\r\n", 400},
      {"a negative length", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: -1\r\n", 400},
      {"a hexadecimal length", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 0x10\r\n", 400},
      {"an empty length", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: \r\n", 400},
      {"a length beyond 64 bits",
       "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 99999999999999999999\r\n", 400},
      {"chunked", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: Chunked\r\n", 200},
      {"chunked and a length",
       "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", 400},
      {"chunked twice",
       "POST / HTTP/1.1\r\n" + kHost +
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
       400},
      {"chunked in HTTP/1.0", "POST / HTTP/1.0\r\n" + kHost + "Transfer-Encoding: chunked\r\n",
       400},
      {"another encoding", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: gzip, chunked\r\n",
       501},
      {"an encoding in disguise",
       "POST / HTTP/1.1\r\n" + kHost +
           "Transfer-Encoding: \x0b"
           "chunked\r\n",
       400},
      {"a blank before the colon", "GET / HTTP/1.1\r\n" + kHost + "Content-Length : 1\r\n", 400},
      {"a folded line", "GET / HTTP/1.1\r\n" + kHost + "X: a\r\n b\r\n", 400},
      {"a line without a colon", "GET / HTTP/1.1\r\n" + kHost + "nonsense\r\n", 400},
      {"no name", "GET / HTTP/1.1\r\n" + kHost + ": x\r\n", 400},
      {"a lone LF in a value", "GET / HTTP/1.1\r\n" + kHost + "X: a\nContent-Length: 3\r\n", 400},
      {"a lone CR in a value", "GET / HTTP/1.1\r\n" + kHost + "X: a\rb\r\n", 400},
      {"a NUL in a value", "GET / HTTP/1.1\r\n" + kHost + std::string("X: a\0b\r\n", 8), 400},
      {"UTF-8 in a value", "GET / HTTP/1.1\r\n" + kHost + "X: \xc3\xa9\r\n", 200},
      {"a method of strange characters", "GE(T / HTTP/1.1\r\n" + kHost, 400},
      {"an unknown method is not the front's affair", "FROBNICATE / HTTP/1.1\r\n" + kHost, 200},
      {"no version", "GET /\r\n" + kHost, 400},
      {"two blanks", "GET /  HTTP/1.1\r\n" + kHost, 400},
      {"HTTP/2's preface", "PRI * HTTP/2.0\r\n", 505},
      {"another protocol", "GET / FTP/1.1\r\n" + kHost, 400},
      {"bytes of TLS", "\x16\x03\x01\x02\r\n" + kHost, 400},
      {"a path without its slash", "GET foo HTTP/1.1\r\n" + kHost, 400},
      {"the absolute form", "GET http://h/x?y HTTP/1.1\r\n" + kHost, 200},
      {"OPTIONS for the server", "OPTIONS * HTTP/1.1\r\n" + kHost, 200},
      {"a star for anything else", "GET * HTTP/1.1\r\n" + kHost, 400},
      {"a blank in the path", "GET /a b HTTP/1.1\r\n" + kHost, 400},
      {"raw UTF-8 in the path", "GET /\xc3\xa9 HTTP/1.1\r\n" + kHost, 400},
      {"Expect: 100-continue",
       "POST / HTTP/1.1\r\n" + kHost + "Expect: 100-Continue\r\nContent-Length: 1\r\n", 200},
      {"another expectation", "POST / HTTP/1.1\r\n" + kHost + "Expect: miracles\r\n", 417},
      {"a line that is too long", "GET /" + std::string(17'000, 'x') + " HTTP/1.1\r\n" + kHost,
       414},
      {"headers that are too long",
       "GET / HTTP/1.1\r\n" + kHost + "X: " + std::string(65'536, 'x') + "\r\n", 431},
      {"an empty line before it", "\r\nGET / HTTP/1.1\r\n" + kHost, 200},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(outcome(c.head + "\r\n"), c.outcome);
  }
  std::string many = "GET / HTTP/1.1\r\n" + kHost;
  for (int i = 0; i < 128; ++i) many += "X-" + std::to_string(i) + ": y\r\n";
  EXPECT_EQ(outcome(many + "\r\n"), 431);
}

TEST(HeadReaderTest, RefusesTooMuchBeforeItsEnd) {
  EXPECT_EQ(outcome("GET /" + std::string(17'000, 'x')), 414);
  EXPECT_EQ(outcome("GET / HTTP/1.1\r\nX: " + std::string(70'000, 'x')), 431);
  EXPECT_EQ(outcome("GET / HTTP/1.1\nHost: h\n\n"), 400);
}

TEST(HeadReaderTest, NeedsTheWholeHeadAndNoMore) {
  const std::string head =
      "POST /v1/x?key=a%20b HTTP/1.1\r\nHost: h\r\nX-One:  two \t\r\nContent-Length: 5\r\nConnection: foo, Close\r\n\r\n";
  for (std::size_t cut = 0; cut < head.size(); ++cut)
    EXPECT_EQ(outcome(head.substr(0, cut)), 0) << cut;
  HeadReader reader({});
  ASSERT_EQ(reader.read(head + "hello"), HeadProgress::complete);
  EXPECT_EQ(reader.consumed, head.size());
  const auto moved = std::move(reader.head);
  EXPECT_EQ(moved.method, "POST");
  EXPECT_EQ(moved.target, "/v1/x?key=a%20b");
  EXPECT_EQ(moved.path, "/v1/x");
  EXPECT_EQ(moved.query, "key=a%20b");
  EXPECT_EQ(moved.field("x-one"), "two");
  EXPECT_EQ(moved.field("none"), "");
  EXPECT_EQ(moved.content_length, 5u);
  EXPECT_FALSE(moved.keep_alive);
}

TEST(HeadReaderTest, KnowsWhetherTheConnectionStays) {
  const struct {
    const char* head;
    bool stays;
  } cases[] = {
      {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", true},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", false},
      {"GET / HTTP/1.0\r\n\r\n", false},
      {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
  };
  for (const auto& c : cases) {
    HeadReader reader({});
    ASSERT_EQ(reader.read(c.head), HeadProgress::complete);
    EXPECT_EQ(reader.head.keep_alive, c.stays) << c.head;
  }
}

}  // namespace
}  // namespace gembal::daemon::front
