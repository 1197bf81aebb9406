#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/core/result.hpp"
#include "lib/keypool/key.hpp"

namespace gembal::store {

/// What keys add did.
struct Added {
  std::vector<std::string> added;    ///< ids
  std::vector<std::string> present;  ///< ids that were there already; left as they are
};

/// The key store: one SQLite file in WAL mode, 0600 in a folder of 0700, shared by any number of
/// processes.
///
/// Not thread-safe: one KeyStore per thread; two of them, also in two processes, may be open on one
/// file at once. Every change is one transaction, on disk when the call returns. All errors have
/// kind `store` but where said.
class KeyStore {
 public:
  /// Opens, making the folder and the file when they do not exist, and brings the schema up to
  /// date. Errors: store (not permitted, not a database, a newer schema, locked for longer than
  /// `busy`), each with a hint.
  static Result<KeyStore> open(const std::string& path,
                               Milliseconds busy = std::chrono::seconds{5});

  KeyStore(KeyStore&&) noexcept;
  KeyStore& operator=(KeyStore&&) noexcept;
  ~KeyStore();

  /// Adds all or none. A key that is there already is not changed.
  Result<Added> add(const std::vector<keypool::Key>& keys);

  /// All keys, in the order in which they were added.
  Result<std::vector<keypool::Key>> keys();

  /// Removes by id; returns how many there were.
  Result<std::size_t> remove(const std::vector<std::string>& ids);
  /// Enabling clears failures, reason and model states. Returns how many keys changed.
  Result<std::size_t> enable(const std::vector<std::string>& ids);
  /// Clears failures and model states; a disabled key stays disabled. Returns how many there were.
  Result<std::size_t> reset(const std::vector<std::string>& ids);
  /// Names keys; "" takes the name away. Returns how many there were.
  Result<std::size_t> label(const std::vector<std::string>& ids, const std::string& text);
  Result<std::size_t> disable(const std::vector<std::string>& ids, const std::string& reason);

  /// What the pool learned, in one transaction. Keys that were removed meanwhile are passed over.
  /// An owner's later `disable` or `enable` is not overwritten by what was learned before it.
  Result<void> remember(const std::vector<keypool::Change>& changes);

  /// States still in force at `now`: key id and state.
  Result<std::vector<std::pair<std::string, keypool::ModelState>>> model_states(TimePoint now);

  /// A number that differs whenever another connection has changed the file since the last call:
  /// cheap enough to ask every second.
  Result<std::int64_t> data_version();

  /// A named secret or setting of gembal's own ("client_token"); nullopt when there is none.
  Result<std::optional<std::string>> value(const std::string& name);
  /// Sets it only when there is none yet, and returns the one in force: two processes that start at
  /// once agree.
  Result<std::string> value_or_insert(const std::string& name, const std::string& value);

 private:
  struct Impl;
  explicit KeyStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gembal::store
