#include "lib/http/reply_head.hpp"

#include <gtest/gtest.h>

namespace gembal::http {
namespace {

using Body = ReplyHead::Body;
using Progress = ReplyHeadProgress;

TEST(ReplyHeadTest, KnowsHowTheBodyIsFramed) {
  const struct {
    const char* name;
    std::string head;
    Body body;
    std::uint64_t length;
    bool keeps;
    bool to_head = false;
  } cases[] = {
      {"a length", "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n", Body::length, 12, true},
      {"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Body::chunked, 0, true},
      {"chunks win over a length",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", Body::chunked,
       3, true},
      {"whatever the order",
       "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", Body::chunked,
       3, true},
      {"neither: until the end", "HTTP/1.1 200 OK\r\n\r\n", Body::until_close, 0, false},
      {"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", Body::length, 1, false},
      {"HTTP/1.0 that stays",
       "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\n", Body::length, 1,
       true},
      {"closing", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n", Body::length,
       1, false},
      {"no content", "HTTP/1.1 204 No Content\r\n\r\n", Body::none, 0, true},
      {"a reply to HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Body::none, 5, true,
       true},
      {"no reason phrase", "HTTP/1.1 200\r\nContent-Length: 1\r\n\r\n", Body::length, 1, true},
      {"100 before it", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n",
       Body::length, 1, true},
      {"the length twice, equal",
       "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", Body::length, 1, true},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    ReplyHead read;
    std::size_t consumed = 0;
    for (std::size_t cut = 0; cut < c.head.size(); ++cut) {
      EXPECT_EQ(read_reply_head(c.head.substr(0, cut), c.to_head, read, consumed),
                Progress::incomplete)
          << cut;
    }
    ASSERT_EQ(read_reply_head(c.head + "body", c.to_head, read, consumed), Progress::complete);
    EXPECT_EQ(consumed, c.head.size());
    EXPECT_EQ(read.body, c.body);
    EXPECT_EQ(read.length, c.length);
    EXPECT_EQ(read.keeps_connection, c.keeps);
  }
}

TEST(ReplyHeadTest, RefusesWhatIsNoReply) {
  for (const auto& head :
       {std::string("\x16\x03\x01"), std::string("SSH-2.0-x\r\n"),
        std::string("HTTP/2 200\r\n\r\n"), std::string("HTTP/1.1 2000 OK\r\n\r\n"),
        std::string("HTTP/1.1 abc OK\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nno colon\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nX: a\r\n folded\r\n\r\n"),
        std::string("HTTP/1.1 101 Switching\r\n\r\n"),
        "HTTP/1.1 200 " + std::string(70'000, 'x')}) {
    ReplyHead read;
    std::size_t consumed = 0;
    EXPECT_EQ(read_reply_head(head, false, read, consumed), Progress::malformed)
        << head.substr(0, 60);
  }
}

TEST(ReplyHeadTest, KeepsHeadersInTheirOrderWithLowerCaseNames) {
  ReplyHead read;
  std::size_t consumed = 0;
  ASSERT_EQ(read_reply_head("HTTP/1.1 404 Not Found\r\nX-One:  a b \r\nx-two:\r\n\r\n", false, read,
                            consumed),
            Progress::complete);
  EXPECT_EQ(read.head.status, 404);
  EXPECT_EQ(read.head.headers,
            (std::vector<std::pair<std::string, std::string>>{{"x-one", "a b"}, {"x-two", ""}}));
}

}  // namespace
}  // namespace gembal::http
