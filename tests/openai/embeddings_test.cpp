#include "lib/openai/embeddings.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "lib/core/base64.hpp"
#include "lib/core/json.hpp"
#include "lib/openai/error.hpp"
#include "tests/support/recording.hpp"

namespace gembal::openai {
namespace {

constexpr auto kModel = "gemini-embedding-2";

TEST(EmbeddingsTest, ReadsARequest) {
  const std::string json =
      R"({"user":"u-1","model":"models/gemini-embedding-001","input":["a", "b\u00e9\"" ],"dimensions":768,"encoding_format":"base64","more":{"deep":[1]}})";
  const auto call = read_embeddings(json, kModel);
  ASSERT_TRUE(call);
  EXPECT_EQ(call->model, "gemini-embedding-001");
  EXPECT_EQ(call->gemini_model, "gemini-embedding-001");
  ASSERT_EQ(call->inputs.size(), 2u);
  EXPECT_EQ(call->inputs[1].json, R"("b\u00e9\"")");
  EXPECT_EQ(call->inputs[1].bytes, 4u);
  EXPECT_EQ(call->dimensions, 768);
  EXPECT_TRUE(call->base64);
  EXPECT_EQ(
      batch_request(*call, 1, 1),
      R"({"requests":[{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"b\u00e9\""}]},"outputDimensionality":768}]})");
}

TEST(EmbeddingsTest, TakesEveryWayToWriteARequest) {
  const struct {
    const char* name;
    const char* json;
    const char* model;
    const char* gemini_model;
    std::size_t inputs;
    std::optional<int> dimensions;
    bool base64;
  } cases[] = {
      {"one text", R"({"model":"m","input":"a"})", "m", "m", 1, {}, false},
      {"what is null is not there",
       R"({"model":"m","input":["a"],"dimensions":null,"encoding_format":null,"user":null})",
       "m",
       "m",
       1,
       {},
       false},
      {"a prefix of another gateway",
       R"({"input":"a","model":"google/m"})",
       "m",
       "m",
       1,
       {},
       false},
      {"a blank is a text", R"({"model":"m","input":[" "]})", "m", "m", 1, {}, false},
      {"OpenAI's small model has vectors of 1536",
       R"({"model":"text-embedding-3-small","input":"a"})", "text-embedding-3-small", kModel, 1,
       1536, false},
      {"OpenAI's large model has vectors of 3072",
       R"({"model":"openai/text-embedding-3-large","input":"a"})", "text-embedding-3-large", kModel,
       1, 3072, false},
      {"OpenAI's old model has vectors of 1536",
       R"({"model":"text-embedding-ada-002","input":"a","encoding_format":"base64"})",
       "text-embedding-ada-002", kModel, 1, 1536, true},
      {"the client's own size wins",
       R"({"model":"text-embedding-3-small","input":"a","dimensions":256})",
       "text-embedding-3-small", kModel, 1, 256, false},
      {"Gemini's own older name is no name of OpenAI's",
       R"({"model":"text-embedding-004","input":"a"})",
       "text-embedding-004",
       "text-embedding-004",
       1,
       {},
       false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto call = read_embeddings(c.json, kModel);
    ASSERT_TRUE(call) << call.error().message;
    EXPECT_EQ(call->model, c.model);
    EXPECT_EQ(call->gemini_model, c.gemini_model);
    EXPECT_EQ(call->inputs.size(), c.inputs);
    EXPECT_EQ(call->dimensions, c.dimensions);
    EXPECT_EQ(call->base64, c.base64);
  }
  EXPECT_EQ(read_embeddings(R"({"model":"text-embedding-3-small","input":"a"})", "")->gemini_model,
            "text-embedding-3-small")
      << "without a model of ours, names stay";
}

TEST(EmbeddingsTest, NamesWhatIsWrong) {
  const struct {
    const char* json;
    const char* param;
    const char* says;
  } cases[] = {
      {R"({"input":"a"})", "model", "'model'"},
      {R"({"input":"a","model":7})", "model", "'model'"},
      {R"({"input":"a","model":"../x"})", "model", "'model'"},
      {R"({"model":"m"})", "input", "'input' is missing"},
      {R"({"model":"m","input":null})", "input", "'input'"},
      {R"({"model":"m","input":""})", "input", "'input'"},
      {R"({"model":"m","input":{}})", "input", "'input'"},
      {R"({"model":"m","input":7})", "input", "'input'"},
      {R"({"model":"m","input":[]})", "input", "'input'"},
      {R"({"model":"m","input":[1,2,3]})", "input", "token ids"},
      {R"({"model":"m","input":[[1,2],[3]]})", "input", "token ids"},
      {R"({"model":"m","input":["a",""]})", "input", "index 1"},
      {R"({"model":"m","input":["a",null]})", "input", "index 1"},
      {R"({"model":"m","input":[{"text":"a"}]})", "input", "index 0"},
      {R"({"model":"m","input":"a","encoding_format":"int8"})", "encoding_format", "base64"},
      {R"({"model":"m","input":"a","encoding_format":1})", "encoding_format", "base64"},
      {R"({"model":"m","input":"a","dimensions":0})", "dimensions", "'dimensions'"},
      {R"({"model":"m","input":"a","dimensions":1.5})", "dimensions", "'dimensions'"},
      {R"({"model":"m","input":"a","dimensions":"many"})", "dimensions", "'dimensions'"},
      {R"({"model":"m","input":["a)", "", "JSON"},
      {"{\"model\":\"m\",\"input\":\"\x01\"}", "", "JSON"},
      {"{\"model\":\"m\",\"input\":\"\xff\"}", "", "JSON"},
      {R"({"model":"m","input":"\q"})", "", "JSON"},
      {R"({"model":"m","input":"\ud800"})", "", "JSON"},
      {R"({"model":"m","input":"a"} x)", "", "JSON"},
      {R"(["a"])", "", "object"},
      {"", "", "JSON"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.json);
    const auto call = read_embeddings(c.json, kModel);
    ASSERT_FALSE(call);
    EXPECT_EQ(call.error().kind, ErrorKind::bad_request);
    EXPECT_EQ(call.error().param, c.param);
    EXPECT_NE(call.error().message.find(c.says), std::string::npos) << call.error().message;
  }
}

TEST(EmbeddingsTest, HasAnEndToItsLists) {
  std::string json = R"({"model":"m","input":["a")";
  for (int i = 1; i < 1'000'000; ++i) json += ",\"a\"";
  EXPECT_TRUE(read_embeddings(json + "]}", kModel));
  const auto call = read_embeddings(json + ",\"a\"]}", kModel);
  ASSERT_FALSE(call);
  EXPECT_EQ(call.error().param, "input");
}

std::string reply_of(const EmbeddingsCall& call, const Vectors& vectors, std::int64_t tokens) {
  return embeddings_begin() + embeddings_entries(call, vectors, 0) + embeddings_end(call, tokens);
}

TEST(EmbeddingsTest, WritesUnitVectorsAsNumbersOrAsBytes) {
  const auto read = read_vectors(
      R"({ "usageMetadata": {"promptTokenCount": 9}, "embeddings": [ {"values": [3, 4e0]}, {"values": [0, -1]} ] })");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->count, 2u);
  EXPECT_EQ(read->prompt_tokens, 9);
  EXPECT_FLOAT_EQ(read->numbers[0], 0.6f);
  const std::string json = R"({"model":"m","input":["abcd","b"]})";
  auto call = *read_embeddings(json, kModel);
  EXPECT_EQ(estimated_tokens(call, 0, 2), 3);
  EXPECT_EQ(
      reply_of(call, *read, 3),
      R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.6,0.8]},)"
      R"({"object":"embedding","index":1,"embedding":[0,-1]}],"model":"m","usage":{"prompt_tokens":3,"total_tokens":3}})");
  EXPECT_TRUE(embeddings_entries(call, *read, 100).starts_with(",{"));
  call.base64 = true;
  const Json reply = *parse_json(reply_of(call, *read, 9));
  const auto bytes = base64_decode(string_in(reply["data"][1], "embedding"));
  ASSERT_EQ(bytes->size(), 8u);
  float numbers[2];
  std::memcpy(numbers, bytes->data(), 8);
  EXPECT_EQ(numbers[1], -1.0f);
  EXPECT_EQ(reply["usage"]["prompt_tokens"], 9);
}

TEST(EmbeddingsTest, WritesEveryFloatSoThatItIsReadBackTheSame) {
  Vectors vectors;
  vectors.count = 1;
  vectors.numbers = {-1.1754944e-38f, 3.4028235e38f, -0.0078392225f, 1e-45f, 0.1f, -0.0f};
  const auto call = *read_embeddings(R"({"model":"m","input":"a"})", kModel);
  const Json reply = *parse_json(reply_of(call, vectors, 1));
  for (std::size_t i = 0; i < vectors.numbers.size(); ++i)
    EXPECT_EQ(reply["data"][0]["embedding"][i].get<float>(), vectors.numbers[i]);
}

TEST(EmbeddingsTest, ReadsRecordedReplies) {
  for (const auto& recording : testing::recordings("batchEmbedContents")) {
    SCOPED_TRACE(recording.name);
    const auto read = read_vectors(recording.body);
    ASSERT_TRUE(read);
    EXPECT_GE(read->count, 1u);
    double sum = 0;
    const auto size = read->numbers.size() / read->count;
    for (std::size_t i = 0; i < size; ++i) sum += read->numbers[i] * read->numbers[i];
    EXPECT_NEAR(sum, 1, 1e-2);
  }
}

TEST(EmbeddingsTest, RefusesWhatAreNoVectors) {
  for (const char* body :
       {"", "{}", R"({"embeddings":7})", R"({"embeddings":[{}]})",
        R"({"embeddings":[{"values":[]}]})", R"({"embeddings":[{"values":["x"]}]})",
        R"({"embeddings":[{"values":[1]},{"values":[1,2]}]})", R"({"embeddings":[{"values":[1,2)",
        "<html>"}) {
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
