// Anthropic's Messages API through the running binary, with the sandbox upstream.

#include <gtest/gtest.h>

#include "lib/core/json.hpp"
#include "tests/e2e/bodies.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

constexpr auto kPath = "/v1/messages?beta=true";
constexpr auto kSigning = "gemini-3.5-flash";

/// As Anthropic's SDKs ask.
class AnthropicTest : public ::testing::Test {
 protected:
  explicit AnthropicTest(const std::string& scenario = "", const std::string& toml = "")
      : sandbox_(sandbox_home_, scenario),
        daemon_(home_, sandbox_.base_url(), {"key-one", "key-two"}, toml) {}

  Message send(const std::string& method, const std::string& path, const Json& body,
               std::vector<std::string> more = {}) {
    more.insert(more.end(), {"x-api-key: sk-test", "anthropic-version: 2023-06-01"});
    return ask(daemon_.port(),
               http_request(method, path, body.is_null() ? "" : to_text(body), more));
  }
  Message post(const Json& body, const std::vector<std::string>& more = {}) {
    return send("POST", kPath, body, more);
  }

  TempDir sandbox_home_;
  TempDir home_;
  SandboxProcess sandbox_;
  Daemon daemon_;
};

Json message(const std::string& content, const char* model = "claude-sonnet-4-5") {
  return {{"model", model},
          {"max_tokens", 1024},
          {"messages", Json::array({{{"role", "user"}, {"content", content}}})}};
}

struct Event {
  std::string name;
  Json data;
};

std::vector<Event> events_in(const std::string& body) {
  std::vector<Event> events;
  for (auto at = body.find("event: "); at != std::string::npos; at = body.find("event: ", at + 1)) {
    const auto end = body.find('\n', at);
    const auto data = body.find("data: ", end) + 6;
    events.push_back({body.substr(at + 7, end - at - 7), *parse_json(std::string_view(body).substr(
                                                             data, body.find('\n', data) - data))});
  }
  return events;
}

std::vector<std::string> names_of(const std::vector<Event>& events) {
  std::vector<std::string> names;
  for (const auto& event : events) {
    if (names.empty() || names.back() != event.name) names.push_back(event.name);
  }
  return names;
}

TEST_F(AnthropicTest, AnswersUnderTheNameThatWasAskedFor) {
  for (const char* model : {"claude-sonnet-4-5", "gemini-2.5-flash"}) {
    for (const char* path : {"/v1/messages", kPath, "/hf/v1/messages"}) {
      const auto reply = send("POST", path, message("sandbox:{\"text\":\"Exactly this.\"}", model));
      ASSERT_EQ(reply.status(), 200) << reply.body;
      EXPECT_FALSE(reply.header("request-id").empty());
      const Json json = *parse_json(reply.body);
      EXPECT_EQ(json["type"], "message");
      EXPECT_EQ(json["role"], "assistant");
      EXPECT_EQ(json["model"], model);
      EXPECT_TRUE(json["id"].get<std::string>().starts_with("msg_"));
      EXPECT_EQ(json["content"], Json::array({{{"type", "text"}, {"text", "Exactly this."}}}));
      EXPECT_EQ(json["stop_reason"], "end_turn");
      EXPECT_GT(json["usage"]["input_tokens"].get<int>(), 0);
      EXPECT_GT(json["usage"]["output_tokens"].get<int>(), 0);
    }
  }
}

TEST_F(AnthropicTest, StreamsThoughtsThenText) {
  auto request =
      message("sandbox:{\"thoughts\":\"hm\",\"text\":\"one two three four\",\"events\":4}");
  request["max_tokens"] = 8000;
  request["thinking"] = {{"type", "enabled"}, {"budget_tokens", 2000}};
  request["stream"] = true;
  const auto reply = post(request);
  ASSERT_EQ(reply.status(), 200) << reply.body;
  EXPECT_EQ(reply.header("content-type"), "text/event-stream; charset=utf-8");
  EXPECT_TRUE(reply.whole);
  const auto events = events_in(reply.body);
  EXPECT_EQ(
      names_of(events),
      (std::vector<std::string>{"message_start", "content_block_start", "content_block_delta",
                                "content_block_stop", "content_block_start", "content_block_delta",
                                "content_block_stop", "message_delta", "message_stop"}));
  std::string text, thinking;
  for (const auto& event : events) {
    if (const Json* delta = find(event.data, "delta")) {
      text += string_in(*delta, "text");
      thinking += string_in(*delta, "thinking");
    }
  }
  EXPECT_EQ(text, "one two three four");
  EXPECT_EQ(thinking, "hm");
  EXPECT_GT(events.front().data["message"]["usage"]["input_tokens"].get<int>(), 0);
  const auto& last = events[events.size() - 2].data;
  EXPECT_EQ(last["delta"]["stop_reason"], "end_turn");
  EXPECT_GT(last["usage"]["output_tokens_details"]["thinking_tokens"].get<int>(), 0);
}

Json with_weather(Json request) {
  request["tools"] = *parse_json(
      R"([{"name":"get_weather","description":"The weather","input_schema":{"type":"object","properties":{"city":{"type":"string"}}}}])");
  return request;
}

TEST_F(AnthropicTest, CallsToolsAndTakesTheirResultsWithSignaturesInThinkingBlocks) {
  auto request = with_weather(message("What is the weather?", kSigning));
  request["max_tokens"] = 8000;
  request["thinking"] = {{"type", "adaptive"}};
  const auto asked = post(request);
  ASSERT_EQ(asked.status(), 200) << asked.body;
  const Json reply = *parse_json(asked.body);
  EXPECT_EQ(reply["stop_reason"], "tool_use");
  const Json& content = reply["content"];
  ASSERT_EQ(content.size(), 2u) << asked.body;
  EXPECT_EQ(content[0]["type"], "thinking");
  EXPECT_GT(content[0]["signature"].get<std::string>().size(), 10u);
  EXPECT_EQ(content[1]["type"], "tool_use");
  EXPECT_TRUE(content[1]["input"].is_object());

  request["messages"].push_back({{"role", "assistant"}, {"content", content}});
  request["messages"].push_back({{"role", "user"},
                                 {"content", Json::array({{{"type", "tool_result"},
                                                           {"tool_use_id", content[1]["id"]},
                                                           {"content", "rain"}}})}});
  const auto answered = post(request);
  ASSERT_EQ(answered.status(), 200) << answered.body;
  EXPECT_EQ(answered.header("x-gembal-attempts"), "");
  EXPECT_EQ((*parse_json(answered.body))["stop_reason"], "end_turn");

  // A client that keeps no thinking blocks, or changed from another model, is served, too.
  for (const bool foreign : {false, true}) {
    auto& assistant = request["messages"][1]["content"];
    assistant = Json::array({content[1]});
    if (foreign)
      assistant.insert(assistant.begin(),
                       Json{{"type", "thinking"}, {"thinking", "hm"}, {"signature", "EqMBCkYI"}});
    const auto served = post(request);
    EXPECT_EQ(served.status(), 200) << served.body;
  }
}

TEST_F(AnthropicTest, StreamsACall) {
  auto request = with_weather(message("What is the weather?", kSigning));
  request["stream"] = true;
  const auto reply = post(request);
  ASSERT_EQ(reply.status(), 200) << reply.body;
  std::string input;
  bool called = false;
  for (const auto& event : events_in(reply.body)) {
    if (event.name == "content_block_start")
      called |= event.data["content_block"]["name"] == "get_weather";
    if (event.name == "content_block_delta")
      input += string_in(event.data["delta"], "partial_json");
    if (event.name == "message_delta") {
      EXPECT_EQ(event.data["delta"]["stop_reason"], "tool_use");
    }
  }
  EXPECT_TRUE(called) << reply.body;
  EXPECT_TRUE((*parse_json(input)).is_object());
}

TEST_F(AnthropicTest, CountsTokens) {
  auto request = message("one two three four five");
  request.erase("max_tokens");
  const auto count = [&] {
    const auto reply = send("POST", "/v1/messages/count_tokens?beta=true", request);
    EXPECT_EQ(reply.status(), 200) << reply.body;
    return (*parse_json(reply.body))["input_tokens"].get<int>();
  };
  const int alone = count();
  EXPECT_GT(alone, 0);
  request["system"] = "Be brief, and be kind, and answer in verse.";
  const int with_system = count();
  EXPECT_GT(with_system, alone);
  request["thinking"] = {{"type", "enabled"}, {"budget_tokens", 2000}};
  EXPECT_EQ(count(), with_system);
}

TEST_F(AnthropicTest, ListsModels) {
  const auto reply = send("GET", "/v1/models?limit=20", nullptr);
  ASSERT_EQ(reply.status(), 200) << reply.body;
  const Json list = *parse_json(reply.body);
  EXPECT_EQ(list["has_more"], false);
  EXPECT_GT(list["data"].size(), 3u);
  EXPECT_EQ(list["data"][0]["type"], "model");
  EXPECT_EQ(list["first_id"], list["data"][0]["id"]);
  const auto one = send("GET", "/v1/models/gemini-2.5-flash", nullptr);
  ASSERT_EQ(one.status(), 200);
  EXPECT_EQ((*parse_json(one.body))["id"], "gemini-2.5-flash");
  const auto none = send("GET", "/v1/models/gemini-0", nullptr);
  EXPECT_EQ(none.status(), 404);
  EXPECT_EQ((*parse_json(none.body))["error"]["type"], "not_found_error");
}

TEST_F(AnthropicTest, ErrorsHaveAnthropicsShape) {
  const struct {
    const char* name;
    Json body;
    std::vector<std::string> headers;
    int status;
    const char* type;
  } cases[] = {
      {"a wrong request", Json{{"model", "claude-x"}}, {}, 400, "invalid_request_error"},
      {"no model", Json{{"messages", Json::array()}}, {}, 400, "invalid_request_error"},
      {"a model that is not there", message("hi", "gemini-0"), {}, 404, "not_found_error"},
      {"a prompt that is too long",
       message("sandbox:{\"fault\":\"too-many-tokens\"}"),
       {},
       400,
       "invalid_request_error"},
      {"a model with too much to do",
       message("sandbox:{\"fault\":\"overloaded\"}"),
       {},
       529,
       "overloaded_error"},
      {"a model that fails", message("sandbox:{\"fault\":\"bad500\"}"), {}, 500, "api_error"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    for (const bool stream : {false, true}) {
      auto body = c.body;
      body["stream"] = stream;
      const auto reply = post(body, c.headers);
      EXPECT_EQ(reply.status(), c.status) << reply.body;
      const Json error = *parse_json(reply.body);
      EXPECT_EQ(error["type"], "error");
      EXPECT_EQ(error["error"]["type"], c.type);
      EXPECT_EQ(error["request_id"], reply.header("request-id"));
    }
  }
  const auto unknown = send("POST", "/v1/messages/batches", Json::object());
  EXPECT_EQ((*parse_json(unknown.body))["type"], "error");
  const auto read = send("GET", kPath, nullptr);
  EXPECT_EQ(read.status(), 405);
  const auto stranger = ask(
      daemon_.port(), http_request("POST", kPath, to_text(message("hi")), {"x-api-key: wrong"}));
  EXPECT_EQ(stranger.status(), 401);
  EXPECT_EQ((*parse_json(stranger.body))["error"]["type"], "authentication_error");
}

TEST_F(AnthropicTest, LinksToPrivateAddressesAreTheClientsMistake) {
  auto request = message("");
  request["messages"][0]["content"] = *parse_json(
      R"([{"type":"image","source":{"type":"url","url":"http://127.0.0.1:9/picture.png"}}])");
  const auto reply = post(request);
  EXPECT_EQ(reply.status(), 400) << reply.body;
  EXPECT_EQ((*parse_json(reply.body))["error"]["type"], "invalid_request_error");
}

TEST(AnthropicSignaturesTest, AreKeptForClientsThatDropThem) {
  FakeUpstream upstream([](Call& call) {
    const bool answers = call.request.body.find("functionResponse") != std::string::npos;
    call.reply(
        200,
        answers
            ? kAnswer
            : R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"get_weather","args":{},"id":"c1"},"thoughtSignature":"U0lHTkVE"}]},"finishReason":"STOP"}]})");
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"});
  auto request = with_weather(message("What is the weather?", kSigning));
  const auto asked = daemon.post("/v1/messages", to_text(request));
  ASSERT_EQ(asked.status(), 200) << asked.body;
  request["messages"].push_back(
      {{"role", "assistant"}, {"content", (*parse_json(asked.body))["content"]}});
  request["messages"].push_back(*parse_json(
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"rain"}]})"));
  ASSERT_EQ(daemon.post("/v1/messages", to_text(request)).status(), 200);
  EXPECT_NE(upstream.last().body.find("U0lHTkVE"), std::string::npos);
}

TEST_F(AnthropicTest, ABlockedPromptIsARefusal) {
  for (const bool stream : {false, true}) {
    auto request = message("sandbox:{\"fault\":\"prompt-blocked\"}");
    request["stream"] = stream;
    const auto reply = post(request);
    EXPECT_EQ(reply.status(), 200);
    EXPECT_NE(reply.body.find(R"("stop_reason":"refusal")"), std::string::npos) << reply.body;
  }
}

TEST_F(AnthropicTest, AStreamThatBreaksOffEndsWithAnErrorEvent) {
  for (const char* fault : {"cut,2", "half,2", "short,2", "error-event,2,overloaded"}) {
    SCOPED_TRACE(fault);
    auto request = message(
        std::string("sandbox:{\"text\":\"a b c d e f\",\"events\":6,\"fault\":\"") + fault + "\"}");
    request["stream"] = true;
    const auto reply = post(request);
    ASSERT_EQ(reply.status(), 200) << reply.body;
    EXPECT_TRUE(reply.whole);
    const auto events = events_in(reply.body);
    EXPECT_EQ(events.front().name, "message_start");
    EXPECT_EQ(events.back().name, "error");
    EXPECT_EQ(reply.body.find("message_stop"), std::string::npos);
  }
}

class BeatingTest : public AnthropicTest {
 protected:
  BeatingTest() : AnthropicTest("", "[stream]\nheartbeat = \"20ms\"\n") {}
};

TEST_F(BeatingTest, ASilentStreamPings) {
  auto request = message("sandbox:{\"text\":\"late\",\"fault\":\"slow,300ms\"}");
  request["stream"] = true;
  const auto reply = post(request);
  ASSERT_EQ(reply.status(), 200) << reply.body;
  EXPECT_TRUE(reply.body.starts_with("event: ping\ndata: {\"type\":\"ping\"}\n\n")) << reply.body;
  EXPECT_EQ(events_in(reply.body).back().name, "message_stop");
}

class StandInTest : public AnthropicTest {
 protected:
  StandInTest() : AnthropicTest("", "[models]\nanthropic = \"gemini-0\"\n") {}
};

TEST_F(StandInTest, TheConfigurationSaysWhichModelAnswersForAnthropics) {
  EXPECT_EQ(post(message("hi", "claude-3-haiku")).status(), 404);
  EXPECT_EQ(post(message("hi", "gemini-2.5-flash")).status(), 200);
}

}  // namespace
}  // namespace gembal::testing
