#include <benchmark/benchmark.h>
#include <unistd.h>

#include <fstream>

#include "lib/keypool/key_pool.hpp"

namespace gembal::keypool {
namespace {

const TimePoint kNow = *parse_iso8601("2026-11-24T20:00:00Z");

std::vector<Key> keys(std::int64_t count) {
  std::vector<Key> made;
  for (std::int64_t i = 0; i < count; ++i) {
    Key key;
    key.secret = Secret("key-" + std::to_string(i));
    key.id = key.secret.id();
    made.push_back(std::move(key));
  }
  return made;
}

/// A pool of `count` keys, of which a share cools for the model "m".
std::unique_ptr<KeyPool> pool_of(std::int64_t count, std::int64_t cooling, Policy policy = {}) {
  auto pool = std::make_unique<KeyPool>(std::move(policy));
  const auto all = keys(count);
  pool->replace(all, kNow);
  std::vector<SubjectState> states;
  for (std::int64_t i = 0; i < cooling; ++i) {
    states.push_back({quota_subject(all[static_cast<std::size_t>(i)]),
                      {"m", ModelStatus::cooling, kNow + std::chrono::hours{1}, "PerMinute"}});
  }
  pool->learn_states(states, kNow);
  return pool;
}

void take_and_report(KeyPool& pool) {
  Wish wish;
  wish.model = "m";
  static const Verdict success;
  auto lease = pool.take(wish, kNow);
  benchmark::DoNotOptimize(pool.report(*lease, success, kNow));
}

// The threads of a benchmark share a pool, which is made before the clock runs.
void BM_TakeAndReportOf10(benchmark::State& state) {
  static const auto pool = pool_of(10, 0);
  for (auto _ : state) take_and_report(*pool);
}
void BM_TakeAndReportOf100000HalfCooling(benchmark::State& state) {
  static const auto pool = pool_of(100'000, 50'000);
  for (auto _ : state) take_and_report(*pool);
}
BENCHMARK(BM_TakeAndReportOf10);
BENCHMARK(BM_TakeAndReportOf10)->Threads(4)->UseRealTime();
BENCHMARK(BM_TakeAndReportOf100000HalfCooling);
BENCHMARK(BM_TakeAndReportOf100000HalfCooling)->Threads(4)->UseRealTime();

/// The other policies, each with 1,000 keys.
void BM_TakeAndReportByPolicy(benchmark::State& state) {
  Policy policy;
  policy.choice = static_cast<Choice>(state.range(0));
  const auto pool = pool_of(1'000, 0, policy);
  for (auto _ : state) take_and_report(*pool);
}
BENCHMARK(BM_TakeAndReportByPolicy)->ArgName("choice")->DenseRange(0, 3);

/// Of this process, in memory.
double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double total = 0;
  double resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

/// What 100,000 keys take in memory for each of some models, of which half cool.
void BM_MemoryPerKeyAndModel(benchmark::State& state) {
  const std::int64_t count = 100'000;
  constexpr int kModels = 8;
  double bytes = 0;
  for (auto _ : state) {
    const auto pool = pool_of(count, 0);
    // Also of a model: what is freed again is there before the first look.
    std::vector<SubjectState> states;
    for (const auto& key : keys(count / 2)) {
      states.push_back({quota_subject(key),
                        {"m", ModelStatus::cooling, kNow + std::chrono::hours{1}, "PerMinute"}});
    }
    pool->learn_states(states, kNow);
    const auto before = resident_bytes();
    for (int model = 0; model < kModels; ++model) {
      for (auto& one : states) one.state.model.assign(1, static_cast<char>('a' + model));
      pool->learn_states(states, kNow);
    }
    bytes = resident_bytes() - before;
  }
  state.counters["bytes"] = bytes / static_cast<double>(count * kModels);
}
BENCHMARK(BM_MemoryPerKeyAndModel)->Iterations(1);

}  // namespace
}  // namespace gembal::keypool
