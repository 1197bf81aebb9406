#include "daemon/recorder.hpp"

#include <gtest/gtest.h>

#include "daemon/request_record.hpp"

namespace gembal::daemon {
namespace {

const TimePoint kNow = *parse_iso8601("2026-11-25T20:15:30Z");

store::RequestRecord request(int status = 200, TimePoint time = kNow) {
  store::RequestRecord made;
  made.id = "r";
  made.time = time;
  made.key_id = "k";
  made.model = "m";
  made.status = status;
  made.total_tokens = 10;
  return made;
}

TEST(RecorderTest, GivesWhatWasNotedOnceAndAgainWhenItComesBack) {
  Recorder recorder;
  recorder.note(request(), {});
  recorder.note(request(429), {store::ErrorRecord{}});
  auto batch = recorder.take();
  EXPECT_EQ(batch.requests.size(), 2u);
  EXPECT_EQ(batch.errors.size(), 1u);
  ASSERT_EQ(batch.counts.size(), 1u) << "of one minute, key, model and token";
  EXPECT_EQ(batch.counts[0].traffic.requests, 2u);
  EXPECT_EQ(batch.counts[0].traffic.failed, 1u);
  EXPECT_TRUE(recorder.take().empty());

  recorder.note(request(), {});
  recorder.give_back(std::move(batch));
  const auto again = recorder.take();
  EXPECT_EQ(again.requests.size(), 3u);
  EXPECT_EQ(again.requests.front().status, 200) << "the older ones come first";
  ASSERT_EQ(again.counts.size(), 1u);
  EXPECT_EQ(again.counts[0].traffic.total_tokens, 30u);
}

TEST(RecorderTest, CountsStayExactWhenMoreComeThanAreKept) {
  Recorder recorder;
  for (int i = 0; i < 5'000; ++i) recorder.note(request(), {});
  const auto batch = recorder.take();
  EXPECT_LT(batch.requests.size(), 1'000u);
  EXPECT_EQ(batch.counts[0].traffic.requests, 5'000u);
  EXPECT_EQ(recorder.take_dropped(), 0u) << "they were not worth keeping";
  recorder.note(request(200, kNow + std::chrono::seconds{1}), {});
  EXPECT_EQ(recorder.take().requests.size(), 1u) << "of the next second";
}

TEST(RecorderTest, AStoreThatDoesNotTakeThemCostsNoMemoryWithoutEnd) {
  Recorder recorder;
  for (int second = 0; second < 200; ++second) {
    for (int i = 0; i < 200; ++i)
      recorder.note(request(200, kNow + std::chrono::seconds{second}), {});
    recorder.give_back(recorder.take());
  }
  const auto batch = recorder.take();
  EXPECT_LE(batch.requests.size(), 20'000u);
  EXPECT_GT(recorder.take_dropped(), 0u);
  std::uint64_t counted = 0;
  for (const auto& count : batch.counts) counted += count.traffic.requests;
  EXPECT_EQ(counted, 40'000u);
}

TEST(RecorderTest, WatchersHearUntilTheyLeave) {
  Recorder recorder;
  int heard = 0;
  const auto watcher = recorder.watch([&](const store::RequestRecord&) { ++heard; });
  recorder.note(request(), {});
  recorder.unwatch(watcher);
  recorder.note(request(), {});
  EXPECT_EQ(heard, 1);
}

TEST(RedactedBodyTest, HasNoKeysAndNoFiles) {
  const std::string key = "AIzaSy" + std::string(33, 'x');
  EXPECT_EQ(redacted_body("{\"text\":\"hi\"}", 100), "{\"text\":\"hi\"}");
  const auto shown = redacted_body("{\"key\":\"" + key + "\"}", 1000);
  EXPECT_EQ(shown.find(key), std::string::npos);
  const auto picture = redacted_body("{\"data\":\"" + std::string(100'000, 'A') + "\"}", 1000);
  EXPECT_EQ(picture, "{\"data\":\"" + std::string(16, 'A') + "… (100000 characters)\"}");
  EXPECT_EQ(redacted_body("\xFF\xFE\x01", 100), "(3 bytes that are no text)");
  const auto cut = redacted_body(std::string(50, ' ') + "\xC3\xA9\xC3\xA9", 51);
  EXPECT_EQ(cut, std::string(50, ' ') + "…") << "no half of a character";
}

}  // namespace
}  // namespace gembal::daemon
