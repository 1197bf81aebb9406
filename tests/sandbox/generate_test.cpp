#include <gtest/gtest.h>

#include "lib/core/base64.hpp"
#include "tests/sandbox/client.hpp"

namespace gembal::sandbox {
namespace {

using Keys = std::vector<std::string>;

const Json& candidate(const Json& response) { return response["candidates"][0]; }

TEST(GenerateTest, AnswersInWordsWithCountsThatAddUp) {
  Client client;
  const auto script = client.post(kFlash, kHello);
  EXPECT_EQ(script.status, 200);
  EXPECT_FALSE(script.chunked);
  ASSERT_EQ(script.pieces.size(), 1u);
  const Json response = json_of(script);
  EXPECT_EQ(keys_of(response), (Keys{"candidates", "usageMetadata", "modelVersion", "responseId"}));
  EXPECT_EQ(keys_of(candidate(response)), (Keys{"content", "finishReason", "index"}));
  EXPECT_EQ(candidate(response)["finishReason"], "STOP");
  EXPECT_EQ(keys_of(candidate(response)["content"]), (Keys{"parts", "role"}));
  EXPECT_NE(text_in(response).find("Say hello to Ada."), std::string::npos);
  EXPECT_NE(text_in(response).find("sandbox"), std::string::npos);
  const Json& usage = response["usageMetadata"];
  EXPECT_EQ(keys_of(usage), (Keys{"promptTokenCount", "candidatesTokenCount", "totalTokenCount",
                                  "promptTokensDetails", "thoughtsTokenCount", "serviceTier"}));
  EXPECT_EQ(usage["totalTokenCount"].get<int>(), usage["promptTokenCount"].get<int>() +
                                                     usage["candidatesTokenCount"].get<int>() +
                                                     usage["thoughtsTokenCount"].get<int>());
  EXPECT_EQ(response["modelVersion"], "gemini-2.5-flash");
}

TEST(GenerateTest, GivesSeveralCandidatesWithCountsThatAddUp) {
  Client client;
  const Json response = json_of(client.post(
      kFlash,
      R"({"contents":[{"parts":[{"text":"Hi"}]}],"generationConfig":{"candidateCount":3}})"));
  ASSERT_EQ(response["candidates"].size(), 3u);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(response["candidates"][i]["index"], i);
    EXPECT_EQ(response["candidates"][i]["finishReason"], "STOP");
  }
  EXPECT_NE(response["candidates"][0]["content"], response["candidates"][1]["content"]);
  const Json& usage = response["usageMetadata"];
  EXPECT_EQ(usage["totalTokenCount"].get<int>(), usage["promptTokenCount"].get<int>() +
                                                     usage["candidatesTokenCount"].get<int>() +
                                                     usage["thoughtsTokenCount"].get<int>());
}

TEST(GenerateTest, WritesUnaryRepliesIndentedByTwo) {
  Client client;
  const std::string body = body_of(client.post(kFlash, kHello));
  EXPECT_TRUE(
      body.starts_with("{\n  \"candidates\": [\n    {\n      \"content\": {\n        \"parts\": ["))
      << body;
  EXPECT_TRUE(body.ends_with("\n}\n"));
  const std::string compact =
      body_of(client.post(std::string(kFlash) + "?prettyPrint=false", kHello));
  EXPECT_TRUE(compact.starts_with("{\"candidates\": [{\"content\": {")) << compact;
}

TEST(GenerateTest, SameSeedGivesTheSameAnswersAndAnotherSeedOthers) {
  Options seven, eight;
  seven.seed = 7;
  eight.seed = 8;
  Client first(seven), second(seven), other(eight);
  for (const char* url : {kFlash, kNewStream}) {
    const auto a = body_of(first.post(url, kHello));
    EXPECT_EQ(a, body_of(second.post(url, kHello)));
    EXPECT_NE(a, body_of(other.post(url, kHello)));
  }
  // Ids differ from request to request; the words do not.
  const Json once = json_of(first.post(kFlash, kHello)),
             again = json_of(first.post(kFlash, kHello));
  EXPECT_EQ(text_in(once), text_in(again));
  EXPECT_NE(once["responseId"], again["responseId"]);
}

TEST(GenerateTest, AcceptsSnakeCaseAndLoneObjectsInPlaceOfLists) {
  Client client;
  const auto script = client.post(
      kFlash, R"({"contents":{"parts":{"text":"hi"}},"generation_config":{"max_output_tokens":500},
      "system_instruction":{"parts":{"text":"Be brief."}}})");
  EXPECT_EQ(script.status, 200) << body_of(script);
  EXPECT_NE(text_in(json_of(script)).find("Be brief."), std::string::npos);
}

TEST(GenerateTest, HonoursLimitsAndStops) {
  Client client;
  const Json stopped = json_of(
      client.post(kFlash, ask_with("x", R"("generationConfig":{"stopSequences":["sandbox"]})")));
  EXPECT_EQ(text_in(stopped).find("sandbox"), std::string::npos);
  EXPECT_EQ(candidate(stopped)["finishReason"], "STOP");

  const Json cut = json_of(client.post(
      kFlash,
      ask_with(
          "x",
          R"("generationConfig":{"maxOutputTokens":6,"thinkingConfig":{"thinkingBudget":0}})")));
  EXPECT_EQ(candidate(cut)["finishReason"], "MAX_TOKENS");
  EXPECT_FALSE(text_in(cut).empty());
  EXPECT_LE(cut["usageMetadata"]["candidatesTokenCount"].get<int>(), 6);

  // Thoughts count against the limit and may leave nothing to say.
  const Json empty =
      json_of(client.post(kFlash, ask_with("x", R"("generationConfig":{"maxOutputTokens":6})")));
  EXPECT_EQ(candidate(empty)["finishReason"], "MAX_TOKENS");
  EXPECT_EQ(keys_of(candidate(empty)["content"]), Keys{"role"});
}

TEST(GenerateTest, ShowsThoughtsWhenAskedAndSignsFromTheThirdGenerationOn) {
  Client client;
  const std::string body =
      ask_with("Why?", R"("generationConfig":{"thinkingConfig":{"includeThoughts":true}})");
  const Json old = candidate(json_of(client.post(kFlash, body)))["content"]["parts"];
  ASSERT_EQ(old.size(), 2u);
  EXPECT_EQ(keys_of(old[0]), (Keys{"text", "thought"}));
  EXPECT_EQ(keys_of(old[1]), Keys{"text"});
  const Json now = candidate(json_of(client.post(kNew, body)))["content"]["parts"];
  EXPECT_EQ(keys_of(now[1]), (Keys{"text", "thoughtSignature"}));

  const Json none = json_of(client.post(
      kNew, ask_with("Why?", R"("generationConfig":{"thinkingConfig":{"thinkingBudget":0}})")));
  EXPECT_EQ(find(none["usageMetadata"], "thoughtsTokenCount"), nullptr);
}

const char* const kTools = R"("tools":[{"functionDeclarations":[
    {"name":"get_weather","parameters":{"type":"OBJECT","properties":{"city":{"type":"STRING"},
      "days":{"type":"INTEGER"},"unit":{"type":"STRING","enum":["celsius","kelvin"]}},"required":["city","days","unit"]}},
    {"name":"tell_joke"}]}])";

TEST(GenerateTest, CallsTheFunctionThatThePromptSpeaksOf) {
  const struct {
    const char* name;
    const char* prompt;
    std::string more;
    std::vector<std::string> called;
  } cases[] = {
      {"a word of its name",
       "What is the weather in New York for 3 days?",
       kTools,
       {"get_weather"}},
      {"tools in general: the first", "Please use a tool.", kTools, {"get_weather"}},
      {"two names: both at once",
       "Tell a joke about the weather",
       kTools,
       {"get_weather", "tell_joke"}},
      {"nothing of the kind", "Good morning", kTools, {}},
      {"mode ANY",
       "Good morning",
       std::string(kTools) + R"(,"toolConfig":{"functionCallingConfig":{"mode":"ANY"}})",
       {"get_weather"}},
      {"mode ANY with names",
       "Good morning",
       std::string(kTools) +
           R"(,"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["tell_joke"]}})",
       {"tell_joke"}},
      {"mode NONE",
       "the weather",
       std::string(kTools) + R"(,"toolConfig":{"functionCallingConfig":{"mode":"NONE"}})",
       {}},
  };
  Client client;
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const Json response = json_of(client.post(kNew, ask_with(c.prompt, c.more)));
    std::vector<std::string> called;
    for (const auto& part : candidate(response)["content"]["parts"]) {
      if (const Json* call = find(part, "functionCall"))
        called.emplace_back(string_in(*call, "name"));
    }
    EXPECT_EQ(called, c.called);
    EXPECT_EQ(candidate(response)["finishReason"], "STOP");
    EXPECT_EQ(find(candidate(response), "finishMessage") != nullptr, !c.called.empty());
  }
}

TEST(GenerateTest, FitsArgumentsToTheSchemaAndSignsOnlyTheFirstCall) {
  Client client;
  const Json parts = candidate(
      json_of(client.post(kNew, ask_with("Tell a joke and the weather in New York for 3 days",
                                         kTools))))["content"]["parts"];
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(keys_of(parts[0]), (Keys{"functionCall", "thoughtSignature"}));
  EXPECT_EQ(keys_of(parts[0]["functionCall"]), (Keys{"name", "args", "id"}));
  EXPECT_EQ(to_text(parts[0]["functionCall"]["args"]),
            R"({"city":"New York","days":3,"unit":"celsius"})");
  EXPECT_EQ(keys_of(parts[1]), Keys{"functionCall"});
  EXPECT_EQ(to_text(parts[1]["functionCall"]["args"]), "{}");

  const Json old =
      candidate(json_of(client.post(kFlash, ask_with("the weather", kTools))))["content"]["parts"];
  EXPECT_EQ(keys_of(old[0]), Keys{"functionCall"});
  EXPECT_EQ(keys_of(old[0]["functionCall"]), (Keys{"name", "args"}));
}

TEST(GenerateTest, AnswersAFunctionsResponseInWords) {
  Client client;
  const auto script =
      client.post(kNew, std::string(R"({"contents":[{"role":"user","parts":[{"text":"weather?"}]},
      {"role":"model","parts":[{"functionCall":{"name":"get_weather","args":{}},"thoughtSignature":"skip_thought_signature_validator"}]},
      {"role":"user","parts":[{"functionResponse":{"name":"get_weather","response":{"degrees":21}}}]}],)") +
                            kTools + "}");
  ASSERT_EQ(script.status, 200) << body_of(script);
  EXPECT_NE(text_in(json_of(script)).find(R"(get_weather answered {"degrees":21})"),
            std::string::npos);
}

TEST(GenerateTest, WritesJsonThatFitsTheSchema) {
  Client client;
  const struct {
    const char* name;
    const char* config;
    const char* text;
  } cases[] = {
      {"the subset of OpenAPI",
       R"({"responseMimeType":"application/json","responseSchema":{"type":"OBJECT","properties":{"name":{"type":"STRING"},
          "age":{"type":"INTEGER","minimum":18}},"propertyOrdering":["age","name"]}})",
       R"({"age":18,"name":"Bob"})"},
      {"JSON Schema with references",
       R"({"responseMimeType":"application/json","responseJsonSchema":{"type":"object","$defs":{"t":{"type":["string","null"]}},
          "properties":{"tags":{"type":"array","items":{"$ref":"#/$defs/t"}},"on":{"type":"boolean"}},"required":["tags","on"]}})",
       R"({"tags":["Bob"],"on":true})"},
      {"a choice",
       R"({"responseMimeType":"text/x.enum","responseSchema":{"type":"STRING","enum":["yes","no"]}})",
       "yes"},
      {"a schema that never ends",
       R"({"responseMimeType":"application/json","responseJsonSchema":{"$defs":{"n":{"type":"object","properties":{"next":{"$ref":"#/$defs/n"}}}},
          "$ref":"#/$defs/n"}})",
       R"({"next":{"next":{"next":{"next":{}}}}})"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto script = client.post(
        kNew, ask_with("Make a person named Bob", std::string("\"generationConfig\":") + c.config));
    EXPECT_EQ(text_in(json_of(script)), c.text) << body_of(script);
  }
}

TEST(GenerateTest, GroundsWithOffsetsInBytes) {
  Client client;
  const Json response =
      json_of(client.post(kNew, ask_with("Où est Zoë?", R"("tools":[{"googleSearch":{}}])")));
  const Json& metadata = candidate(response)["groundingMetadata"];
  EXPECT_EQ(keys_of(metadata),
            (Keys{"searchEntryPoint", "groundingChunks", "groundingSupports", "webSearchQueries"}));
  const Json& segment = metadata["groundingSupports"][0]["segment"];
  const auto start = segment["startIndex"].get<std::size_t>();
  const auto end = segment["endIndex"].get<std::size_t>();
  EXPECT_EQ(text_in(response).substr(start, end - start), segment["text"].get<std::string>());
  EXPECT_GT(response["usageMetadata"]["toolUsePromptTokenCount"].get<int>(), 0);

  const Json fetched = json_of(client.post(
      kNew, ask_with("Read https://example.com/a please", R"("tools":[{"url_context":{}}])")));
  EXPECT_EQ(candidate(fetched)["urlContextMetadata"]["urlMetadata"][0]["retrievedUrl"],
            "https://example.com/a");
}

TEST(GenerateTest, RunsCodeThatAddsUp) {
  Client client;
  const Json parts = candidate(json_of(
      client.post(kNew, ask_with("What is the sum of 2, 3 and 5.5?",
                                 R"("tools":[{"codeExecution":{}}])"))))["content"]["parts"];
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(keys_of(parts[0]["executableCode"]), (Keys{"language", "code", "id"}));
  EXPECT_EQ(parts[1]["codeExecutionResult"]["output"], "total=10.5\n");
  EXPECT_EQ(parts[1]["codeExecutionResult"]["id"], parts[0]["executableCode"]["id"]);
  EXPECT_EQ(parts[2]["text"], "The code printed total=10.5.");
}

TEST(GenerateTest, DrawsPicturesAndSpeaks) {
  Client client;
  const Json both = candidate(json_of(client.post(
      "/v1beta/models/gemini-3.1-flash-image:generateContent", kHello)))["content"]["parts"];
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(keys_of(both[1]), (Keys{"inlineData", "thoughtSignature"}));
  const Json wide = json_of(client.post(
      "/v1beta/models/gemini-2.5-flash-image:generateContent",
      ask_with(
          "a cat",
          R"("generationConfig":{"responseModalities":["IMAGE"],"imageConfig":{"aspectRatio":"16:9"}})")));
  const Json image = candidate(wide)["content"]["parts"];
  ASSERT_EQ(image.size(), 1u);
  const auto png = *base64_decode(string_in(image[0]["inlineData"], "data"));
  EXPECT_TRUE(png.starts_with("\x89PNG\r\n\x1a\n"));
  EXPECT_EQ(png.substr(16, 8), std::string("\0\0\0\x80\0\0\0\x48", 8));  // 128 by 72
  EXPECT_EQ(wide["usageMetadata"]["candidatesTokensDetails"][0]["modality"], "IMAGE");

  const Json speech = json_of(client.post(
      "/v1beta/models/gemini-3.8-flash-tts:generateContent",
      ask_with("Hello there", R"("generationConfig":{"responseModalities":["AUDIO"]})")));
  EXPECT_EQ(candidate(speech)["content"]["parts"][0]["inlineData"]["mimeType"],
            "audio/L16;codec=pcm;rate=24000");
}

TEST(GenerateTest, DrawsDraftsAmongTheThoughtsAndOtherPicturesFromPictures) {
  Client client;
  const std::string url = "/v1beta/models/gemini-3.1-flash-image:generateContent";
  const Json parts = candidate(json_of(client.post(
      url,
      ask_with(
          "a cat",
          R"("generationConfig":{"responseModalities":["IMAGE"],"thinkingConfig":{"includeThoughts":true}})"))))
      ["content"]["parts"];
  ASSERT_EQ(parts.size(), 3u) << to_text(parts);
  EXPECT_EQ(keys_of(parts[1]), (Keys{"inlineData", "thought"}));
  EXPECT_EQ(keys_of(parts[2]), (Keys{"inlineData", "thoughtSignature"}));
  const auto edited = [&](const std::string& more) {
    const Json reply = json_of(client.post(
        url, R"({"contents":[{"parts":[)" + more +
                 R"({"text":"a cat"}]}],"generationConfig":{"responseModalities":["IMAGE"]}})"));
    return to_text(candidate(reply)["content"]["parts"][0]["inlineData"]["data"]);
  };
  EXPECT_EQ(edited(""), edited(""));
  EXPECT_NE(edited(R"({"inlineData":{"mimeType":"image/png","data":"QUJD"}},)"), edited(""));
}

TEST(GenerateTest, DoesAsADirectiveSays) {
  Client client;
  const auto say = [&client](const std::string& prompt) {
    return client.post(kFlashStream, ask_with(prompt));
  };
  const auto exact = events_of(say(R"(sandbox: {"text":"one two three four","events":2} ignored)"));
  ASSERT_EQ(exact.size(), 2u);
  EXPECT_EQ(text_in(exact[0]), "one two");
  EXPECT_EQ(text_in(exact[1]), " three four");

  const auto words = text_in(json_of(client.post(kFlash, ask_with(R"(sandbox:{"words":200})"))));
  EXPECT_EQ(std::count(words.begin(), words.end(), ' '), 199);

  const auto slow = say(R"(sandbox:{"words":50,"delay":"3s"})");
  EXPECT_EQ(slow.pieces[1].after, Milliseconds{3000});

  EXPECT_EQ(say(R"(sandbox:{"fault":"overloaded"})").status, 503);
  EXPECT_EQ(say(R"(sandbox:{"fault":"cut,1","words":50})").end, End::cut);
  EXPECT_EQ(say(R"(sandbox:{"wrods":2})").status, 400);
  EXPECT_EQ(say(R"(sandbox:{"words":)").status, 400);
  EXPECT_EQ(say("sandbox: what is this?").status, 200);

  const Json call = json_of(client.post(
      kNew, ask_with(R"(sandbox:{"call":"tell_joke","args":{"about":"keys"}})", kTools)));
  EXPECT_EQ(to_text(candidate(call)["content"]["parts"][0]["functionCall"]["args"]),
            R"({"about":"keys"})");
}

TEST(GenerateTest, CountsTokensInBothForms) {
  Client client;
  const char* url = "/v1beta/models/gemini-3.5-flash:countTokens";
  const auto plain =
      client.post(url, R"({"contents":[{"parts":[{"text":"What is the capital of France?"}]}]})");
  EXPECT_EQ(to_text(json_of(plain)),
            R"({"totalTokens":8,"promptTokensDetails":[{"modality":"TEXT","tokenCount":8}]})");
  const auto wrapped = client.post(
      url, R"({"generateContentRequest":{"contents":[{"parts":[{"text":"And tomorrow?"}]}],
      "systemInstruction":{"parts":{"text":""}},"model":"models/gemini-3.5-flash"}})");
  EXPECT_EQ(json_of(wrapped)["totalTokens"], 4);
  EXPECT_EQ(client.post(url, "{}").status, 400);
}

}  // namespace
}  // namespace gembal::sandbox
