#include <benchmark/benchmark.h>

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

/// Taking a key of `count`, of which a share cools.
void take(benchmark::State& state, std::int64_t count, std::int64_t cooling) {
  KeyPool pool({3});
  const auto all = keys(count);
  std::vector<std::pair<std::string, ModelState>> states;
  for (std::int64_t i = 0; i < cooling; ++i) {
    states.emplace_back(all[static_cast<std::size_t>(i)].id,
                        ModelState{"m", ModelStatus::cooling, kNow + std::chrono::hours{1}, ""});
  }
  pool.replace(all, states, kNow);
  Verdict good;
  for (auto _ : state) {
    auto lease = pool.take("m", {}, kNow);
    benchmark::DoNotOptimize(pool.report(*lease, "m", good, kNow));
  }
}

void BM_TakeAndReportOf10(benchmark::State& state) { take(state, 10, 0); }
void BM_TakeAndReportOf100000HalfCooling(benchmark::State& state) { take(state, 100'000, 50'000); }
BENCHMARK(BM_TakeAndReportOf10);
BENCHMARK(BM_TakeAndReportOf100000HalfCooling);

}  // namespace
}  // namespace gembal::keypool
