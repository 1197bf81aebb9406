#include "daemon/sandbox/models.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "lib/core/base64.hpp"
#include "tests/sandbox/client.hpp"

namespace gembal::sandbox {
namespace {

TEST(ModelsTest, ListsInPages) {
  Client client;
  const Json all = json_of(client.get("/v1beta/models?pageSize=1000"));
  EXPECT_EQ(all["models"].size(), all_models().size());
  EXPECT_EQ(find(all, "nextPageToken"), nullptr);
  std::vector<std::string> names;
  std::string token;
  do {
    const Json page = json_of(client.get("/v1beta/models?pageSize=7&pageToken=" + token));
    EXPECT_LE(page["models"].size(), 7u);
    for (const auto& model : page["models"]) names.emplace_back(string_in(model, "name"));
    token = string_in(page, "nextPageToken");
  } while (!token.empty());
  ASSERT_EQ(names.size(), all_models().size());
  for (std::size_t i = 0; i < names.size(); ++i)
    EXPECT_EQ(names[i], string_in(all["models"][i], "name"));
  EXPECT_EQ(client.get("/v1beta/models?pageToken=nonsense").status, 400);
  // As recorded: the token is a message that holds the last name.
  const Json first = json_of(client.get("/v1beta/models?pageSize=1"));
  EXPECT_EQ(*base64_decode(string_in(first, "nextPageToken")), "\n\x17models/gemini-2.5-flash");
}

TEST(ModelsTest, ShowsOne) {
  Client client;
  const Json model = json_of(client.get("/v1beta/models/gemini-3.5-flash"));
  EXPECT_EQ(keys_of(model), (std::vector<std::string>{
                                "name", "version", "displayName", "description", "inputTokenLimit",
                                "outputTokenLimit", "supportedGenerationMethods", "temperature",
                                "topP", "topK", "maxTemperature", "thinking"}));
  EXPECT_EQ(client.get("/v1beta/models/nothing").status, 404);
  EXPECT_EQ(json_of(client.post("/v1beta/models/gemini-flash-latest:generateContent",
                                kHello))["modelVersion"],
            "gemini-3.8-flash");
}

std::vector<double> vector_of(const Json& values) { return values.get<std::vector<double>>(); }

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

TEST(EmbeddingsTest, AreDeterministicAndOfLengthOne) {
  Client client;
  const auto embed = [&client](const std::string& model, const std::string& text, int dimensions) {
    const auto script =
        client.post("/v1beta/models/" + model + ":embedContent",
                    "{\"content\":{\"parts\":[{\"text\":\"" + text +
                        "\"}]},\"outputDimensionality\":" + std::to_string(dimensions) + "}");
    EXPECT_EQ(script.status, 200) << body_of(script);
    return vector_of(json_of(script)["embedding"]["values"]);
  };
  const auto cats = embed("gemini-embedding-2", "cats like fish", 768);
  EXPECT_EQ(cats.size(), 768u);
  EXPECT_EQ(cats, embed("gemini-embedding-2", "cats like fish", 768));
  EXPECT_NEAR(dot(cats, cats), 1, 1e-5);
  const auto full = embed("gemini-embedding-001", "cats like fish", 3072);
  EXPECT_NEAR(dot(full, full), 1, 1e-5);
  // The older model cuts without scaling, so that clients have to.
  const auto shorter = embed("gemini-embedding-001", "cats like fish", 768);
  EXPECT_LT(dot(shorter, shorter), 0.5);
  EXPECT_GT(dot(cats, embed("gemini-embedding-2", "fish like cats", 768)),
            dot(cats, embed("gemini-embedding-2", "tax law", 768)) + 0.3);
}

TEST(EmbeddingsTest, BatchesKeepTheirOrderAndTheirRules) {
  Client client;
  const char* url = "/v1beta/models/gemini-embedding-001:batchEmbedContents";
  const auto item = [](const std::string& text,
                       const std::string& model = "models/gemini-embedding-001") {
    return "{\"model\":\"" + model + "\",\"content\":{\"parts\":[{\"text\":\"" + text + "\"}]}}";
  };
  const Json both =
      json_of(client.post(url, "{\"requests\":[" + item("a") + "," + item("b") + "]}"));
  const Json one =
      json_of(client.post("/v1beta/models/gemini-embedding-001:embedContent", item("b")));
  EXPECT_EQ(both["embeddings"].size(), 2u);
  EXPECT_EQ(both["embeddings"][1], one["embedding"]);

  std::string many = item("x");
  for (int i = 1; i < 101; ++i) many += "," + item("x");
  const struct {
    const char* name;
    std::string requests;
    const char* message;
  } cases[] = {
      {"more than 100", many,
       "* BatchEmbedContentsRequest.requests: at most 100 requests can be in one batch\n"},
      {"no model", R"({"content":{"parts":[{"text":"x"}]}})",
       "* BatchEmbedContentsRequest.requests[0].model: unexpected model name format\n"},
      {"another model", item("x", "models/gemini-embedding-2"),
       "* BatchEmbedContentsRequest.requests[0].model: model must match"},
      {"no text", item(""),
       "* BatchEmbedContentsRequest.requests[0].content: content is not specified\n"},
      {"none", "", "* BatchEmbedContentsRequest.requests: requests is not specified\n"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto script = client.post(url, "{\"requests\":[" + c.requests + "]}");
    EXPECT_EQ(script.status, 400);
    EXPECT_TRUE(string_in(json_of(script)["error"], "message").starts_with(c.message))
        << body_of(script);
  }
}

}  // namespace
}  // namespace gembal::sandbox
