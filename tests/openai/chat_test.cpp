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

Result<ChatCall> read_chat(std::string_view text, std::string_view model = {}) {
  auto request = parse_json(text);
  if (!request) return std::move(request).error();
  return translate_chat(*std::move(request), model,
                        [](std::string_view id) { return id == "kept" ? "SIG of kept" : ""; });
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
       R"([{"role":"user","content":[{"type":"text","text":"what?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBO Rw0K Ggo="}}]}])",
       R"("contents":[{"role":"user","parts":[{"text":"what?"},{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}}]}])"},
      {"a data URL with a charset, percent-encoded",
       R"([{"role":"user","content":[{"type":"image_url","image_url":"data:image/jpg;charset=utf-8;base64,%2F9j%2F"}]}])",
       R"("contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"image/jpeg","data":"/9j/"}}]}])"},
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
      {"a signature that was kept is put back; of calls side by side the first is signed",
       R"([{"role":"user","content":"go"},{"role":"assistant","tool_calls":[{"id":"kept","function":{"name":"f","arguments":"{}"}},
           {"id":"d","function":{"name":"g","arguments":"[1]"}}]}])",
       R"("contents":[{"role":"user","parts":[{"text":"go"}]},{"role":"model","parts":[{"functionCall":{"name":"f","args":{},"id":"kept"},"thoughtSignature":"SIG of kept"},)"
       R"({"functionCall":{"name":"g","args":{"value":"[1]"},"id":"d"}}]},)"
       R"({"role":"user","parts":[{"functionResponse":{"name":"f","id":"kept","response":{"error":"no result"}}},{"functionResponse":{"name":"g","id":"d","response":{"error":"no result"}}}]}])",
       "gemini-3.5-flash"},
      {"a signature that nobody kept is made up",
       R"([{"role":"user","content":"go"},{"role":"assistant","tool_calls":[{"id":"x","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"x","content":""}])",
       R"("contents":[{"role":"user","parts":[{"text":"go"}]},{"role":"model","parts":[{"functionCall":{"name":"f","args":{},"id":"x"},"thoughtSignature":"skip_thought_signature_validator"}]},)"
       R"({"role":"user","parts":[{"functionResponse":{"name":"f","id":"x","response":{"result":""}}}]}])",
       "gemini-3.5-flash"},
      {"a picture among a tool's results",
       R"([{"role":"user","content":"go"},{"role":"assistant","tool_calls":[{"id":"x","function":{"name":"f"},"extra_content":{"google":{"thought_signature":"S"}}}]},
           {"role":"tool","tool_call_id":"x","content":[{"type":"text","text":"see"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]}])",
       R"("contents":[{"role":"user","parts":[{"text":"go"}]},{"role":"model","parts":[{"functionCall":{"name":"f","args":{},"id":"x"},"thoughtSignature":"S"}]},)"
       R"({"role":"user","parts":[{"functionResponse":{"name":"f","id":"x","response":{"result":"see"},"parts":[{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}}]}}]}])",
       "gemini-3.5-flash"},
      {"one function, as it was before tools",
       R"([{"role":"user","content":"go"},{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{\"a\":1}"}},{"role":"function","name":"f","content":"done"}])",
       R"("contents":[{"role":"user","parts":[{"text":"go"}]},{"role":"model","parts":[{"functionCall":{"name":"f","args":{"a":1}}}]},)"
       R"({"role":"user","parts":[{"functionResponse":{"name":"f","response":{"result":"done"}}}]}])"},
      {"a refusal is what the model said",
       R"([{"role":"user","content":"a"},{"role":"assistant","content":null,"refusal":"no"},{"role":"user","content":"b"}])",
       R"("contents":[{"role":"user","parts":[{"text":"a"}]},{"role":"model","parts":[{"text":"no"}]},{"role":"user","parts":[{"text":"b"}]}])"},
      {"files by their Gemini names, links that upstream opens, a document",
       R"([{"role":"user","content":[{"type":"file","file":{"file_id":"files/abc"}},{"type":"video_url","video_url":{"url":"https://www.youtube.com/watch?v=x"}},
           {"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBERi0xLjc="}}]}])",
       R"("contents":[{"role":"user","parts":[{"fileData":{"fileUri":"https://generativelanguage.googleapis.com/v1beta/files/abc"}},)"
       R"({"fileData":{"fileUri":"https://www.youtube.com/watch?v=x"}},{"inlineData":{"mimeType":"application/pdf","data":"JVBERi0xLjc="}}]}])"},
      {"thoughts of other models are left out",
       R"([{"role":"user","content":"a"},{"role":"assistant","reasoning_content":"hm","content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"b"}]},{"role":"user","content":"c"}])",
       R"("contents":[{"role":"user","parts":[{"text":"a"}]},{"role":"model","parts":[{"text":"b"}]},{"role":"user","parts":[{"text":"c"}]}])"},
      {"Gemma knows no system instruction",
       R"([{"role":"system","content":"A"},{"role":"user","content":"hi"}])",
       R"("contents":[{"role":"user","parts":[{"text":"A"},{"text":"hi"}]}])", "gemma-3-27b-it"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto call = read_chat(with_messages(c.messages, "", c.model));
    ASSERT_TRUE(call) << call.error().message;
    EXPECT_EQ(call->model, c.model);
    EXPECT_EQ(to_text(call->body), "{" + c.expected + "}");
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
       R"({"frequencyPenalty":0.5})", "gemini-2.0-flash"},
      {"models that think take no penalties", R"("presence_penalty":1)", ""},
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
       R"({"thinkingConfig":{"includeThoughts":true}})"},
      {"extras of Google's where some SDKs put them, in either case",
       R"("google":{"thinkingConfig":{"thinkingBudget":5},"media_resolution":"LOW"})",
       R"({"thinkingConfig":{"thinkingBudget":5},"mediaResolution":"LOW"})"},
      {"sound for an answer", R"("modalities":["text","audio"])",
       R"({"responseModalities":["AUDIO"]})"},
      {"unknown members are passed over",
       R"("user":"me","logit_bias":{},"store":true,"foo":{"bar":[1]})", ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto call = read_chat(with_messages(kHi, c.parameters, c.model));
    ASSERT_TRUE(call) << call.error().message;
    EXPECT_EQ(
        to_text(call->body),
        "{" + kHiTranslated + (c.config.empty() ? "" : ",\"generationConfig\":" + c.config) + "}");
  }
  const auto streamed = read_chat(with_messages(
      kHi, R"("stream":true,"stream_options":{"include_usage":true})", "models/gemini-2.5-flash"));
  EXPECT_TRUE(streamed->stream);
  EXPECT_TRUE(streamed->wishes.include_usage);
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
      {"some of them",
       "\"tools\":[" + tool +
           R"(],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"f"}}]}})",
       R"("mode":"ANY","allowedFunctionNames":["f"])"},
      {"the web", R"("web_search_options":{})", R"("tools":[{"googleSearch":{}}])"},
      {"the web as a tool", R"("tools":[{"type":"web_search_preview_2025_03_11"}])",
       R"("tools":[{"googleSearch":{}}])"},
      {"Gemini's own tools by their own names",
       R"("tools":[{"url_context":{}},{"codeExecution":{}}])",
       R"("tools":[{"urlContext":{}},{"codeExecution":{}}])"},
      {"a tool that takes a text",
       R"("tools":[{"type":"custom","custom":{"name":"sql","description":"d"}}])",
       R"("parametersJsonSchema":{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]})"},
      {"on 2.5 functions and the web are not together",
       "\"tools\":[" + tool + R"(,{"type":"web_search"}])",
       R"("tools":[{"functionDeclarations":[)"},
      {"a function from before there were tools",
       R"("functions":[{"name":"f","parameters":{"type":"object","properties":{"a":{}}}}],"function_call":{"name":"f"})",
       R"("allowedFunctionNames":["f"])"},
      {"JSON beside tools on 2.5 is asked for in words",
       "\"tools\":[" + tool + R"(],"response_format":{"type":"json_object"})",
       "answer with JSON only"},
      {"a certain one",
       "\"tools\":[" + tool + R"(],"tool_choice":{"type":"function","function":{"name":"f"}})",
       R"("allowedFunctionNames":["f"])"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto call = read_chat(with_messages(kHi, c.parameters));
    ASSERT_TRUE(call) << call.error().message;
    const auto text = to_text(call->body);
    EXPECT_NE(text.find(c.has), std::string::npos) << text;
    EXPECT_EQ(text.find("strict"), std::string::npos);
  }
}

TEST(ReadChatTest, AsksForSeveralChoicesInOneCallOrMany) {
  const struct {
    const char* name;
    const char* parameters;
    const char* model;
    std::size_t calls;
    int candidates;  // 0: not told
  } cases[] = {
      {"2.5 gives them in one call", R"("n":3)", "gemini-2.5-flash", 1, 3},
      {"but not in a stream", R"("n":3,"stream":true)", "gemini-2.5-flash", 3, 0},
      {"later models give one", R"("n":3)", "gemini-3.5-flash", 3, 0},
      {"one is one", R"("n":1)", "gemini-3.5-flash", 1, 0},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto call = read_chat(with_messages(kHi, c.parameters, c.model));
    ASSERT_TRUE(call);
    EXPECT_EQ(call->answers, c.calls);
    const Json* config = find(call->body, "generationConfig");
    EXPECT_EQ(config ? integer_in(*config, "candidateCount").value_or(0) : 0, c.candidates);
  }
}

TEST(ReadChatTest, NamesWhatIsWrong) {
  const struct {
    const char* name;
    std::string json;
    const char* says;
    const char* param = nullptr;  // nullptr: not looked at
  } cases[] = {
      {"no JSON", "{", "JSON"},
      {"no object", "[]", "object"},
      {"no model", R"({"messages":[]})", "'model'"},
      {"a model that leaves its path", with_messages(kHi, "", "../x"), "'model'"},
      {"no messages", R"({"model":"m"})", "'messages'"},
      {"empty messages", with_messages("[]"), "'messages'"},
      {"an unknown role", with_messages(R"([{"role":"wizard","content":"x"}])"),
       "messages[0].role: the role 'wizard'", "messages[0].role"},
      {"a message that is none", with_messages("[7]"), "messages[0]"},
      {"an unknown kind of part",
       with_messages(R"([{"role":"user","content":[{"type":"smell"}]}])"), "'smell'"},
      {"a picture without a URL",
       with_messages(
           R"([{"role":"user","content":[{"type":"image_url","image_url":{"url":"x.png"}}]}])"),
       "messages[0].content[0].image_url: the image needs a URL",
       "messages[0].content[0].image_url"},
      {"a call without a name",
       with_messages(R"([{"role":"assistant","tool_calls":[{"id":"c"}]}])"), "tool_calls"},
      {"hot", with_messages(kHi, R"("temperature":3)"), "'temperature' must be from 0 to 2",
       "temperature"},
      {"a number in words", with_messages(kHi, R"("top_p":"much")"), "'top_p' must be a number"},
      {"no tokens", with_messages(kHi, R"("max_tokens":0)"), "'max_tokens'"},
      {"a stop of numbers", with_messages(kHi, R"("stop":[1])"), "'stop'"},
      {"a format of its own", with_messages(kHi, R"("response_format":{"type":"xml"})"),
       "'response_format.type'", "response_format.type"},
      {"a schema that is none",
       with_messages(kHi, R"("response_format":{"type":"json_schema","json_schema":{"schema":7}})"),
       "must be an object", "response_format.json_schema.schema"},
      {"too many choices", with_messages(kHi, R"("n":9)"), "'n'", "n"},
      {"half a choice", with_messages(kHi, R"("n":1.5)"), "'n'", "n"},
      {"tools that are no list", with_messages(kHi, R"("tools":{})"), "'tools'", "tools"},
      {"a tool that is none", with_messages(kHi, R"("tools":[7])"), "tools[0]", "tools[0]"},
      {"a tool of an unknown type", with_messages(kHi, R"("tools":[{"type":"hammer"}])"),
       "'hammer'", "tools[0].type"},
      {"a function whose name has a blank",
       with_messages(kHi, R"("tools":[{"type":"function","function":{"name":"a b"}}])"),
       "needs a name of letters", "tools[0].function.name"},
      {"parameters in words",
       with_messages(kHi,
                     R"("tools":[{"type":"function","function":{"name":"f","parameters":"x"}}])"),
       "JSON Schema object", "tools[0].function.parameters"},
      {"a choice of nothing",
       with_messages(
           kHi, R"("tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"perhaps")"),
       "'tool_choice'", "tool_choice"},
      {"a part without a type", with_messages(R"([{"role":"user","content":[{}]}])"),
       "needs a 'type'", "messages[0].content[0].type"},
      {"content that is a number", with_messages(R"([{"role":"user","content":7}])"),
       "'content' must be", "messages[0].content"},
      {"sound without a format",
       with_messages(
           R"([{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"AA"}}]}])"),
       "'format'", "messages[0].content[0].input_audio.format"},
      {"a file that nobody knows",
       with_messages(
           R"([{"role":"user","content":[{"type":"file","file":{"file_id":"file-1"}}]}])"),
       "not known here", "messages[0].content[0].file_id"},
      {"sounds of a kind", with_messages(kHi, R"("modalities":["smell"])"), "'modalities'",
       "modalities"},
      {"six stops", with_messages(kHi, R"("stop":["a","b","c","d","e","f"])"), "5 texts", "stop"},
      {"tools' results alone, all empty", with_messages(R"([{"role":"assistant","content":""}])"),
       "nothing to answer", "messages"},
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
    if (c.param) EXPECT_EQ(call.error().param, c.param);
  }
}

}  // namespace
}  // namespace gembal::openai
