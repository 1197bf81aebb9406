#include <gtest/gtest.h>

#include <algorithm>

#include "tests/sandbox/client.hpp"

namespace gembal::sandbox {
namespace {

using std::chrono::seconds;

const char* const kBatch = "/v1beta/models/gemini-2.5-flash:batchGenerateContent";
const TimePoint kLater = kNoon + seconds{10};

/// A batch of such requests, each labelled with its number.
std::string batch_of(const std::vector<std::string>& requests) {
  std::string list;
  for (const auto& request : requests) {
    if (!list.empty()) list += ",";
    list += "{\"request\":" + request + ",\"metadata\":{\"key\":\"" +
            std::to_string(std::count(list.begin(), list.end(), '\n')) + "\"}}\n";
  }
  return R"({"batch":{"display_name":"mine","input_config":{"requests":{"requests":[)" + list +
         "]}}}}";
}

std::string made(Client& client, const std::string& body, const std::string& key = "key-one") {
  const auto script = client.post(kBatch, body, key);
  EXPECT_EQ(script.status, 200) << body_of(script);
  return json_of(script)["name"];
}

TEST(BatchesTest, WaitRunAndSucceedByTheClock) {
  Client client;
  const auto script =
      client.post(kBatch, batch_of({ask_with("sandbox:{\"text\":\"4\"}"), "{}", ask_with("Why?")}));
  ASSERT_EQ(script.status, 200) << body_of(script);
  const Json pending = json_of(script);
  EXPECT_EQ(keys_of(pending), (std::vector<std::string>{"name", "metadata"}));
  EXPECT_TRUE(string_in(pending, "name").starts_with("batches/"));
  EXPECT_EQ(pending["metadata"]["state"], "BATCH_STATE_PENDING");
  EXPECT_EQ(pending["metadata"]["displayName"], "mine");
  EXPECT_EQ(pending["metadata"]["model"], "models/gemini-2.5-flash");
  EXPECT_EQ(pending["metadata"]["batchStats"]["pendingRequestCount"], "3");

  const std::string url = "/v1beta/" + pending["name"].get<std::string>();
  const Json running = json_of(client.get(url, "key-one", kNoon + seconds{1}));
  EXPECT_EQ(running["metadata"]["state"], "BATCH_STATE_RUNNING");
  EXPECT_EQ(find(running, "done"), nullptr);
  const Json done = json_of(client.get(url, "key-one", kNoon + seconds{3}));
  EXPECT_EQ(done["metadata"]["state"], "BATCH_STATE_SUCCEEDED");
  EXPECT_EQ(done["done"], true);
  EXPECT_EQ(done["metadata"]["batchStats"]["successfulRequestCount"], "2");
  EXPECT_EQ(done["metadata"]["batchStats"]["failedRequestCount"], "1");
  const Json& answers = done["response"]["inlinedResponses"]["inlinedResponses"];
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(text_in(answers[0]["response"]), "4");
  EXPECT_EQ(answers[0]["metadata"]["key"], "0");
  EXPECT_EQ(answers[1]["error"]["code"], 3);
  EXPECT_EQ(answers[2]["metadata"]["key"], "2");
  EXPECT_NE(answers[0]["response"]["responseId"], answers[2]["response"]["responseId"]);
  EXPECT_EQ(done["metadata"]["output"]["inlinedResponses"], done["response"]["inlinedResponses"]);
}

TEST(BatchesTest, BelongToTheProjectThatMadeThem) {
  Client client(R"({"keys":[{"key":"a","project":"p"},{"key":"b","project":"p"},"c"]})");
  const std::string url = "/v1beta/" + made(client, batch_of({kHello}), "a");
  EXPECT_EQ(client.get(url, "a").status, 200);
  EXPECT_EQ(client.get(url, "b").status, 200);
  const auto refused = client.get(url, "c");
  EXPECT_EQ(refused.status, 404);
  EXPECT_EQ(json_of(refused)["error"]["message"], "Requested entity was not found.");
  EXPECT_EQ(client.post(url + ":cancel", "", "c").status, 404);
  EXPECT_EQ(client.api.answer(make_request("DELETE", url, "", "c"), kNoon).status, 404);
  EXPECT_EQ(to_text(json_of(client.get("/v1beta/batches", "c"))), "{}");
  EXPECT_EQ(json_of(client.get("/v1beta/batches", "b"))["operations"].size(), 1u);
  EXPECT_EQ(body_of(client.api.answer(make_request("DELETE", url, "", "b"), kNoon)), "{}\n");
  EXPECT_EQ(client.get(url, "a").status, 404);
}

TEST(BatchesTest, ListInPagesWithTheirPresentState) {
  Client client;
  for (int i = 0; i < 3; ++i) made(client, batch_of({kHello}));
  const Json first = json_of(client.get("/v1beta/batches?pageSize=2", "key-one", kLater));
  EXPECT_EQ(first["operations"].size(), 2u);
  EXPECT_EQ(first["operations"][0]["metadata"]["state"], "BATCH_STATE_SUCCEEDED");
  const Json second = json_of(client.get("/v1beta/batches?pageSize=2&pageToken=" +
                                         first["nextPageToken"].get<std::string>()));
  EXPECT_EQ(second["operations"].size(), 1u);
}

TEST(BatchesTest, CanBeCancelledUntilTheyAreDone) {
  Client client;
  const std::string url = "/v1beta/" + made(client, batch_of({kHello}));
  EXPECT_EQ(body_of(client.post(url + ":cancel", "")), "{}\n");
  const Json cancelled = json_of(client.get(url, "key-one", kLater));
  EXPECT_EQ(cancelled["metadata"]["state"], "BATCH_STATE_CANCELLED");
  EXPECT_EQ(cancelled["done"], true);
  EXPECT_EQ(cancelled["error"]["code"], 1);

  const std::string finished = "/v1beta/" + made(client, batch_of({kHello}));
  EXPECT_EQ(client.post(finished + ":cancel", "", "key-one", kLater).status, 200);
  EXPECT_EQ(json_of(client.get(finished, "key-one", kLater))["metadata"]["state"],
            "BATCH_STATE_SUCCEEDED");
}

TEST(BatchesTest, ReadRequestsFromAFileAndAnswerWithOne) {
  Client client;
  const std::string lines = R"({"key":"first","request":)" + ask_with("sandbox:{\"text\":\"4\"}") +
                            "}\n\n{\"key\":\"second\",\"request\":{\"contens\":[]}}\nnothing\n";
  const std::string file = uploaded(client, lines);
  const std::string body =
      R"({"batch":{"displayName":"f","inputConfig":{"fileName":")" + file + "\"}}}";
  const std::string url = "/v1beta/" + made(client, body);
  const Json done = json_of(client.get(url, "key-one", kLater));
  EXPECT_EQ(done["metadata"]["inputConfig"]["fileName"], file);
  EXPECT_EQ(done["metadata"]["batchStats"]["requestCount"], "3");
  const std::string answers = done["response"]["responsesFile"];
  EXPECT_TRUE(answers.starts_with("files/batch-")) << answers;
  EXPECT_EQ(client.get("/v1beta/" + answers).status, 403) << "not before the batch is done";

  const std::string download = "/download/v1beta/" + answers + ":download?alt=media";
  const auto script = client.get(download, "key-one", kLater);
  ASSERT_EQ(script.status, 200) << body_of(script);
  const std::string text = body_of(script);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
  const Json line = *parse_json(text.substr(0, text.find('\n')));
  EXPECT_EQ(line["key"], "first");
  EXPECT_EQ(text_in(line["response"]), "4");
  EXPECT_NE(text.find("Cannot find field"), std::string::npos);
  EXPECT_EQ(client.get(download, "key-two", kLater).status, 403);
  EXPECT_EQ(client.post(kBatch, body, "key-two").status, 403);
}

TEST(BatchesTest, AskForFaultsByDirectivesOfTheirRequests) {
  Client client;
  const std::string url =
      "/v1beta/" + made(client, batch_of({ask_with("sandbox:{\"fault\":\"overloaded\"}"),
                                          ask_with("sandbox:{\"fault\":\"bad502html\"}"),
                                          ask_with("sandbox:{\"fault\":\"cut\"}")}));
  const Json done = json_of(client.get(url, "key-one", kLater));
  const Json& answers = done["response"]["inlinedResponses"]["inlinedResponses"];
  EXPECT_EQ(answers[0]["error"]["message"], "The model is overloaded. Please try again later.");
  EXPECT_EQ(answers[1]["error"]["code"], 13);
  EXPECT_NE(find(answers[2], "response"), nullptr);
}

TEST(BatchesTest, Embed) {
  Client client;
  const auto script = client.post("/v1beta/models/gemini-embedding-001:asyncBatchEmbedContent",
                                  batch_of({R"({"content":{"parts":[{"text":"a"}]}})"}));
  ASSERT_EQ(script.status, 200) << body_of(script);
  const std::string url = "/v1beta/" + json_of(script)["name"].get<std::string>();
  const Json done = json_of(client.get(url, "key-one", kLater));
  EXPECT_TRUE(string_in(done["metadata"], "@type").ends_with(".EmbedContentBatch"));
  EXPECT_EQ(
      done["response"]["inlinedResponses"]["inlinedResponses"][0]["response"]["embedding"]["values"]
          .size(),
      3072u);
}

TEST(BatchesTest, RefuseWhatTheyCannotRun) {
  Client client;
  const struct {
    const char* name;
    const char* url;
    std::string body;
    int status;
  } cases[] = {
      {"no requests", kBatch, batch_of({}), 400},
      {"no batch", kBatch, "{}", 400},
      {"an unknown member", kBatch, R"({"batch":{"inputs":1}})", 400},
      {"an unknown member of a request", kBatch, batch_of({R"({"content":[]})"}), 400},
      {"a model that embeds", "/v1beta/models/gemini-embedding-001:batchGenerateContent",
       batch_of({kHello}), 404},
      {"a model that does not embed", "/v1beta/models/gemini-2.5-flash:asyncBatchEmbedContent",
       batch_of({}), 404},
      {"a file that is not there", kBatch,
       R"({"batch":{"inputConfig":{"fileName":"files/nothing"}}})", 403},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(client.post(c.url, c.body).status, c.status);
  }
}

TEST(BatchesTest, CostNoneOfTheModelsQuota) {
  Client client;
  made(client, batch_of({kHello, kHello, kHello}), "key-rpd1");
  EXPECT_EQ(client.post(kFlash, kHello, "key-rpd1").status, 200);
}

}  // namespace
}  // namespace gembal::sandbox
