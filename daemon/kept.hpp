#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "daemon/kept_memory.hpp"
#include "lib/async/workers.hpp"

namespace gembal::daemon {

/// Values that outlive a request and the process: those in use are in memory, all are in the store,
/// where other processes find them. What was remembered is on disk within a second.
///
/// Thread-safe. No call blocks on the store, and a store that stalls keeps no request for long.
/// Destroyed before the loops that use it, once they have stopped running.
class Kept {
 public:
  /// `open_store` is called from a thread of this object's own, when a value is read for the first
  /// time; null: there is no store. `memory` must outlive this.
  Kept(KeptMemory& memory, std::function<Result<store::KeyStore>()> open_store)
      : memory_(memory), open_store_(std::move(open_store)) {}

  /// A signature is kept for two days, a response for thirty. A name of more than 256 bytes is not
  /// kept.
  void remember(KeptKind kind, std::string name, std::string value);
  void forget(KeptKind kind, std::string name);

  /// From memory alone: nullopt when it is unknown or only the store has it. A fraction of a
  /// microsecond.
  std::optional<std::string> find(KeptKind kind, const std::string& name);

  /// Brings into memory what find() does not know of these and the store does. Waits for a tenth of
  /// a second at most; asks for 100 names at most. For signatures: of parallel calls only the first
  /// is signed, so ask for no other.
  async::Task<void> load(async::Loop& loop, KeptKind kind, std::vector<std::string> names);

  /// From memory or the store; nullopt when it is unknown. Errors: store (it cannot be read, or not
  /// within two seconds).
  async::Task<Result<std::optional<std::string>>> read(async::Loop& loop, KeptKind kind,
                                                       std::string name);

 private:
  using Values = Result<std::vector<store::KeptValue>>;

  async::Task<Values> ask_store(async::Loop& loop, KeptKind kind, std::vector<std::string> names,
                                Milliseconds patience);

  KeptMemory& memory_;
  const std::function<Result<store::KeyStore>()> open_store_;
  std::atomic<int> asking_{0};            ///< reads that wait or run
  std::optional<store::KeyStore> store_;  ///< the thread's own
  async::Workers thread_{1};              // last: runs on everything above
};

}  // namespace gembal::daemon
