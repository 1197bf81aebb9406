#include "lib/openai/forward.hpp"

#include <gtest/gtest.h>

#include "lib/core/json.hpp"
#include "tests/support/recording.hpp"

namespace gembal::openai {
namespace {

TEST(ForwardTest, KnowsOfARequestWhatItMust) {
  const struct {
    const char* name;
    std::string body;
    const char* model;
    bool streams;
    const char* input_file;
  } cases[] = {
      {"a chat", R"({"messages":[{"model":"no"}],"model":"gemini-x","stream":true})", "gemini-x",
       true, ""},
      {"one that does not stream", R"({"model":"models/gemini-x","stream":false})",
       "models/gemini-x", false, ""},
      {"an escaped model", R"({"model":"gem\u0069ni"})", "gemini", false, ""},
      {"a batch", R"({"input_file_id":"files/abc","endpoint":"/v1/chat/completions"})", "", false,
       "files/abc"},
      {"a batch of a file without its collection", R"({"input_file_id":"abc"})", "", false,
       "files/abc"},
      {"a form",
       "--x\r\ncontent-disposition: form-data; name=\"prompt\"\r\n\r\ncat\r\n--x\r\n"
       "content-disposition: form-data; name=\"model\"\r\n\r\nveo-3\r\n--x--\r\n",
       "veo-3", false, ""},
      {"a form without a model", "--x\r\n\r\n--x--\r\n", "", false, ""},
      {"wrong types", R"({"model":7,"stream":"yes","input_file_id":null})", "", false, ""},
      {"an array", R"(["model"])", "", false, ""},
      {"half of it", R"({"model":"gem)", "", false, ""},
      {"nothing", "", "", false, ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto facts = look_at_forwarded(c.body);
    EXPECT_EQ(facts.model, c.model);
    EXPECT_EQ(facts.streams, c.streams);
    EXPECT_EQ(facts.input_file, c.input_file);
  }
}

TEST(ForwardTest, PutsAnotherModelIntoABody) {
  const std::string body = R"({"a":"\"model\":\"x\"", "model" : "gemini-x" ,"b":1.50})";
  EXPECT_EQ(with_model(body, look_at_forwarded(body), "gemini-y"),
            R"({"a":"\"model\":\"x\"", "model" : "gemini-y" ,"b":1.50})");
  const auto put = [](const char* json) {
    return with_model(json, look_at_forwarded(json), "gemini-y");
  };
  EXPECT_EQ(put(" { \"prompt\":\"a\"}"), " {\"model\":\"gemini-y\", \"prompt\":\"a\"}");
  EXPECT_EQ(put("{ }"), "{\"model\":\"gemini-y\" }");
  EXPECT_EQ(put("[]"), "[]");
  EXPECT_EQ(put(""), "");
}

const std::string kChunk = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
const std::string kGoogles =
    R"({"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}})";

TEST(ForwardTest, AnErrorAmongEventsIsTheirEndInOpenAisShape) {
  const struct {
    const char* name;
    std::string events;
    std::size_t before;  ///< bytes of events that go first
    const char* type;
    const char* says;
  } cases[] = {
      {"an event", "data: " + kGoogles + "\n\n", 0, "server_error", "overloaded"},
      {"in an array", "data: [" + kGoogles + "]\n\n", 0, "server_error", "overloaded"},
      {"after others, and [DONE] behind it", kChunk + "data: " + kGoogles + "\n\ndata: [DONE]\n\n",
       kChunk.size(), "server_error", "overloaded"},
      {"without a frame, over several lines",
       "{\n  \"error\": {\n    \"code\": 429,\n    \"message\": \"Too much.\"\n  }\n}\n", 0,
       "rate_limit_error", "Too much."},
      {"without a frame in an array", kChunk + "[" + kGoogles + "\n]\n", kChunk.size(),
       "server_error", "overloaded"},
      {"without a frame, and an empty line behind it", kGoogles + "\n\n", 0, "server_error",
       "overloaded"},
      {"an event without its empty line", "data: " + kGoogles, 0, "server_error", "overloaded"},
      {"a text for an error", "data: {\"error\":\"gone\"}\n\n", 0, "server_error", "gone"},
      {"what no client may be blamed for", R"(data: {"error":{"code":401,"message":"key"}})", 0,
       "server_error", "key"},
      {"a caller's own fault", R"(data: {"error":{"code":400,"message":"bad"}})", 0,
       "invalid_request_error", "bad"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto broken = break_off_at_error(c.events);
    ASSERT_TRUE(broken);
    EXPECT_NE(broken->message.find(c.says), std::string::npos) << broken->message;
    EXPECT_EQ(broken->events.substr(0, c.before), c.events.substr(0, c.before));
    const auto rest = broken->events.substr(c.before);
    ASSERT_TRUE(rest.starts_with("data: ") && rest.ends_with("\n\n")) << rest;
    const auto json = parse_json(rest.substr(6));
    ASSERT_TRUE(json) << rest;
    EXPECT_EQ((*json)["error"]["type"], c.type);
    EXPECT_EQ((*json)["error"]["message"], broken->message);
  }
}

TEST(ForwardTest, WhatIsNoErrorStaysAsItIs) {
  const std::string cases[] = {
      "",
      kChunk,
      kChunk + "data: [DONE]\n\n",
      R"(data: {"choices":[{"delta":{"content":"\"error\": no"}}]})"
      "\n\n",
      R"(data: {"choices":[{"delta":{"error":"in a delta"}}],"error":null})"
      "\n\n",
      ": \"error\"\n\n",
      "data: {\"error\"",
  };
  for (const auto& events : cases) EXPECT_FALSE(break_off_at_error(events)) << events;
}

TEST(ForwardTest, RecordedStreamsStayAsTheyAre) {
  for (const auto& recording : testing::recordings("openai.chat")) {
    SCOPED_TRACE(recording.name);
    EXPECT_FALSE(break_off_at_error(recording.body));
  }
}

}  // namespace
}  // namespace gembal::openai
