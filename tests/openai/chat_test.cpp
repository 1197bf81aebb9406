#include "lib/openai/chat.hpp"

#include <gtest/gtest.h>

#include "lib/core/json.hpp"

namespace gembal::openai {
namespace {

std::string with_messages(const std::string& messages, const std::string& more = "",
                          const std::string& model = "gemini-2.5-flash") {
  return R"({"model":")" + model + R"(","messages":)" + messages +
         (more.empty() ? "" : "," + more) + "}";
}

const std::string kHi = R"([{"role":"user","content":"hi"}])";
const std::string kHiTranslated = R"("contents":[{"role":"user","parts":[{"text":"hi"}]}])";

TEST(ReadChatTest, TranslatesMessages) {
  const struct {
    const char* name;
    std::string messages;
    std::string expected;  // without the braces
    std::string model = "gemini-2.5-flash";
  } cases[] = {
      {"one question", kHi, kHiTranslated},
      {"system and developer, wherever they stand",
       R"([{"role":"system","content":"A"},{"role":"user","content":"hi"},{"role":"developer","content":"B"}])",
       R"("systemInstruction":{"parts":[{"text":"A"},{"text":"B"}]},)" + kHiTranslated},
      {"only a system message becomes the question", R"([{"role":"system","content":"hi"}])",
       kHiTranslated},
      {"several turns",
       R"([{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}])",
       R"("contents":[{"role":"user","parts":[{"text":"a"}]},{"role":"model","parts":[{"text":"b"}]},{"role":"user","parts":[{"text":"c"}]}])"},
      {"users in a row are one turn",
       R"([{"role":"user","content":"a"},{"role":"user","content":"b"}])",
       R"("contents":[{"role":"user","parts":[{"text":"a"},{"text":"b"}]}])"},
      {"parts, and a picture in a data URL",
       R"([{"role":"user","content":[{"type":"text","text":"what?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBO Rw=="}}]}])",
       R"("contents":[{"role":"user","parts":[{"text":"what?"},{"inlineData":{"mimeType":"image/png","data":"iVBORw=="}}]}])"},
      {"a data URL with a charset, percent-encoded",
       R"([{"role":"user","content":[{"type":"image_url","image_url":"data:image/svg+xml;charset=utf-8;base64,YQ%3D%3D"}]}])",
       R"("contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"image/svg+xml","data":"YQ=="}}]}])"},
      {"an empty question is a blank", R"([{"role":"user","content":""}])",
       R"("contents":[{"role":"user","parts":[{"text":" "}]}])"},
      {"sound",
       R"([{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}]}])",
       R"("contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"audio/wav","data":"AAAA"}}]}])"},
      {"calls and their results, in the order of the calls",
       R"([{"role":"user","content":"go"},
           {"role":"assistant","content":null,"tool_calls":[
              {"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},
              {"id":"c2","type":"function","function":{"name":"g","arguments":""}}]},
           {"role":"tool","tool_call_id":"c2","content":"two"},
           {"role":"tool","tool_call_id":"c1","content":"{\"x\":1}"}])",
       R"("contents":[{"role":"user","parts":[{"text":"go"}]},)"
       R"({"role":"model","parts":[{"functionCall":{"name":"f","args":{"a":1}}},{"functionCall":{"name":"g","args":{}}}]},)"
       R"({"role":"user","parts":[{"functionResponse":{"name":"f","response":{"x":1}}},{"functionResponse":{"name":"g","response":{"result":"two"}}}]}])"},
      {"a result that is missing is made up",
       R"([{"role":"user","content":"go"},{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f","arguments":"{}"}}]},{"role":"user","content":"so?"}])",
       R"("contents":[{"role":"user","parts":[{"text":"go"}]},{"role":"model","parts":[{"functionCall":{"name":"f","args":{}}}]},)"
       R"({"role":"user","parts":[{"functionResponse":{"name":"f","response":{"error":"no result"}}}]},{"role":"user","parts":[{"text":"so?"}]}])"},
      {"a result of no call is text", R"([{"role":"tool","tool_call_id":"x","content":"lost"}])",
       R"("contents":[{"role":"user","parts":[{"text":"lost"}]}])"},
      {"from the third generation on calls are signed and named",
       R"([{"role":"user","content":"go"},{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f","arguments":"{}"},
           "extra_content":{"google":{"thought_signature":"SIG"}}}]},{"role":"tool","tool_call_id":"c","content":"1"}])",
       R"("contents":[{"role":"user","parts":[{"text":"go"}]},{"role":"model","parts":[{"functionCall":{"name":"f","args":{},"id":"c"},"thoughtSignature":"SIG"}]},)"
       R"({"role":"user","parts":[{"functionResponse":{"name":"f","id":"c","response":{"result":"1"}}}]}])",
       "gemini-3.5-flash"},
      {"Gemma knows no system instruction",
       R"([{"role":"system","content":"A"},{"role":"user","content":"hi"}])",
       R"("contents":[{"role":"user","parts":[{"text":"A"},{"text":"hi"}]}])", "gemma-3-27b-it"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto call = read_chat(with_messages(c.messages, "", c.model));
    ASSERT_TRUE(call) << call.error().message;
    EXPECT_EQ(call->model, c.model);
    EXPECT_EQ(call->body, "{" + c.expected + "}");
  }
}

TEST(ReadChatTest, TranslatesParameters) {
  const struct {
    const char* name;
    std::string parameters;
    std::string config;  // "" for none
    std::string model = "gemini-2.5-flash";
  } cases[] = {
      {"sampling", R"("temperature":0.5,"top_p":1,"top_k":40,"seed":7)",
       R"({"temperature":0.5,"topP":1,"topK":40,"seed":7})"},
      {"null means absent", R"("temperature":null,"stop":null,"max_tokens":null)", ""},
      {"a 64-bit seed", R"("seed":9007199254740993)", R"({"seed":1})"},
      {"the newer name of the length wins", R"("max_tokens":5,"max_completion_tokens":9)",
       R"({"maxOutputTokens":9})"},
      {"stop, one or several", R"("stop":["a","","b"])", R"({"stopSequences":["a","b"]})"},
      {"a penalty of zero is none", R"("presence_penalty":0,"frequency_penalty":0.5)",
       R"({"frequencyPenalty":0.5})"},
      {"one candidate is the default", R"("n":1)", ""},
      {"JSON", R"("response_format":{"type":"json_object"})",
       R"({"responseMimeType":"application/json"})"},
      {"a schema keeps its order",
       R"("response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"type":"object","properties":{"b":{},"a":{}}}}})",
       R"({"responseMimeType":"application/json","responseJsonSchema":{"type":"object","properties":{"b":{},"a":{}}}})"},
      {"effort on 2.5: a budget", R"("reasoning_effort":"low")",
       R"({"thinkingConfig":{"thinkingBudget":1024}})"},
      {"no effort on 2.5 flash", R"("reasoning_effort":"none")",
       R"({"thinkingConfig":{"thinkingBudget":0}})"},
      {"effort on 3: a level", R"("reasoning_effort":"medium")",
       R"({"thinkingConfig":{"thinkingLevel":"MEDIUM"}})", "gemini-3.5-flash"},
      {"effort where nothing thinks", R"("reasoning_effort":"high")", "", "gemma-3-27b-it"},
      {"Google's own extras",
       R"("extra_body":{"google":{"thinking_config":{"include_thoughts":true}}})",
       R"({"thinkingConfig":{"include_thoughts":true}})"},
      {"unknown members are passed over",
       R"("user":"me","logit_bias":{},"store":true,"foo":{"bar":[1]})", ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto call = read_chat(with_messages(kHi, c.parameters, c.model));
    ASSERT_TRUE(call) << call.error().message;
    EXPECT_EQ(call->body, "{" + kHiTranslated +
                              (c.config.empty() ? "" : ",\"generationConfig\":" + c.config) + "}");
  }
  const auto streamed = read_chat(with_messages(
      kHi, R"("stream":true,"stream_options":{"include_usage":true})", "models/gemini-2.5-flash"));
  EXPECT_TRUE(streamed->stream);
  EXPECT_TRUE(streamed->include_usage);
  EXPECT_EQ(streamed->model, "gemini-2.5-flash");
}

TEST(ReadChatTest, TranslatesTools) {
  const std::string tool =
      R"({"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object","additionalProperties":false},"strict":true}})";
  const struct {
    const char* name;
    std::string parameters;
    const char* has;
  } cases[] = {
      {"a declaration", "\"tools\":[" + tool + "]",
       R"("functionDeclarations":[{"name":"f","description":"d")"},
      {"required", "\"tools\":[" + tool + R"(],"tool_choice":"required")", R"("mode":"ANY")"},
      {"none", "\"tools\":[" + tool + R"(],"tool_choice":"none")", R"("mode":"NONE")"},
      {"a certain one",
       "\"tools\":[" + tool + R"(],"tool_choice":{"type":"function","function":{"name":"f"}})",
       R"("allowedFunctionNames":["f"])"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto call = read_chat(with_messages(kHi, c.parameters));
    ASSERT_TRUE(call) << call.error().message;
    EXPECT_NE(call->body.find(c.has), std::string::npos) << call->body;
    EXPECT_EQ(call->body.find("strict"), std::string::npos);
  }
}

TEST(ReadChatTest, NamesWhatIsWrong) {
  const struct {
    const char* name;
    std::string json;
    const char* says;
  } cases[] = {
      {"no JSON", "{", "JSON"},
      {"no object", "[]", "object"},
      {"no model", R"({"messages":[]})", "'model'"},
      {"a model that leaves its path", with_messages(kHi, "", "../x"), "'model'"},
      {"no messages", R"({"model":"m"})", "'messages'"},
      {"empty messages", with_messages("[]"), "'messages'"},
      {"an unknown role", with_messages(R"([{"role":"wizard","content":"x"}])"),
       "messages[0]: the role 'wizard'"},
      {"a message that is none", with_messages("[7]"), "messages[0]"},
      {"an unknown kind of part",
       with_messages(R"([{"role":"user","content":[{"type":"smell"}]}])"), "'smell'"},
      {"a picture without a URL",
       with_messages(
           R"([{"role":"user","content":[{"type":"image_url","image_url":{"url":"x.png"}}]}])"),
       "'image_url'"},
      {"a call without a name",
       with_messages(R"([{"role":"assistant","tool_calls":[{"id":"c"}]}])"), "tool_calls"},
      {"hot", with_messages(kHi, R"("temperature":3)"), "'temperature' must be from 0 to 2"},
      {"a number in words", with_messages(kHi, R"("top_p":"much")"), "'top_p' must be a number"},
      {"no tokens", with_messages(kHi, R"("max_tokens":0)"), "'max_tokens'"},
      {"a stop of numbers", with_messages(kHi, R"("stop":[1])"), "'stop'"},
      {"a format of its own", with_messages(kHi, R"("response_format":{"type":"xml"})"),
       "'response_format.type'"},
      {"an unknown effort", with_messages(kHi, R"("reasoning_effort":"some")"),
       "'reasoning_effort'"},
      {"nested too deep",
       with_messages("[" + std::string(100'000, '[') + std::string(100'000, ']') + "]"), "deep"},
      {"invalid UTF-8", with_messages("[{\"role\":\"user\",\"content\":\"\xff\"}]"), "UTF-8"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto call = read_chat(c.json);
    ASSERT_FALSE(call);
    EXPECT_EQ(call.error().kind, ErrorKind::bad_request);
    EXPECT_NE(call.error().message.find(c.says), std::string::npos) << call.error().message;
  }
}

}  // namespace
}  // namespace gembal::openai
