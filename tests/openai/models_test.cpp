#include "lib/openai/models.hpp"

#include <gtest/gtest.h>

namespace gembal::openai {
namespace {

TEST(ModelsTest, HaveOpenAisShape) {
  const std::vector<Json> models = {
      {{"name", "models/a"}, {"displayName", "The A"}, {"version", "3.5-flash-05-2026"}},
      {{"name", "models/b"}, {"version", "001"}}};
  EXPECT_EQ(models_reply(models, 7),
            R"({"object":"list","data":[{"id":"a","object":"model","created":1777593600,)"
            R"("owned_by":"google","display_name":"The A"},)"
            R"({"id":"b","object":"model","created":7,"owned_by":"google"}]})");
  EXPECT_EQ(model_reply(models[1], 7),
            R"({"id":"b","object":"model","created":7,"owned_by":"google"})");
}

TEST(ModelsTest, TheTimeIsThatOfTheVersion) {
  const struct {
    const char* name;
    const char* version;
    std::int64_t expected;
  } cases[] = {
      {"a month", "3-flash-preview-12-2025", 1764547200},
      {"a day", "gemini-2.5-flash-exp-tts-2025-05-19", 1747612800},
      {"no date", "3.1-flash-tts-preview", 7},
      {"a number", "001", 7},
      {"no month", "x-13-2025", 7},
      {"no day", "2025-02-31", 7},
      {"nothing", "", 7},
  };
  for (const auto& c : cases) {
    const auto reply = parse_json(model_reply({{"name", "m"}, {"version", c.version}}, 7));
    ASSERT_TRUE(reply);
    EXPECT_EQ(integer_in(*reply, "created"), c.expected) << c.name;
  }
}

}  // namespace
}  // namespace gembal::openai
