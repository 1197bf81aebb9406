#include "lib/store/key_store.hpp"

#include <map>
#include <set>

#include "lib/store/key_store_impl.hpp"
#include "lib/store/rows.hpp"

namespace gembal::store {
namespace {

using keypool::Key;
using soci::use;

std::int64_t now_in_milliseconds() {
  return to_unix_milliseconds(std::chrono::system_clock::now());
}

std::vector<Key> all_keys(soci::session& sql) { return keys_where(sql, "position >= :from", 0); }

/// Those of the keys that are there, each once.
std::vector<Key> named(soci::session& sql, const std::vector<std::string>& ids) {
  const std::set<std::string> wanted(ids.begin(), ids.end());
  auto keys = all_keys(sql);
  std::erase_if(keys, [&](const Key& key) { return !wanted.contains(key.id); });
  return keys;
}

/// Returns whether there were any.
bool forget_states(soci::session& sql, const std::string& subject) {
  soci::statement forget =
      (sql.prepare << "DELETE FROM quota_states WHERE subject = :subject", use(subject));
  forget.execute(true);
  return forget.get_affected_rows() > 0;
}

void forget_limits(soci::session& sql, const std::string& subject) {
  sql << "DELETE FROM quota_limits WHERE subject = :subject", use(subject);
}

/// A new revision for the key and all that share its quota: what is forgotten was theirs as well.
void start_afresh(soci::session& sql, long long seq, const Key& key) {
  if (key.project.empty()) {
    sql << "UPDATE api_keys SET revision = revision + 1, seq = :seq WHERE id = :id", use(seq),
        use(key.id);
  } else {
    sql << "UPDATE api_keys SET revision = revision + 1, seq = :seq WHERE project = :project",
        use(seq), use(key.project);
  }
}

}  // namespace

Result<void> KeyStore::Impl::write(const std::function<void(soci::session&, long long seq)>& work) {
  return database.write([&](soci::session& sql) {
    long long seq = 0;
    sql << "UPDATE counters SET value = value + 1 WHERE name = 'seq'";
    sql << "SELECT value FROM counters WHERE name = 'seq'", soci::into(seq);
    work(sql, seq);
  });
}

Result<std::size_t> KeyStore::Impl::change(
    const std::function<std::size_t(soci::session&, long long seq)>& work) {
  std::size_t changed = 0;
  auto written = write([&](soci::session& sql, long long seq) {
    changed = work(sql, seq);
    if (changed > 0) sql << "UPDATE counters SET value = :seq WHERE name = 'owner_seq'", use(seq);
  });
  if (!written) return std::move(written).error();
  return changed;
}

KeyStore::KeyStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
KeyStore::KeyStore(KeyStore&&) noexcept = default;
KeyStore& KeyStore::operator=(KeyStore&&) noexcept = default;
KeyStore::~KeyStore() = default;

Result<KeyStore> KeyStore::open(const Url& url, Milliseconds busy) {
  auto database = Database::open(url, busy);
  if (!database) return std::move(database).error();
  return KeyStore(std::make_unique<Impl>(Impl{*std::move(database)}));
}

Result<KeyStore> KeyStore::open(const std::string& url, Milliseconds busy) {
  const auto parsed = parse_url(url);
  if (!parsed) return parsed.error();
  return open(*parsed, busy);
}

Result<std::optional<KeyStore>> KeyStore::open_existing(const Url& url, Milliseconds busy) {
  auto database = Database::open_existing(url, busy);
  if (!database) return std::move(database).error();
  if (!*database) return std::optional<KeyStore>();
  return std::optional<KeyStore>(KeyStore(std::make_unique<Impl>(Impl{**std::move(database)})));
}

// A new key's first revision is the sequence's number, so that one that was removed and added again
// is not taken for what it was.
Result<Added> KeyStore::add(const std::vector<Key>& keys) {
  Added result;
  auto written = impl_->change([&](soci::session& sql, long long seq) {
    result = {};
    long long position = 0;
    sql << "SELECT coalesce(max(position), 0) FROM api_keys", soci::into(position);
    Key row;
    std::string secret;
    int paid = 0, disabled = 0, known = 0;
    long long disabled_since = 0;
    const long long added_at = now_in_milliseconds();
    soci::statement find = (sql.prepare << "SELECT count(*) FROM api_keys WHERE id = :id",
                            use(row.id), soci::into(known));
    soci::statement insert =
        (sql.prepare
             << "INSERT INTO api_keys (id, secret, label, project, paid, disabled, reason, disabled_since, failures, revision,"
                " position, added_at, seq) VALUES (:id, :secret, :label, :project, :paid, :disabled, :reason, :since, 0, :revision,"
                " :position, :at, :seq)",
         use(row.id), use(secret), use(row.label), use(row.project), use(paid), use(disabled),
         use(row.reason), use(disabled_since), use(seq), use(position), use(added_at), use(seq));
    for (const auto& key : keys) {
      row = key;
      find.execute(true);
      if (known > 0) {
        result.present.push_back(key.id);
        continue;
      }
      secret = key.secret.reveal();
      paid = key.paid ? 1 : 0;
      disabled = key.disabled ? 1 : 0;
      disabled_since = to_unix_milliseconds(key.disabled_since);
      ++position;
      insert.execute(true);
      result.added.push_back(key.id);
    }
    return result.added.size();
  });
  if (!written) return std::move(written).error();
  return result;
}

Result<std::vector<Key>> KeyStore::keys() { return reading(impl_->database, all_keys); }

// What a key made stays known until it is gone upstream as well.
Result<std::size_t> KeyStore::remove(const std::vector<std::string>& ids) {
  return impl_->change([&](soci::session& sql, long long) {
    const auto keys = named(sql, ids);
    for (const auto& key : keys) {
      forget_states(sql, "k:" + key.id);
      forget_limits(sql, "k:" + key.id);
      sql << "DELETE FROM usage_hours WHERE key_id = :id", use(key.id);
      sql << "DELETE FROM api_keys WHERE id = :id", use(key.id);
    }
    return keys.size();
  });
}

Result<std::size_t> KeyStore::enable(const std::vector<std::string>& ids) {
  return impl_->change([&](soci::session& sql, long long seq) {
    std::map<std::string, bool> had_states;
    std::map<std::string, Key> changed;  // one of each subject
    std::size_t count = 0;
    for (const auto& key : named(sql, ids)) {
      const auto [subject, is_new] = had_states.try_emplace(quota_subject(key), false);
      if (is_new) subject->second = forget_states(sql, subject->first);
      if (!key.disabled && key.failures == 0 && !subject->second) continue;
      sql << "UPDATE api_keys SET disabled = 0, reason = '', failures = 0 WHERE id = :id",
          use(key.id);
      changed.emplace(subject->first, key);
      ++count;
    }
    for (const auto& [subject, key] : changed) start_afresh(sql, seq, key);
    return count;
  });
}

Result<std::size_t> KeyStore::reset(const std::vector<std::string>& ids) {
  return impl_->change([&](soci::session& sql, long long seq) {
    const auto keys = named(sql, ids);
    std::map<std::string, Key> subjects;
    for (const auto& key : keys) {
      sql << "UPDATE api_keys SET failures = 0 WHERE id = :id", use(key.id);
      subjects.emplace(quota_subject(key), key);
    }
    for (const auto& [subject, key] : subjects) {
      forget_states(sql, subject);
      forget_limits(sql, subject);
      start_afresh(sql, seq, key);
    }
    return keys.size();
  });
}

// Another project is another quota, and what was learned before says nothing about it: a new
// revision.
Result<std::size_t> KeyStore::edit(const std::vector<std::string>& ids, const KeyEdit& edit) {
  return impl_->change([&](soci::session& sql, long long seq) {
    auto keys = named(sql, ids);
    for (auto& key : keys) {
      const bool moves = edit.project && *edit.project != key.project;
      key.label = edit.label.value_or(key.label);
      key.project = edit.project.value_or(key.project);
      const int paid = edit.paid.value_or(key.paid) ? 1 : 0;
      const long long revision = key.revision + (moves ? 1 : 0);
      sql << "UPDATE api_keys SET label = :label, project = :project, paid = :paid, revision = :revision, seq = :seq WHERE id = :id",
          use(key.label), use(key.project), use(paid), use(revision), use(seq), use(key.id);
    }
    return keys.size();
  });
}

Result<std::size_t> KeyStore::disable(const std::vector<std::string>& ids,
                                      const std::string& reason) {
  return impl_->change([&](soci::session& sql, long long seq) {
    const long long now = now_in_milliseconds();
    std::size_t count = 0;
    for (const auto& key : named(sql, ids)) {
      // What was disabled by itself comes back by itself, unless its owner says so, too.
      if (key.disabled && (key.reason == reason || disabled_by_owner(key))) continue;
      sql << "UPDATE api_keys SET disabled = 1, reason = :reason, disabled_since = :now, revision = revision + 1, seq = :seq"
             " WHERE id = :id",
          use(reason), use(now), use(seq), use(key.id);
      ++count;
    }
    return count;
  });
}

Result<std::optional<std::string>> KeyStore::value(const std::string& name) {
  return reading(impl_->database, [&](soci::session& sql) {
    std::string value;
    sql << "SELECT value FROM own_values WHERE name = :name", use(name), soci::into(value);
    return sql.got_data() ? std::optional(value) : std::nullopt;
  });
}

Result<std::string> KeyStore::value_or_insert(const std::string& name, const std::string& value) {
  std::string in_force;
  auto done = impl_->database.write([&](soci::session& sql) {
    in_force = value;
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

int KeyStore::schema() { return Database::newest_schema(); }

Result<void> KeyStore::try_to_write() {
  return impl_->database.write(
      [](soci::session& sql) { sql << "UPDATE counters SET value = value WHERE name = 'seq'"; });
}

}  // namespace gembal::store
