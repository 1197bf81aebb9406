#include "lib/gemini/error_reply.hpp"

#include <gtest/gtest.h>

#include "lib/gemini/model_name.hpp"
#include "tests/support/recording.hpp"

namespace gembal::gemini {
namespace {

TEST(ErrorReplyTest, SaysWhatUpstreamSaid) {
  const struct {
    const char* name;
    std::string body;
    std::string message;
  } cases[] = {
      {"an error object", R"({"error":{"message":"Bad thing."}})", "Bad thing."},
      {"in an array", R"([{"error":{"message":"Bad thing."}}])", "Bad thing."},
      {"an error that is a text", R"({"error":"quota"})", "quota"},
      {"plain text", "upstream connect error", "upstream connect error"},
      {"a page", "<html><title>502</title></html>", "the upstream failed without saying why"},
      {"nothing", "", "the upstream failed without saying why"},
      {"another JSON", "{}", "the upstream failed without saying why"},
      {"a key is cut",
       R"({"error":{"message":"Consumer 'api_key:AIzaSyA0123456789abcdefghijklmnopqrstuv' has been suspended."}})",
       "Consumer 'api_key:AIza…stuv' has been suspended."},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(message_of(c.body), c.message);
  }
}

TEST(ErrorReplyTest, HasAMessageForEveryRecordedError) {
  for (const auto& recording : testing::recordings("error")) {
    EXPECT_GT(message_of(recording.body).size(), 10u) << recording.name;
  }
}

TEST(ModelNameTest, TakesOffWhatClientsPutBefore) {
  EXPECT_EQ(bare_model("models/gemini-2.5-flash"), "gemini-2.5-flash");
  EXPECT_EQ(bare_model("google/gemini-2.5-flash"), "gemini-2.5-flash");
  EXPECT_EQ(bare_model("gemini/gemini-2.5-flash"), "gemini-2.5-flash");
  EXPECT_EQ(bare_model("gemini-2.5-flash"), "gemini-2.5-flash");
  EXPECT_TRUE(is_valid_model("gemini-2.5-flash_8b"));
  for (const char* bad : {"", ".", "..", "a/b", "a b", "a:b", "a?b", "a%2f", "é"})
    EXPECT_FALSE(is_valid_model(bad)) << bad;
  EXPECT_FALSE(is_valid_model(std::string(129, 'a')));
}

}  // namespace
}  // namespace gembal::gemini
