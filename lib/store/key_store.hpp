#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/core/result.hpp"
#include "lib/keypool/key.hpp"
#include "lib/store/url.hpp"

namespace gembal::store {

/// What keys add did.
struct Added {
  std::vector<std::string> added;    ///< ids
  std::vector<std::string> present;  ///< ids that were there already; left as they are
};

/// What an owner changes about keys; what has no value stays.
struct KeyEdit {
  std::optional<std::string> label;    ///< "" takes it away
  std::optional<std::string> project;  ///< "" takes it away
  std::optional<bool> paid;
};

/// Which key made an object of the API, and so which project it belongs to.
struct ObjectOwner {
  std::string name;     ///< "files/x", "cachedContents/x", "uploads/SESSION"
  std::string key_id;   ///< the key that made it
  std::string project;  ///< of that key, when known: another key of the project serves as well
  std::string target;   ///< of an upload session: its URL upstream; else ""
  TimePoint expires{};  ///< not after now: it is gone
};

/// A value that gembal keeps for a while: a thought signature by the id of its tool call, a
/// response that a client may ask for again.
struct KeptValue {
  std::string kind;     ///< "signature", "response": names are of one kind
  std::string name;     ///< at most 256 bytes
  std::string value;    ///< at most a few MiB
  TimePoint expires{};  ///< not after now: it is gone
};

/// Settings by name, each with its value, or the items of a list.
using Settings = std::map<std::string, std::vector<std::string>>;

/// A setting as its owner wants it from now on.
struct SettingEdit {
  std::string name;
  std::optional<std::vector<std::string>> values;  ///< none: it is no longer saved
};

/// A token of a client, with what it may do. The token itself is nowhere kept.
struct ClientToken {
  std::string name;                      ///< 1 to 64 characters
  std::string digest;                    ///< of the token: SHA-256 in hexadecimal digits
  std::string shown;                     ///< how the token begins: "gembal-3f"
  std::int64_t requests_per_minute = 0;  ///< zero: as many as it likes, as for the next two
  std::int64_t requests_per_day = 0;
  std::int64_t tokens_per_day = 0;  ///< of input and output
  std::vector<std::string> models;  ///< that it may ask; empty: all
  TimePoint expires{};              ///< the epoch: never
  bool disabled = false;
  TimePoint created{};

  friend bool operator==(const ClientToken&, const ClientToken&) = default;
};

/// What a daemon learned since it last wrote: one transaction.
struct Batch {
  std::vector<keypool::Change> changes;
  std::vector<keypool::Usage> usage;  ///< to be added to what the store has
  std::vector<ObjectOwner> objects;   ///< new ones, and, with a time that has passed, gone ones
  std::vector<KeptValue> kept;        ///< the same; a later one takes the place of an earlier one

  bool empty() const { return changes.empty() && usage.empty() && objects.empty() && kept.empty(); }
};

/// What changed in the store, by whomever.
struct News {
  std::int64_t seq = 0;  ///< pass it to the next call of news_since()
  /// Keys came, left, or were edited by their owner: call keys() again.
  bool owner_changed = false;
  bool settings_changed = false;  ///< some were saved or taken back: see KeyStore::settings()
  bool tokens_changed = false;    ///< clients' tokens: see KeyStore::client_tokens()
  /// Those whose learned part changed: failures, disabled, project (not last_used alone, which
  /// `usage` tells as much); and those that an owner changed.
  std::vector<keypool::Key> keys;
  std::vector<keypool::SubjectState> states;
  std::vector<keypool::SubjectLimits> limits;
  std::vector<keypool::Usage> usage;  ///< new totals of whole rows, of the last 25 hours
  std::vector<ObjectOwner> objects;   ///< also those that are gone: their time has passed
};

/// The key store: one SQLite file in WAL mode, 0600 in a folder of 0700, or a database of a MySQL,
/// MariaDB or PostgreSQL server; shared by any number of processes.
///
/// Not thread-safe: one KeyStore per thread; two of them, also in two processes, may be open on one
/// store at once. Every change is one transaction, on disk when the call returns. A connection that
/// is lost is made anew by the next call. All errors have kind `store` but where said; none has a
/// password in it.
class KeyStore {
 public:
  /// Opens, making the folder and the file when they do not exist, and brings the schema up to
  /// date. Errors: store (not permitted, not a database, a newer schema, locked for longer than
  /// `busy`, a server that cannot be reached within five seconds), each with a hint.
  static Result<KeyStore> open(const Url& url, Milliseconds busy = std::chrono::seconds{5});
  /// What parse_url() reads. Errors: those above; config (it has none of the forms).
  static Result<KeyStore> open(const std::string& url, Milliseconds busy = std::chrono::seconds{5});

  /// The same, but nullopt when there is no store there: none is made.
  static Result<std::optional<KeyStore>> open_existing(const Url& url,
                                                       Milliseconds busy = std::chrono::seconds{5});

  KeyStore(KeyStore&&) noexcept;
  KeyStore& operator=(KeyStore&&) noexcept;
  ~KeyStore();

  // ---- What owners do.

  /// Adds all or none. A key that is there already is not changed.
  Result<Added> add(const std::vector<keypool::Key>& keys);

  /// All keys, in the order in which they were added.
  Result<std::vector<keypool::Key>> keys();

  /// Removes by id; returns how many there were.
  Result<std::size_t> remove(const std::vector<std::string>& ids);
  /// Enabling clears failures, reason and the states of the quota subject. Returns how many keys
  /// changed.
  Result<std::size_t> enable(const std::vector<std::string>& ids);
  /// Clears failures, states and learned limits of the quota subject; a disabled key stays
  /// disabled. Returns how many there were.
  Result<std::size_t> reset(const std::vector<std::string>& ids);
  /// Names keys, or says what project or tier they are of. In another project a key starts afresh.
  /// Returns how many there were.
  Result<std::size_t> edit(const std::vector<std::string>& ids, const KeyEdit& edit);
  Result<std::size_t> disable(const std::vector<std::string>& ids, const std::string& reason);

  // ---- What is learned.

  /// Writes a batch, in one transaction. Keys that were removed meanwhile are passed over. What an
  /// owner did is not overwritten by what was learned before it: a change of a key that has another
  /// revision by now is passed over. Keys that were used get the present time as last_used.
  Result<void> write(const Batch& batch);

  /// What changed since `seq` (0: everything that is in force); own writes are among it. Cheap when
  /// nothing changed.
  Result<News> news_since(std::int64_t seq, TimePoint now);

  /// States still in force at `now`.
  Result<std::vector<keypool::SubjectState>> model_states(TimePoint now);
  Result<std::vector<keypool::SubjectLimits>> limits();
  /// Rows from that hour on.
  Result<std::vector<keypool::Usage>> usage_since(std::int64_t hour);
  /// Objects that are not gone at `now`, by name.
  Result<std::vector<ObjectOwner>> objects(TimePoint now);
  /// Those of the named values that are there and not gone at `now`, in no order.
  Result<std::vector<KeptValue>> kept(const std::string& kind,
                                      const std::vector<std::string>& names, TimePoint now);

  /// Deletes what nobody will ask for again: states and objects whose time has passed for a day,
  /// usage older than 31 days, kept values that are gone, and of each kind all but the latest
  /// `most_of_a_kind` or so.
  Result<void> forget_old(TimePoint now, long long most_of_a_kind = 200'000);

  // ---- Settings.

  /// The settings that are saved here.
  Result<Settings> settings();
  /// Saves settings and takes others back, all or none. Returns how many are not as they were.
  Result<std::size_t> save(const std::vector<SettingEdit>& edits);

  // ---- Tokens of clients.

  /// By name.
  Result<std::vector<ClientToken>> client_tokens();
  /// Errors: usage (there is one of this name, or with this digest).
  Result<void> add_token(const ClientToken& token);
  /// Changes what it may do; digest, `shown` and `created` stay. False when there is none.
  Result<bool> edit_token(const ClientToken& token);
  Result<bool> remove_token(const std::string& name);

  // ---- Values of gembal's own.

  /// A named secret or setting of gembal's own ("client_token"); nullopt when there is none.
  Result<std::optional<std::string>> value(const std::string& name);
  /// Sets it only when there is none yet, and returns the one in force: two processes that start at
  /// once agree.
  Result<std::string> value_or_insert(const std::string& name, const std::string& value);

  // ---- The store itself.

  /// The version of the schema, once it is open.
  static int schema();
  /// Writes to the disk, and changes nothing.
  Result<void> try_to_write();

 private:
  struct Impl;
  explicit KeyStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The settings saved in a store; none when there is no such store, which is not made. Errors:
/// those of KeyStore::open().
Result<Settings> saved_settings(const Url& url, Milliseconds busy = std::chrono::seconds{5});

}  // namespace gembal::store
