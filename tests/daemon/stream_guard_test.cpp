#include "daemon/stream_guard.hpp"

#include <gtest/gtest.h>

namespace gembal::daemon {
namespace {

const std::vector<std::string_view> kMarks = {"\"finishReason\"", "\"error\""};

struct Passed {
  std::string sent;
  std::string rest;
  bool complete;
  bool always_whole = true;  ///< what was sent ended between two events each time
};

Passed pass(const std::string& stream, std::size_t step) {
  StreamGuard guard(kMarks);
  Passed passed;
  for (std::size_t at = 0; at < stream.size(); at += step) {
    passed.sent += guard.take(std::string_view(stream).substr(at, step));
    passed.always_whole &= guard.between_events();
  }
  passed.rest = guard.rest();
  passed.complete = guard.complete();
  return passed;
}

TEST(StreamGuardTest, PassesWholeEventsOnUnchangedInAnyCut) {
  const struct {
    const char* name;
    std::string sent;
    std::string rest;
    bool complete;
  } cases[] = {
      {"CR LF", "data: {\"a\":1}\r\n\r\ndata: {\"finishReason\":\"STOP\"}\r\n\r\n", "", true},
      {"LF", "data: a\n\ndata: {\"finishReason\": 1}\n\n", "", true},
      {"half an event is kept back", "data: a\r\n\r\n", "data: {\"finishRea", false},
      {"a finish in the rest counts", "data: a\r\n\r\n", "data: {\"finishReason\":\"STOP\"}", true},
      {"an error without a frame", "data: a\r\n\r\n",
       "{\n  \"error\": {\n    \"code\": 503\n  }\n}\n", true},
      {"a mark inside a text is escaped there", "data: {\"text\":\"\\\"finishReason\\\"\"}\r\n\r\n",
       "", false},
      {"nothing", "", "", false},
  };
  for (const auto& c : cases) {
    const auto stream = c.sent + c.rest;
    for (std::size_t step = 1; step <= stream.size() + 1; ++step) {
      SCOPED_TRACE(std::string(c.name) + ", in pieces of " + std::to_string(step));
      const auto passed = pass(stream, step);
      EXPECT_EQ(passed.sent, c.sent);
      EXPECT_EQ(passed.rest, c.rest);
      EXPECT_EQ(passed.complete, c.complete);
      EXPECT_TRUE(passed.always_whole);
    }
  }
}

TEST(StreamGuardTest, DoesNotHoldAnEventOfAnySize) {
  const std::string huge = "data: " + std::string(1 << 20, 'x');
  StreamGuard guard(kMarks);
  std::string sent;
  std::size_t most_held = 0;
  for (std::size_t at = 0; at < huge.size(); at += 4096) {
    sent += guard.take(std::string_view(huge).substr(at, 4096));
    most_held = std::max(most_held, guard.rest().size());
  }
  EXPECT_LE(most_held, 64u * 1024);
  EXPECT_FALSE(guard.between_events());
  sent += guard.take("\n\n");
  EXPECT_EQ(sent + std::string(guard.rest()), huge + "\n\n");
  EXPECT_TRUE(guard.between_events());
}

}  // namespace
}  // namespace gembal::daemon
