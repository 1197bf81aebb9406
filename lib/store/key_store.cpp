#include "lib/store/key_store.hpp"

#include <unordered_map>

#include "lib/store/database.hpp"

namespace gembal::store {
namespace {

using keypool::Change;
using keypool::Key;
using keypool::ModelState;
using keypool::ModelStatus;
using soci::use;

std::int64_t now_in_milliseconds() {
  return to_unix_milliseconds(std::chrono::system_clock::now());
}

/// A key as the database has it.
struct Row {
  std::string id, secret, label, project, reason;
  int paid = 0, disabled = 0, failures = 0;
  long long disabled_since = 0, revision = 0;
};

Key key_from(const Row& row) {
  Key key;
  key.secret = Secret(row.secret);
  key.id = row.id;
  key.label = row.label;
  key.project = row.project;
  key.paid = row.paid != 0;
  key.disabled = row.disabled != 0;
  key.reason = row.reason;
  key.disabled_since = from_unix_milliseconds(row.disabled_since);
  key.failures = row.failures;
  key.revision = row.revision;
  return key;
}

void write_state(soci::session& sql, const std::string& id, const ModelState& state) {
  const long long until = to_unix_milliseconds(state.until);
  const int status = static_cast<int>(state.status);
  sql << "DELETE FROM model_states WHERE key_id = :id AND model = :model", use(id),
      use(state.model);
  sql << "INSERT INTO model_states (key_id, model, status, until_at, reason) VALUES (:id, :model, :status, :until, :reason)",
      use(id), use(state.model), use(status), use(until), use(state.reason);
}

int forget_states(soci::session& sql, const std::string& id) {
  soci::statement forget = (sql.prepare << "DELETE FROM model_states WHERE key_id = :id", use(id));
  forget.execute(true);
  return static_cast<int>(forget.get_affected_rows());
}

}  // namespace

struct KeyStore::Impl {
  Database database;
  std::unordered_map<std::string, long long>
      revisions;  ///< of the keys, when keys() was last called

  Result<std::size_t> for_each(
      const std::vector<std::string>& ids,
      const std::function<std::size_t(soci::session&, const std::string&)>& work) {
    std::size_t changed = 0;
    auto written = database.write([&](soci::session& sql) {
      for (const auto& id : ids) changed += work(sql, id);
    });
    if (!written) return std::move(written).error();
    return changed;
  }
};

KeyStore::KeyStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
KeyStore::KeyStore(KeyStore&&) noexcept = default;
KeyStore& KeyStore::operator=(KeyStore&&) noexcept = default;
KeyStore::~KeyStore() = default;

Result<KeyStore> KeyStore::open(const std::string& path, Milliseconds busy) {
  std::string file = path;
  if (file.starts_with("sqlite://")) file = file.substr(9);
  if (file.find("://") != std::string::npos) {
    return Error{ErrorKind::config, "store.url: only a file can be the store", "give a path"};
  }
  auto database = Database::open(file, busy);
  if (!database) return std::move(database).error();
  return KeyStore(std::make_unique<Impl>(Impl{*std::move(database), {}}));
}

Result<Added> KeyStore::add(const std::vector<Key>& keys) {
  Added result;
  auto written = impl_->database.write([&](soci::session& sql) {
    long long position = 0;
    sql << "SELECT coalesce(max(position), 0) FROM api_keys", soci::into(position);
    Row row;
    long long added_at = now_in_milliseconds();
    int known = 0;
    soci::statement find = (sql.prepare << "SELECT count(*) FROM api_keys WHERE id = :id",
                            use(row.id), soci::into(known));
    soci::statement insert =
        (sql.prepare
             << "INSERT INTO api_keys (id, secret, label, project, paid, disabled, reason, disabled_since, failures, revision,"
                " position, added_at) VALUES (:id, :secret, :label, :project, :paid, :disabled, :reason, :since, 0, 0, :position, :at)",
         use(row.id), use(row.secret), use(row.label), use(row.project), use(row.paid),
         use(row.disabled), use(row.reason), use(row.disabled_since), use(position), use(added_at));
    for (const auto& key : keys) {
      row.id = key.id;
      find.execute(true);
      if (known > 0) {
        result.present.push_back(key.id);
        continue;
      }
      row.secret = key.secret.reveal();
      row.label = key.label;
      row.project = key.project;
      row.paid = key.paid ? 1 : 0;
      row.disabled = key.disabled ? 1 : 0;
      row.reason = key.reason;
      row.disabled_since = to_unix_milliseconds(key.disabled_since);
      ++position;
      insert.execute(true);
      result.added.push_back(key.id);
    }
  });
  if (!written) return std::move(written).error();
  return result;
}

Result<std::vector<Key>> KeyStore::keys() {
  std::vector<Key> keys;
  std::unordered_map<std::string, long long> revisions;
  auto done = impl_->database.read([&](soci::session& sql) {
    Row row;
    soci::statement select =
        (sql.prepare
             << "SELECT id, secret, label, project, paid, disabled, reason, disabled_since, failures, revision FROM api_keys"
                " ORDER BY position",
         soci::into(row.id), soci::into(row.secret), soci::into(row.label), soci::into(row.project),
         soci::into(row.paid), soci::into(row.disabled), soci::into(row.reason),
         soci::into(row.disabled_since), soci::into(row.failures), soci::into(row.revision));
    select.execute();
    while (select.fetch()) {
      revisions[row.id] = row.revision;
      keys.push_back(key_from(row));
    }
  });
  if (!done) return std::move(done).error();
  impl_->revisions = std::move(revisions);
  return keys;
}

Result<std::size_t> KeyStore::remove(const std::vector<std::string>& ids) {
  return impl_->for_each(ids, [](soci::session& sql, const std::string& id) {
    sql << "DELETE FROM model_states WHERE key_id = :id", use(id);
    soci::statement remove = (sql.prepare << "DELETE FROM api_keys WHERE id = :id", use(id));
    remove.execute(true);
    return static_cast<std::size_t>(remove.get_affected_rows());
  });
}

Result<std::size_t> KeyStore::enable(const std::vector<std::string>& ids) {
  return impl_->for_each(ids, [](soci::session& sql, const std::string& id) {
    const int had_states = forget_states(sql, id);
    soci::statement enable =
        (sql.prepare
             << "UPDATE api_keys SET disabled = 0, reason = '', failures = 0, revision = revision + 1"
                " WHERE id = :id AND (disabled <> 0 OR failures <> 0 OR :had > 0)",
         use(id), use(had_states));
    enable.execute(true);
    return static_cast<std::size_t>(enable.get_affected_rows());
  });
}

Result<std::size_t> KeyStore::reset(const std::vector<std::string>& ids) {
  return impl_->for_each(ids, [](soci::session& sql, const std::string& id) {
    forget_states(sql, id);
    soci::statement reset =
        (sql.prepare << "UPDATE api_keys SET failures = 0, revision = revision + 1 WHERE id = :id",
         use(id));
    reset.execute(true);
    return static_cast<std::size_t>(reset.get_affected_rows());
  });
}

Result<std::size_t> KeyStore::label(const std::vector<std::string>& ids, const std::string& text) {
  return impl_->for_each(ids, [&](soci::session& sql, const std::string& id) {
    soci::statement label =
        (sql.prepare << "UPDATE api_keys SET label = :label WHERE id = :id", use(text), use(id));
    label.execute(true);
    return static_cast<std::size_t>(label.get_affected_rows());
  });
}

Result<std::size_t> KeyStore::disable(const std::vector<std::string>& ids,
                                      const std::string& reason) {
  long long now = now_in_milliseconds();
  return impl_->for_each(ids, [&](soci::session& sql, const std::string& id) {
    soci::statement disable =
        (sql.prepare
             << "UPDATE api_keys SET disabled = 1, reason = :reason, disabled_since = :now, revision = revision + 1"
                " WHERE id = :id AND disabled = 0",
         use(reason), use(now), use(id));
    disable.execute(true);
    return static_cast<std::size_t>(disable.get_affected_rows());
  });
}

// A key's revision counts what its owner did to it: what was learned about an earlier one is out of
// date.
Result<void> KeyStore::remember(const std::vector<Change>& changes) {
  return impl_->database.write([&](soci::session& sql) {
    for (const auto& change : changes) {
      const auto& key = change.key;
      const auto known = impl_->revisions.find(key.id);
      if (known == impl_->revisions.end()) continue;
      long long revision = -1;
      sql << "SELECT coalesce(max(revision), -1) FROM api_keys WHERE id = :id", use(key.id),
          soci::into(revision);
      if (revision != known->second) continue;
      if (change.key_changed) {
        const int disabled = key.disabled ? 1 : 0;
        const long long since = to_unix_milliseconds(key.disabled_since);
        sql << "UPDATE api_keys SET disabled = :disabled, reason = :reason, disabled_since = :since, failures = :failures WHERE id = :id",
            use(disabled), use(key.reason), use(since), use(key.failures), use(key.id);
      }
      for (const auto& state : change.model_states) write_state(sql, key.id, state);
    }
  });
}

Result<std::vector<std::pair<std::string, ModelState>>> KeyStore::model_states(TimePoint now) {
  std::vector<std::pair<std::string, ModelState>> states;
  const long long from = to_unix_milliseconds(now);
  auto done = impl_->database.read([&](soci::session& sql) {
    std::string id;
    ModelState state;
    int status = 0;
    long long until = 0;
    soci::statement select =
        (sql.prepare
             << "SELECT key_id, model, status, until_at, reason FROM model_states WHERE until_at > :now",
         use(from), soci::into(id), soci::into(state.model), soci::into(status), soci::into(until),
         soci::into(state.reason));
    select.execute();
    while (select.fetch()) {
      if (status < 0 || status > static_cast<int>(ModelStatus::unsupported)) continue;
      state.status = static_cast<ModelStatus>(status);
      state.until = from_unix_milliseconds(until);
      states.emplace_back(id, state);
    }
  });
  if (!done) return std::move(done).error();
  return states;
}

Result<std::int64_t> KeyStore::data_version() {
  long long version = 0;
  auto done = impl_->database.read(
      [&](soci::session& sql) { sql << "PRAGMA data_version", soci::into(version); });
  if (!done) return std::move(done).error();
  return static_cast<std::int64_t>(version);
}

Result<std::optional<std::string>> KeyStore::value(const std::string& name) {
  std::optional<std::string> found;
  auto done = impl_->database.read([&](soci::session& sql) {
    std::string value;
    sql << "SELECT value FROM own_values WHERE name = :name", use(name), soci::into(value);
    if (sql.got_data()) found = value;
  });
  if (!done) return std::move(done).error();
  return found;
}

Result<std::string> KeyStore::value_or_insert(const std::string& name, const std::string& value) {
  std::string in_force = value;
  auto done = impl_->database.write([&](soci::session& sql) {
    std::string known;
    sql << "SELECT value FROM own_values WHERE name = :name", use(name), soci::into(known);
    if (sql.got_data()) {
      in_force = known;
    } else {
      sql << "INSERT INTO own_values (name, value) VALUES (:name, :value)", use(name), use(value);
    }
  });
  if (!done) return std::move(done).error();
  return in_force;
}

}  // namespace gembal::store
