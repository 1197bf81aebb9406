#include "daemon/paced_feed.hpp"

#include <gtest/gtest.h>

namespace gembal::daemon {
namespace {

using std::chrono::milliseconds;

constexpr auto kHello = R"({"candidates":[{"content":{"parts":[{"text":"Hello."}]}}]})";

/// Gives what it was told to.
struct Script {
  std::vector<Events> events;
  std::size_t at = 0;

  async::Task<Events> next() {
    Events one = events.at(at++);
    co_return one;
  }
};

Events events_of(std::vector<std::string> data, bool ended = false) {
  Events made;
  made.call = 3;
  made.data = std::move(data);
  made.ended = ended;
  return made;
}

gemini::PacingRules rules() { return {true, milliseconds{1}, milliseconds{1}, 10, 50, 5}; }

/// What comes until the end; before each piece but the first the reader is busy for so long.
std::vector<Events> read_all(std::vector<Events> events, milliseconds busy) {
  async::Loop loop;
  async::Interrupt interrupt;
  Script script{std::move(events)};
  PacedFeed paced(script, loop, interrupt, rules());
  std::vector<Events> read;
  const auto run = [&]() -> async::Task<void> {
    for (;;) {
      auto one = co_await paced.next();
      read.push_back(one);
      if (one.ended) co_return;
      if (busy.count() > 0) co_await async::sleep(loop, busy, interrupt);
    }
  };
  loop.spawn(run());
  loop.run();
  return read;
}

TEST(PacedFeedTest, GivesOnePieceAfterTheOtherAndTheEndAlone) {
  auto end = events_of({"{}"}, true);
  end.failure = Failure{502, {ErrorKind::upstream, "cut", ""}};
  const auto read = read_all({events_of({}), events_of({kHello}), end}, milliseconds{0});
  ASSERT_EQ(read.size(), 8u);
  for (std::size_t i = 0; i < 7; ++i) {
    EXPECT_EQ(read[i].data.size(), 1u) << i;
    EXPECT_FALSE(read[i].ended) << i;
    EXPECT_EQ(read[i].call, 3u) << i;
  }
  EXPECT_EQ(read[6].data[0], "{}");
  EXPECT_TRUE(read[7].data.empty());
  EXPECT_TRUE(read[7].ended);
  EXPECT_EQ(read[7].call, 3u);
  ASSERT_TRUE(read[7].failure);
  EXPECT_EQ(read[7].failure->error.message, "cut");
}

TEST(PacedFeedTest, WhatIsThereAlreadyComesInLargerPieces) {
  const auto read = read_all({events_of({kHello, kHello}, true)}, milliseconds{0});
  EXPECT_EQ(read.size(), 2u + 6u + 1u) << "five characters and one, then one by one, and the end";
}

TEST(PacedFeedTest, ASlowReaderGetsTheRestAtOnce) {
  const auto read = read_all({events_of({kHello}), events_of({}, true)}, milliseconds{150});
  ASSERT_EQ(read.size(), 3u);
  EXPECT_EQ(read[1].data[0], R"({"candidates":[{"content":{"parts":[{"text":"ello."}]}}]})");
}

}  // namespace
}  // namespace gembal::daemon
