// What is learned with the keys, and what is new in the store: many small rows, written in batches.

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "lib/store/key_store_impl.hpp"
#include "lib/store/rows.hpp"

namespace gembal::store {
namespace {

using keypool::Change;
using keypool::Key;
using keypool::ModelLimits;
using keypool::ModelState;
using keypool::ModelStatus;
using keypool::Usage;
using soci::into;
using soci::use;
using std::chrono::hours;

constexpr std::int64_t kHoursOfNews = 25;  // a day, however far the present hour is
constexpr auto kUsageIsKept = hours{31 * 24};
constexpr auto kGoneIsKept = hours{24};

std::int64_t hour_of(TimePoint time) {
  return std::chrono::floor<hours>(time.time_since_epoch()).count();
}

// The writers prepare their statements once for a transaction: those are bound to the members.

class StateWriter {
 public:
  StateWriter(soci::session& sql, long long seq)
      : seq_(seq),
        remove_(
            (sql.prepare << "DELETE FROM quota_states WHERE subject = :subject AND model = :model",
             use(subject_), use(model_))),
        insert_((sql.prepare
                     << "INSERT INTO quota_states (subject, model, status, until_at, reason, seq)"
                        " VALUES (:subject, :model, :status, :until, :reason, :seq)",
                 use(subject_), use(model_), use(status_), use(until_), use(reason_), use(seq_))) {}

  void put(const std::string& subject, const ModelState& state) {
    subject_ = subject;
    model_ = fitting(state.model);
    status_ = static_cast<int>(state.status);
    until_ = to_unix_milliseconds(state.until);
    reason_ = fitting(state.reason);
    remove_.execute(true);
    insert_.execute(true);
  }

 private:
  const long long seq_;
  std::string subject_, model_, reason_;
  int status_ = 0;
  long long until_ = 0;
  soci::statement remove_, insert_;
};

class LimitWriter {
 public:
  LimitWriter(soci::session& sql, long long seq)
      : seq_(seq),
        remove_(
            (sql.prepare << "DELETE FROM quota_limits WHERE subject = :subject AND model = :model",
             use(subject_), use(model_))),
        insert_((sql.prepare
                     << "INSERT INTO quota_limits (subject, model, rpm, rpd, tpm, learned_at, seq)"
                        " VALUES (:subject, :model, :rpm, :rpd, :tpm, :learned, :seq)",
                 use(subject_), use(model_), use(rpm_), use(rpd_), use(tpm_), use(learned_),
                 use(seq_))) {}

  void put(const std::string& subject, const ModelLimits& limits) {
    subject_ = subject;
    model_ = fitting(limits.model);
    rpm_ = limits.limits.requests_per_minute;
    rpd_ = limits.limits.requests_per_day;
    tpm_ = static_cast<long long>(limits.limits.tokens_per_minute);
    learned_ = to_unix_milliseconds(limits.limits.learned);
    remove_.execute(true);
    insert_.execute(true);
  }

 private:
  const long long seq_;
  std::string subject_, model_;
  long long rpm_ = 0, rpd_ = 0, tpm_ = 0, learned_ = 0;
  soci::statement remove_, insert_;
};

class KeyWriter {
 public:
  KeyWriter(soci::session& sql, long long seq)
      : seq_(seq),
        find_((sql.prepare << "SELECT revision, project FROM api_keys WHERE id = :id", use(id_),
               into(revision_), into(project_))),
        update_(
            (sql.prepare << "UPDATE api_keys SET disabled = :disabled, reason = :reason,"
                            " disabled_since = :since, failures = :failures, project = :project,"
                            " seq = :seq WHERE id = :id",
             use(disabled_), use(reason_), use(since_), use(failures_), use(project_), use(seq_),
             use(id_))) {}

  /// The key as far as the store knows it; nullopt when it was removed, or when its owner has done
  /// something to it that `learned_with` does not know of.
  std::optional<Key> find(const Key& learned_with) {
    id_ = learned_with.id;
    if (!find_.execute(true) || revision_ != learned_with.revision) return std::nullopt;
    Key key = learned_with;
    // Only an owner takes a project away: here another process was the first to learn it.
    if (key.project.empty()) key.project = project_;
    return key;
  }

  void put(const Key& key) {
    id_ = key.id;
    disabled_ = key.disabled ? 1 : 0;
    reason_ = fitting(key.reason);
    since_ = to_unix_milliseconds(key.disabled_since);
    failures_ = key.failures;
    project_ = fitting(key.project);
    update_.execute(true);
  }

 private:
  const long long seq_;
  std::string id_, reason_, project_;
  int disabled_ = 0, failures_ = 0;
  long long since_ = 0, revision_ = 0;
  soci::statement find_, update_;
};

void write_changes(soci::session& sql, const std::vector<Change>& changes, long long seq) {
  KeyWriter keys(sql, seq);
  StateWriter states(sql, seq);
  LimitWriter limits(sql, seq);
  for (const auto& change : changes) {
    const auto key = keys.find(change.key);
    if (!key) continue;
    if (change.key_changed) keys.put(*key);
    const auto subject = quota_subject(*key);
    for (const auto& state : change.model_states)
      states.put(state.status == ModelStatus::overloaded ? "" : subject, state);
    for (const auto& limit : change.limits) limits.put(subject, limit);
  }
}

void write_usage(soci::session& sql, const std::vector<Usage>& usage, long long seq) {
  const long long now = to_unix_milliseconds(std::chrono::system_clock::now());
  std::string id, model;
  long long hour = 0, requests = 0, tokens = 0;
  // Without a `seq`: the rows of usage tell as much.
  soci::statement touch =
      (sql.prepare << "UPDATE api_keys SET last_used_at = :now WHERE id = :id", use(now), use(id));
  soci::statement add = (sql.prepare << "UPDATE usage_hours SET requests = requests + :requests,"
                                        " tokens = tokens + :tokens, seq = :seq"
                                        " WHERE key_id = :id AND model = :model AND hour = :hour",
                         use(requests), use(tokens), use(seq), use(id), use(model), use(hour));
  soci::statement insert =
      (sql.prepare << "INSERT INTO usage_hours (key_id, model, hour, requests, tokens, seq)"
                      " VALUES (:id, :model, :hour, :requests, :tokens, :seq)",
       use(id), use(model), use(hour), use(requests), use(tokens), use(seq));
  std::unordered_map<std::string_view, bool> is_there;
  for (const auto& row : usage) {
    id = row.key_id;
    const auto [key, is_new] = is_there.try_emplace(row.key_id, false);
    if (is_new) {
      touch.execute(true);
      key->second = touch.get_affected_rows() > 0;
    }
    if (!key->second) continue;
    model = fitting(row.model);
    hour = row.hour;
    requests = static_cast<long long>(row.requests);
    tokens = static_cast<long long>(row.tokens);
    add.execute(true);
    if (add.get_affected_rows() == 0) insert.execute(true);
  }
}

void write_objects(soci::session& sql, const std::vector<ObjectOwner>& objects, long long seq) {
  ObjectOwner row;
  long long expires = 0;
  soci::statement remove = (sql.prepare << "DELETE FROM objects WHERE name = :name", use(row.name));
  soci::statement insert =
      (sql.prepare << "INSERT INTO objects (name, key_id, project, target, expires_at, seq)"
                      " VALUES (:name, :id, :project, :target, :expires, :seq)",
       use(row.name), use(row.key_id), use(row.project), use(row.target), use(expires), use(seq));
  for (const auto& object : objects) {
    // Cut off, it would be another one.
    if (fitting(object.name) != object.name || fitting(object.target, 4096) != object.target)
      continue;
    row = object;
    row.project = fitting(object.project);
    expires = to_unix_milliseconds(object.expires);
    remove.execute(true);
    insert.execute(true);
  }
}

struct Counters {
  long long seq = 0;
  long long owner = 0;  ///< the last one of an owner's change
};

Counters read_counters(soci::session& sql) {
  Counters counters;
  std::string name;
  long long value = 0;
  soci::statement select =
      (sql.prepare << "SELECT name, value FROM counters", into(name), into(value));
  select.execute();
  while (select.fetch()) (name == "owner_seq" ? counters.owner : counters.seq) = value;
  return counters;
}

/// Whether rows of a table are newer than that.
bool has_newer(soci::session& sql, const char* table, long long since) {
  int newer = 0;
  sql << "SELECT count(*) FROM " << table << " WHERE seq > :since", use(since), into(newer);
  return newer > 0;
}

/// What is written while this reads may be among it, and is then told once more the next time.
News read_news(soci::session& sql, long long since, TimePoint now) {
  const auto counters = read_counters(sql);
  News news;
  news.seq = counters.seq;
  if (counters.seq == since) return news;
  if (counters.seq < since) since = 0;  // the store was restored from a backup
  constexpr auto kNew = "seq > :from";
  const long long time = to_unix_milliseconds(now);
  const long long hour = hour_of(now) - kHoursOfNews;
  news.owner_changed = counters.owner > since;
  news.settings_changed = has_newer(sql, "settings", since);
  news.tokens_changed = has_newer(sql, "client_tokens", since);
  news.keys = keys_where(sql, kNew, since);
  news.limits = limits_where(sql, kNew, since);
  if (since == 0) {
    news.states = states_where(sql, "until_at > :from", time);
    news.usage = usage_where(sql, "hour > :from", hour);
    news.objects = objects_where(sql, "expires_at > :from", time);
    return news;
  }
  news.states = states_where(sql, kNew, since);
  news.usage = usage_where(sql, kNew, since);
  std::erase_if(news.usage, [hour](const Usage& row) { return row.hour <= hour; });
  news.objects = objects_where(sql, kNew, since);
  return news;
}

}  // namespace

Result<void> KeyStore::write(const Batch& batch) {
  if (batch.empty()) return {};
  return impl_->write([&](soci::session& sql, long long seq) {
    if (!batch.changes.empty()) write_changes(sql, batch.changes, seq);
    if (!batch.usage.empty()) write_usage(sql, batch.usage, seq);
    if (!batch.objects.empty()) write_objects(sql, batch.objects, seq);
    if (!batch.kept.empty()) write_kept(sql, batch.kept, seq);
  });
}

Result<News> KeyStore::news_since(std::int64_t seq, TimePoint now) {
  return reading(impl_->database, [&](soci::session& sql) { return read_news(sql, seq, now); });
}

Result<std::vector<keypool::SubjectState>> KeyStore::model_states(TimePoint now) {
  return reading(impl_->database, [&](soci::session& sql) {
    return states_where(sql, "until_at > :from", to_unix_milliseconds(now));
  });
}

Result<std::vector<keypool::SubjectLimits>> KeyStore::limits() {
  return reading(impl_->database,
                 [](soci::session& sql) { return limits_where(sql, "seq > :from", 0); });
}

Result<std::vector<Usage>> KeyStore::usage_since(std::int64_t hour) {
  return reading(impl_->database,
                 [&](soci::session& sql) { return usage_where(sql, "hour >= :from", hour); });
}

Result<std::vector<ObjectOwner>> KeyStore::objects(TimePoint now) {
  return reading(impl_->database, [&](soci::session& sql) {
    return objects_where(sql, "expires_at > :from", to_unix_milliseconds(now));
  });
}

// Nobody is told: what goes has not been in force for long.
Result<void> KeyStore::forget_old(TimePoint now, long long most_of_a_kind) {
  const long long gone = to_unix_milliseconds(now - kGoneIsKept);
  const long long hour = hour_of(now - kUsageIsKept);
  return impl_->database.write([&](soci::session& sql) {
    sql << "DELETE FROM quota_states WHERE until_at <= :gone", use(gone);
    sql << "DELETE FROM objects WHERE expires_at <= :gone", use(gone);
    sql << "DELETE FROM usage_hours WHERE hour < :hour", use(hour);
    forget_old_kept(sql, now, most_of_a_kind);
  });
}

}  // namespace gembal::store
