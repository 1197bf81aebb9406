#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/core/expiring_cache.hpp"
#include "lib/store/key_store.hpp"

namespace gembal::daemon {

/// What is kept for clients beyond a request.
enum class KeptKind {
  signature,  ///< of a thought, by the id of its tool call: many, small, asked for in the next turn
  response,   ///< of the Responses API, by its id: large, and seldom asked for
};

/// The part of Kept that is in memory: what was used lately, and what the store does not have yet.
/// Thread-safe; never blocks but for a moment.
class KeptMemory {
 public:
  /// From now on what is remembered waits for take(), and responses are in memory no longer than
  /// that. Call it before anything is remembered.
  void write_behind() { writes_behind_ = true; }

  /// A name of more than 256 bytes, and a value that is too large for any bound, is passed over.
  void remember(KeptKind kind, std::string name, std::string value, TimePoint now);
  void forget(KeptKind kind, std::string name);

  /// What the store said.
  void learn(KeptKind kind, store::KeptValue value);

  struct Found {
    std::optional<std::string> value;  ///< none: it was forgotten
  };
  /// nullopt: only the store may know.
  std::optional<Found> find(KeptKind kind, const std::string& name, TimePoint now);

  // ---- For the one thread that writes.

  /// What waits to be written; it stays known here until written() tells what became of it.
  std::vector<store::KeptValue> take();
  void written(bool worked);
  /// How many values were given up since the last call, because the store took too few.
  std::uint64_t take_dropped();

 private:
  using Name = std::pair<KeptKind, std::string>;
  struct Value {
    std::string value;
    TimePoint expires{};
  };
  using Values = std::map<Name, Value>;

  ExpiringCache& cache(KeptKind kind) {
    return kind == KeptKind::signature ? signatures_ : responses_;
  }
  bool holds(KeptKind kind) const { return kind == KeptKind::signature || !writes_behind_; }
  void wait_for_writer(Name name, Value value);

  bool writes_behind_ = false;

  std::mutex mutex_;  // guards everything below
  ExpiringCache signatures_{50'000, 32u << 20};
  ExpiringCache responses_{1'000, 64u << 20};
  Values waiting_;
  Values writing_;  ///< changed by the writer's thread alone, which may read it without the mutex
  std::size_t waiting_bytes_ = 0;
  std::uint64_t dropped_ = 0;
};

/// The kind's name in the store.
const char* to_string(KeptKind kind);

}  // namespace gembal::daemon
