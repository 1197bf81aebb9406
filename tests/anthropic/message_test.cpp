#include <gtest/gtest.h>

#include "lib/anthropic/conversation.hpp"
#include "lib/anthropic/error.hpp"
#include "lib/anthropic/messages.hpp"
#include "lib/anthropic/models.hpp"

namespace gembal::anthropic {
namespace {

constexpr auto kOld = "gemini-2.5-flash";
constexpr auto kNew = "gemini-3.5-flash";

Result<MessageCall> translate(const std::string& members, std::string_view model = kOld) {
  auto request = parse_json("{" + members + "}");
  if (!request) return std::move(request).error();
  return translate_message(*std::move(request), model,
                           [](std::string_view id) { return id == "kept" ? "SIG of kept" : ""; });
}

std::string with(const std::string& messages) { return R"("messages":)" + messages; }

const std::string kHi = with(R"([{"role":"user","content":"hi"}])");
const std::string kHiTranslated = R"("contents":[{"role":"user","parts":[{"text":"hi"}]}])";

TEST(TranslateMessageTest, TranslatesConversations) {
  const struct {
    const char* name;
    std::string request;   // without the braces
    std::string expected;  // the same
    const char* model = kOld;
  } cases[] = {
      {"one question", kHi, kHiTranslated},
      {"a system prompt as text", R"("system":"A",)" + kHi,
       R"("systemInstruction":{"parts":[{"text":"A"}]},)" + kHiTranslated},
      {"a system prompt of blocks, cached, without the note of who pays",
       R"("system":[{"type":"text","text":"x-anthropic-billing-header: cc_version=2; cch=1"},)"
       R"({"type":"text","text":"A","cache_control":{"type":"ephemeral"}},{"type":"text","text":"B"}],)" +
           kHi,
       R"("systemInstruction":{"parts":[{"text":"A"},{"text":"B"}]},)" + kHiTranslated},
      {"instructions before all else are a system prompt, later ones stay in place",
       with(
           R"([{"role":"system","content":"A"},{"role":"user","content":"hi"},{"role":"assistant","content":"yes"},
                {"role":"system","content":[{"type":"text","text":"B"}]},{"role":"user","content":"so?"}])"),
       R"("systemInstruction":{"parts":[{"text":"A"}]},"contents":[{"role":"user","parts":[{"text":"hi"}]},)"
       R"({"role":"model","parts":[{"text":"yes"}]},{"role":"user","parts":[{"text":"B"},{"text":"so?"}]}])"},
      {"turns, those of one side in a row being one",
       with(
           R"([{"role":"user","content":"a"},{"role":"user","content":[{"type":"text","text":"b"}]},{"role":"assistant","content":"c"},{"role":"user","content":"d"}])"),
       R"("contents":[{"role":"user","parts":[{"text":"a"},{"text":"b"}]},{"role":"model","parts":[{"text":"c"}]},{"role":"user","parts":[{"text":"d"}]}])"},
      {"a beginning of the answer is left at the end",
       with(R"([{"role":"user","content":"a"},{"role":"assistant","content":"("}])"),
       R"("contents":[{"role":"user","parts":[{"text":"a"}]},{"role":"model","parts":[{"text":"("}]}])"},
      {"an empty question is a blank", with(R"([{"role":"user","content":""}])"),
       R"("contents":[{"role":"user","parts":[{"text":" "}]}])"},
      {"pictures: data, a link, a data URL, a file", with(R"([{"role":"user","content":[
          {"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}},
          {"type":"image","source":{"type":"url","url":"https://a.example/b.JPG?c=d.e"}},
          {"type":"image","source":{"type":"url","url":"data:image/gif;base64,R0lGODlh"}},
          {"type":"image","source":{"type":"file","file_id":"files/abc"}}]}])"),
       R"("contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}},)"
       R"({"fileData":{"fileUri":"https://a.example/b.JPG?c=d.e","mimeType":"image/jpeg"}},)"
       R"({"inlineData":{"mimeType":"image/gif","data":"R0lGODlh"}},)"
       R"({"fileData":{"fileUri":"https://generativelanguage.googleapis.com/v1beta/files/abc"}}]}])"},
      {"documents: data, a link, text, blocks, with title and context",
       with(R"([{"role":"user","content":[
          {"type":"document","title":"T","context":"C","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0xLjQ="},"citations":{"enabled":true}},
          {"type":"document","source":{"type":"url","url":"https://a.example/paper"}},
          {"type":"document","source":{"type":"text","media_type":"text/plain","data":"words"}},
          {"type":"document","source":{"type":"content","content":[{"type":"text","text":"one"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}}]}},
          {"type":"document","source":{"type":"content","content":"two"}}]}])"),
       R"("contents":[{"role":"user","parts":[{"text":"T"},{"text":"C"},{"inlineData":{"mimeType":"application/pdf","data":"JVBERi0xLjQ="}},)"
       R"({"fileData":{"fileUri":"https://a.example/paper","mimeType":"application/pdf"}},{"text":"words"},{"text":"one"},)"
       R"({"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}},{"text":"two"}]}])"},
      {"results of a search by the client",
       with(
           R"([{"role":"user","content":[{"type":"search_result","title":"T","source":"https://a","content":[{"type":"text","text":"x"},{"type":"text","text":"y"}]}]}])"),
       R"("contents":[{"role":"user","parts":[{"text":"T\nhttps://a\nx\ny"}]}])"},
      {"calls and their results, in the order of the calls, before what else is said",
       with(R"([{"role":"user","content":"go"},
          {"role":"assistant","content":[{"type":"text","text":"well"},{"type":"tool_use","id":"c1","name":"f","input":{"a":1}},{"type":"tool_use","id":"c2","name":"g","input":{}}]},
          {"role":"user","content":[{"type":"text","text":"note"},
             {"type":"tool_result","tool_use_id":"c2","content":[{"type":"text","text":"two"},{"type":"text","text":"lines"}]},
             {"type":"tool_result","tool_use_id":"c1","content":"{\"x\":1}"}]}])"),
       R"("contents":[{"role":"user","parts":[{"text":"go"}]},)"
       R"({"role":"model","parts":[{"text":"well"},{"functionCall":{"name":"f","args":{"a":1}}},{"functionCall":{"name":"g","args":{}}}]},)"
       R"({"role":"user","parts":[{"functionResponse":{"name":"f","response":{"x":1}}},{"functionResponse":{"name":"g","response":{"result":"two\nlines"}}}]},)"
       R"({"role":"user","parts":[{"text":"note"}]}])"},
      {"results that failed, that are empty, and that are missing",
       with(R"([{"role":"user","content":"go"},
          {"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}},{"type":"tool_use","id":"b","name":"f","input":{}},{"type":"tool_use","id":"c","name":"f","input":{}}]},
          {"role":"user","content":[{"type":"tool_result","tool_use_id":"a","is_error":true,"content":"no"},{"type":"tool_result","tool_use_id":"b"}]}])"),
       R"("contents":[{"role":"user","parts":[{"text":"go"}]},)"
       R"({"role":"model","parts":[{"functionCall":{"name":"f","args":{}}},{"functionCall":{"name":"f","args":{}}},{"functionCall":{"name":"f","args":{}}}]},)"
       R"({"role":"user","parts":[{"functionResponse":{"name":"f","response":{"error":"no"}}},{"functionResponse":{"name":"f","response":{"result":""}}},)"
       R"({"functionResponse":{"name":"f","response":{"error":"no result"}}}]}])"},
      {"a picture among a tool's results, and a tool to be found",
       with(
           R"([{"role":"user","content":"go"},{"role":"assistant","content":[{"type":"tool_use","id":"kept","name":"f","input":{}}]},
          {"role":"user","content":[{"type":"tool_result","tool_use_id":"kept","content":[{"type":"tool_reference","tool_name":"g"},
             {"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}}]}]}])"),
       R"("contents":[{"role":"user","parts":[{"text":"go"}]},)"
       R"({"role":"model","parts":[{"functionCall":{"name":"f","args":{},"id":"kept"},"thoughtSignature":"SIG of kept"}]},)"
       R"({"role":"user","parts":[{"functionResponse":{"name":"f","id":"kept","response":{"result":"The tool g can be used."},"parts":[{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}}]}}]}])",
       kNew},
      {"a signature in a thinking block is that of the part after it",
       with(
           R"([{"role":"user","content":"go"},{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"gemini.SIG1"},{"type":"text","text":"t"},
          {"type":"thinking","thinking":"","signature":"gemini.SIG2"},{"type":"tool_use","id":"x","name":"f","input":{}},{"type":"tool_use","id":"y","name":"g","input":{}}]},
          {"role":"user","content":[{"type":"tool_result","tool_use_id":"x","content":"1"},{"type":"tool_result","tool_use_id":"y","content":"2"}]}])"),
       R"("contents":[{"role":"user","parts":[{"text":"go"}]},)"
       R"({"role":"model","parts":[{"text":"t","thoughtSignature":"SIG1"},{"functionCall":{"name":"f","args":{},"id":"x"},"thoughtSignature":"SIG2"},{"functionCall":{"name":"g","args":{},"id":"y"}}]},)"
       R"({"role":"user","parts":[{"functionResponse":{"name":"f","id":"x","response":{"result":"1"}}},{"functionResponse":{"name":"g","id":"y","response":{"result":"2"}}}]}])",
       kNew},
      {"signatures and thoughts of other models are left out; a call is then signed by the bypass",
       with(
           R"([{"role":"user","content":"go"},{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"EqMB"},{"type":"redacted_thinking","data":"Ev"},
          {"type":"tool_use","id":"x","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"x","content":"1"}]}])"),
       R"("contents":[{"role":"user","parts":[{"text":"go"}]},)"
       R"({"role":"model","parts":[{"functionCall":{"name":"f","args":{},"id":"x"},"thoughtSignature":"skip_thought_signature_validator"}]},)"
       R"({"role":"user","parts":[{"functionResponse":{"name":"f","id":"x","response":{"result":"1"}}}]}])",
       kNew},
      {"what Anthropic's servers did is left out",
       with(
           R"([{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"server_tool_use","id":"s","name":"web_search","input":{"query":"q"}},
          {"type":"web_search_tool_result","tool_use_id":"s","content":[]},{"type":"text","text":"b","citations":[]}]},{"role":"user","content":"c"}])"),
       R"("contents":[{"role":"user","parts":[{"text":"a"}]},{"role":"model","parts":[{"text":"b"}]},{"role":"user","parts":[{"text":"c"}]}])"},
      {"a result of no call is text",
       with(
           R"([{"role":"user","content":[{"type":"tool_result","tool_use_id":"x","content":"lost"}]}])"),
       R"("contents":[{"role":"user","parts":[{"text":"lost"}]}])"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto call = translate(c.request, c.model);
    ASSERT_TRUE(call) << call.error().message;
    EXPECT_EQ(to_text(call->body), "{" + c.expected + "}");
  }
}

/// What a request adds to the translation of "hi".
std::string added(const std::string& members, std::string_view model) {
  const auto call = translate(kHi + (members.empty() ? "" : "," + members), model);
  if (!call) return "refused: " + call.error().message;
  Json body = call->body;
  body.erase("contents");
  return to_text(body);
}

TEST(TranslateMessageTest, TranslatesOptions) {
  const struct {
    const char* name;
    std::string members;
    std::string expected;
    const char* model = kOld;
  } cases[] = {
      {"none", "", "{}"},
      {"sampling",
       R"("temperature":0.5,"top_p":0.9,"top_k":40,"max_tokens":4096,"stop_sequences":["A","","B"])",
       R"({"generationConfig":{"temperature":0.5,"topP":0.9,"topK":40,"maxOutputTokens":4096,"stopSequences":["A","B"]}})"},
      {"what has no counterpart",
       R"("metadata":{"user_id":"u"},"service_tier":"auto","cache_control":{"type":"ephemeral"},"container":null,"betas":["x"],"mcp_servers":[],"new":1)",
       "{}"},
      {"few tokens are not for thoughts", R"("max_tokens":1024)",
       R"({"generationConfig":{"maxOutputTokens":1024,"thinkingConfig":{"thinkingBudget":0}}})"},
      {"nor on models with levels", R"("max_tokens":100)",
       R"({"generationConfig":{"maxOutputTokens":100,"thinkingConfig":{"thinkingLevel":"MINIMAL"}}})",
       kNew},
      {"no tokens at all fill the cache", R"("max_tokens":0)",
       R"({"generationConfig":{"maxOutputTokens":1,"thinkingConfig":{"thinkingLevel":"MINIMAL"}}})",
       kNew},
      {"a model that cannot think is not told to", R"("max_tokens":100)",
       R"({"generationConfig":{"maxOutputTokens":100}})", "gemini-2.0-flash"},
      {"thinking within a budget", R"("thinking":{"type":"enabled","budget_tokens":2048})",
       R"({"generationConfig":{"thinkingConfig":{"thinkingBudget":2048,"includeThoughts":true}}})"},
      {"the same by level", R"("thinking":{"type":"enabled","budget_tokens":10000})",
       R"({"generationConfig":{"thinkingConfig":{"thinkingLevel":"MEDIUM","includeThoughts":true}}})",
       kNew},
      {"thinking as the model likes", R"("thinking":{"type":"adaptive"})",
       R"({"generationConfig":{"thinkingConfig":{"thinkingBudget":-1,"includeThoughts":true}}})"},
      {"the same by level, unseen", R"("thinking":{"type":"adaptive","display":"omitted"})", "{}",
       kNew},
      {"thinking with an effort",
       R"("thinking":{"type":"adaptive"},"output_config":{"effort":"max"})",
       R"({"generationConfig":{"thinkingConfig":{"thinkingLevel":"HIGH","includeThoughts":true}}})",
       kNew},
      {"an effort alone", R"("output_config":{"effort":"low"})",
       R"({"generationConfig":{"thinkingConfig":{"thinkingLevel":"LOW"}}})", kNew},
      {"no thinking", R"("thinking":{"type":"disabled"},"output_config":{"effort":"high"})",
       R"({"generationConfig":{"thinkingConfig":{"thinkingBudget":0}}})"},
      {"thinking on a model without", R"("thinking":{"type":"adaptive"})", "{}",
       "gemini-2.0-flash"},
      {"an answer by a schema",
       R"("output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}})",
       R"({"generationConfig":{"responseMimeType":"application/json","responseJsonSchema":{"type":"object"}}})"},
      {"the same as it was asked for before",
       R"("output_format":{"type":"json_schema","schema":{"type":"object"}})",
       R"({"generationConfig":{"responseMimeType":"application/json","responseJsonSchema":{"type":"object"}}})"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(added(c.members, c.model), c.expected);
  }
}

const std::string kTool =
    R"({"name":"f","description":"does","input_schema":{"type":"object","properties":{"a":{"type":"string"}}},"cache_control":{"type":"ephemeral"}})";
const std::string kToolTranslated =
    R"({"functionDeclarations":[{"name":"f","description":"does","parametersJsonSchema":{"type":"object","properties":{"a":{"type":"string"}}}}]})";

TEST(TranslateMessageTest, TranslatesTools) {
  const struct {
    const char* name;
    std::string members;
    std::string expected;
    const char* model = kOld;
  } cases[] = {
      {"a tool", R"("tools":[)" + kTool + "]", R"({"tools":[)" + kToolTranslated + "]}"},
      {"a tool without parameters",
       R"("tools":[{"type":"custom","name":"g","input_schema":{"type":"object","properties":{}}}])",
       R"({"tools":[{"functionDeclarations":[{"name":"g"}]}]})"},
      {"Gemini's own for those that Anthropic runs, each once",
       R"("tools":[{"type":"web_search_20250305","name":"web_search","max_uses":5},{"type":"web_search_20260209","name":"web_search"},
          {"type":"web_fetch_20250910","name":"web_fetch"},{"type":"code_execution_20250825","name":"code_execution"}])",
       R"({"tools":[{"googleSearch":{}},{"urlContext":{}},{"codeExecution":{}}]})"},
      {"both side by side where the model can",
       R"("tools":[)" + kTool + R"(,{"type":"web_search_20250305","name":"web_search"}])",
       R"({"tools":[{"googleSearch":{}},)" + kToolTranslated + "]}", kNew},
      {"functions alone where it cannot",
       R"("tools":[)" + kTool + R"(,{"type":"web_search_20250305","name":"web_search"}])",
       R"({"tools":[)" + kToolTranslated + "]}"},
      {"a search for tools is not needed",
       R"("tools":[{"type":"tool_search_tool_bm25_20251119","name":"tool_search_tool_bm25"},)" +
           kTool + "]",
       R"({"tools":[)" + kToolTranslated + "]}"},
      {"any tool", R"("tool_choice":{"type":"any"},"tools":[)" + kTool + "]",
       R"({"toolConfig":{"functionCallingConfig":{"mode":"ANY"}},"tools":[)" + kToolTranslated +
           "]}"},
      {"one tool", R"("tool_choice":{"type":"tool","name":"f"},"tools":[)" + kTool + "]",
       R"({"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}},"tools":[)" +
           kToolTranslated + "]}"},
      {"no tool", R"("tool_choice":{"type":"none"},"tools":[)" + kTool + "]",
       R"({"toolConfig":{"functionCallingConfig":{"mode":"NONE"}},"tools":[)" + kToolTranslated +
           "]}"},
      {"as the model likes", R"("tool_choice":{"type":"auto"},"tools":[)" + kTool + "]",
       R"({"tools":[)" + kToolTranslated + "]}"},
      {"a choice without tools is none", R"("tool_choice":{"type":"any"},"tools":[])", "{}"},
      {"a schema beside tools is asked for in words",
       R"("output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}},"tools":[)" +
           kTool + "]",
       R"({"tools":[)" + kToolTranslated +
           R"(],"systemInstruction":{"parts":[{"text":"When you answer in words, answer with JSON only, without a code fence. It must be valid by this JSON Schema: {\"type\":\"object\"}"}]}})"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(added(c.members, c.model), c.expected);
  }
}

TEST(TranslateMessageTest, DeclaresToolsThatAnthropicsModelsKnow) {
  const struct {
    const char* type;
    const char* name;
    const char* member;  ///< that its schema has
    bool has_undo;
  } cases[] = {{"bash_20250124", "bash", "restart", false},
               {"text_editor_20250728", "str_replace_based_edit_tool", "insert_text", false},
               {"text_editor_20250124", "str_replace_editor", "new_str", true},
               {"memory_20250818", "memory", "new_path", false}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.type);
    const auto call =
        translate(kHi + R"(,"tools":[{"type":")" + c.type + R"(","name":")" + c.name + R"("}])");
    ASSERT_TRUE(call) << call.error().message;
    const Json& declared = call->body["tools"][0]["functionDeclarations"][0];
    EXPECT_EQ(declared["name"], c.name);
    EXPECT_FALSE(declared["description"].get<std::string>().empty());
    const Json& properties = declared["parametersJsonSchema"]["properties"];
    EXPECT_TRUE(properties.contains(c.member));
    EXPECT_EQ(to_text(properties).find("undo_edit") != std::string::npos, c.has_undo);
  }
}

TEST(TranslateMessageTest, ReadsWhatTheClientWantsToSee) {
  const struct {
    const char* members;
    Thoughts thoughts;
    bool one_call, shows_code, shows_finds;
  } cases[] = {
      {R"("max_tokens":5)", Thoughts::hidden, false, false, false},
      {R"("thinking":{"type":"disabled"})", Thoughts::hidden, false, false, false},
      {R"("thinking":{"type":"adaptive"})", Thoughts::shown, false, false, false},
      {R"("thinking":{"type":"enabled","budget_tokens":2000,"display":"omitted"})",
       Thoughts::signed_only, false, false, false},
      {R"("tool_choice":{"type":"auto","disable_parallel_tool_use":true})", Thoughts::hidden, true,
       false, false},
      {R"("tools":[{"type":"code_execution_20250522","name":"code_execution"},{"type":"web_search_20250305","name":"web_search"}])",
       Thoughts::hidden, false, true, true},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.members);
    const auto call = translate(kHi + "," + c.members);
    ASSERT_TRUE(call) << call.error().message;
    EXPECT_EQ(call->wishes.thoughts, c.thoughts);
    EXPECT_EQ(call->wishes.one_call, c.one_call);
    EXPECT_EQ(call->wishes.shows_code, c.shows_code);
    EXPECT_EQ(call->wishes.shows_finds, c.shows_finds);
  }
}

TEST(TranslateMessageTest, SaysWhereARequestIsWrong) {
  const struct {
    const char* name;
    std::string request;
    const char* expected;  ///< how the message begins
  } cases[] = {
      {"no messages", R"("model":"x")", "messages: "},
      {"messages that are none", R"("messages":"hi")", "messages: "},
      {"an empty list", R"("messages":[])", "messages: "},
      {"nothing said", with(R"([{"role":"assistant","content":""}])"), "messages: "},
      {"a message that is none", with("[1]"), "messages.0: "},
      {"no content", with(R"([{"role":"user"}])"), "messages.0.content: "},
      {"content of a wrong type", with(R"([{"role":"user","content":5}])"), "messages.0.content: "},
      {"an unknown role", with(R"([{"role":"tool","content":"x"}])"), "messages.0.role: "},
      {"a block that is none", with(R"([{"role":"user","content":["x"]}])"),
       "messages.0.content.0: "},
      {"an unknown block", with(R"([{"role":"user","content":[{"type":"video"}]}])"),
       "messages.0.content.0.type: "},
      {"a picture without a source", with(R"([{"role":"user","content":[{"type":"image"}]}])"),
       "messages.0.content.0.source: "},
      {"a picture without data",
       with(
           R"([{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png"}}]}])"),
       "messages.0.content.0.source.data: "},
      {"a picture of a file on the client's disk",
       with(
           R"([{"role":"user","content":[{"type":"image","source":{"type":"url","url":"file:///etc/passwd"}}]}])"),
       "messages.0.content.0.source.url: "},
      {"a picture that is none",
       with(
           R"([{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"PGh0bWw+PC9odG1sPg=="}}]}])"),
       "'messages.0.content.0.source.data'"},
      {"a schema that points nowhere",
       kHi +
           R"(,"tools":[{"name":"f","input_schema":{"type":"object","properties":{"a":{"$ref":"#/$defs/b"}}}}])",
       ""},
      {"a file of Anthropic's",
       with(
           R"([{"role":"user","content":[{"type":"document","source":{"type":"file","file_id":"file_011"}}]}])"),
       "messages.0.content.0.source.file_id: "},
      {"a call without a name",
       with(R"([{"role":"assistant","content":[{"type":"tool_use","id":"x","input":{}}]}])"),
       "messages.0.content.0.name: "},
      {"a result without an id",
       with(R"([{"role":"user","content":[{"type":"tool_result","content":"x"}]}])"),
       "messages.0.content.0.tool_use_id: "},
      {"a system prompt of a wrong type", R"("system":7,)" + kHi, "system: "},
      {"a temperature that is none", kHi + R"(,"temperature":"hot")", "temperature: "},
      {"a temperature out of range", kHi + R"(,"temperature":3)", "temperature: "},
      {"half a token", kHi + R"(,"max_tokens":0.5)", "max_tokens: "},
      {"a negative number of tokens", kHi + R"(,"max_tokens":-1)", "max_tokens: "},
      {"six stop sequences", kHi + R"(,"stop_sequences":["a","b","c","d","e","f"])",
       "stop_sequences: "},
      {"thinking of an unknown type", kHi + R"(,"thinking":{"type":"deep"})", "thinking.type: "},
      {"thinking without a budget", kHi + R"(,"thinking":{"type":"enabled"})",
       "thinking.budget_tokens: "},
      {"an unknown effort", kHi + R"(,"output_config":{"effort":"heroic"})",
       "output_config.effort: "},
      {"a format that is none", kHi + R"(,"output_config":{"format":{"type":"xml"}})",
       "output_config.format.type: "},
      {"tools that are none", kHi + R"(,"tools":{})", "tools: "},
      {"a tool without a schema", kHi + R"(,"tools":[{"name":"f"}])", "tools.0.input_schema: "},
      {"a tool with a name that is none",
       kHi + R"(,"tools":[{"name":"1 f","input_schema":{"type":"object"}}])", "tools.0.name: "},
      {"two tools of one name", kHi + R"(,"tools":[)" + kTool + "," + kTool + "]",
       "tools.1.name: "},
      {"a computer", kHi + R"(,"tools":[{"type":"computer_20250124","name":"computer"}])",
       "tools.0.type: "},
      {"servers to be called", kHi + R"(,"mcp_servers":[{"type":"url","url":"https://a"}])",
       "mcp_servers: "},
      {"a choice of no tool",
       kHi + R"(,"tool_choice":{"type":"tool","name":"g"},"tools":[)" + kTool + "]",
       "tool_choice.name: "},
      {"a choice that is none", kHi + R"(,"tool_choice":"auto")", "tool_choice: "},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto call = translate(c.request);
    ASSERT_FALSE(call);
    EXPECT_EQ(call.error().kind, ErrorKind::bad_request);
    EXPECT_TRUE(call.error().message.starts_with(c.expected)) << call.error().message;
  }
  EXPECT_FALSE(translate_message(Json::array(), kOld));
}

TEST(UnsignedCallsTest, AreThoseOfTheCurrentTurnFirstOfEachMessage) {
  const std::string result =
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"x","content":"1"}]})";
  const auto call = [](const std::string& before, const std::string& id) {
    return R"({"role":"assistant","content":[)" + before + R"({"type":"tool_use","id":")" + id +
           R"(","name":"f","input":{}},{"type":"tool_use","id":"side by side","name":"f","input":{}}]})";
  };
  const std::string own = R"({"type":"thinking","thinking":"","signature":"gemini.SIG"},)";
  const std::string other = R"({"type":"thinking","thinking":"","signature":"EqMB"},)";
  const std::string text = R"({"type":"text","text":"t"},)";
  const std::string go = R"({"role":"user","content":"go"})";
  const struct {
    const char* name;
    std::string messages;
    std::vector<std::string> expected;
  } cases[] = {
      {"none", go, {}},
      {"two steps of one turn",
       go + "," + call("", "a") + "," + result + "," + call(text, "b") + "," + result,
       {"b", "a"}},
      {"a turn that is over", call("", "a") + "," + result + "," + go, {}},
      {"signed in a block before it", go + "," + call(own, "a") + "," + result, {}},
      {"signed elsewhere", go + "," + call(other, "a") + "," + result, {"a"}},
      {"a text signed in its place", go + "," + call(own + text, "a") + "," + result, {"a"}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(unsigned_calls(*parse_json("{" + with("[" + c.messages + "]") + "}")), c.expected);
  }
  for (const char* odd :
       {"{}", "[]", R"({"messages":5})", R"({"messages":[1,{"role":"assistant"}]})"})
    EXPECT_TRUE(unsigned_calls(*parse_json(odd)).empty());
}

TEST(CountTest, AsksForWhatWouldBeSent) {
  const auto call = translate(R"("system":"A","max_tokens":9,)" + kHi);
  EXPECT_EQ(to_text(count_request(call->body, "gemini-x")),
            R"({"generateContentRequest":{"systemInstruction":{"parts":[{"text":"A"}]},)" +
                kHiTranslated + R"(,"model":"models/gemini-x"}})");
  EXPECT_EQ(*count_reply(R"({"totalTokens":31})"), R"({"input_tokens":31})");
  EXPECT_EQ(count_reply("{}").error().kind, ErrorKind::upstream);
  EXPECT_FALSE(count_reply("<html>"));
}

TEST(ErrorTest, HasAnthropicsShape) {
  const struct {
    int status;
    const char* type;
  } cases[] = {{400, "invalid_request_error"},
               {401, "authentication_error"},
               {402, "billing_error"},
               {403, "permission_error"},
               {404, "not_found_error"},
               {405, "invalid_request_error"},
               {413, "request_too_large"},
               {429, "rate_limit_error"},
               {500, "api_error"},
               {502, "api_error"},
               {503, "api_error"},
               {504, "timeout_error"},
               {529, "overloaded_error"}};
  for (const auto& c : cases) {
    EXPECT_EQ(error_body(c.status, "m", "r"), std::string(R"({"type":"error","error":{"type":")") +
                                                  c.type + R"(","message":"m"},"request_id":"r"})");
  }
  EXPECT_EQ(error_event(500, "m"),
            "event: error\n"
            R"(data: {"type":"error","error":{"type":"api_error","message":"m"}})"
            "\n\n");
}

TEST(ModelsTest, AreOnePage) {
  const Json list = *parse_json(models_reply(
      {*parse_json(
           R"({"name":"models/a","displayName":"A","inputTokenLimit":9,"outputTokenLimit":5})"),
       *parse_json(R"({"name":"models/b"})")}));
  EXPECT_EQ(list["has_more"], false);
  EXPECT_EQ(list["first_id"], "a");
  EXPECT_EQ(list["last_id"], "b");
  EXPECT_EQ(list["data"][0]["type"], "model");
  EXPECT_EQ(list["data"][0]["display_name"], "A");
  EXPECT_EQ(list["data"][0]["max_input_tokens"], 9);
  EXPECT_EQ(list["data"][1]["display_name"], "b");
  EXPECT_TRUE((*parse_json(models_reply({})))["first_id"].is_null());
}

}  // namespace
}  // namespace gembal::anthropic
