#include "lib/upstream/request_facts.hpp"

#include <gtest/gtest.h>

namespace gembal::upstream {
namespace {

constexpr auto kModel = "gemini-2.5-flash";
using Names = std::vector<std::string>;

RequestFacts look(const std::string& body, const std::string& model = kModel) {
  return look_at_request(body, model);
}

std::string turn(const std::string& text, const std::string& role = "user") {
  return R"({"role":")" + role + R"(","parts":[{"text":")" + text + R"("}]})";
}

TEST(RequestFactsTest, TheBeginningNamesAConversation) {
  const std::string system = R"("systemInstruction":{"parts":[{"text":"Be kind."}]})";
  const auto body = [&](const std::string& its_system, const std::string& turns,
                        const std::string& more = "") {
    return "{" + its_system + (its_system.empty() ? "" : ",") + R"("contents":[)" + turns + "]" +
           more + "}";
  };
  const auto first = look(body(system, turn("Hello")));
  EXPECT_NE(first.conversation, 0u);
  EXPECT_FALSE(first.continues);
  const struct {
    const char* name;
    std::string body;
    bool same;
    bool continues;
  } cases[] = {
      {"the same once more", body(system, turn("Hello")), true, false},
      {"with more turns",
       body(system, turn("Hello") + "," + turn("Hi!", "model") + "," + turn("How are you?")), true,
       true},
      {"with other settings", body(system, turn("Hello"), R"(,"generationConfig":{"topK":3})"),
       true, false},
      {"its members in another order", R"({"contents":[)" + turn("Hello") + "]," + system + "}",
       true, false},
      {"the other way of writing",
       body(R"("system_instruction":{"parts":[{"text":"Be kind."}]})", turn("Hello")), true, false},
      {"another first turn", body(system, turn("Hello!")), false, false},
      {"another instruction",
       body(R"("systemInstruction":{"parts":[{"text":"Be rude."}]})", turn("Hello")), false, false},
      {"no instruction", body("", turn("Hello")), false, false},
      {"instruction and turn the other way round",
       R"({"systemInstruction":)" + turn("Hello") +
           R"(,"contents":[{"parts":[{"text":"Be kind."}]}]})",
       false, false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto facts = look(c.body);
    EXPECT_NE(facts.conversation, 0u);
    EXPECT_EQ(facts.conversation == first.conversation, c.same);
    EXPECT_EQ(facts.continues, c.continues);
  }
  EXPECT_NE(look(body(system, turn("Hello")), "another").conversation, first.conversation);
}

TEST(RequestFactsTest, TheBeginningOfAnOpenAiChatNamesItToo) {
  const std::string system = R"({"role":"system","content":"Be \"role\":\"kind\"."})";
  const std::string hello = R"({"role":"user","content":"Hello"})";
  const auto body = [](const std::string& messages) {
    return R"({"model":"m","messages":[)" + messages + "]}";
  };
  const auto first = look(body(system + "," + hello));
  EXPECT_NE(first.conversation, 0u);
  EXPECT_FALSE(first.continues);
  const struct {
    const char* name;
    std::string messages;
    bool same;
    bool continues;
  } cases[] = {
      {"with more turns", system + "," + hello + R"(,{"role":"assistant","content":"Hi!"})", true,
       true},
      {"another first turn", system + R"(,{"content":"Bye","role":"user"})", false, false},
      {"another instruction", R"({"role":"developer","content":"Be rude."},)" + hello, false,
       false},
      {"no instruction", hello, false, false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto facts = look(body(c.messages));
    EXPECT_NE(facts.conversation, 0u);
    EXPECT_EQ(facts.conversation == first.conversation, c.same);
    EXPECT_EQ(facts.continues, c.continues);
  }
  EXPECT_EQ(look(body("")).conversation, 0u);
  EXPECT_EQ(look(body(system)).conversation, 0u) << "no turn yet";
  EXPECT_EQ(look(R"({"messages":7})").conversation, 0u);
}

TEST(RequestFactsTest, WhatCannotBeReadIsNoConversation) {
  const struct {
    const char* name;
    std::string body;
  } cases[] = {
      {"nothing", ""},
      {"no object", "[1]"},
      {"a text", "\"contents\""},
      {"no JSON", "contents=x"},
      {"cut off", R"({"contents":[{"role":"user","parts":[{"te)"},
      {"no turns", R"({"contents":[]})"},
      {"no list", R"({"contents":{"role":"user"}})"},
      {"other requests", R"({"input":"Hello"})"},
      {"very deep", R"({"contents":)" + std::string(100'000, '[')},
      {"not UTF-8", "{\"contents\":\"\xff\xfe\""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto facts = look(c.body);
    EXPECT_EQ(facts.conversation, 0u);
    EXPECT_FALSE(facts.continues);
    EXPECT_TRUE(facts.objects.empty());
  }
}

TEST(RequestFactsTest, LooksAlsoAtHugeBodies) {
  const auto huge =
      R"({"contents":[)" + turn(std::string(3'000'000, 'a')) + "," + turn("Hi", "model") + "]}";
  const auto facts = look(huge);
  EXPECT_NE(facts.conversation, 0u);
  EXPECT_TRUE(facts.continues);
  EXPECT_NEAR(facts.tokens, 750'000, 100);
  EXPECT_EQ(look(huge).conversation, facts.conversation);
}

TEST(RequestFactsTest, FindsWhatItQuotes) {
  const struct {
    const char* name;
    std::string body;
    Names objects;
  } cases[] = {
      {"a file by its address",
       R"({"fileData":{"fileUri":"https://generativelanguage.googleapis.com/v1beta/files/abc-1"}})",
       {"files/abc-1"}},
      {"with its slashes escaped",
       R"({"fileData":{"fileUri":"https:\/\/generativelanguage.googleapis.com\/v1beta\/files\/abc"}})",
       {"files/abc"}},
      {"through this proxy",
       R"({"fileUri":"http://127.0.0.1:8080/v1beta/files/abc"})",
       {"files/abc"}},
      {"by its name, in the other spelling",
       R"({"file_data":{"file_uri" : "files/abc"}})",
       {"files/abc"}},
      {"with a method or a query",
       R"({"fileUri":"https://x/v1beta/files/abc:download?alt=media"})",
       {"files/abc"}},
      {"each once",
       R"([{"fileUri":"files/a"},{"fileUri":"files/b"},{"fileUri":"https://x/v1/files/a"}])",
       {"files/a", "files/b"}},
      {"a cache", R"({"cachedContent":"cachedContents/abc"})", {"cachedContents/abc"}},
      {"a cache in the other spelling",
       R"({"cached_content":
          "cachedContents/abc"})",
       {"cachedContents/abc"}},
      {"an interaction", R"({"previous_interaction_id":"v1_abc"})", {"interactions/v1_abc"}},
      {"in the other spelling", R"({"previousInteractionId": "v1_abc"})", {"interactions/v1_abc"}},
      {"stores",
       R"({"tools":[{"fileSearch":{"fileSearchStoreNames":["fileSearchStores/a","fileSearchStores\/b"]}}]})",
       {"fileSearchStores/a", "fileSearchStores/b"}},
      {"somebody else's file", R"({"fileUri":"https://example.com/profiles/abc"})", {}},
      {"a video", R"({"fileUri":"https://www.youtube.com/watch?v=abc"})", {}},
      {"a bucket", R"({"fileUri":"gs://bucket/picture.png"})", {}},
      {"a page of that name", R"({"fileUri":"https://example.com/files/abc"})", {}},
      {"a user's own file", R"({"fileUri":"file:///home/me/v1/files/abc"})", {}},
      {"a user's file by its name", R"({"fileUri":"files/readme.md"})", {}},
      {"a name longer than the API's", R"({"fileUri":"files/)" + std::string(41, 'a') + "\"}", {}},
      {"no name", R"({"fileUri":"files/"})", {}},
      {"no text", R"({"fileUri":7,"cachedContent":null,"previousInteractionId":{}})", {}},
      {"what a text speaks of", R"({"text":"say \"fileUri\": \"files/abc\""})", {}},
      {"cut off", R"({"fileUri":)", {}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(look(c.body).objects, c.objects);
    EXPECT_EQ(look(c.body, "").objects, c.objects) << "also about no model";
  }
}

TEST(RequestFactsTest, MembersThatAToolMayHaveNameAFileOnlyWhereNobodyConverses) {
  for (const std::string body :
       {R"({"input":[{"type":"document","uri":"https://x/v1beta/files/abc"}]})",
        R"({"inputConfig":{"fileName":"files/abc"}})",
        R"({"input_config":{"file_name":"files/abc"}})"}) {
    SCOPED_TRACE(body);
    EXPECT_EQ(look(body, "").objects, Names{"files/abc"});
    EXPECT_TRUE(look(R"({"contents":[{"parts":[{"functionCall":{"args":)" + body + "}}]}]}")
                    .objects.empty());
  }
}

TEST(RequestFactsTest, NamesSoManyObjectsAndNoMore) {
  std::string body = "[";
  for (int i = 0; i < 1'000; ++i) body += R"({"fileUri":"files/f)" + std::to_string(i) + "\"},";
  EXPECT_EQ(look(body + "{}]").objects.size(), 64u);
  EXPECT_TRUE(
      look(R"({"previousInteractionId":")" + std::string(100'000, 'x') + "\"}").objects.empty());
}

TEST(RequestFactsTest, GuessesTokens) {
  const std::string picture(400'000, 'A');
  const struct {
    const char* name;
    std::string body;
    std::uint32_t least, most;
  } cases[] = {
      {"text", R"({"contents":[)" + turn(std::string(4'000, 'a')) + "]}", 1'000, 1'030},
      {"a picture is much shorter in tokens",
       R"({"contents":[{"parts":[{"inlineData":{"mimeType":"image/png","data":")" + picture +
           "\"}}]}]}",
       1'000, 1'050},
      {"two", R"([{"data":")" + picture + R"("},{"data" : ")" + picture + "\"}]", 2'000, 2'030},
      {"a member of that name that is no text", R"({"data":{"a":1,"b":"c"}})", 1, 20},
      {"cut off within", R"({"data":")" + picture, 1'000, 1'010},
      {"cut off before", R"({"data":)", 1, 5},
      {"nothing", "", 0, 0},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto tokens = look(c.body).tokens;
    EXPECT_GE(tokens, c.least);
    EXPECT_LE(tokens, c.most);
  }
  EXPECT_EQ(look(R"({"data":"x"})", "").tokens, 0u) << "about no model nothing is counted";
}

}  // namespace
}  // namespace gembal::upstream
