#include "lib/openai/embeddings.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "lib/core/base64.hpp"
#include "lib/core/json.hpp"
#include "lib/openai/error.hpp"

namespace gembal::openai {
namespace {

TEST(EmbeddingsTest, ReadsARequest) {
  const auto call = read_embeddings(
      R"({"model":"models/gemini-embedding-001","input":["a","b"],"dimensions":768,"encoding_format":"base64"})");
  ASSERT_TRUE(call);
  EXPECT_EQ(call->model, "gemini-embedding-001");
  EXPECT_EQ(call->inputs, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(call->dimensions, 768);
  EXPECT_TRUE(call->base64);
  EXPECT_EQ(
      batch_request(*call, 1, 1),
      R"({"requests":[{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"b"}]},"outputDimensionality":768}]})");
  EXPECT_EQ(read_embeddings(R"({"model":"m","input":"a"})")->inputs.size(), 1u);
}

TEST(EmbeddingsTest, NamesWhatIsWrong) {
  const struct {
    const char* json;
    const char* says;
  } cases[] = {
      {R"({"input":"a"})", "'model'"},
      {R"({"model":"m"})", "'input' is missing"},
      {R"({"model":"m","input":""})", "'input'"},
      {R"({"model":"m","input":[]})", "'input'"},
      {R"({"model":"m","input":[1,2,3]})", "tokens"},
      {R"({"model":"m","input":[[1,2],[3]]})", "tokens"},
      {R"({"model":"m","input":["a",""]})", "'input'"},
      {R"({"model":"m","input":"a","encoding_format":"int8"})", "'encoding_format'"},
      {R"({"model":"m","input":"a","dimensions":0})", "'dimensions'"},
      {R"({"model":"m","input":"a","dimensions":"many"})", "'dimensions'"},
  };
  for (const auto& c : cases) {
    const auto call = read_embeddings(c.json);
    ASSERT_FALSE(call) << c.json;
    EXPECT_NE(call.error().message.find(c.says), std::string::npos) << call.error().message;
  }
}

TEST(EmbeddingsTest, WritesUnitVectorsAsNumbersOrAsBytes) {
  const auto read = read_vectors(R"({"embeddings":[{"values":[3,4]},{"values":[0,1]}]})");
  ASSERT_TRUE(read);
  EXPECT_FLOAT_EQ(read->vectors[0][0], 0.6f);
  auto call = *read_embeddings(R"({"model":"m","input":["abcd","b"]})");
  const auto plain = embeddings_reply(call, read->vectors, 0);
  EXPECT_EQ(
      plain,
      R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.6,0.8]},)"
      R"({"object":"embedding","index":1,"embedding":[0,1]}],"model":"m","usage":{"prompt_tokens":3,"total_tokens":3}})");
  call.base64 = true;
  const Json reply = *parse_json(embeddings_reply(call, read->vectors, 9));
  const auto bytes = base64_decode(string_in(reply["data"][1], "embedding"));
  ASSERT_EQ(bytes->size(), 8u);
  float numbers[2];
  std::memcpy(numbers, bytes->data(), 8);
  EXPECT_EQ(numbers[1], 1.0f);
  EXPECT_EQ(reply["usage"]["prompt_tokens"], 9);
}

TEST(EmbeddingsTest, RefusesWhatAreNoVectors) {
  for (const char* body : {"", "{}", R"({"embeddings":7})", R"({"embeddings":[{}]})",
                           R"({"embeddings":[{"values":["x"]}]})"}) {
    EXPECT_FALSE(read_vectors(body)) << body;
  }
}

TEST(OpenAiErrorTest, HasTheShapeThatSdksRead) {
  const struct {
    int status;
    const char* type;
    const char* code;
  } cases[] = {{400, "invalid_request_error", "invalid_request"},
               {401, "authentication_error", "invalid_api_key"},
               {404, "invalid_request_error", "model_not_found"},
               {429, "rate_limit_error", "rate_limit_exceeded"},
               {502, "server_error", "upstream_error"},
               {503, "server_error", "overloaded"}};
  for (const auto& c : cases) {
    const Json body = *parse_json(error_body(c.status, "what"));
    EXPECT_EQ(body["error"]["message"], "what");
    EXPECT_EQ(body["error"]["type"], c.type) << c.status;
    EXPECT_EQ(body["error"]["code"], c.code) << c.status;
    EXPECT_TRUE(body["error"].contains("param"));
  }
  EXPECT_TRUE(error_event(502, "x").starts_with("data: {\"error\":"));
  EXPECT_TRUE(error_event(502, "x").ends_with("\n\n"));
}

}  // namespace
}  // namespace gembal::openai
