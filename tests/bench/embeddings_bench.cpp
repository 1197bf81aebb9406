#include <benchmark/benchmark.h>

#include <random>

#include "lib/openai/embeddings.hpp"

namespace gembal::openai {
namespace {

constexpr std::size_t kSize = 3072;

Vectors some_vectors() {
  Vectors vectors;
  vectors.count = kMaxBatch;
  std::minstd_rand random(1);
  std::normal_distribution<float> around_zero(0, 0.018f);
  for (std::size_t i = 0; i < kMaxBatch * kSize; ++i)
    vectors.numbers.push_back(around_zero(random));
  return vectors;
}

std::string upstreams_reply(const Vectors& vectors) {
  EmbeddingsCall call;
  Vectors one;
  one.count = 1;
  std::string json = "{\"embeddings\":[";
  for (std::size_t i = 0; i < vectors.count; ++i) {
    const auto start = vectors.numbers.begin() + static_cast<std::ptrdiff_t>(i * kSize);
    one.numbers.assign(start, start + kSize);
    const auto entry = embeddings_entries(call, one, 0);
    const auto list = entry.substr(entry.find('['));
    json += (i > 0 ? ",{\"values\":" : "{\"values\":") + list;
  }
  return json + "]}";
}

/// A batch of a hundred vectors of 3072 numbers: as decimals, or as base64.
void BM_WriteEmbeddings(benchmark::State& state) {
  const auto vectors = some_vectors();
  EmbeddingsCall call;
  call.base64 = state.range(0) == 1;
  std::size_t bytes = 0;
  for (auto _ : state) bytes += embeddings_entries(call, vectors, 0).size();
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK(BM_WriteEmbeddings)->ArgName("base64")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

void BM_ReadEmbeddings(benchmark::State& state) {
  const auto reply = upstreams_reply(some_vectors());
  for (auto _ : state) benchmark::DoNotOptimize(read_vectors(reply));
  state.SetBytesProcessed(static_cast<std::int64_t>(reply.size() * state.iterations()));
}
BENCHMARK(BM_ReadEmbeddings)->Unit(benchmark::kMillisecond);

/// A list of 2,000 texts of 200 bytes, and the first batch made of it.
void BM_TranslateEmbeddingsRequest(benchmark::State& state) {
  std::string json = R"({"model":"text-embedding-3-small","input":[)";
  for (int i = 0; i < 2000; ++i) json += (i ? ",\"" : "\"") + std::string(200, 'x') + "\"";
  json += "]}";
  for (auto _ : state) {
    const auto call = read_embeddings(json, "gemini-embedding-2");
    benchmark::DoNotOptimize(batch_request(*call, 0, kMaxBatch));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(json.size() * state.iterations()));
}
BENCHMARK(BM_TranslateEmbeddingsRequest)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace gembal::openai
