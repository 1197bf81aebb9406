#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/core/result.hpp"
#include "lib/keypool/key.hpp"
#include "lib/keypool/outcome.hpp"

namespace gembal::keypool {

struct Policy {
  int max_failures =
      3;  ///< key_unusable verdicts in a row after which a key is disabled; at least 1
};

/// A key handed out. Cheap to copy; stays valid when the key leaves the pool.
using Lease = std::shared_ptr<const Key>;

/// Everything known about one key at one moment.
struct KeyReport {
  Key key;
  std::vector<ModelState> models;  ///< still in force at the time asked for
  std::uint64_t requests = 0;      ///< since this process started
  TimePoint last_used{};           ///< the epoch: never
};

/// Hands out keys in turn and remembers what became of each use.
///
/// Thread-safe. Does no I/O and reads no clock: the caller says what time it is. take() costs O(log
/// n) at worst with any number of keys and models, however many of them are cooling.
class KeyPool {
 public:
  explicit KeyPool(Policy policy);
  ~KeyPool();

  void set_policy(Policy policy);

  /// Makes `keys` the pool: new ones join at the end of the turn, missing ones leave, known ones
  /// take over the owner's changes (label, project, paid) and keep what was learned; one of another
  /// revision (disabled, enabled or reset by its owner) is taken as it comes and starts afresh.
  /// `states`: key id -> states remembered from before; they are only applied to keys that the pool
  /// did not hold yet.
  void replace(std::vector<Key> keys, const std::vector<std::pair<std::string, ModelState>>& states,
               TimePoint now);

  /// The next usable key for `model` after the one handed out last, leaving out the ids in `tried`.
  /// Errors: no_usable_key (none at all, or all disabled; says which), keys_waiting (all usable
  /// ones cool or are exhausted for this model: retry_after is the time until the first is back;
  /// with 1 s when only tried ones are left ready).
  Result<Lease> take(std::string_view model, const std::vector<std::string>& tried, TimePoint now);

  /// Records what became of one use of a lease for `model`. A key that has since left the pool is
  /// ignored. A quota verdict counts for every key of the same declared project. Returns what the
  /// store must remember; empty when nothing durable changed.
  std::vector<Change> report(const Lease& used, std::string_view model, const Verdict& verdict,
                             TimePoint now);

  /// Keys that are not disabled; and all of them.
  std::size_t usable() const;
  std::size_t size() const;

  std::vector<KeyReport> snapshot(TimePoint now) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gembal::keypool
