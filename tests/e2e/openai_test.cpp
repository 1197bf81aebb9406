// The OpenAI faces through the running binary, with the sandbox upstream.

#include <gtest/gtest.h>
#include <signal.h>

#include "lib/core/base64.hpp"
#include "lib/core/json.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

class OpenAiTest : public ::testing::Test {
 protected:
  OpenAiTest()
      : process_(home_, {"serve", "--sandbox", "--listen", "127.0.0.1:0"},
                 {{"ALLOWED_TOKENS", "sk-test"}}) {
    EXPECT_TRUE(process_.says("Try it:"));
    const auto out = process_.out();
    port_ = std::atoi(out.c_str() + out.find("http://127.0.0.1:") + 17);
  }

  Message post(const std::string& path, const std::string& body,
               const std::vector<std::string>& more = {}) {
    auto headers = more;
    headers.push_back("Authorization: Bearer sk-test");
    return ask(port_, http_request("POST", path, body, headers));
  }
  Message get(const std::string& path) {
    return ask(port_, http_request("GET", path, "", {"Authorization: Bearer sk-test"}));
  }

  TempDir home_;
  Process process_;
  int port_ = 0;
};

std::string chat(const std::string& content, const std::string& more = "") {
  return R"({"model":"gemini-2.5-flash","messages":[{"role":"user","content":)" +
         to_text(Json(content)) + "}]" + more + "}";
}

TEST_F(OpenAiTest, Chats) {
  for (const std::string base : {"/v1", "/hf/v1"}) {
    const auto reply =
        post(base + "/chat/completions", chat("sandbox:{\"text\":\"Exactly this.\"}"));
    ASSERT_EQ(reply.status(), 200) << reply.body;
    const Json json = *parse_json(reply.body);
    EXPECT_EQ(json["choices"][0]["message"]["content"], "Exactly this.");
    EXPECT_EQ(json["choices"][0]["finish_reason"], "stop");
    EXPECT_EQ(
        json["usage"]["total_tokens"].get<int>(),
        json["usage"]["prompt_tokens"].get<int>() + json["usage"]["completion_tokens"].get<int>());
    EXPECT_TRUE(json["id"].get<std::string>().starts_with("chatcmpl-"));
    EXPECT_EQ(json["model"], "gemini-2.5-flash");
  }
}

TEST_F(OpenAiTest, Streams) {
  const auto reply = post("/v1/chat/completions",
                          chat("sandbox:{\"text\":\"one two three four\",\"events\":4}",
                               R"(,"stream":true,"stream_options":{"include_usage":true})"));
  ASSERT_EQ(reply.status(), 200);
  EXPECT_EQ(reply.header("content-type"), "text/event-stream; charset=utf-8");
  EXPECT_TRUE(reply.whole);
  EXPECT_TRUE(reply.body.ends_with("data: [DONE]\n\n"));
  std::string text;
  Json last;
  for (std::size_t at = reply.body.find("data: {"); at != std::string::npos;
       at = reply.body.find("data: {", at + 1)) {
    last = *parse_json(
        std::string_view(reply.body).substr(at + 6, reply.body.find('\n', at) - at - 6));
    for (const auto& choice : last["choices"]) text += string_in(choice["delta"], "content");
  }
  EXPECT_EQ(text, "one two three four");
  EXPECT_TRUE(last["choices"].empty());
  EXPECT_GT(last["usage"]["total_tokens"].get<int>(), 0);
}

TEST_F(OpenAiTest, Embeds) {
  const auto numbers =
      post("/v1/embeddings", R"({"model":"gemini-embedding-001","input":["a","b","a"]})");
  ASSERT_EQ(numbers.status(), 200) << numbers.body;
  const Json json = *parse_json(numbers.body);
  ASSERT_EQ(json["data"].size(), 3u);
  EXPECT_EQ(json["data"][2]["index"], 2);
  EXPECT_EQ(json["data"][0]["embedding"], json["data"][2]["embedding"]);
  EXPECT_NE(json["data"][0]["embedding"], json["data"][1]["embedding"]);
  const auto bytes = post(
      "/v1/embeddings",
      R"({"model":"gemini-embedding-001","input":"a","encoding_format":"base64","dimensions":768})");
  const Json encoded = *parse_json(bytes.body);
  EXPECT_EQ(base64_decode(string_in(encoded["data"][0], "embedding"))->size(), 768u * 4);
}

TEST_F(OpenAiTest, EmbedsListsLongerThanABatchInOrder) {
  std::string input;
  for (int i = 0; i < 250; ++i) input += (i ? ",\"" : "\"") + std::to_string(i % 120) + "\"";
  const auto reply =
      post("/v1/embeddings",
           R"({"model":"gemini-embedding-001","dimensions":8,"input":[)" + input + "]}");
  ASSERT_EQ(reply.status(), 200) << reply.body;
  const Json json = *parse_json(reply.body);
  ASSERT_EQ(json["data"].size(), 250u);
  for (std::size_t i = 0; i < 250; ++i) EXPECT_EQ(json["data"][i]["index"], i);
  EXPECT_EQ(json["data"][3]["embedding"], json["data"][123]["embedding"]);
  EXPECT_NE(json["data"][3]["embedding"], json["data"][4]["embedding"]);
}

TEST_F(OpenAiTest, ListsModels) {
  const auto reply = get("/v1/models");
  ASSERT_EQ(reply.status(), 200);
  const Json json = *parse_json(reply.body);
  EXPECT_EQ(json["object"], "list");
  EXPECT_GT(json["data"].size(), 3u);
  EXPECT_EQ(json["data"][0]["object"], "model");
  const auto one = get("/v1/models/gemini-2.5-flash");
  ASSERT_EQ(one.status(), 200);
  EXPECT_EQ((*parse_json(one.body))["id"], "gemini-2.5-flash");
  const auto none = get("/v1/models/gpt-9");
  EXPECT_EQ(none.status(), 404);
  EXPECT_EQ((*parse_json(none.body))["error"]["code"], "model_not_found");
}

TEST_F(OpenAiTest, ForwardsToGooglesOwnSurface) {
  for (const std::string path :
       {"/openai/v1/chat/completions", "/v1beta/openai/chat/completions"}) {
    const auto whole = post(path, chat("sandbox:{\"text\":\"Forwarded.\"}"));
    ASSERT_EQ(whole.status(), 200) << whole.body;
    EXPECT_EQ((*parse_json(whole.body))["choices"][0]["message"]["content"], "Forwarded.");
    const auto streamed = post(path, chat("hi", R"(,"stream":true)"));
    EXPECT_EQ(streamed.status(), 200);
    EXPECT_NE(streamed.body.find("data: [DONE]"), std::string::npos) << streamed.body;
  }
  const auto bad =
      post("/openai/v1/chat/completions", chat("hi"), {"x-sandbox-fault: too-many-tokens"});
  EXPECT_EQ(bad.status(), 400);
  const Json error = *parse_json(bad.body);
  EXPECT_TRUE(error["error"]["message"].get<std::string>().find("token count") != std::string::npos)
      << bad.body;
}

TEST_F(OpenAiTest, RefusalsAndErrorsHaveOpenAisShape) {
  const auto blocked = post("/v1/chat/completions", chat("sandbox:{\"fault\":\"prompt-blocked\"}"));
  ASSERT_EQ(blocked.status(), 200) << blocked.body;
  EXPECT_EQ((*parse_json(blocked.body))["choices"][0]["finish_reason"], "content_filter");
  const auto none = post("/v1/chat/completions",
                         R"({"model":"gemini-0","messages":[{"role":"user","content":"hi"}]})");
  EXPECT_EQ(none.status(), 404);
  EXPECT_EQ((*parse_json(none.body))["error"]["code"], "model_not_found");
  const auto bad = post("/v1/chat/completions", R"({"model":"gemini-2.5-flash"})");
  EXPECT_EQ(bad.status(), 400);
  EXPECT_EQ((*parse_json(bad.body))["error"]["type"], "invalid_request_error");
}

TEST_F(OpenAiTest, CallsToolsAndTakesTheirResults) {
  const std::string tools =
      R"(,"tools":[{"type":"function","function":{"name":"get_weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}}])";
  const auto asked = post("/v1/chat/completions", chat("What is the weather?", tools));
  ASSERT_EQ(asked.status(), 200) << asked.body;
  const Json reply = *parse_json(asked.body);
  EXPECT_EQ(reply["choices"][0]["finish_reason"], "tool_calls");
  const Json& message = reply["choices"][0]["message"];
  ASSERT_EQ(message["tool_calls"].size(), 1u);
  Json next = {{"model", "gemini-2.5-flash"}};
  next["messages"] = Json::array(
      {{{"role", "user"}, {"content", "What is the weather?"}},
       message,
       {{"role", "tool"}, {"tool_call_id", message["tool_calls"][0]["id"]}, {"content", "rain"}}});
  const auto answered = post("/v1/chat/completions", to_text(next));
  EXPECT_EQ(answered.status(), 200) << answered.body;
}

}  // namespace
}  // namespace gembal::testing
