#include <benchmark/benchmark.h>

#include "daemon/front/request_head.hpp"
#include "lib/sse/parser.hpp"
#include "lib/upstream/verdict.hpp"

namespace gembal {
namespace {

const std::string kEvent =
    R"({"candidates": [{"content": {"parts": [{"text": "Some words of an answer."}],"role": "model"},"index": 0}],)"
    R"("usageMetadata": {"promptTokenCount": 8,"candidatesTokenCount": 12,"totalTokenCount": 20},"modelVersion": "gemini-2.5-flash"})";

void BM_RequestHead(benchmark::State& state) {
  const std::string head =
      "POST /v1beta/models/gemini-2.5-flash:generateContent HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nx-goog-api-key: sk-one\r\n"
      "Content-Type: application/json\r\nUser-Agent: bench\r\nAccept: */*\r\nContent-Length: 120\r\n\r\n";
  for (auto _ : state) {
    daemon::front::HeadReader reader({});
    benchmark::DoNotOptimize(reader.read(head));
  }
}
BENCHMARK(BM_RequestHead);

void BM_ParseEvent(benchmark::State& state) {
  const std::string text = "data: " + kEvent + "\r\n\r\n";
  sse::Parser parser;
  for (auto _ : state) {
    parser.feed(text);
    while (parser.next()) {
    }
  }
}
BENCHMARK(BM_ParseEvent);

void BM_LookAtEvent(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(upstream::look_at_event(kEvent));
}
BENCHMARK(BM_LookAtEvent);

}  // namespace
}  // namespace gembal
