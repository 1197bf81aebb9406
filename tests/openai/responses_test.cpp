#include "lib/openai/responses.hpp"

#include <gtest/gtest.h>

#include "lib/openai/response_items.hpp"

namespace gembal::openai {
namespace {

/// The generateContent request for a request, or its error's message after its parameter.
Json translated(const std::string& request, const ResponseContext& context = {}) {
  auto parsed = parse_json(request);
  EXPECT_TRUE(parsed) << request;
  auto read = read_response_request(*std::move(parsed));
  if (!read) return read.error().param + ": " + read.error().message;
  auto body = translate_response(read->json, read->model, context);
  if (!body) return body.error().param + ": " + body.error().message;
  return *std::move(body);
}

Json json(const std::string& text) {
  auto parsed = parse_json(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *std::move(parsed) : Json();
}

TEST(ResponsesTest, TranslatesInput) {
  const struct {
    const char* name;
    const char* request;
    const char* contents;
  } cases[] = {
      {"a text", R"({"model":"gemini-2.5-flash","input":"Hi"})",
       R"([{"role":"user","parts":[{"text":"Hi"}]}])"},
      {"easy messages without a type",
       R"({"model":"gemini-2.5-flash","input":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Yes?"},{"role":"user","content":"Go"}]})",
       R"([{"role":"user","parts":[{"text":"Hi"}]},{"role":"model","parts":[{"text":"Yes?"}]},{"role":"user","parts":[{"text":"Go"}]}])"},
      {"content of all kinds",
       R"({"model":"gemini-2.5-flash","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"a"},
          {"type":"input_image","image_url":"data:image/png;base64,iVBORw0KGgo=","detail":"auto"},{"type":"input_file","filename":"x.pdf","file_data":"data:application/pdf;base64,JVBERi0x"},
          {"type":"input_audio","input_audio":{"data":"CCCC","format":"wav"}}]},
          {"type":"message","role":"assistant","id":"msg_1","status":"completed","content":[{"type":"output_text","text":"b","annotations":[]},{"type":"refusal","refusal":"c"}]},
          {"role":"user","content":"d"}]})",
       R"([{"role":"user","parts":[{"text":"a"},{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}},{"inlineData":{"mimeType":"application/pdf","data":"JVBERi0x"}},
          {"inlineData":{"mimeType":"audio/wav","data":"CCCC"}}]},{"role":"model","parts":[{"text":"b"},{"text":"c"}]},{"role":"user","parts":[{"text":"d"}]}])"},
      {"calls side by side, their results in another order",
       R"({"model":"gemini-2.5-flash","input":[{"role":"user","content":"Go"},{"type":"message","role":"assistant","content":"I will."},
          {"type":"function_call","call_id":"a","name":"f","arguments":"{\"x\":1}"},{"type":"reasoning","id":"rs_1","summary":[]},
          {"type":"function_call","call_id":"b","name":"g","arguments":""},
          {"type":"function_call_output","call_id":"b","output":"{\"y\":2}"},{"type":"function_call_output","call_id":"a","output":"done"}]})",
       R"([{"role":"user","parts":[{"text":"Go"}]},
          {"role":"model","parts":[{"text":"I will."},{"functionCall":{"name":"f","args":{"x":1}}},{"functionCall":{"name":"g","args":{}}}]},
          {"role":"user","parts":[{"functionResponse":{"name":"f","response":{"result":"done"}}},{"functionResponse":{"name":"g","response":{"y":2}}}]}])"},
      {"a result with a picture",
       R"({"model":"gemini-3-flash-preview","input":[{"role":"user","content":"Go"},{"type":"function_call","call_id":"a","name":"f","arguments":"{}"},
          {"type":"function_call_output","call_id":"a","output":[{"type":"input_text","text":"see"},{"type":"input_image","image_url":"data:image/png;base64,iVBORw0KGgo="}]}]})",
       R"([{"role":"user","parts":[{"text":"Go"}]},{"role":"model","parts":[{"functionCall":{"name":"f","args":{},"id":"a"},"thoughtSignature":"skip_thought_signature_validator"}]},
          {"role":"user","parts":[{"functionResponse":{"name":"f","id":"a","response":{"result":"see"},"parts":[{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}}]}}]}])"},
      {"a custom tool",
       R"({"model":"gemini-2.5-flash","input":[{"role":"user","content":"Go"},{"type":"custom_tool_call","call_id":"a","name":"patch","input":"*** Begin"},
          {"type":"custom_tool_call_output","call_id":"a","output":"ok"}]})",
       R"([{"role":"user","parts":[{"text":"Go"}]},{"role":"model","parts":[{"functionCall":{"name":"patch","args":{"input":"*** Begin"}}}]},
          {"role":"user","parts":[{"functionResponse":{"name":"patch","response":{"result":"ok"}}}]}])"},
      {"what a server's own tools did says nothing",
       R"({"model":"gemini-2.5-flash","input":[{"role":"user","content":"Go"},{"type":"web_search_call","id":"ws_1","status":"completed","action":{"type":"search"}},
          {"type":"code_interpreter_call","id":"ci_1"},{"type":"mcp_list_tools","id":"m"},{"type":"compaction","encrypted_content":"x"},{"role":"assistant","content":"Done"},{"role":"user","content":"?"}]})",
       R"([{"role":"user","parts":[{"text":"Go"}]},{"role":"model","parts":[{"text":"Done"}]},{"role":"user","parts":[{"text":"?"}]}])"},
      {"an output that no call awaits",
       R"({"model":"gemini-2.5-flash","input":[{"type":"function_call_output","call_id":"z","output":"lost"}]})",
       R"([{"role":"user","parts":[{"text":"lost"}]}])"},
      {"a function in a namespace",
       R"({"model":"gemini-2.5-flash","input":[{"role":"user","content":"Go"},{"type":"function_call","call_id":"a","namespace":"mcp__db","name":"ask","arguments":"{}"},{"type":"function_call_output","call_id":"a","output":"1"}]})",
       R"([{"role":"user","parts":[{"text":"Go"}]},{"role":"model","parts":[{"functionCall":{"name":"mcp__db__ask","args":{}}}]},{"role":"user","parts":[{"functionResponse":{"name":"mcp__db__ask","response":{"result":"1"}}}]}])"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const Json body = translated(c.request);
    ASSERT_TRUE(body.is_object()) << body;
    EXPECT_EQ(body["contents"], json(c.contents));
  }
}

TEST(ResponsesTest, TranslatesParameters) {
  const struct {
    const char* name;
    const char* model;
    const char* members;
    const char* expected;
  } cases[] = {
      {"instructions and a developer's message", "gemini-2.5-flash",
       R"("instructions":"Be brief.","input":[{"role":"developer","content":"In verse."},{"role":"user","content":"Hi"}])",
       R"({"systemInstruction":{"parts":[{"text":"Be brief."},{"text":"In verse."}]}})"},
      {"sampling", "gemini-2.5-flash",
       R"("input":"Hi","temperature":0.5,"top_p":0.9,"max_output_tokens":64,"truncation":"auto","user":"u","prompt_cache_key":"k","safety_identifier":"s","top_logprobs":3,"text":{"verbosity":"low"},"unknown":1)",
       R"({"generationConfig":{"temperature":0.5,"topP":0.9,"maxOutputTokens":64}})"},
      {"reasoning with a summary", "gemini-3-flash-preview",
       R"("input":"Hi","reasoning":{"effort":"high","summary":"auto"})",
       R"({"generationConfig":{"thinkingConfig":{"thinkingLevel":"HIGH","includeThoughts":true}}})"},
      {"a summary alone", "gemini-2.5-flash", R"("input":"Hi","reasoning":{"summary":"detailed"})",
       R"({"generationConfig":{"thinkingConfig":{"includeThoughts":true}}})"},
      {"who may not think has nothing to show", "gemini-2.5-flash",
       R"("input":"Hi","reasoning":{"effort":"none","summary":"auto"})",
       R"({"generationConfig":{"thinkingConfig":{"thinkingBudget":0}}})"},
      {"reasoning of a model that does not think", "gemini-2.0-flash",
       R"("input":"Hi","reasoning":{"effort":"low","summary":"auto"})", R"({})"},
      {"a schema", "gemini-2.5-flash",
       R"("input":"Hi","text":{"format":{"type":"json_schema","name":"n","strict":true,"schema":{"type":"object"}}})",
       R"({"generationConfig":{"responseMimeType":"application/json","responseJsonSchema":{"type":"object"}}})"},
      {"JSON of any shape", "gemini-2.5-flash",
       R"("input":"Hi","text":{"format":{"type":"json_object"}})",
       R"({"generationConfig":{"responseMimeType":"application/json"}})"},
      {"tools", "gemini-3-flash-preview",
       R"("input":"Hi","tools":[{"type":"function","name":"f","description":"d","parameters":{"type":"object","properties":{"a":{"type":"string"}}},"strict":true},
          {"type":"web_search","external_web_access":true},{"type":"code_interpreter","container":{"type":"auto"}},{"type":"image_generation"},{"type":"custom","name":"c"}],
          "tool_choice":{"type":"function","name":"f"})",
       R"({"tools":[{"googleSearch":{}},{"codeExecution":{}},{"functionDeclarations":[{"name":"f","description":"d","parametersJsonSchema":{"type":"object","properties":{"a":{"type":"string"}}}},
          {"name":"c","parametersJsonSchema":{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}}]}],
          "toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}}})"},
      {"allowed tools", "gemini-2.5-flash",
       R"("input":"Hi","tools":[{"type":"function","name":"f"},{"type":"function","name":"g"}],"tool_choice":{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"g"}]})",
       R"({"tools":[{"functionDeclarations":[{"name":"f"},{"name":"g"}]}],"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["g"]}}})"},
      {"a namespace of functions", "gemini-2.5-flash",
       R"("input":"Hi","tools":[{"type":"namespace","name":"mcp__db","description":"d","tools":[{"type":"function","name":"ask"}]}])",
       R"({"tools":[{"functionDeclarations":[{"name":"mcp__db__ask"}]}]})"},
      {"a model that draws", "gemini-3-pro-image",
       R"("input":"A cat","tools":[{"type":"image_generation","size":"1536x1024"}],"tool_choice":{"type":"image_generation"})",
       R"({"generationConfig":{"responseModalities":["TEXT","IMAGE"],"imageConfig":{"aspectRatio":"3:2"}}})"},
      {"a tier", "gemini-2.5-flash", R"("input":"Hi","service_tier":"flex")",
       R"({"serviceTier":"flex"})"},
      {"what only Gemini has", "gemini-2.5-flash",
       R"("input":"Hi","extra_body":{"google":{"safety_settings":[{"category":"C","threshold":"OFF"}]}})",
       R"({"safetySettings":[{"category":"C","threshold":"OFF"}]})"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Json body = translated("{\"model\":\"" + std::string(c.model) + "\"," + c.members + "}");
    ASSERT_TRUE(body.is_object()) << body;
    body.erase("contents");
    EXPECT_EQ(body, json(c.expected));
  }
}

TEST(ResponsesTest, SaysWhatIsWrong) {
  const struct {
    const char* name;
    const char* members;
    const char* expected;  ///< the parameter, and how the message begins
  } cases[] = {
      {"no model", R"("input":"Hi")", "model: 'model' is missing"},
      {"a model with a slash", R"("model":"a/b","input":"Hi")",
       "model: 'model' is no model's name"},
      {"a model that speaks", R"("model":"gemini-2.5-flash-preview-tts","input":"Hi")",
       "model: 'gemini-2.5-flash-preview-tts' answers in sound"},
      {"no input", R"("model":"m")", "input: 'input' is missing"},
      {"input of a wrong type", R"("model":"m","input":5)", "input: 'input' must be a text or"},
      {"nothing to answer", R"("model":"m","input":[])", "input: 'input' has nothing to answer"},
      {"an item that is none", R"("model":"m","input":["Hi"])", "input[0]: input[0]: an item must"},
      {"an item without a type", R"("model":"m","input":[{}])",
       "input[0].type: input[0].type: an "},
      {"an item of an unknown type", R"("model":"m","input":[{"type":"mesage"}])",
       "input[0].type: input[0].type: items of type 'mesage'"},
      {"a message without a role", R"("model":"m","input":[{"type":"message","content":"Hi"}])",
       "input[0].role: input[0].role: 'role' is missing"},
      {"a role that nobody has", R"("model":"m","input":[{"role":"tool","content":"Hi"}])",
       "input[0].role: input[0].role: the role 'tool' is unknown"},
      {"a part of an unknown type",
       R"("model":"m","input":[{"role":"user","content":[{"type":"smell"}]}])",
       "input[0].content[0].type: "},
      {"a picture that is none",
       R"("model":"m","input":[{"role":"user","content":[{"type":"input_image","image_url":"cat.png"}]}])",
       "input[0].content[0].image_url: "},
      {"a file that nobody knows",
       R"("model":"m","input":[{"role":"user","content":[{"type":"input_file","file_id":"file-1"}]}])",
       "input[0].content[0].file_id: "},
      {"a call without a name", R"("model":"m","input":[{"type":"function_call","call_id":"a"}])",
       "input[0].name: "},
      {"an output of no call",
       R"("model":"m","input":[{"type":"function_call_output","output":"x"}])",
       "input[0].call_id: "},
      {"a reference into the dark",
       R"("model":"m","input":[{"type":"item_reference","id":"msg_1"}])",
       "input[0].id: Item with id 'msg_1' not found."},
      {"a conversation", R"("model":"m","input":"Hi","conversation":"conv_1")",
       "conversation: conversations are not kept here"},
      {"a stored prompt", R"("model":"m","input":"Hi","prompt":{"id":"pmpt_1"})",
       "prompt: stored prompts are not kept here"},
      {"a tool of OpenAI's own",
       R"("model":"m","input":"Hi","tools":[{"type":"function","name":"f"},{"type":"mcp","server_label":"x"}])",
       "tools[1].type: tools of type 'mcp' are not offered"},
      {"a tool that nobody knows", R"("model":"m","input":"Hi","tools":[{"type":"teleport"}])",
       "tools[0].type: "},
      {"a function without a name", R"("model":"m","input":"Hi","tools":[{"type":"function"}])",
       "tools[0].name: "},
      {"a choice of nothing",
       R"("model":"m","input":"Hi","tools":[{"type":"function","name":"f"}],"tool_choice":"maybe")",
       "tool_choice: "},
      {"an effort that nobody has", R"("model":"m","input":"Hi","reasoning":{"effort":"huge"})",
       "reasoning.effort: "},
      {"reasoning of a wrong type", R"("model":"m","input":"Hi","reasoning":"high")",
       "reasoning: 'reasoning' must be an object"},
      {"a format that nobody knows", R"("model":"m","input":"Hi","text":{"format":{"type":"xml"}})",
       "text.format.type: "},
      {"no schema",
       R"("model":"m","input":"Hi","text":{"format":{"type":"json_schema","name":"n"}})",
       "text.format.schema: "},
      {"a temperature too high", R"("model":"m","input":"Hi","temperature":3)", "temperature: "},
      {"no tokens", R"("model":"m","input":"Hi","max_output_tokens":0)", "max_output_tokens: "},
      {"metadata of a wrong type", R"("model":"m","input":"Hi","metadata":{"a":1})", "metadata: "},
      {"store of a wrong type", R"("model":"m","input":"Hi","store":"yes")",
       "store: 'store' must be true or false"},
      {"in the background, and not kept",
       R"("model":"m","input":"Hi","background":true,"store":false)", "background: "},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const Json said = translated("{" + std::string(c.members) + "}");
    ASSERT_TRUE(said.is_string()) << said;
    EXPECT_TRUE(said.get<std::string>().starts_with(c.expected)) << said;
  }
}

TEST(ResponsesTest, GoesOnFromEarlierResponses) {
  ResponseContext context;
  context.history = json(
      R"([{"type":"message","role":"user","content":[{"type":"input_text","text":"Go"}],"id":"msg_aai0"},
      {"type":"function_call","id":"fc_aao0","call_id":"c","name":"f","arguments":"{}","signature":"SIG"}])");
  const Json body = translated(
      R"({"model":"gemini-3-flash-preview","previous_response_id":"resp_aa","input":[{"type":"function_call_output","call_id":"c","output":"5"}]})",
      context);
  EXPECT_EQ(body["contents"], json(R"([{"role":"user","parts":[{"text":"Go"}]},
      {"role":"model","parts":[{"functionCall":{"name":"f","args":{},"id":"c"},"thoughtSignature":"SIG"}]},
      {"role":"user","parts":[{"functionResponse":{"name":"f","id":"c","response":{"result":"5"}}}]}])"));
}

TEST(ResponsesTest, FollowsReferences) {
  const Json said =
      json(R"({"type":"message","role":"assistant","content":"Yes","signature":"SIG"})");
  ResponseContext context;
  context.item_of = [&](const std::string& id) { return id == "msg_aao0" ? &said : nullptr; };
  const auto request = std::string(
      R"({"model":"gemini-2.5-flash","input":[{"role":"user","content":"Hi"},{"type":"item_reference","id":"msg_aao0"},{"id":"msg_aao0"},{"role":"user","content":"?"}]})");
  const Json body = translated(request, context);
  EXPECT_EQ(
      body["contents"][1],
      json(
          R"({"role":"model","parts":[{"text":"Yes","thoughtSignature":"SIG"},{"text":"Yes","thoughtSignature":"SIG"}]})"));
  EXPECT_EQ(responses_referred_to(json(request)["input"]), std::vector<std::string>{"resp_aa"});
}

TEST(ResponsesTest, SignaturesComeBackInEveryWay) {
  const std::string items =
      R"({"type":"function_call","call_id":"c","name":"f","arguments":"{}"},{"type":"function_call","call_id":"d","name":"f","arguments":"{}"},
      {"type":"function_call_output","call_id":"c","output":"5"},{"type":"function_call_output","call_id":"d","output":"6"}])";
  const std::string start =
      R"({"model":"gemini-3-flash-preview","input":[{"role":"user","content":"Go"},)";
  const auto signatures = [](const Json& body) {
    std::string all;
    for (const auto& part : body["contents"][1]["parts"])
      all += std::string(string_in(part, "thoughtSignature")) + ",";
    return all;
  };
  ResponseContext kept;
  kept.signature_of = [](std::string_view id) { return id == "c" ? "KEPT" : ""; };
  const auto sealed = R"({"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":")" +
                      seal({"c", "SEALED"}) + "\"},";
  const auto foreign =
      R"({"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAAAAB="},)";
  EXPECT_EQ(signatures(translated(start + sealed + items + "}")), "SEALED,,");
  EXPECT_EQ(signatures(translated(start + sealed + items + "}", kept)), "SEALED,,");
  EXPECT_EQ(signatures(translated(start + items + "}", kept)), "KEPT,,");
  EXPECT_EQ(signatures(translated(start + foreign + items + "}")),
            "skip_thought_signature_validator,,");
  EXPECT_EQ(signature_names(json("[" + items)), std::vector<std::string>{"c"});
}

TEST(ResponsesTest, RepeatsTheRequest) {
  auto read = read_response_request(json(
      R"({"model":"models/gemini-2.5-flash","input":"Hi","instructions":"Be brief.","temperature":0.5,"tools":[{"type":"function","name":"f"}],
      "tool_choice":"required","metadata":{"a":"b"},"text":{"format":{"type":"json_object"}},"reasoning":{"effort":"low"},"store":false,"parallel_tool_calls":false})"));
  ASSERT_TRUE(read);
  const Json& echo = read->echo;
  EXPECT_EQ(echo["model"], "gemini-2.5-flash");
  EXPECT_EQ(echo["instructions"], "Be brief.");
  EXPECT_EQ(echo["temperature"], 0.5);
  EXPECT_EQ(echo["top_p"], 1.0);
  EXPECT_EQ(echo["tool_choice"], "required");
  EXPECT_EQ(
      echo["tools"],
      json(
          R"([{"type":"function","name":"f","description":null,"parameters":null,"strict":true}])"));
  EXPECT_EQ(echo["metadata"], json(R"({"a":"b"})"));
  EXPECT_EQ(echo["text"], json(R"({"format":{"type":"json_object"},"verbosity":"medium"})"));
  EXPECT_EQ(echo["reasoning"], json(R"({"effort":"low","summary":null})"));
  EXPECT_EQ(echo["store"], false);
  EXPECT_EQ(echo["parallel_tool_calls"], false);
  EXPECT_TRUE(echo["previous_response_id"].is_null());
  EXPECT_EQ(echo["truncation"], "disabled");
}

TEST(ResponseItemsTest, IdsSayWhereAnItemStands) {
  for (const bool is_input : {false, true}) {
    const auto id = item_id("msg", {"resp_0a1b2c", is_input, 12});
    EXPECT_EQ(id, is_input ? "msg_0a1b2ci12" : "msg_0a1b2co12");
    const auto place = place_of_item(id);
    ASSERT_TRUE(place);
    EXPECT_EQ(place->response_id, "resp_0a1b2c");
    EXPECT_EQ(place->is_input, is_input);
    EXPECT_EQ(place->number, 12u);
  }
  for (const char* id : {"", "msg", "msg_", "msg_1", "msg_o1", "msg_aao", "msg_aaox", "msg_xyo1",
                         "io1", "msg_aao99999999999999999999"})
    EXPECT_FALSE(place_of_item(id)) << id;
}

TEST(ResponseItemsTest, SealsAndUnseals) {
  const auto opened = unseal(seal({"call_1", "A/b+=\nline"}));
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->call_id, "call_1");
  EXPECT_EQ(opened->signature, "A/b+=\nline");
  for (const char* foreign : {"", "gAAAAABo", "no base64!", "Z2VtYmFsLzE="})
    EXPECT_FALSE(unseal(foreign)) << foreign;
}

TEST(ResponseItemsTest, ListsItemsWithIdsAndParts) {
  const ItemPlace place{"resp_aa", true, 0};
  EXPECT_EQ(
      listed_item(json(R"({"role":"user","content":"Hi"})"), place),
      json(
          R"({"role":"user","content":[{"type":"input_text","text":"Hi"}],"type":"message","id":"msg_aai0","status":"completed"})"));
  EXPECT_EQ(
      listed_item(json(R"({"role":"assistant","content":"Yes","id":"mine"})"), place)["content"],
      json(R"([{"type":"output_text","text":"Yes","annotations":[]}])"));
  EXPECT_EQ(listed_item(json(R"({"type":"function_call_output","call_id":"c","output":"5"})"),
                        place)["id"],
            "fco_aai0");
}

}  // namespace
}  // namespace gembal::openai
