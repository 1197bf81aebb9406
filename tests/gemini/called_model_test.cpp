#include "lib/gemini/called_model.hpp"

#include <gtest/gtest.h>

namespace gembal::gemini {
namespace {

ModelRules rules() {
  ModelRules made;
  made.filtered = {"gemini-pro-vision", "chat-*"};
  made.image = {"gemini-2.0-flash-exp", "gemini-2.5-flash"};
  made.aliases = {{"gpt-4o", "gemini-3.5-flash"},
                  {"fast", "models/gemini-2.5-flash-non-thinking"},
                  {"gemini-2.5-flash:deep", "gemini-2.5-flash-thinking:high"},
                  {"vision", "gemini-pro-vision"},
                  {"loop", "fast"},
                  {"gpt-*", "gemini-flash-latest"}};
  made.image_model = "painter";
  return made;
}

TEST(CalledModelTest, ReadsWhatANameAsksFor) {
  const std::string nothing = "-";
  const struct {
    const char* name;
    const char* called;
    const char* model;
    bool searches;
    bool draws;
    std::string thinking;
  } cases[] = {
      {"a plain name", "gemini-2.5-flash", "gemini-2.5-flash", false, false, nothing},
      {"with the API's prefix", "models/gemini-2.5-flash", "gemini-2.5-flash", false, false,
       nothing},
      {"of another provider", "google/gemini-2.5-flash", "gemini-2.5-flash", false, false, nothing},
      {"search", "gemini-2.5-flash-search", "gemini-2.5-flash", true, false, nothing},
      {"not a search", "deep-research-pro", "deep-research-pro", false, false, nothing},
      {"not a search at the end", "deep-research", "deep-research", false, false, nothing},
      {"nothing but a suffix", "-search", "-search", false, false, nothing},
      {"pictures", "gemini-2.0-flash-exp-image", "gemini-2.0-flash-exp", false, true, nothing},
      {"a real image model", "gemini-3-pro-image", "gemini-3-pro-image", false, false, nothing},
      {"a real one though the rest is listed", "gemini-2.5-flash-image", "gemini-2.5-flash-image",
       false, false, nothing},
      {"its twin", "gemini-2.5-flash-image-image", "gemini-2.5-flash-image", false, true, nothing},
      {"the twin of its preview", "gemini-2.5-flash-image-preview-image",
       "gemini-2.5-flash-image-preview", false, true, nothing},
      {"an image model that nobody knows", "gemini-9-flash-image", "gemini-9-flash-image", false,
       false, nothing},
      {"the chat of an image model", "gemini-3.1-flash-image-chat", "gemini-3.1-flash-image", false,
       true, nothing},
      {"the chat of the configured one", "painter-chat", "painter", false, true, nothing},
      {"no chat of another", "gemini-2.5-flash-chat", "gemini-2.5-flash-chat", false, false,
       nothing},
      {"no thinking", "gemini-2.5-flash-non-thinking", "gemini-2.5-flash", false, false, "0"},
      {"a budget", "gemini-2.5-flash-thinking:1024", "gemini-2.5-flash", false, false, "1024"},
      {"a level", "gemini-3.5-flash-thinking:HIGH", "gemini-3.5-flash", false, false, "high"},
      {"off", "gemini-3.5-flash-thinking:off", "gemini-3.5-flash", false, false, "0"},
      {"as it likes", "gemini-3.5-flash-thinking:auto", "gemini-3.5-flash", false, false, "-1"},
      {"a model with thinking in its name", "gemini-2.0-flash-thinking-exp",
       "gemini-2.0-flash-thinking-exp", false, false, nothing},
      {"two suffixes", "gemini-2.5-flash-search-non-thinking", "gemini-2.5-flash", true, false,
       "0"},
      {"the other way round", "gemini-2.5-flash-non-thinking-search", "gemini-2.5-flash", true,
       false, "0"},
      {"the last of two about the same", "m-thinking:8-non-thinking", "m", false, false, "0"},
      {"an alias", "gpt-4o", "gemini-3.5-flash", false, false, nothing},
      {"a suffix on an alias", "gpt-4o-search", "gemini-3.5-flash", true, false, nothing},
      {"an alias like a pattern", "gpt-5-mini", "gemini-flash-latest", false, false, nothing},
      {"a suffix on that", "gpt-5-mini-thinking:low", "gemini-flash-latest", false, false, "low"},
      {"an alias with a suffix of its own", "fast", "gemini-2.5-flash", false, false, "0"},
      {"over which the client's counts", "fast-thinking:high", "gemini-2.5-flash", false, false,
       "high"},
      {"an alias with a colon", "gemini-2.5-flash:deep", "gemini-2.5-flash", false, false, "high"},
      {"an alias of a filtered model", "vision", "gemini-pro-vision", false, false, nothing},
      {"an alias of an alias is a model", "loop", "fast", false, false, nothing},
      {"nothing at all", "", "", false, false, nothing},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto read = read_called_model(c.called, rules());
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->model, c.model);
    EXPECT_EQ(read->searches, c.searches);
    EXPECT_EQ(read->draws, c.draws);
    EXPECT_EQ(read->thinking ? thinking_text(*read->thinking) : nothing, c.thinking);
    EXPECT_EQ(read->asks_for_more(), c.searches || c.draws || c.thinking != nothing);
  }
}

TEST(CalledModelTest, RefusesWhatIsNotThere) {
  const struct {
    const char* name;
    const char* called;
    ErrorKind kind;
  } cases[] = {
      {"a filtered model", "gemini-pro-vision", ErrorKind::not_found},
      {"with a prefix", "models/gemini-pro-vision", ErrorKind::not_found},
      {"with a suffix", "gemini-pro-vision-search", ErrorKind::not_found},
      {"by a pattern", "chat-bison-001", ErrorKind::not_found},
      {"no amount of thinking", "gemini-2.5-flash-thinking:much", ErrorKind::bad_request},
      {"no amount at all", "gemini-2.5-flash-thinking:", ErrorKind::bad_request},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto read = read_called_model(c.called, rules());
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind, c.kind);
    EXPECT_EQ(read.error().param, "model");
  }
}

TEST(ThinkingAmountTest, IsReadAndWritten) {
  for (const auto* text : {"0", "-1", "1024", "minimal", "low", "medium", "high"}) {
    const auto read = parse_thinking(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(thinking_text(*read), text);
  }
  EXPECT_EQ(parse_thinking(" 4000.0 "), (ThinkingAmount{4000, ""}));
  for (const auto* text : {"", "x", "1.5", "-2", "1e3", "99999999999", "12x", "1."})
    EXPECT_EQ(parse_thinking(text).has_value(), std::string_view(text) == "1.") << text;
}

}  // namespace
}  // namespace gembal::gemini
