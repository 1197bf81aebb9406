// What translating costs. Each measures from the bytes that arrive to the bytes that are sent.

#include <benchmark/benchmark.h>

#include "lib/core/json_object.hpp"
#include "lib/openai/chat.hpp"
#include "lib/openai/chat_rendering.hpp"

namespace gembal {
namespace {

/// As coding agents and chat front-ends send it: 2 KB with a few turns, one tool and its result.
std::string chat_request() {
  const std::string prose =
      "The quick brown fox jumps over the lazy dog, and then goes home to write about it. ";
  Json request = {{"model", "gemini-2.5-flash"}};
  request["messages"] = Json::array(
      {{{"role", "system"}, {"content", "You are a helpful assistant. " + prose + prose}},
       {{"role", "user"}, {"content", prose + prose + prose}},
       {{"role", "assistant"}, {"content", prose + prose + prose}},
       {{"role", "user"},
        {"content",
         Json::array({{{"type", "text"}, {"text", "What is the \"weather\" in Paris?\n"}}})}},
       {{"role", "assistant"},
        {"content", nullptr},
        {"tool_calls", Json::array({{{"id", "call_0123456789abcdef01234567"},
                                     {"type", "function"},
                                     {"function",
                                      {{"name", "get_weather"},
                                       {"arguments", R"({"city":"Paris","unit":"celsius"})"}}}}})}},
       {{"role", "tool"},
        {"tool_call_id", "call_0123456789abcdef01234567"},
        {"content", R"({"temperature":21,"sky":"clear"})"}}});
  request["temperature"] = 0.5;
  request["max_completion_tokens"] = 1000;
  request["tools"] = Json::array(
      {{{"type", "function"},
        {"function",
         {{"name", "get_weather"},
          {"description", "The weather of a city."},
          {"parameters",
           {{"type", "object"},
            {"properties",
             {{"city", {{"type", "string"}, {"description", "Its name."}}},
              {"unit", {{"type", "string"}, {"enum", Json::array({"celsius", "kelvin"})}}}}},
            {"required", Json::array({"city"})},
            {"additionalProperties", false}}}}}}});
  std::string text = to_text(request);
  request["messages"][1]["content"] = prose + prose + prose + std::string(2048 - text.size(), 'x');
  return to_text(request);
}

/// Indented, as upstream writes it; 2 KB.
std::string gemini_reply() {
  std::string answer;
  while (answer.size() < 1600) answer += "Some words of an answer that says \"something\".\n";
  return to_pretty_text(
      {{"candidates",
        Json::array(
            {{{"content", {{"parts", Json::array({{{"text", answer}}})}, {"role", "model"}}},
              {"finishReason", "STOP"},
              {"index", 0}}})},
       {"usageMetadata",
        {{"promptTokenCount", 400},
         {"candidatesTokenCount", 300},
         {"totalTokenCount", 900},
         {"promptTokensDetails", Json::array({{{"modality", "TEXT"}, {"tokenCount", 400}}})},
         {"thoughtsTokenCount", 200}}},
       {"modelVersion", "gemini-2.5-flash"},
       {"responseId", "AbCdEfGhIjKlMnOpQrStUv"}});
}

const std::string kEvent =
    R"({"candidates": [{"content": {"parts": [{"text": "Some words of an answer."}],"role": "model"},"index": 0}],)"
    R"("usageMetadata": {"promptTokenCount": 8,"candidatesTokenCount": 12,"totalTokenCount": 20,)"
    R"("promptTokensDetails": [{"modality": "TEXT","tokenCount": 8}]},"modelVersion": "gemini-2.5-flash","responseId": "AbCdEfGhIjKlMnOpQrStUv"})";

const openai::ReplyIdentity kIdentity{"chatcmpl-0123456789abcdef", 1'700'000'000,
                                      "gemini-2.5-flash"};

std::string translate_request(const std::string& text) {
  auto call = openai::translate_chat(*parse_json(text));
  auto body = to_text(call->body);
  discard(call->body);
  return body;
}

std::string translate_reply(const std::string& text) {
  openai::ChatRendering rendering(kIdentity, {}, 1, {});
  std::vector<gemini::Reply> replies;
  replies.push_back(*gemini::read_reply(text));
  return *rendering.whole(std::move(replies));
}

void BM_TranslateChatRequest(benchmark::State& state) {
  const auto request = chat_request();
  for (auto _ : state) benchmark::DoNotOptimize(translate_request(request));
  state.counters["bytes"] = static_cast<double>(request.size());
}
BENCHMARK(BM_TranslateChatRequest);

void BM_TranslateChatReply(benchmark::State& state) {
  const auto reply = gemini_reply();
  for (auto _ : state) benchmark::DoNotOptimize(translate_reply(reply));
  state.counters["bytes"] = static_cast<double>(reply.size());
}
BENCHMARK(BM_TranslateChatReply);

void BM_TranslateChat(benchmark::State& state) {
  const auto request = chat_request();
  const auto reply = gemini_reply();
  for (auto _ : state) {
    benchmark::DoNotOptimize(translate_request(request));
    benchmark::DoNotOptimize(translate_reply(reply));
  }
}
BENCHMARK(BM_TranslateChat);

void BM_TranslateEvent(benchmark::State& state) {
  openai::ChatWishes wishes;
  wishes.include_usage = true;
  openai::ChatRendering rendering(kIdentity, wishes, 1, {});
  for (auto _ : state) benchmark::DoNotOptimize(rendering.push(*gemini::read_reply(kEvent), 0));
}
BENCHMARK(BM_TranslateEvent);

}  // namespace
}  // namespace gembal
