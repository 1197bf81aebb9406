#include "lib/openai/completions.hpp"

#include <gtest/gtest.h>

namespace gembal::openai {
namespace {

CompletionCall read(const std::string& json) {
  auto call = translate_completion(*parse_json(json));
  EXPECT_TRUE(call) << call.error().message;
  return call ? *std::move(call) : CompletionCall{};
}

Json body_of(const CompletionCall& call, std::size_t number = 0) {
  Json body = call.body;
  put_prompt(call, number, body);
  return body;
}

TEST(CompletionsTest, TranslatesARequest) {
  const auto call = read(
      R"({"model":"models/gemini-2.5-flash","prompt":"Once","max_tokens":16,"temperature":0.5,"stop":["\n"],
          "logprobs":3,"logit_bias":{"1":2},"user":"u","best_of":2,"more":1})");
  EXPECT_EQ(call.model, "gemini-2.5-flash");
  EXPECT_EQ(call.calls(), 1u);
  EXPECT_FALSE(call.stream);
  const Json expected = *parse_json(
      R"({"generationConfig":{"temperature":0.5,"maxOutputTokens":16,"stopSequences":["\n"],"thinkingConfig":{"thinkingBudget":0}},
          "contents":[{"role":"user","parts":[{"text":"Once"}]}]})");
  EXPECT_EQ(body_of(call), expected) << body_of(call);
}

TEST(CompletionsTest, ThinksNoMoreThanItMust) {
  const struct {
    const char* name;
    const char* json;
    const char* thinking;
  } cases[] = {
      {"a model that can do without", R"({"model":"gemini-2.5-flash","prompt":"a"})",
       R"({"thinkingBudget":0})"},
      {"one that thinks always, a little", R"({"model":"gemini-3.1-pro-preview","prompt":"a"})",
       R"({"thinkingLevel":"LOW"})"},
      {"one that knows no thinking", R"({"model":"gemma-3-27b-it","prompt":"a"})", ""},
      {"where the client wants it",
       R"({"model":"gemini-2.5-flash","prompt":"a","reasoning_effort":"medium"})",
       R"({"thinkingBudget":8192})"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto body = body_of(read(c.json));
    const Json* config = find(body, "generationConfig");
    const Json* thinking = config ? find(*config, "thinkingConfig") : nullptr;
    ASSERT_EQ(thinking != nullptr, *c.thinking != '\0');
    if (thinking) EXPECT_EQ(*thinking, *parse_json(c.thinking));
  }
}

TEST(CompletionsTest, EachPromptHasItsChoices) {
  const auto call = read(R"({"model":"m","prompt":["a","b"],"n":3})");
  EXPECT_EQ(call.calls(), 6u);
  EXPECT_EQ(call.prompt_of(2), "a");
  EXPECT_EQ(call.prompt_of(3), "b");
  EXPECT_EQ(body_of(call, 5)["contents"][0]["parts"][0]["text"], "b");
}

TEST(CompletionsTest, ASuffixMakesAGapToBeFilled) {
  const auto call = read(R"({"model":"gemini-2.5-flash","prompt":"int f(","suffix":"}"})");
  const auto body = body_of(call);
  EXPECT_NE(string_in(body["systemInstruction"]["parts"][0], "text").find("gap"),
            std::string::npos);
  const auto text = to_text(body["contents"]);
  EXPECT_NE(text.find("int f("), std::string::npos);
  EXPECT_LT(text.find("int f("), text.find('}', text.find("after the gap")));
  const auto folded = read(R"({"model":"gemma-3-27b-it","prompt":"a","suffix":"b"})");
  EXPECT_FALSE(body_of(folded).contains("systemInstruction")) << "that model takes none";
}

TEST(CompletionsTest, NamesWhatIsWrong) {
  const struct {
    const char* json;
    const char* param;
    const char* says;
  } cases[] = {
      {R"({"prompt":"a"})", "model", "'model'"},
      {R"({"model":"a/../b","prompt":"a"})", "model", "'model'"},
      {R"({"model":"m"})", "prompt", "missing"},
      {R"({"model":"m","prompt":null})", "prompt", "missing"},
      {R"({"model":"m","prompt":""})", "prompt", "empty"},
      {R"({"model":"m","prompt":[]})", "prompt", "empty"},
      {R"({"model":"m","prompt":["a",""]})", "prompt", "empty"},
      {R"({"model":"m","prompt":[1,2]})", "prompt", "token ids"},
      {R"({"model":"m","prompt":[[1],[2]]})", "prompt", "token ids"},
      {R"({"model":"m","prompt":{}})", "prompt", "'prompt'"},
      {R"({"model":"m","prompt":"a","n":0})", "n", "'n'"},
      {R"({"model":"m","prompt":"a","n":9})", "n", "'n'"},
      {R"({"model":"m","prompt":"a","n":3,"best_of":2})", "best_of", "'best_of'"},
      {R"({"model":"m","prompt":"a","max_tokens":0})", "max_tokens", "'max_tokens'"},
      {R"({"model":"m","prompt":"a","temperature":3})", "temperature", "'temperature'"},
      {R"({"model":"m","prompt":"a","stop":7})", "stop", "'stop'"},
      {R"(["a"])", "", "object"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.json);
    const auto call = translate_completion(*parse_json(c.json));
    ASSERT_FALSE(call);
    EXPECT_EQ(call.error().kind, ErrorKind::bad_request);
    EXPECT_EQ(call.error().param, c.param);
    EXPECT_NE(call.error().message.find(c.says), std::string::npos) << call.error().message;
  }
  Json many = {{"model", "m"}, {"prompt", Json::array()}, {"n", 8}};
  for (int i = 0; i < 9; ++i) many["prompt"].push_back("a");
  EXPECT_EQ(translate_completion(many).error().param, "prompt");
}

gemini::Reply reply(const char* json) { return *gemini::read_reply(json); }

const char* const kHello =
    R"({"candidates":[{"content":{"parts":[{"text":"hm","thought":true},{"text":" upon"},{"text":" a time"}]},"finishReason":"STOP"}],
        "usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":4,"thoughtsTokenCount":2,"totalTokenCount":9}})";
const char* const kLong =
    R"({"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"MAX_TOKENS"}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":1}})";
const char* const kBlocked =
    R"({"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":5}})";

TEST(CompletionsTest, TellsAWholeAnswer) {
  const auto call = read(R"({"model":"m","prompt":["Once","no"],"n":2,"echo":true})");
  CompletionRendering rendering({"cmpl-1", 7, "m"}, call);
  const auto text = rendering.whole({reply(kHello), reply(kLong), reply(kBlocked), reply(kHello)});
  ASSERT_TRUE(text);
  EXPECT_EQ(*parse_json(*text),
            *parse_json(
                R"({"id":"cmpl-1","object":"text_completion","created":7,"model":"m","choices":[
              {"text":"Once upon a time","index":0,"logprobs":null,"finish_reason":"stop"},
              {"text":"Oncex","index":1,"logprobs":null,"finish_reason":"length"},
              {"text":"no","index":2,"logprobs":null,"finish_reason":"content_filter"},
              {"text":"no upon a time","index":3,"logprobs":null,"finish_reason":"stop"}],
              "usage":{"prompt_tokens":8,"completion_tokens":13,"total_tokens":21,
              "prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},
              "completion_tokens_details":{"reasoning_tokens":4,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}})"))
      << *text;
  EXPECT_FALSE(rendering.whole({gemini::Reply{}}));
}

std::vector<Json> chunks_in(const std::string& out) {
  std::vector<Json> chunks;
  for (std::size_t at = out.find("data: {"); at != std::string::npos;
       at = out.find("data: {", at + 1)) {
    chunks.push_back(*parse_json(out.substr(at + 6, out.find('\n', at) - at - 6)));
  }
  return chunks;
}

TEST(CompletionsTest, TellsAStream) {
  const auto call = read(
      R"({"model":"m","prompt":["a","b"],"stream":true,"echo":true,"stream_options":{"include_usage":true}})");
  CompletionRendering rendering({"cmpl-1", 7, "m"}, call);
  std::string out = rendering.begin();
  out += rendering.push(reply(R"({"candidates":[{"content":{"parts":[{"text":"1"}]}}]})"), 1);
  out += rendering.push(reply(kHello), 0);
  EXPECT_FALSE(rendering.finished());
  out += rendering.push(reply(kLong), 1);
  EXPECT_TRUE(rendering.finished());
  out += rendering.finish();
  EXPECT_TRUE(out.ends_with("data: [DONE]\n\n"));
  std::string texts[2], reasons[2];
  const auto chunks = chunks_in(out);
  for (const auto& chunk : chunks) {
    EXPECT_EQ(chunk["object"], "text_completion");
    EXPECT_EQ(chunk["id"], "cmpl-1");
    for (const auto& choice : chunk["choices"]) {
      const auto index = choice["index"].get<std::size_t>();
      texts[index] += choice["text"].get<std::string>();
      EXPECT_TRUE(choice.contains("logprobs"));
      EXPECT_TRUE(chunk["usage"].is_null());
      EXPECT_TRUE(reasons[index].empty()) << "nothing follows the end";
      reasons[index] = string_in(choice, "finish_reason");
    }
  }
  EXPECT_EQ(texts[0], "a upon a time");
  EXPECT_EQ(texts[1], "b1x");
  EXPECT_EQ(reasons[0], "stop");
  EXPECT_EQ(reasons[1], "length");
  EXPECT_TRUE(chunks.back()["choices"].empty());
  EXPECT_EQ(chunks.back()["usage"]["prompt_tokens"], 6);
}

TEST(CompletionsTest, TellsAFailureWithoutDone) {
  const auto call = read(R"({"model":"m","prompt":"a","stream":true})");
  CompletionRendering rendering({"cmpl-1", 7, "m"}, call);
  const auto out = rendering.fail(502, Error{ErrorKind::upstream, "cut off"});
  EXPECT_EQ(chunks_in(out)[0]["error"]["message"], "cut off");
  EXPECT_EQ(out.find("[DONE]"), std::string::npos);
}

}  // namespace
}  // namespace gembal::openai
