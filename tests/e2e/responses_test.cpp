// The Responses API through the running binary: with the sandbox upstream, kept across restarts,
// in the background, cancelled, and broken off.

#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>

#include "lib/core/json.hpp"
#include "lib/sse/parser.hpp"
#include "tests/e2e/bodies.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

const std::string kSandboxTools =
    R"("tools":[{"type":"function","name":"weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}])";

std::string request(const std::string& input, const std::string& more = "",
                    const std::string& model = "gemini-2.5-flash") {
  return R"({"model":")" + model + R"(","input":)" + to_text(Json(input)) + more + "}";
}

Json body_of(const Message& reply) {
  auto json = parse_json(reply.body);
  EXPECT_TRUE(json) << reply.start << "\n" << reply.body;
  return json ? *std::move(json) : Json();
}

std::vector<Json> events_of(const std::string& text) {
  sse::Parser parser;
  parser.feed(text);
  std::vector<Json> events;
  while (const auto event = parser.next()) {
    events.push_back(*parse_json(event->data));
    EXPECT_EQ(string_in(events.back(), "type"), event->name);
    EXPECT_EQ(integer_in(events.back(), "sequence_number"),
              integer_in(events.front(), "sequence_number").value_or(0) +
                  static_cast<std::int64_t>(events.size()) - 1);
  }
  return events;
}

std::string text_of(const Json& response) {
  std::string text;
  for (const auto& item : response["output"]) {
    const Json* content = find(item, "content");
    for (const auto& part : content ? *content : Json::array()) text += string_in(part, "text");
  }
  return text;
}

class ResponsesTest : public ::testing::Test {
 protected:
  ResponsesTest()
      : sandbox_(home_),
        daemon_(std::make_unique<Daemon>(home_, sandbox_.base_url(),
                                         std::vector<std::string>{"key-one", "key-two"})) {}

  Message create(const std::string& body) { return daemon_->post("/v1/responses", body); }
  void restart_after_kill() {
    daemon_->process().signal(SIGKILL);
    daemon_->process().wait();
    daemon_ = std::make_unique<Daemon>(home_, sandbox_.base_url(), std::vector<std::string>());
  }

  TempDir home_;
  SandboxProcess sandbox_;
  std::unique_ptr<Daemon> daemon_;
};

TEST_F(ResponsesTest, AnswersWholeAndStreamedOnBothPaths) {
  for (const std::string base : {"/v1", "/hf/v1"}) {
    const auto reply = daemon_->post(
        base + "/responses", request("sandbox:{\"text\":\"Exactly this.\"}",
                                     R"(,"metadata":{"a":"b"},"instructions":"Be brief.")"));
    ASSERT_EQ(reply.status(), 200) << reply.body;
    const Json response = body_of(reply);
    EXPECT_TRUE(string_in(response, "id").starts_with("resp_"));
    EXPECT_EQ(response["status"], "completed");
    EXPECT_EQ(text_of(response), "Exactly this.");
    EXPECT_EQ(response["metadata"], (Json{{"a", "b"}}));
    EXPECT_EQ(response["instructions"], "Be brief.");
    EXPECT_GT(response["usage"]["total_tokens"].get<int>(), 0);
  }
  const auto streamed = create(
      request("sandbox:{\"text\":\"one two three four\",\"events\":4}", R"(,"stream":true)"));
  ASSERT_EQ(streamed.status(), 200);
  EXPECT_EQ(streamed.header("content-type"), "text/event-stream; charset=utf-8");
  EXPECT_TRUE(streamed.whole);
  const auto events = events_of(streamed.body);
  std::string text;
  for (const auto& event : events) {
    if (event["type"] == "response.output_text.delta") text += string_in(event, "delta");
  }
  EXPECT_EQ(text, "one two three four");
  EXPECT_EQ(events.front()["type"], "response.created");
  EXPECT_EQ(events.back()["type"], "response.completed");
  EXPECT_EQ(text_of(events.back()["response"]), text);
}

TEST_F(ResponsesTest, IsKeptAcrossAKillAndGoneOnWith) {
  const Json first = body_of(create(request("sandbox:{\"text\":\"Kept.\"}")));
  const std::string id(string_in(first, "id"));
  restart_after_kill();
  const auto got = daemon_->get("/v1/responses/" + id);
  ASSERT_EQ(got.status(), 200) << got.body;
  EXPECT_EQ(body_of(got), first);
  const Json items = body_of(daemon_->get("/v1/responses/" + id + "/input_items"));
  EXPECT_EQ(items["object"], "list");
  ASSERT_EQ(items["data"].size(), 1u);
  EXPECT_EQ(items["data"][0]["content"][0]["text"], "sandbox:{\"text\":\"Kept.\"}");
  EXPECT_TRUE(string_in(items["data"][0], "id").starts_with("msg_"));

  const Json next = body_of(create(request("And?", R"(,"previous_response_id":")" + id + "\"")));
  EXPECT_EQ(next["previous_response_id"], id);
  EXPECT_GT(next["usage"]["input_tokens"].get<int>(), first["usage"]["input_tokens"].get<int>());

  const Json gone = body_of(daemon_->send("DELETE", "/v1/responses/" + id));
  EXPECT_EQ(gone, (Json{{"id", id}, {"object", "response"}, {"deleted", true}}));
  EXPECT_EQ(daemon_->get("/v1/responses/" + id).status(), 404);
  const auto lost = create(request("And?", R"(,"previous_response_id":")" + id + "\""));
  EXPECT_EQ(lost.status(), 400);
  const Json error = body_of(lost)["error"];
  EXPECT_EQ(error["code"], "previous_response_not_found");
  EXPECT_EQ(error["param"], "previous_response_id");
  EXPECT_EQ(error["type"], "invalid_request_error");
}

TEST_F(ResponsesTest, WhatIsNotStoredIsNotThere) {
  const Json response = body_of(create(request("Hi", R"(,"store":false)")));
  EXPECT_EQ(response["store"], false);
  const auto got = daemon_->get("/v1/responses/" + std::string(string_in(response, "id")));
  EXPECT_EQ(got.status(), 404);
  EXPECT_EQ(body_of(got)["error"]["type"], "invalid_request_error");
}

// The sandbox refuses a call of this model that comes back unsigned.
TEST_F(ResponsesTest, SignaturesOfCallsSurviveWhicheverWayAClientGoesOn) {
  const std::string ask =
      R"({"model":"gemini-3-flash-preview",)" + kSandboxTools +
      R"(,"input":[{"role":"user","content":"sandbox:{\"call\":\"weather\",\"args\":{\"city\":\"Oslo\"}}"}])";
  const auto call_in = [](const Json& response) {
    for (const auto& item : response["output"]) {
      if (string_in(item, "type") == "function_call") return item;
    }
    return Json();
  };
  const auto output_of = [](const Json& call) {
    return R"({"type":"function_call_output","call_id":)" + to_text(call["call_id"]) +
           R"(,"output":"{\"degrees\":3}"})";
  };
  const auto answers = [&](const std::string& body) {
    const auto reply = create(body);
    EXPECT_EQ(reply.status(), 200) << reply.body;
    return reply.status() == 200 && body_of(reply)["status"] == "completed";
  };
  // The response is gone on from.
  const Json kept = body_of(create(ask + "}"));
  const Json call = call_in(kept);
  ASSERT_TRUE(call.is_object()) << kept;
  EXPECT_EQ(call["name"], "weather");
  EXPECT_EQ(call["arguments"], R"({"city":"Oslo"})");
  EXPECT_TRUE(answers(R"({"model":"gemini-3-flash-preview",)" + kSandboxTools +
                      R"(,"previous_response_id":)" + to_text(kept["id"]) + R"(,"input":[)" +
                      output_of(call) + "]}"));
  // The items are sent back, with the encrypted reasoning and without.
  const std::string stateless = R"(,"store":false,"include":["reasoning.encrypted_content"]})";
  const Json sealed = body_of(create(ask + stateless));
  std::string all, calls;
  for (const auto& item : sealed["output"]) {
    all += "," + to_text(item);
    if (string_in(item, "type") == "function_call") calls += "," + to_text(item);
  }
  EXPECT_NE(all.find("encrypted_content"), std::string::npos);
  const auto again = [&](const std::string& items) {
    auto body = ask;
    body.insert(body.size() - 1, items + "," + output_of(call_in(sealed)));
    return body + stateless;
  };
  EXPECT_TRUE(answers(again(all)));
  EXPECT_TRUE(answers(again(calls)));
  // Items are referred to.
  EXPECT_TRUE(answers([&] {
    auto body = ask;
    body.insert(body.size() - 1, R"(,{"type":"item_reference","id":)" + to_text(call["id"]) + "}," +
                                     output_of(call));
    return body + "}";
  }()));
}

TEST_F(ResponsesTest, CountsTokensOfTheInput) {
  const auto reply =
      daemon_->post("/v1/responses/input_tokens",
                    request("How many tokens are these?", R"(,"instructions":"Count.")"));
  ASSERT_EQ(reply.status(), 200) << reply.body;
  EXPECT_EQ(body_of(reply)["object"], "response.input_tokens");
  EXPECT_GT(body_of(reply)["input_tokens"].get<int>(), 5);
}

TEST_F(ResponsesTest, MistakesNameTheirParameterAndCostNoKey) {
  const struct {
    const char* name;
    const char* method;
    std::string path;
    std::string body;
    int status;
    const char* param;
  } cases[] = {
      {"an unknown item", "POST", "/v1/responses",
       R"({"model":"gemini-2.5-flash","input":[{"type":"smell"}]})", 400, "input[0].type"},
      {"a picture on a private address", "POST", "/v1/responses",
       R"({"model":"gemini-2.5-flash","input":[{"role":"user","content":[{"type":"input_image","image_url":"http://127.0.0.1/x.png"}]}]})",
       400, "input[0].content[0].image_url"},
      {"a reference into the dark", "POST", "/v1/responses",
       R"({"model":"gemini-2.5-flash","input":[{"type":"item_reference","id":"msg_aao1"}]})", 400,
       "input[0].id"},
      {"a conversation", "POST", "/v1/responses", request("Hi", R"(,"conversation":"c")"), 400,
       "conversation"},
      {"an unknown response", "GET", "/v1/responses/resp_1", "", 404, "id"},
      {"its items", "GET", "/v1/responses/resp_1/input_items", "", 404, "id"},
      {"its end", "POST", "/v1/responses/resp_1/cancel", "{}", 404, "id"},
      {"its deletion", "DELETE", "/v1/responses/resp_1", "", 404, "id"},
      {"a page of none", "GET", "/v1/responses/resp_1/input_items?limit=0", "", 400, "limit"},
      {"a strange order", "GET", "/v1/responses/resp_1/input_items?order=up", "", 400, "order"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto reply = daemon_->send(c.method, c.path, c.body);
    EXPECT_EQ(reply.status(), c.status) << reply.body;
    EXPECT_EQ(body_of(reply)["error"]["param"], c.param) << reply.body;
  }
  EXPECT_EQ(daemon_->get("/v1/responses").status(), 405);
  EXPECT_EQ(daemon_->send("PUT", "/v1/responses/resp_1").status(), 405);
  EXPECT_EQ(daemon_->post("/v1/responses/compact", "{}").status(), 501);
}

TEST_F(ResponsesTest, FaultsAreToldInTheRightShape) {
  const auto blocked = body_of(create(request("sandbox:{\"fault\":\"prompt-blocked\"}")));
  EXPECT_EQ(blocked["status"], "incomplete");
  EXPECT_EQ(blocked["incomplete_details"]["reason"], "content_filter");
  EXPECT_EQ(blocked["output"][0]["content"][0]["type"], "refusal");
  const auto none = create(request("Hi", "", "gemini-0"));
  EXPECT_EQ(none.status(), 404);
  EXPECT_EQ(body_of(none)["error"]["code"], "model_not_found");
  const auto short_one = events_of(
      create(request("sandbox:{\"text\":\"one two three four\",\"events\":4,\"fault\":\"cut,2\"}",
                     R"(,"stream":true)"))
          .body);
  ASSERT_GT(short_one.size(), 3u);
  EXPECT_EQ(short_one[short_one.size() - 2]["type"], "error");
  EXPECT_EQ(short_one.back()["type"], "response.failed");
  const Json& failed = short_one.back()["response"];
  EXPECT_EQ(failed["error"]["code"], "server_error");
  const auto got = daemon_->get("/v1/responses/" + std::string(string_in(failed, "id")));
  EXPECT_EQ(body_of(got), failed);
}

TEST_F(ResponsesTest, RunsInTheBackground) {
  const Json begun = body_of(create(
      request("sandbox:{\"text\":\"one two three\",\"events\":3}", R"(,"background":true)")));
  EXPECT_EQ(begun["status"], "in_progress");
  EXPECT_EQ(begun["background"], true);
  EXPECT_TRUE(begun["output"].empty());
  const auto path = "/v1/responses/" + std::string(string_in(begun, "id"));
  Json response;
  EXPECT_TRUE(eventually([&] {
    response = body_of(daemon_->get(path));
    return response["status"] != "in_progress";
  }));
  EXPECT_EQ(response["status"], "completed");
  EXPECT_EQ(text_of(response), "one two three");
  // Its events are there again, from any one on.
  const auto all = events_of(daemon_->get(path + "?stream=true").body);
  ASSERT_GT(all.size(), 6u);
  EXPECT_EQ(all.front()["type"], "response.created");
  EXPECT_EQ(all.back()["response"], response);
  const auto rest = events_of(daemon_->get(path + "?stream=true&starting_after=4").body);
  EXPECT_EQ(rest.size(), all.size() - 5);
  EXPECT_EQ(rest.front(), all[5]);
  // What has ended stays as it ended.
  EXPECT_EQ(body_of(daemon_->post(path + "/cancel", "{}")), response);
  const Json failed = body_of(create(request("Hi", R"(,"background":true)", "gemini-0")));
  EXPECT_TRUE(eventually([&] {
    return body_of(daemon_->get("/v1/responses/" +
                                std::string(string_in(failed, "id"))))["status"] == "failed";
  }));
}

TEST_F(ResponsesTest, AnEventStreamOfTheBackgroundIsFollowed) {
  const auto reply =
      create(request("sandbox:{\"text\":\"one two three\",\"events\":3,\"delay\":\"20ms\"}",
                     R"(,"background":true,"stream":true)"));
  ASSERT_EQ(reply.status(), 200);
  const auto events = events_of(reply.body);
  EXPECT_EQ(events.back()["type"], "response.completed");
  EXPECT_EQ(text_of(events.back()["response"]), "one two three");
}

TEST_F(ResponsesTest, WhatRanWhenTheProcessWasKilledIsNotTakenForRunning) {
  const Json begun =
      body_of(create(request("sandbox:{\"fault\":\"slow,60s\"}", R"(,"background":true)")));
  const auto path = "/v1/responses/" + std::string(string_in(begun, "id"));
  restart_after_kill();
  const auto got = daemon_->get(path);
  ASSERT_EQ(got.status(), 200) << got.body;
  const Json cancelled = body_of(daemon_->post(path + "/cancel", "{}"));
  EXPECT_EQ(cancelled["status"], "cancelled");
  EXPECT_EQ(body_of(daemon_->get(path))["status"], "cancelled");
}

/// With an upstream that the test holds in its hand.
class HeldResponsesTest : public ::testing::Test {
 protected:
  HeldResponsesTest()
      : upstream_([this](Call& call) {
          call.begin_stream();
          call.chunk("data: " + kPart + "\r\n\r\n");
          left_ = call.caller_leaves();
        }),
        daemon_(home_, upstream_.base_url(), {"key-one"}) {}

  std::atomic<bool> left_{false};
  TempDir home_;
  FakeUpstream upstream_;
  Daemon daemon_;
};

TEST_F(HeldResponsesTest, CancellingEndsTheCallOfUpstream) {
  const Json begun = body_of(daemon_.post("/v1/responses", request("Hi", R"(,"background":true)")));
  const auto path = "/v1/responses/" + std::string(string_in(begun, "id"));
  ASSERT_TRUE(eventually([&] { return !upstream_.log().empty(); }));
  const auto reply = daemon_.post(path + "/cancel", "{}");
  ASSERT_EQ(reply.status(), 200) << reply.body;
  EXPECT_EQ(body_of(reply)["status"], "cancelled");
  EXPECT_TRUE(eventually([&] { return left_.load(); }));
  EXPECT_EQ(body_of(daemon_.get(path))["status"], "cancelled");
}

TEST_F(HeldResponsesTest, AStreamThatIsCancelledSaysSo) {
  auto socket = Socket::connect(daemon_.port());
  socket.send(http_request("POST", "/v1/responses", request("Hi", R"(,"stream":true)"),
                           {"x-goog-api-key: sk-test"}));
  MessageReader reader(socket);
  ASSERT_TRUE(reader.read_head());
  std::string text;
  while (text.find("response.output_text.delta") == std::string::npos) {
    const auto more = reader.more();
    ASSERT_TRUE(more && !more->empty()) << text;
    text += *more;
  }
  const auto at = text.find("\"id\":\"resp_") + 6;
  const auto id = text.substr(at, text.find('"', at) - at);
  const auto reply = daemon_.post("/v1/responses/" + id + "/cancel", "{}");
  ASSERT_EQ(reply.status(), 200) << reply.body;
  EXPECT_EQ(body_of(reply)["status"], "cancelled");
  while (text.find("event: response.incomplete") == std::string::npos) {
    const auto more = reader.more();
    ASSERT_TRUE(more && !more->empty()) << text;
    text += *more;
  }
  EXPECT_TRUE(eventually([&] { return left_.load(); }));
}

TEST_F(HeldResponsesTest, ACutThatEndsTheProcessIsToldLater) {
  const Json begun = body_of(daemon_.post("/v1/responses", request("Hi", R"(,"background":true)")));
  ASSERT_TRUE(eventually([&] { return !upstream_.log().empty(); }));
  daemon_.process().signal(SIGTERM);
  ASSERT_TRUE(daemon_.process().says("stopping"));
  daemon_.process().signal(SIGTERM);
  EXPECT_EQ(daemon_.process().wait(), 0);
  Daemon again(home_, upstream_.base_url(), {});
  const Json response = body_of(again.get("/v1/responses/" + std::string(string_in(begun, "id"))));
  EXPECT_EQ(response["status"], "failed");
  EXPECT_EQ(response["error"]["message"], "the server was stopped");
}

TEST(ResponsesOwnerTest, AClientSeesItsOwnResponsesAlone) {
  TempDir home;
  Process process(home, {"serve", "--sandbox", "--listen", "127.0.0.1:0"},
                  {{"ALLOWED_TOKENS", "[\"sk-one\",\"sk-two\"]"}});
  ASSERT_TRUE(process.says("Try it:"));
  const auto out = process.out();
  const int port = std::atoi(out.c_str() + out.find("http://127.0.0.1:") + 17);
  const auto ask_as = [&](const std::string& token, const std::string& method,
                          const std::string& path, const std::string& body) {
    return ask(port, http_request(method, path, body, {"Authorization: Bearer " + token}));
  };
  const Json mine = body_of(ask_as("sk-one", "POST", "/v1/responses", request("Hi")));
  const std::string id(string_in(mine, "id"));
  EXPECT_EQ(ask_as("sk-one", "GET", "/v1/responses/" + id, "").status(), 200);
  for (const std::string path : {"", "/input_items"})
    EXPECT_EQ(ask_as("sk-two", "GET", "/v1/responses/" + id + path, "").status(), 404);
  EXPECT_EQ(ask_as("sk-two", "POST", "/v1/responses/" + id + "/cancel", "{}").status(), 404);
  EXPECT_EQ(ask_as("sk-two", "DELETE", "/v1/responses/" + id, "").status(), 404);
  EXPECT_EQ(ask_as("sk-two", "POST", "/v1/responses",
                   request("Hi", R"(,"previous_response_id":")" + id + "\""))
                .status(),
            400);
  EXPECT_EQ(ask_as("sk-one", "POST", "/v1/responses/" + id + "/cancel", "{}").status(), 400);
  EXPECT_EQ(ask_as("sk-one", "DELETE", "/v1/responses/" + id, "").status(), 200);
}

}  // namespace
}  // namespace gembal::testing
