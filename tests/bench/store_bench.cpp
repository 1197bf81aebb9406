#include <benchmark/benchmark.h>

#include <utility>

#include "lib/store/key_store.hpp"
#include "tests/support/temp_dir.hpp"

namespace gembal::store {
namespace {

const TimePoint kNow = *parse_iso8601("2026-11-24T20:00:00Z");
constexpr std::int64_t kHour = 498'764;  // kNow's

/// A store of 1,000 keys, each used with one model in the hours before.
struct Filled {
  explicit Filled(std::int64_t hours_before) {
    std::vector<keypool::Key> keys;
    for (int i = 0; i < 1'000; ++i) {
      keypool::Key key;
      key.secret = Secret("key-" + std::to_string(i));
      key.id = key.secret.id();
      usage.push_back({key.id, "gemini-flash", kHour, 3, 1'234});
      keys.push_back(std::move(key));
    }
    ok = static_cast<bool>(store.add(keys));
    Batch batch;
    for (std::int64_t hour = 1; hour <= hours_before; ++hour) {
      for (auto row : usage) {
        row.hour -= hour;
        batch.usage.push_back(std::move(row));
      }
    }
    ok = ok && store.write(batch);
  }

  testing::TempDir folder;
  KeyStore store = *KeyStore::open(folder.file("x.db"));
  std::vector<keypool::Usage> usage;  ///< of the present hour
  bool ok = false;
};

/// Every second time the rows are of a new hour. The file system decides how long a sync takes.
void BM_WriteAThousandRowsOfUsage(benchmark::State& state) {
  Filled filled(state.range(0));
  Batch batch{{}, filled.usage, {}};
  bool next_hour = false;
  for (auto _ : state) {
    if (!filled.ok || !filled.store.write(batch)) return state.SkipWithError("cannot write");
    if (std::exchange(next_hour, !next_hour)) {
      for (auto& row : batch.usage) ++row.hour;
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch.usage.size()));
}
BENCHMARK(BM_WriteAThousandRowsOfUsage)
    ->Arg(1)
    ->Arg(24)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

void BM_NewsWhenThereAreNone(benchmark::State& state) {
  Filled filled(24);
  const auto seq = filled.store.news_since(0, kNow)->seq;
  for (auto _ : state) {
    benchmark::DoNotOptimize(filled.store.news_since(seq, kNow));
  }
}
BENCHMARK(BM_NewsWhenThereAreNone);

void BM_NewsOfAThousandRows(benchmark::State& state) {
  Filled filled(24);
  const auto seq = filled.store.news_since(0, kNow)->seq;
  if (!filled.store.write({{}, filled.usage, {}})) return state.SkipWithError("cannot write");
  for (auto _ : state) {
    benchmark::DoNotOptimize(filled.store.news_since(seq, kNow));
  }
}
BENCHMARK(BM_NewsOfAThousandRows)->Unit(benchmark::kMillisecond);

void BM_NewsOfEverything(benchmark::State& state) {
  Filled filled(24);
  for (auto _ : state) {
    benchmark::DoNotOptimize(filled.store.news_since(0, kNow));
  }
}
BENCHMARK(BM_NewsOfEverything)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace gembal::store
