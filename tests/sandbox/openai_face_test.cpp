#include <gtest/gtest.h>

#include "lib/core/base64.hpp"
#include "tests/sandbox/client.hpp"

namespace gembal::sandbox {
namespace {

using Keys = std::vector<std::string>;

std::string chat(const std::string& model, const std::string& prompt,
                 const std::string& more = "") {
  return "{\"model\":\"" + model +
         "\",\"messages\":[{\"role\":\"system\",\"content\":\"Be kind.\"},{\"role\":\"user\",\"content\":" +
         to_text(Json(prompt)) + "}]" + (more.empty() ? "" : "," + more) + "}";
}

const char* const kAdd =
    R"("tools":[{"type":"function","function":{"name":"add","parameters":{"type":"object",
    "properties":{"a":{"type":"integer"}},"required":["a"]}}}])";

TEST(OpenAiFaceTest, CompletesAsGoogleDoes) {
  Client client;
  const auto script = client.openai("chat/completions", chat("models/gemini-2.5-flash", "Hello"));
  ASSERT_EQ(script.status, 200) << body_of(script);
  EXPECT_EQ(script.headers[0].second, "application/json");
  const Json completion = json_of(script);
  EXPECT_EQ(keys_of(completion), (Keys{"choices", "created", "id", "model", "object", "usage"}));
  EXPECT_EQ(to_text(completion), body_of(script));  // no blanks
  const Json& choice = completion["choices"][0];
  EXPECT_EQ(keys_of(choice), (Keys{"finish_reason", "index", "message"}));
  EXPECT_EQ(keys_of(choice["message"]), (Keys{"content", "role"}));
  const auto text = string_in(choice["message"], "content");
  EXPECT_NE(text.find("Hello"), std::string::npos);
  EXPECT_NE(text.find("Be kind."), std::string::npos);
  const Json& usage = completion["usage"];
  EXPECT_GT(usage["total_tokens"].get<int>(),
            usage["prompt_tokens"].get<int>() + usage["completion_tokens"].get<int>());
  EXPECT_EQ(completion["created"], to_unix_seconds(kNoon));
}

TEST(OpenAiFaceTest, StreamsWithLineFeedsAndDone) {
  Client client;
  const auto script = client.openai(
      "chat/completions", chat("gemini-2.5-flash", "Hello",
                               R"("stream":true,"stream_options":{"include_usage":true})"));
  const std::string body = body_of(script);
  EXPECT_TRUE(body.starts_with("data: {\"choices\":[{\"delta\":{\"content\":\"")) << body;
  EXPECT_TRUE(body.ends_with("}\n\ndata: [DONE]\n\n"));
  EXPECT_EQ(body.find('\r'), std::string::npos);
  const auto chunks = events_of(script);
  EXPECT_EQ(keys_of(chunks[0]), (Keys{"choices", "created", "id", "model", "object"}));
  EXPECT_EQ(chunks[0]["object"], "chat.completion.chunk");
  EXPECT_EQ(chunks.back()["choices"][0]["finish_reason"], "stop");
  EXPECT_NE(find(chunks.back(), "usage"), nullptr);
  const auto without = events_of(
      client.openai("chat/completions", chat("gemini-2.5-flash", "Hello", R"("stream":true)")));
  EXPECT_EQ(find(without.back(), "usage"), nullptr);
}

TEST(OpenAiFaceTest, CallsToolsWithoutAnIndex) {
  Client client;
  const Json old = json_of(
      client.openai("chat/completions", chat("gemini-2.5-flash", "add 5", kAdd)))["choices"][0];
  EXPECT_EQ(old["finish_reason"], "tool_calls");
  const Json& call = old["message"]["tool_calls"][0];
  EXPECT_EQ(keys_of(call), (Keys{"function", "id", "type"}));
  EXPECT_EQ(to_text(call["function"]), R"({"arguments":"{\"a\":5}","name":"add"})");
  EXPECT_TRUE(string_in(call, "id").starts_with("function-call-"));

  const auto chunks =
      events_of(client.openai("chat/completions", chat("gemini-3.5-flash", "add 5",
                                                       std::string(kAdd) + ",\"stream\":true")));
  ASSERT_EQ(chunks.size(), 2u);
  EXPECT_EQ(keys_of(chunks[0]["choices"][0]["delta"]["tool_calls"][0]),
            (Keys{"extra_content", "function", "id", "type"}));
  EXPECT_EQ(chunks[1]["choices"][0]["finish_reason"], "stop");
}

TEST(OpenAiFaceTest, ChecksTheSignatureThatComesBack) {
  Client client;
  const Json message = json_of(client.openai(
      "chat/completions", chat("gemini-3.5-flash", "add 5", kAdd)))["choices"][0]["message"];
  const auto second_turn = [&](const Json& assistant) {
    const Json tool = {
        {"role", "tool"}, {"tool_call_id", assistant["tool_calls"][0]["id"]}, {"content", "ten"}};
    const Json user = {{"role", "user"}, {"content", "add 5"}};
    return client.openai("chat/completions",
                         to_text({{"model", "gemini-3.5-flash"},
                                  {"messages", Json::array({user, assistant, tool})}}));
  };
  const auto good = second_turn(message);
  ASSERT_EQ(good.status, 200) << body_of(good);
  EXPECT_NE(string_in(json_of(good)["choices"][0]["message"], "content")
                .find(R"(add answered {"result":"ten"})"),
            std::string::npos);
  Json stripped = message;
  stripped["tool_calls"][0].erase("extra_content");
  EXPECT_EQ(second_turn(stripped).status, 400);
}

TEST(OpenAiFaceTest, PutsThoughtsBetweenTags) {
  Client client;
  const std::string more =
      R"("extra_body":{"google":{"thinking_config":{"include_thoughts":true}}})";
  const Json message = json_of(client.openai(
      "chat/completions", chat("gemini-2.5-flash", "Why?", more)))["choices"][0]["message"];
  const auto text = string_in(message, "content");
  EXPECT_TRUE(text.starts_with("<thought>"));
  EXPECT_NE(text.find("</thought>"), std::string::npos);
  const auto chunks = events_of(client.openai(
      "chat/completions", chat("gemini-2.5-flash", "Why?", more + ",\"stream\":true")));
  EXPECT_EQ(to_text(chunks[0]["choices"][0]["delta"]["extra_content"]),
            R"({"google":{"thought":true}})");
  EXPECT_TRUE(string_in(chunks[1]["choices"][0]["delta"], "content").starts_with("</thought>"));
  EXPECT_EQ(client
                .openai("chat/completions",
                        chat("gemini-2.5-flash", "x", more + R"(,"reasoning_effort":"low")"))
                .status,
            400);
}

TEST(OpenAiFaceTest, ErrorsComeInAList) {
  Client client;
  const struct {
    const char* name;
    std::string body;
    int status;
    const char* message;
  } cases[] = {
      {"an unknown name", chat("gemini-2.5-flash", "x", R"("store":true)"), 400,
       "Invalid JSON payload received. Unknown name \"store\""},
      {"an unknown model", chat("gpt-4", "x"), 404,
       "models/gpt-4 is not found for API version v1main"},
      {"no messages", R"({"model":"gemini-2.5-flash","messages":[]})", 400,
       "* GenerateContentRequest.contents: contents is not specified"},
      {"broken JSON", "{", 400, "Invalid JSON payload received."},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto script = client.openai("chat/completions", c.body);
    EXPECT_EQ(script.status, c.status);
    const Json body = json_of(script);
    ASSERT_TRUE(body.is_array()) << body_of(script);
    EXPECT_TRUE(string_in(body[0]["error"], "message").starts_with(c.message)) << body_of(script);
  }
}

TEST(OpenAiFaceTest, BrokenAnswersKeepTheirReasons) {
  Client client;
  const auto finish = [&client](const char* fault) {
    auto request =
        make_request("POST", "/v1beta/openai/chat/completions", chat("gemini-2.5-flash", "x"), "");
    request.headers = {{"authorization", "Bearer k"}, {"x-sandbox-fault", fault}};
    const Json body = json_of(client.api.answer(request, kNoon));
    return find(body, "choices") ? body["choices"][0]["finish_reason"].get<std::string>() : "none";
  };
  EXPECT_EQ(finish("malformed-function-call"), "function_call_filter: MALFORMED_FUNCTION_CALL");
  EXPECT_EQ(finish("safety"), "content_filter: SAFETY");
  EXPECT_EQ(finish("max-tokens-empty"), "length");
  EXPECT_EQ(finish("empty200"), "none");
}

TEST(OpenAiFaceTest, EmbedsDrawsAndLists) {
  Client client;
  const Json plain = json_of(client.openai(
      "embeddings", R"({"model":"gemini-embedding-001","input":["a","b"],"dimensions":8})"));
  EXPECT_EQ(keys_of(plain), (Keys{"data", "model", "object"}));
  EXPECT_EQ(plain["data"][1]["index"], 1);
  EXPECT_EQ(plain["data"][1]["embedding"].size(), 8u);
  const Json packed = json_of(client.openai(
      "embeddings",
      R"({"model":"gemini-embedding-001","input":"a","dimensions":8,"encoding_format":"base64"})"));
  EXPECT_EQ(base64_decode(string_in(packed["data"][0], "embedding"))->size(), 32u);

  const Json images = json_of(client.openai(
      "images/generations", R"({"model":"gemini-2.5-flash-image","prompt":"a cat","n":2})"));
  ASSERT_EQ(images["data"].size(), 2u);
  EXPECT_TRUE(base64_decode(string_in(images["data"][0], "b64_json"))->starts_with("\x89PNG"));

  const Json models = json_of(client.openai("models", "", "GET"));
  EXPECT_EQ(keys_of(models["data"][0]), (Keys{"id", "object", "owned_by", "display_name"}));
  EXPECT_EQ(json_of(client.openai("models/models/gemini-2.5-pro", "", "GET"))["id"],
            "models/gemini-2.5-pro");
  EXPECT_EQ(client.openai("models/gpt-4", "", "GET").status, 404);
}

TEST(OpenAiFaceTest, BatchesAnswerTheLinesOfAFile) {
  Client client;
  const auto line = [](const std::string& id, const std::string& model) {
    return R"({"custom_id":")" + id + R"(","method":"POST","url":"/v1/chat/completions","body":)" +
           chat(model, "Hello") + "}\n";
  };
  const auto file = uploaded(client, line("a", "gemini-2.5-flash") + line("b", "gemini-0"));
  const std::string asked = R"({"input_file_id":")" + file +
                            R"(","endpoint":"/v1/chat/completions","completion_window":"24h"})";
  const auto made = client.openai("batches", asked);
  ASSERT_EQ(made.status, 200) << body_of(made);
  const Json batch = json_of(made);
  EXPECT_EQ(batch["object"], "batch");
  EXPECT_EQ(batch["status"], "validating");
  const std::string id = batch["id"];
  EXPECT_EQ(json_of(client.openai("batches", "", "GET"))["data"][0]["id"], id);
  const auto later = [&](const std::string& url, const char* key = "key-one") {
    auto request = make_request("GET", url, "", "");
    request.headers.emplace_back(
        url.find("openai") == std::string::npos ? "x-goog-api-key" : "authorization",
        (url.find("openai") == std::string::npos ? "" : "Bearer ") + std::string(key));
    return client.api.answer(request, kNoon + std::chrono::seconds{10});
  };
  const Json done = json_of(later("/v1beta/openai/batches/" + id));
  EXPECT_EQ(done["status"], "completed");
  EXPECT_EQ(done["request_counts"]["total"], 2);
  const std::string output = done["output_file_id"];
  const auto results = body_of(later("/download/v1beta/" + output + ":download?alt=media"));
  EXPECT_NE(results.find(R"("custom_id":"a","response":{"status_code":200)"), std::string::npos)
      << results;
  EXPECT_NE(results.find(R"("custom_id":"b","response":{"status_code":404)"), std::string::npos);
  EXPECT_EQ(later("/v1beta/openai/batches/" + id, "key-two").status, 404);
  EXPECT_EQ(
      client
          .openai("batches", R"({"input_file_id":"files/none","endpoint":"/v1/chat/completions"})")
          .status,
      403);
  EXPECT_EQ(client.openai("batches", R"({"endpoint":"/v1/embeddings"})").status, 400);
}

TEST(OpenAiFaceTest, ABatchMayBeCancelled) {
  Client client;
  const auto file = uploaded(client, "");
  const Json batch = json_of(client.openai(
      "batches", R"({"input_file_id":")" + file + R"(","endpoint":"/v1/chat/completions"})"));
  const std::string id = batch["id"];
  EXPECT_EQ(json_of(client.openai(id + "/cancel", ""))["status"], "cancelled");
  EXPECT_EQ(json_of(client.openai(id, "", "GET"))["status"], "cancelled");
}

}  // namespace
}  // namespace gembal::sandbox
