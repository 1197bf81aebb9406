#include <gtest/gtest.h>

#include "lib/anthropic/rendering.hpp"
#include "tests/support/recording.hpp"

namespace gembal::anthropic {
namespace {

Result<Json> message(std::string_view body, MessageWishes wishes = {}, KeepSignature keep = {}) {
  auto reply = gemini::read_reply(body);
  if (!reply) return std::move(reply).error();
  std::vector<gemini::Reply> replies;
  replies.push_back(*std::move(reply));
  MessageRendering rendering({"msg_1", "claude-x"}, wishes, std::move(keep));
  auto text = rendering.whole(std::move(replies));
  if (!text) return std::move(text).error();
  return parse_json(*text);
}

std::string answer(const std::string& parts, const std::string& more = "") {
  return R"({"candidates":[{"content":{"parts":[)" + parts + R"(]},"finishReason":"STOP")" + more +
         "}]}";
}

MessageWishes all_shown() {
  MessageWishes wishes;
  wishes.thoughts = Thoughts::shown;
  wishes.shows_code = wishes.shows_finds = true;
  return wishes;
}

TEST(MessageReplyTest, TranslatesAnAnswer) {
  const auto reply = message(
      R"({"candidates":[{"content":{"parts":[{"text":"Hel"},{"text":"lo"}]},"finishReason":"STOP"}],"usageMetadata":
      {"promptTokenCount":10,"cachedContentTokenCount":4,"candidatesTokenCount":7,"thoughtsTokenCount":11,"toolUsePromptTokenCount":3}})");
  ASSERT_TRUE(reply);
  EXPECT_EQ(
      to_text(*reply),
      R"({"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[{"type":"text","text":"Hello"}],)"
      R"("stop_reason":"end_turn","stop_sequence":null,"stop_details":null,"usage":{"input_tokens":9,"cache_creation_input_tokens":0,)"
      R"("cache_read_input_tokens":4,"output_tokens":18,"output_tokens_details":{"thinking_tokens":11},"server_tool_use":null}})");
}

TEST(MessageReplyTest, TranslatesPieces) {
  MessageWishes one = all_shown();
  one.one_call = true;
  MessageWishes unseen;
  unseen.thoughts = Thoughts::signed_only;
  const struct {
    const char* name;
    MessageWishes wishes;
    std::string parts;
    std::string expected;
  } cases[] = {
      {"thoughts, and the signature of what follows", all_shown(),
       R"({"text":"h","thought":true},{"text":"m","thought":true},{"text":"Hi","thoughtSignature":"SIG"})",
       R"({"type":"thinking","thinking":"hm","signature":"gemini.SIG"},{"type":"text","text":"Hi"})"},
      {"thoughts that nobody asked for are kept back",
       {},
       R"({"text":"hm","thought":true},{"text":"Hi"})",
       R"({"type":"text","text":"Hi"})"},
      {"a call",
       {},
       R"({"functionCall":{"name":"f","args":{"b":1,"a":"x"},"id":"own"}})",
       R"({"type":"tool_use","id":"own","name":"f","input":{"b":1,"a":"x"}})"},
      {"a signed call has a thinking block before it", all_shown(),
       R"({"text":"Hi"},{"functionCall":{"name":"f","id":"own"},"thoughtSignature":"SIG"},{"functionCall":{"name":"g","id":"two"}})",
       R"({"type":"text","text":"Hi"},{"type":"thinking","thinking":"","signature":"gemini.SIG"},)"
       R"({"type":"tool_use","id":"own","name":"f","input":{}},{"type":"tool_use","id":"two","name":"g","input":{}})"},
      {"a signed call after thoughts that are not to be seen", unseen,
       R"({"text":"hm","thought":true},{"functionCall":{"name":"f","id":"own"},"thoughtSignature":"SIG"})",
       R"({"type":"thinking","thinking":"","signature":"gemini.SIG"},{"type":"tool_use","id":"own","name":"f","input":{}})"},
      {"one call at a time", one,
       R"({"functionCall":{"name":"f","id":"a"}},{"functionCall":{"name":"g","id":"b"}})",
       R"({"type":"tool_use","id":"a","name":"f","input":{}})"},
      {"code as blocks", all_shown(),
       R"({"executableCode":{"language":"PYTHON","code":"1+1"}},{"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"2\n"}},{"text":"2"})",
       R"({"type":"server_tool_use","id":"ID","name":"code_execution","input":{"code":"1+1"}},)"
       R"({"type":"code_execution_tool_result","tool_use_id":"ID","content":{"type":"code_execution_result","stdout":"2\n","stderr":"","return_code":0,"content":[]}},)"
       R"({"type":"text","text":"2"})"},
      {"code as text where nobody asked for it",
       {},
       R"({"executableCode":{"language":"PYTHON","code":"1+1"}},{"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"2\n"}},{"text":"2"})",
       R"({"type":"text","text":"\n\n```python\n1+1\n```\n\n\n\n```text\n2\n```\n\n2"})"},
      {"a picture as Markdown",
       {},
       R"({"inlineData":{"mimeType":"image/png","data":"AA=="}})",
       R"x({"type":"text","text":"![image](data:image/png;base64,AA==)"})x"},
      {"nothing", {}, "", ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto reply = message(answer(c.parts), c.wishes);
    ASSERT_TRUE(reply);
    auto content = to_text((*reply)["content"]);
    for (auto at = content.find("srvtoolu_"); at != std::string::npos;
         at = content.find("srvtoolu_"))
      content.replace(at, 33, "ID");
    EXPECT_EQ(content, "[" + c.expected + "]");
  }
}

TEST(MessageReplyTest, NamesEachCallAndKeepsItsSignature) {
  std::vector<std::string> kept;
  const auto reply = message(
      answer(
          R"({"functionCall":{"name":"f"},"thoughtSignature":"SIG"},{"functionCall":{"name":"f"}},)"
          R"({"functionCall":{"name":"f","id":"own"}},{"functionCall":{"name":"f","id":"own"}})"),
      {}, [&](const auto& id, const auto& signature) { kept.push_back(id + "=" + signature); });
  ASSERT_TRUE(reply);
  EXPECT_EQ((*reply)["stop_reason"], "tool_use");
  std::set<std::string> ids;
  for (const auto& block : (*reply)["content"]) ids.insert(block["id"].get<std::string>());
  EXPECT_EQ(ids.size(), 4u);
  EXPECT_EQ(ids.count("own"), 1u);
  const auto first = (*reply)["content"][0]["id"].get<std::string>();
  EXPECT_TRUE(first.starts_with("toolu_"));
  EXPECT_EQ(kept, std::vector{first + "=SIG"});
}

constexpr auto kGrounding =
    R"(,"groundingMetadata":{"webSearchQueries":["q","r"],"groundingChunks":[{"web":{"uri":"https://a","title":"A"}},{"web":{"uri":"https://b","title":"B"}}],
    "groundingSupports":[{"segment":{"startIndex":0,"endIndex":2,"text":"Hi"},"groundingChunkIndices":[1,7]}]})";

TEST(MessageReplyTest, TellsWhatWasFoundInTheWeb) {
  const auto reply = message(answer(R"({"text":"Hi"})", kGrounding), all_shown());
  ASSERT_TRUE(reply);
  const Json& content = (*reply)["content"];
  ASSERT_EQ(content.size(), 3u);
  EXPECT_EQ(content[0]["type"], "server_tool_use");
  EXPECT_EQ(content[0]["name"], "web_search");
  EXPECT_EQ(content[0]["input"]["query"], "q");
  EXPECT_EQ(content[1]["type"], "web_search_tool_result");
  EXPECT_EQ(content[1]["tool_use_id"], content[0]["id"]);
  ASSERT_EQ(content[1]["content"].size(), 2u);
  EXPECT_EQ(content[1]["content"][0]["url"], "https://a");
  ASSERT_EQ(content[2]["citations"].size(), 1u);
  EXPECT_EQ(content[2]["citations"][0]["type"], "web_search_result_location");
  EXPECT_EQ(content[2]["citations"][0]["url"], "https://b");
  EXPECT_EQ(content[2]["citations"][0]["cited_text"], "Hi");
  EXPECT_EQ((*reply)["usage"]["server_tool_use"]["web_search_requests"], 2);

  const auto unasked = message(answer(R"({"text":"Hi"})", kGrounding));
  EXPECT_EQ((*unasked)["content"].size(), 1u);
  EXPECT_EQ((*unasked)["content"][0]["citations"].size(), 1u);
}

TEST(MessageReplyTest, TranslatesFinishReasons) {
  const struct {
    const char* gemini;
    bool has_calls;
    const char* expected;
  } cases[] = {{"STOP", false, "end_turn"},
               {"STOP", true, "tool_use"},
               {"MAX_TOKENS", false, "max_tokens"},
               {"MAX_TOKENS", true, "max_tokens"},
               {"CONTINUATION", false, "max_tokens"},
               {"TOO_MANY_TOOL_CALLS", false, "pause_turn"},
               {"SAFETY", false, "refusal"},
               {"PROHIBITED_CONTENT", true, "refusal"},
               {"MALFORMED_FUNCTION_CALL", false, "end_turn"},
               {"SOMETHING_NEW", false, "end_turn"},
               {"", false, ""}};
  for (const auto& c : cases) EXPECT_EQ(stop_reason(c.gemini, c.has_calls), c.expected) << c.gemini;
}

TEST(MessageReplyTest, ABlockedPromptIsARefusal) {
  const auto reply = message(
      R"({"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":4}})");
  ASSERT_TRUE(reply);
  EXPECT_EQ((*reply)["stop_reason"], "refusal");
  EXPECT_TRUE((*reply)["content"].empty());
  EXPECT_EQ((*reply)["stop_details"]["type"], "refusal");
  EXPECT_EQ((*reply)["stop_details"]["explanation"],
            "The prompt was blocked (PROHIBITED_CONTENT).");
  EXPECT_EQ((*reply)["usage"]["input_tokens"], 4);
}

TEST(MessageReplyTest, RefusesWhatIsNoAnswer) {
  for (const char* body : {"", "<html>", "[]", "{}", R"({"error":{"message":"x"}})"}) {
    const auto reply = message(body);
    ASSERT_FALSE(reply) << body;
    EXPECT_EQ(reply.error().kind, ErrorKind::upstream);
  }
}

TEST(MessageReplyTest, TranslatesEveryRecordedAnswer) {
  for (const auto& recording : testing::recordings("generate")) {
    if (recording.streamed || recording.status != 200) continue;
    SCOPED_TRACE(recording.name);
    const auto reply = message(recording.body, all_shown());
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_TRUE((*reply)["stop_reason"].is_string());
    for (const auto& block : (*reply)["content"]) EXPECT_TRUE(block["type"].is_string());
    const auto recorded = parse_json(recording.body);
    const Json* usage = find(*recorded, "usageMetadata");
    const auto total = usage ? integer_in(*usage, "totalTokenCount") : std::nullopt;
    if (!total) continue;
    const Json& told = (*reply)["usage"];
    EXPECT_EQ(told["input_tokens"].get<std::int64_t>() +
                  told["cache_read_input_tokens"].get<std::int64_t>() +
                  told["output_tokens"].get<std::int64_t>(),
              *total);
  }
}

}  // namespace
}  // namespace gembal::anthropic
