#include "daemon/event_log.hpp"

#include <gtest/gtest.h>

namespace gembal::daemon {
namespace {

TEST(EventLogTest, GivesWhatIsBehindAPlaceAndSaysWhenItHasEnded) {
  EventLog log;
  EXPECT_EQ(log.from(0).text, "");
  log.append("data: a\n\ndata: b\n\n");
  EXPECT_EQ(log.from(0).text, "data: a\n\ndata: b\n\n");
  EXPECT_EQ(log.from(9).text, "data: b\n\n");
  EXPECT_EQ(log.from(500).text, "");
  EXPECT_FALSE(log.from(0).ended);
  log.end();
  EXPECT_TRUE(log.from(18).ended);
  EXPECT_EQ(log.bytes(), 18u);
}

TEST(EventLogTest, CountsEvents) {
  EventLog log;
  log.append("data: a\n\ndata: bb\n\n");
  log.append("data: c\n\n");
  const struct {
    const char* name;
    std::size_t events;
    std::size_t bytes;
  } cases[] = {
      {"none", 0, 0}, {"one", 1, 9}, {"two", 2, 19}, {"all", 3, 28}, {"more than all", 9, 28}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(log.bytes_of(c.events), c.bytes);
  }
}

TEST(EventLogTest, TellsOnceWhenThereIsMore) {
  EventLog log;
  int told = 0;
  const auto tell = [&] { ++told; };
  log.when_more(0, tell);
  EXPECT_EQ(told, 0);
  log.append("data: a\n\n");
  log.append("data: b\n\n");
  EXPECT_EQ(told, 1);
  log.when_more(9, tell);  // there is more already
  EXPECT_EQ(told, 2);
  log.when_more(18, tell);
  EXPECT_EQ(told, 2);
  log.end();
  EXPECT_EQ(told, 3);
  log.when_more(18, tell);  // there will be no more
  EXPECT_EQ(told, 4);
}

}  // namespace
}  // namespace gembal::daemon
