#include <gtest/gtest.h>

#include "tests/sandbox/client.hpp"

namespace gembal::sandbox {
namespace {

TEST(ValidationTest, NamesUnknownFieldsAndTheirPlace) {
  const struct {
    const char* name;
    std::string body;
    const char* message;
    const char* field;
  } cases[] = {
      {"top level", ask_with("x", R"("foo":1)"),
       "Invalid JSON payload received. Unknown name \"foo\": Cannot find field.", ""},
      {"in generationConfig", ask_with("x", R"("generationConfig":{"maxTokens":1})"),
       "Invalid JSON payload received. Unknown name \"maxTokens\" at 'generation_config': Cannot find field.",
       "generation_config"},
      {"in a part", R"({"contents":[{"parts":[{"text":"x"},{"image":"y"}]}]})",
       "Invalid JSON payload received. Unknown name \"image\" at 'contents[0].parts[1]': Cannot find field.",
       "contents[0].parts[1]"},
      {"in a function's schema",
       ask_with(
           "x",
           R"("tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"object","properties":{"a":{"$ref":"#"}}}}]}])"),
       "Invalid JSON payload received. Unknown name \"$ref\" at "
       "'tools[0].function_declarations[0].parameters.properties[0].value': Cannot find field.",
       "tools[0].function_declarations[0].parameters.properties[0].value"},
      {"a wrong type", ask_with("x", R"("generationConfig":{"temperature":"hot"})"),
       "Invalid value at 'generation_config.temperature' (TYPE_FLOAT), \"hot\"",
       "generation_config.temperature"},
  };
  Client client;
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto script = client.post(kFlash, c.body);
    EXPECT_EQ(script.status, 400);
    const Json error = json_of(script)["error"];
    EXPECT_EQ(error["message"], c.message);
    EXPECT_EQ(error["status"], "INVALID_ARGUMENT");
    EXPECT_EQ(error["details"][0]["@type"], "type.googleapis.com/google.rpc.BadRequest");
    const Json& violation = error["details"][0]["fieldViolations"][0];
    EXPECT_EQ(violation["description"], c.message);
    EXPECT_EQ(string_in(violation, "field"), c.field);
  }
  const Json two = json_of(client.post(kFlash, R"({"a":1,"b":2})"))["error"];
  EXPECT_EQ(two["details"][0]["fieldViolations"].size(), 2u);
}

TEST(ValidationTest, RefusesWhatTheApiRefuses) {
  const std::string call =
      R"({"role":"model","parts":[{"functionCall":{"name":"f"},"thoughtSignature":"skip_thought_signature_validator"}]})";
  const std::string unsigned_call = R"({"role":"model","parts":[{"functionCall":{"name":"f"}}]})";
  const std::string user = R"({"role":"user","parts":[{"text":"x"}]})";
  const std::string response =
      R"({"role":"user","parts":[{"functionResponse":{"name":"f","response":{}}}]})";
  const auto contents = [](const std::vector<std::string>& turns) {
    std::string all;
    for (const auto& turn : turns) all += (all.empty() ? "" : ",") + turn;
    return "{\"contents\":[" + all + "]}";
  };
  const auto config = [](const std::string& members) {
    return ask_with("x", "\"generationConfig\":{" + members + "}");
  };
  const struct {
    const char* name;
    const char* url;
    std::string body;
    const char* message;  // its beginning; "" when the request is fine
  } cases[] = {
      {"broken JSON", kFlash, "{\"contents\":[",
       "Invalid JSON payload received. Unexpected token."},
      {"no object", kFlash, "[]", "Invalid JSON payload received. Root element must be a message."},
      {"no body", kFlash, "", "* GenerateContentRequest.contents: contents is not specified\n"},
      {"no contents", kFlash, R"({"contents":[]})",
       "* GenerateContentRequest.contents: contents is not specified\n"},
      {"no parts", kFlash, R"({"contents":[{"role":"user"}]})",
       "* GenerateContentRequest.contents[0].parts: contents.parts must not be empty."},
      {"a part without data", kFlash, R"({"contents":[{"parts":[{"thought":true}]}]})",
       "* GenerateContentRequest.contents[0].parts[0].data: required oneof"},
      {"an unknown role", kFlash, R"({"contents":[{"role":"system","parts":[{"text":"x"}]}]})",
       "Please use a valid role: user, model."},
      {"a call that comes first", kFlash, contents({call, user}),
       "Please ensure that function call turn comes immediately"},
      {"too few responses", kFlash,
       contents(
           {user,
            R"({"role":"model","parts":[{"functionCall":{"name":"f"}},{"functionCall":{"name":"g"}}]})",
            response}),
       "Please ensure that the number of function response parts is equal"},
      {"a response to nothing", kFlash, contents({user, response}),
       "Please ensure that function response turn comes"},
      {"an unsigned call on an old model", kFlash, contents({user, unsigned_call, response}), ""},
      {"an unsigned call on a new model", kNew, contents({user, unsigned_call, response}),
       "Function call is missing a thought_signature in functionCall parts."},
      {"an unsigned call of an earlier turn", kNew, contents({user, unsigned_call, response, user}),
       ""},
      {"the bypass", kNew, contents({user, call, response}), ""},
      {"a signature that is none", kNew,
       contents(
           {user,
            R"({"role":"model","parts":[{"functionCall":{"name":"f"},"thoughtSignature":"$$"}]})",
            response}),
       "Corrupted thought signature."},
      {"too hot", kFlash, config(R"("temperature":2.5)"),
       "* GenerateContentRequest.generation_config.temperature: "},
      {"no tokens", kFlash, config(R"("maxOutputTokens":0)"),
       "* GenerateContentRequest.generation_config.max_output_tokens: "},
      {"several candidates", kFlash, config(R"("candidateCount":2)"), ""},
      {"too many", kFlash, config(R"("candidateCount":9)"),
       "Multiple candidates is not enabled for this model"},
      {"several in a stream", kFlashStream, config(R"("candidateCount":2)"),
       "Multiple candidates is not enabled for this model"},
      {"several of a new model", kNew, config(R"("candidateCount":2)"),
       "Multiple candidates is not enabled for this model"},
      {"logprobs", kFlash, config(R"("responseLogprobs":true)"),
       "Logprobs is not enabled for this model"},
      {"a level on 2.5", kFlash, config(R"("thinkingConfig":{"thinkingLevel":"low"})"),
       "Thinking level is not supported for this model."},
      {"level and budget", kNew,
       config(R"("thinkingConfig":{"thinkingLevel":"low","thinkingBudget":5})"),
       "You can only set only one"},
      {"Pro without thinking", "/v1beta/models/gemini-2.5-pro:generateContent",
       config(R"("thinkingConfig":{"thinkingBudget":0})"),
       "Budget 0 is invalid. This model only works in thinking mode."},
      {"a picture from a text model", kFlash, config(R"("responseModalities":["TEXT","IMAGE"])"),
       "The requested combination of response modalities (TEXT, IMAGE) is not supported by the model. models/gemini-2.5-flash"},
      {"a shape that no picture has", "/v1beta/models/gemini-3-pro-image:generateContent",
       config(R"("imageConfig":{"aspectRatio":"7:5"})"),
       "* GenerateContentRequest.generation_config.image_config.aspect_ratio: "},
      {"a size of a model that has one only",
       "/v1beta/models/gemini-2.5-flash-image:generateContent",
       config(R"("imageConfig":{"imageSize":"4K"})"),
       "* GenerateContentRequest.generation_config.image_config.image_size: "},
      {"words from a speech model", "/v1beta/models/gemini-2.5-pro-preview-tts:generateContent",
       kHello,
       "The requested combination of response modalities (TEXT) is not supported by the model."},
      {"instructions for Gemma", "/v1beta/models/gemma-4-31b-it:generateContent",
       ask_with("x", R"("systemInstruction":{"parts":[{"text":"y"}]})"),
       "Developer instruction is not enabled for models/gemma-4-31b-it"},
      {"JSON with tools on 2.5", kFlash,
       ask_with(
           "x",
           R"("tools":[{"googleSearch":{}}],"generationConfig":{"responseMimeType":"application/json"})"),
       "Tool use with a response mime type: 'application/json' is unsupported"},
      {"search with functions on 2.5", kFlash,
       ask_with("x", R"("tools":[{"googleSearch":{}},{"functionDeclarations":[{"name":"f"}]}])"),
       "Built-in tools"},
      {"search with functions on 3", kNew,
       ask_with("x", R"("tools":[{"googleSearch":{}},{"functionDeclarations":[{"name":"f"}]}])"),
       ""},
      {"a function without a name", kNew,
       ask_with("x", R"("tools":[{"functionDeclarations":[{"name":"1 f"}]}])"),
       "* GenerateContentRequest.tools[0].function_declarations[0].name: [FIELD_INVALID]"},
      {"an address with a blank", "/v1beta/models/bad%20model:generateContent", kHello,
       "* GenerateContentRequest.model: unexpected model name format\n"},
      {"another's cache", kFlash, ask_with("x", R"("cachedContent":"cachedContents/x")"),
       "CachedContent not found"},
  };
  Client client;
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto script = client.post(c.url, c.body);
    EXPECT_EQ(script.status == 200, !*c.message) << body_of(script);
    if (!*c.message) continue;
    EXPECT_TRUE(string_in(json_of(script)["error"], "message").starts_with(c.message))
        << body_of(script);
  }
}

TEST(ValidationTest, OwnSignaturesComeBackAndAlteredOnesDoNot) {
  Client client;
  const std::string tools = R"("tools":[{"functionDeclarations":[{"name":"add"}]}])";
  const Json part = json_of(client.post(
      kNew, ask_with("use the add tool", tools)))["candidates"][0]["content"]["parts"][0];
  const auto second_turn = [&](const Json& call) {
    return client.post(
        kNew,
        R"({"contents":[{"role":"user","parts":[{"text":"use the add tool"}]},{"role":"model","parts":[)" +
            to_text(call) +
            R"(]},{"role":"user","parts":[{"functionResponse":{"name":"add","response":{}}}]}]})");
  };
  EXPECT_EQ(second_turn(part).status, 200);
  Json altered = part;
  auto signature = part["thoughtSignature"].get<std::string>();
  signature[30] = signature[30] == 'A' ? 'B' : 'A';
  altered["thoughtSignature"] = signature;
  EXPECT_EQ(json_of(second_turn(altered))["error"]["message"], "Corrupted thought signature.");
}

TEST(ValidationTest, TakesExactlyOneCredential) {
  const struct {
    const char* name;
    const char* url;
    Headers headers;
    int status;
    const char* message;
  } cases[] = {
      {"none", "/v1beta/models", {}, 403, "Method doesn't allow unregistered callers"},
      {"in the query", "/v1beta/models?key=k", {}, 200, ""},
      {"an empty one in the query", "/v1beta/models?key=", {}, 403, "Method doesn't"},
      {"in the header", "/v1/models", {{"x-goog-api-key", "k"}}, 200, ""},
      {"both",
       "/v1beta/models?key=k",
       {{"x-goog-api-key", "k"}},
       400,
       "Multiple authentication credentials received."},
      {"a bearer",
       "/v1beta/models",
       {{"authorization", "Bearer k"}},
       401,
       "Request had invalid authentication credentials."},
      {"a bearer and a key",
       "/v1beta/models?key=k",
       {{"authorization", "Bearer k"}},
       400,
       "Multiple"},
      {"a bearer where OpenAI is spoken",
       "/v1beta/openai/models",
       {{"authorization", "Bearer k"}},
       200,
       ""},
      {"a key where OpenAI is spoken",
       "/v1beta/openai/models",
       {{"x-goog-api-key", "k"}},
       400,
       "Missing or invalid Authorization header."},
  };
  Client client;
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    auto request = make_request("GET", c.url, "", "");
    request.headers = c.headers;
    const auto script = client.api.answer(request, kNoon);
    EXPECT_EQ(script.status, c.status);
    if (!*c.message) continue;
    const Json body = json_of(script);
    const Json& error = body.is_array() ? body[0] : body;
    EXPECT_TRUE(string_in(error["error"], "message").starts_with(c.message)) << body_of(script);
  }
}

TEST(ValidationTest, UnknownAddressesGetThePageOfTheFrontEnd) {
  Client client;
  for (const char* url : {"/", "/v2/models", "/v1beta/nothing",
                          "/v1beta/models/gemini-2.5-flash:dance", "/v1beta/openai/audio/speech"}) {
    SCOPED_TRACE(url);
    auto request = make_request("POST", url, "{}",
                                std::string(url).find("openai") == std::string::npos ? "k" : "");
    if (request.headers.empty()) request.headers.emplace_back("authorization", "Bearer k");
    const auto script = client.api.answer(request, kNoon);
    EXPECT_EQ(script.status, 404);
    EXPECT_TRUE(body_of(script).starts_with("<!DOCTYPE html>"));
  }
}

TEST(ValidationTest, UnknownModelsAndWrongMethodsAreNotFound) {
  Client client;
  const char* words =
      " is not found for API version v1beta, or is not supported for generateContent. Call ListModels to see the list of "
      "available models and their supported methods.";
  for (const char* id : {"gemini-1.5-flash", "gemini-embedding-001"}) {
    const auto script =
        client.post(std::string("/v1beta/models/") + id + ":generateContent", kHello);
    EXPECT_EQ(script.status, 404);
    EXPECT_EQ(json_of(script)["error"]["message"], "models/" + std::string(id) + words);
  }
  EXPECT_EQ(client.post("/v1beta/models/gemini-2.5-flash:embedContent", "{}").status, 404);
}

}  // namespace
}  // namespace gembal::sandbox
