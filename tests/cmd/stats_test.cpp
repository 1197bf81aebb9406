#include <gtest/gtest.h>

#include "lib/core/json.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

class StatsTest : public ::testing::Test {
 protected:
  StatsTest() {
    run(home_, {"keys", "add", "--exact", "--label", "work"}, "key-one\n");
    for (const char* model : {"gemini-a", "gemini-a", "gemini-b"})
      run(home_, {"chat", "-m", model, "hi"}, "", {{"BASE_URL", upstream_.base_url()}});
  }

  Json stats(const std::string& by) {
    return *parse_json(run(home_, {"stats", "--json", "--by", by}).out);
  }

  FakeUpstream upstream_{[](Call& call) {
    call.begin_stream();
    call.chunk(
        R"(data: {"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"STOP"}],)"
        R"("usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2,"totalTokenCount":5}})"
        "\r\n\r\n");
    call.end_stream();
  }};
  TempDir home_;
};

TEST_F(StatsTest, CountsByModelKeyAndHour) {
  const auto models = stats("model");
  EXPECT_EQ(models["requests"], 3);
  EXPECT_EQ(models["tokens"], 15);
  ASSERT_EQ(models["rows"].size(), 2u);
  EXPECT_EQ(models["rows"][0], Json({{"model", "gemini-a"}, {"requests", 2}, {"tokens", 10}}));
  EXPECT_EQ(stats("key")["rows"],
            Json::array({{{"key", "work"}, {"requests", 3}, {"tokens", 15}}}));
  const auto hours = stats("hour")["rows"];
  ASSERT_EQ(hours.size(), 24u);
  EXPECT_GE(hours[23]["requests"].get<int>() + hours[22]["requests"].get<int>(), 3);
}

TEST_F(StatsTest, ShowsATableWithBars) {
  const auto shown = run(home_, {"stats"});
  EXPECT_NE(shown.out.find("gemini-a  2         10"), std::string::npos) << shown.out;
  EXPECT_NE(shown.out.find("\u2588"), std::string::npos);
  EXPECT_EQ(shown.out.find('\x1b'), std::string::npos);
}

TEST_F(StatsTest, RefusesWhatIsNoSpan) {
  for (const char* span : {"yesterday", "0h", "32d", "-1h"})
    EXPECT_EQ(run(home_, {"stats", "--since", span}).status, 2) << span;
  EXPECT_EQ(run(home_, {"stats", "--by", "colour"}).status, 2);
}

}  // namespace
}  // namespace gembal::testing
