// Chat completions through the running binary: what only shows with a real upstream behind it.

#include <gtest/gtest.h>

#include "lib/core/base64.hpp"
#include "lib/core/json.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

constexpr auto kPath = "/v1/chat/completions";

Json chat(const std::string& content, const char* model = "gemini-3.5-flash") {
  return {{"model", model}, {"messages", Json::array({{{"role", "user"}, {"content", content}}})}};
}

std::vector<Json> chunks_in(const std::string& body) {
  std::vector<Json> chunks;
  for (std::size_t at = body.find("data: {"); at != std::string::npos;
       at = body.find("data: {", at + 1)) {
    chunks.push_back(
        *parse_json(std::string_view(body).substr(at + 6, body.find('\n', at) - at - 6)));
  }
  return chunks;
}

class ChatTest : public ::testing::Test {
 protected:
  explicit ChatTest(const std::string& scenario = "", const std::string& toml = "")
      : sandbox_(sandbox_home_, scenario),
        daemon_(home_, sandbox_.base_url(), {"key-one", "key-two", "key-three"}, toml) {}

  Message ask(const Json& request) { return daemon_.post(kPath, to_text(request)); }

  TempDir sandbox_home_;
  TempDir home_;
  SandboxProcess sandbox_;
  Daemon daemon_;
};

TEST_F(ChatTest, SeveralChoicesComeFromSeveralCallsInOneAnswer) {
  auto request = chat("sandbox:{\"text\":\"one two\",\"events\":2}");
  request["n"] = 3;
  const auto whole = ask(request);
  ASSERT_EQ(whole.status(), 200) << whole.body;
  const Json reply = *parse_json(whole.body);
  ASSERT_EQ(reply["choices"].size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(reply["choices"][i]["index"], i);
    EXPECT_EQ(reply["choices"][i]["message"]["content"], "one two");
  }
  EXPECT_EQ(
      reply["usage"]["total_tokens"].get<int>(),
      reply["usage"]["prompt_tokens"].get<int>() + reply["usage"]["completion_tokens"].get<int>());

  request["stream"] = true;
  const auto streamed = ask(request);
  ASSERT_EQ(streamed.status(), 200) << streamed.body;
  EXPECT_TRUE(streamed.body.ends_with("data: [DONE]\n\n"));
  std::map<int, std::string> texts, reasons;
  for (const auto& chunk : chunks_in(streamed.body)) {
    for (const auto& choice : chunk["choices"]) {
      const int index = choice["index"].get<int>();
      texts[index] += string_in(choice["delta"], "content");
      reasons[index] += string_in(choice, "finish_reason");
    }
  }
  EXPECT_EQ(texts, (std::map<int, std::string>{{0, "one two"}, {1, "one two"}, {2, "one two"}}));
  EXPECT_EQ(reasons, (std::map<int, std::string>{{0, "stop"}, {1, "stop"}, {2, "stop"}}));
}

TEST_F(ChatTest, OneOfSeveralCallsThatFailsFailsTheAnswer) {
  auto request = chat("sandbox:{\"fault\":\"too-many-tokens\"}");
  request["n"] = 2;
  for (const bool stream : {false, true}) {
    request["stream"] = stream;
    const auto reply = ask(request);
    EXPECT_EQ(reply.status(), 400) << reply.body;
    EXPECT_EQ((*parse_json(reply.body))["error"]["type"], "invalid_request_error");
  }
}

/// The two turns of a tool's use; `drops`: the client loses what it does not know.
class SignedToolsTest : public ChatTest, public ::testing::WithParamInterface<bool> {};

TEST_P(SignedToolsTest, SecondTurnsPassAnUpstreamThatChecksSignatures) {
  const bool drops = GetParam();
  auto request = chat("What is the weather?");
  request["tools"] = *parse_json(
      R"([{"type":"function","function":{"name":"get_weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}}])");
  for (const bool stream : {false, true}) {
    request["stream"] = stream;
    const auto asked = ask(request);
    ASSERT_EQ(asked.status(), 200) << asked.body;
    Json calls;
    if (stream) {
      for (const auto& chunk : chunks_in(asked.body)) {
        for (const auto& choice : chunk["choices"]) {
          if (const Json* made = find(choice["delta"], "tool_calls")) calls = *made;
        }
      }
    } else {
      calls = (*parse_json(asked.body))["choices"][0]["message"]["tool_calls"];
    }
    ASSERT_EQ(calls.size(), 1u) << asked.body;
    EXPECT_TRUE(calls[0].contains("extra_content"));
    if (drops) calls[0].erase("extra_content");
    auto next = request;
    next["stream"] = false;
    next["messages"].push_back(
        {{"role", "assistant"}, {"content", nullptr}, {"tool_calls", calls}});
    next["messages"].push_back(
        {{"role", "tool"}, {"tool_call_id", calls[0]["id"]}, {"content", "rain"}});
    const auto answered = ask(next);
    EXPECT_EQ(answered.status(), 200) << answered.body;
  }
}

INSTANTIATE_TEST_SUITE_P(ClientsThat, SignedToolsTest, ::testing::Bool(), [](const auto& test) {
  return test.param ? "DropWhatTheyDoNotKnow" : "KeepWhatTheyDoNotKnow";
});

class SlowChatTest : public ChatTest {
 protected:
  SlowChatTest() : ChatTest("", "[stream]\nheartbeat = \"100ms\"\n") {}
};

TEST_F(SlowChatTest, SilenceInTheMiddleOfAStreamIsFilledWithComments) {
  auto request = chat("sandbox:{\"text\":\"one two three\",\"events\":3,\"delay\":\"400ms\"}");
  request["stream"] = true;
  const auto reply = ask(request);
  ASSERT_EQ(reply.status(), 200) << reply.body;
  const auto first = reply.body.find("one");
  const auto last = reply.body.find("three");
  ASSERT_NE(first, std::string::npos) << reply.body;
  const auto comment = reply.body.find("\n: waiting\n\n", first);
  EXPECT_LT(comment, last) << reply.body;
  EXPECT_TRUE(reply.body.ends_with("data: [DONE]\n\n"));
}

TEST_F(ChatTest, PicturesAreTextThatLinksToThem) {
  for (const bool stream : {false, true}) {
    auto request = chat("Draw a house.", "gemini-3.1-flash-image");
    request["stream"] = stream;
    const auto reply = ask(request);
    ASSERT_EQ(reply.status(), 200) << reply.body;
    const auto at = reply.body.find("![image](http://");
    ASSERT_NE(at, std::string::npos) << reply.body.substr(0, 2000);
    const auto path = reply.body.find("/images/", at);
    const auto picture = daemon_.get(reply.body.substr(path, reply.body.find(')', path) - path));
    EXPECT_EQ(picture.status(), 200);
    EXPECT_EQ(picture.header("content-type"), "image/png");
    EXPECT_TRUE(picture.body.starts_with("\x89PNG"));
  }
}

TEST_F(ChatTest, SpeaksWhenAskedForSound) {
  auto request = chat("Say hello.", "gemini-3.8-flash-tts");
  request["modalities"] = Json::array({"text", "audio"});
  request["audio"] = {{"voice", "alloy"}, {"format", "wav"}};
  const auto whole = ask(request);
  ASSERT_EQ(whole.status(), 200) << whole.body;
  const Json message = (*parse_json(whole.body))["choices"][0]["message"];
  const auto file = base64_decode(string_in(message["audio"], "data"));
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->starts_with("RIFF"));
  EXPECT_TRUE(message["content"].is_null());

  request["stream"] = true;
  const auto refused = ask(request);
  EXPECT_EQ(refused.status(), 400);
  EXPECT_EQ((*parse_json(refused.body))["error"]["param"], "audio.format");
  request["audio"]["format"] = "pcm16";
  const auto streamed = ask(request);
  ASSERT_EQ(streamed.status(), 200) << streamed.body;
  std::size_t bytes = 0;
  for (const auto& chunk : chunks_in(streamed.body)) {
    for (const auto& choice : chunk["choices"]) {
      if (const Json* sound = find(choice["delta"], "audio"))
        bytes += base64_decode(string_in(*sound, "data")).value_or("").size();
    }
  }
  EXPECT_EQ(bytes + 44, file->size());
}

TEST_F(ChatTest, MistakesNameTheirParameter) {
  auto request = chat("hi");
  request["messages"].push_back({{"role", "user"}, {"content", 7}});
  const auto reply = ask(request);
  EXPECT_EQ(reply.status(), 400);
  const Json body = *parse_json(reply.body);
  EXPECT_EQ(body["error"]["param"], "messages[1].content") << reply.body;
  EXPECT_EQ(body["error"]["type"], "invalid_request_error");
}

}  // namespace
}  // namespace gembal::testing
