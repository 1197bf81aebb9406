#include "daemon/running_responses.hpp"

#include <gtest/gtest.h>

namespace gembal::daemon {
namespace {

class RunningResponsesTest : public ::testing::Test {
 protected:
  std::shared_ptr<EventLog> begin(const std::string& id, bool has_log = true) {
    auto log = has_log ? std::make_shared<EventLog>() : nullptr;
    running_.begin(id, {"owner", &loop_, [this] { ++cancelled_; }, log});
    return log;
  }
  void run_what_was_posted() {
    loop_.context().restart();
    loop_.run();
  }

  async::Loop loop_;
  RunningResponses running_;
  int cancelled_ = 0;
  int ended_ = 0;
};

TEST_F(RunningResponsesTest, CancelsOnTheRunsLoopAndTellsWhenItHasEnded) {
  begin("resp_1");
  ASSERT_TRUE(running_.cancel("resp_1", "owner", [this] { ++ended_; }));
  EXPECT_EQ(cancelled_, 0);
  run_what_was_posted();
  EXPECT_EQ(cancelled_, 1);
  EXPECT_EQ(ended_, 0);
  running_.end("resp_1");
  EXPECT_EQ(ended_, 1);
  EXPECT_FALSE(running_.cancel("resp_1", "owner", [this] { ++ended_; }));
}

TEST_F(RunningResponsesTest, OneThatEndsBeforeItIsReachedIsNotCancelled) {
  begin("resp_1");
  ASSERT_TRUE(running_.cancel("resp_1", "owner", [this] { ++ended_; }));
  running_.end("resp_1");
  run_what_was_posted();
  EXPECT_EQ(cancelled_, 0);
  EXPECT_EQ(ended_, 1);
}

TEST_F(RunningResponsesTest, BelongsToItsOwner) {
  begin("resp_1");
  EXPECT_FALSE(running_.cancel("resp_1", "another", [] {}));
  EXPECT_EQ(running_.log_of("resp_1", "another"), nullptr);
  EXPECT_NE(running_.log_of("resp_1", "owner"), nullptr);
  EXPECT_TRUE(running_.has("resp_1"));
  EXPECT_FALSE(running_.has("resp_2"));
}

TEST_F(RunningResponsesTest, RemembersTheEventsOfTheLatestForAWhile) {
  const auto log = begin("resp_1");
  running_.end("resp_1");
  EXPECT_FALSE(running_.has("resp_1"));
  EXPECT_EQ(running_.log_of("resp_1", "owner"), log);
  for (int i = 2; i < 100; ++i) {
    begin("resp_" + std::to_string(i));
    running_.end("resp_" + std::to_string(i));
  }
  EXPECT_EQ(running_.log_of("resp_1", "owner"), nullptr);
  EXPECT_NE(running_.log_of("resp_99", "owner"), nullptr);
  // Neither without a log nor with a long one.
  begin("resp_plain", false);
  begin("resp_long")->append(std::string(2u << 20, 'x'));
  running_.end("resp_plain");
  running_.end("resp_long");
  EXPECT_EQ(running_.log_of("resp_long", "owner"), nullptr);
}

}  // namespace
}  // namespace gembal::daemon
