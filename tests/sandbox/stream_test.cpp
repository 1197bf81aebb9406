#include <gtest/gtest.h>

#include "tests/sandbox/client.hpp"

namespace gembal::sandbox {
namespace {

TEST(StreamTest, FramesEventsAsTheApiDoes) {
  Client client;
  const auto script = client.post(kFlashStream, kHello);
  EXPECT_EQ(script.status, 200);
  EXPECT_TRUE(script.chunked);
  EXPECT_EQ(script.end, End::proper);
  EXPECT_EQ(script.headers[0].second, "text/event-stream");
  ASSERT_GT(script.pieces.size(), 3u);
  EXPECT_EQ(script.pieces[0].after, Milliseconds{0});
  EXPECT_EQ(script.pieces[1].after, Milliseconds{20});
  for (const auto& piece : script.pieces) {
    EXPECT_TRUE(
        piece.bytes.starts_with("data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": \""))
        << piece.bytes;
    EXPECT_TRUE(piece.bytes.ends_with("}\r\n\r\n"));
    EXPECT_EQ(piece.bytes.find('\n'), piece.bytes.size() - 3);
  }
  EXPECT_EQ(body_of(script).find("[DONE]"), std::string::npos);
}

TEST(StreamTest, SaysTheSameAsTheUnaryReplyWithCumulativeUsage) {
  Client client;
  for (const auto& [stream, unary] :
       {std::pair{kFlashStream, kFlash}, std::pair{kNewStream, kNew}}) {
    const std::string body = ask_with("Tell me \xf0\x9f\x98\x80 <b>things</b>");
    const auto events = events_of(client.post(stream, body));
    const Json whole = json_of(client.post(unary, body));
    std::string text;
    std::int64_t last = 0;
    for (const auto& event : events) {
      text += text_in(event);
      EXPECT_EQ(event["responseId"], events[0]["responseId"]);
      const auto total = *integer_in(event["usageMetadata"], "totalTokenCount");
      EXPECT_GE(total, last);
      last = total;
      EXPECT_EQ(find(event["candidates"][0], "finishReason") != nullptr, &event == &events.back());
    }
    EXPECT_EQ(text, text_in(whole));
    EXPECT_EQ(to_text(events.back()["usageMetadata"]), to_text(whole["usageMetadata"]));
  }
}

TEST(StreamTest, EndsWithASignatureInAnEmptyPartFromTheThirdGenerationOn) {
  Client client;
  const auto events = events_of(client.post(kNewStream, kHello));
  const Json& part = events.back()["candidates"][0]["content"]["parts"][0];
  EXPECT_EQ(part["text"], "");
  EXPECT_NE(find(part, "thoughtSignature"), nullptr);
}

TEST(StreamTest, EscapesAngleBracketsAndKeepsOtherCharacters) {
  Client client;
  const std::string body = body_of(client.post(
      kFlashStream, ask_with(R"(sandbox:{"events":1,"text":"<a> é & 'b' \" \u2028"})")));
  EXPECT_NE(body.find(R"("\u003ca\u003e é & 'b' \" \u2028")"), std::string::npos) << body;
}

TEST(StreamTest, WithoutSseItIsAnArrayThatArrivesElementByElement) {
  Client client;
  const auto script = client.post("/v1beta/models/gemini-2.5-flash:streamGenerateContent", kHello);
  EXPECT_EQ(script.headers[0].second, "application/json; charset=UTF-8");
  ASSERT_GT(script.pieces.size(), 3u);
  EXPECT_TRUE(script.pieces[0].bytes.starts_with("[{\n  \"candidates\": [\n"));
  EXPECT_TRUE(script.pieces[1].bytes.starts_with(",\n{\n"));
  EXPECT_EQ(script.pieces.back().bytes, "]");
  const Json values = json_of(script);
  ASSERT_TRUE(values.is_array());
  EXPECT_EQ(values.back()["candidates"][0]["finishReason"], "STOP");

  const auto refused = client.post("/v1beta/models/gemini-2.5-flash:streamGenerateContent", "{}");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(json_of(refused)[0]["error"]["code"], 400);
}

TEST(StreamTest, SendsCallsAndEmptyMetadataAsTheModelsDo) {
  Client client;
  const std::string tools = R"("tools":[{"functionDeclarations":[{"name":"add"}]}])";
  const auto now = events_of(client.post(kNewStream, ask_with("use the add tool", tools)));
  ASSERT_EQ(now.size(), 2u);
  EXPECT_NE(find(now[0]["candidates"][0]["content"]["parts"][0], "functionCall"), nullptr);
  EXPECT_EQ(to_text(now[1]["candidates"][0]["content"]["parts"]), R"([{"text":""}])");
  const auto old = events_of(client.post(kFlashStream, ask_with("use the add tool", tools)));
  ASSERT_EQ(old.size(), 1u);
  EXPECT_EQ(old[0]["candidates"][0]["finishMessage"], "Model generated function call(s).");

  const auto grounded =
      events_of(client.post(kFlashStream, ask_with("search", R"("tools":[{"googleSearch":{}}])")));
  EXPECT_EQ(to_text(grounded[0]["candidates"][0]["groundingMetadata"]), "{}");
  EXPECT_NE(find(grounded.back()["candidates"][0]["groundingMetadata"], "groundingChunks"),
            nullptr);
}

}  // namespace
}  // namespace gembal::sandbox
