#include "lib/http/chunk_reader.hpp"

#include <gtest/gtest.h>

namespace gembal::http {
namespace {

TEST(ChunkReaderTest, ReadsTheSameInAnyCut) {
  using State = ChunkReader::State;
  const struct {
    const char* name;
    std::string bytes;
    State state;
    std::string body;
    std::size_t left;  // bytes after the body
  } cases[] = {
      {"two chunks", "5\r\nhello\r\n1;x=y\r\n!\r\n0\r\n\r\nGET", State::complete, "hello!", 3},
      {"sizes in either case, with zeros in front",
       "00a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n", State::complete,
       "01234567890123456789a", 0},
      {"a trailer is passed over", "1\r\na\r\n0\r\nX: y\r\n\r\n", State::complete, "a", 0},
      {"not over yet", "5\r\nhel", State::reading, "hel", 0},
      {"no size", "\r\n", State::refused, "", 0},
      {"a size of words", "five\r\nhello\r\n", State::refused, "", 0},
      {"a signed size", "+5\r\nhello\r\n", State::refused, "", 0},
      {"0x", "0x5\r\nhello\r\n", State::refused, "", 0},
      {"a size beyond 64 bits", "11111111111111111\r\n", State::refused, "", 0},
      {"LF alone", "5\nhello\n0\n\n", State::refused, "", 0},
      {"data longer than its size", "2\r\nhello\r\n", State::refused, "he", 0},
      {"over the limit", "ffff\r\n", State::refused, "", 0},
  };
  for (const auto& c : cases) {
    for (std::size_t step = 1; step <= c.bytes.size(); ++step) {
      SCOPED_TRACE(std::string(c.name) + ", in pieces of " + std::to_string(step));
      ChunkReader reader(1000);
      std::string body;
      std::size_t used = 0;
      for (std::size_t at = 0; at < c.bytes.size() && reader.state() == State::reading;
           at += step) {
        used += reader.read(std::string_view(c.bytes).substr(at, step), body);
      }
      EXPECT_EQ(reader.state(), c.state);
      EXPECT_EQ(body, c.body);
      if (c.state == State::complete) EXPECT_EQ(c.bytes.size() - used, c.left);
    }
  }
  ChunkReader small(3);
  std::string body;
  small.read("2\r\nab\r\n2\r\n", body);
  EXPECT_EQ(small.state(), State::refused);
  EXPECT_TRUE(small.too_large());
}

}  // namespace
}  // namespace gembal::http
