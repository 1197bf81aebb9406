#include "lib/store/database.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace gembal::store {
namespace {

/// Migration i brings the schema from version i to i + 1. Never changed once released: new ones are
/// added at the end. What all databases understand, with what their Dialect makes of it.
const std::vector<std::vector<const char*>>& migrations() {
  static const std::vector<std::vector<const char*>> all = {
      {
          "CREATE TABLE api_keys (id VARCHAR(16) PRIMARY KEY, secret VARCHAR(512) NOT NULL, label VARCHAR(256) NOT NULL,"
          " project VARCHAR(256) NOT NULL, paid INTEGER NOT NULL, disabled INTEGER NOT NULL, reason VARCHAR(256) NOT NULL,"
          " disabled_since BIGINT NOT NULL, failures INTEGER NOT NULL, revision BIGINT NOT NULL, position BIGINT NOT NULL,"
          " added_at BIGINT NOT NULL)",
          "CREATE TABLE model_states (key_id VARCHAR(16) NOT NULL, model VARCHAR(256) NOT NULL, status INTEGER NOT NULL,"
          " until_at BIGINT NOT NULL, reason VARCHAR(256) NOT NULL, PRIMARY KEY (key_id, model))",
          "CREATE TABLE own_values (name VARCHAR(64) PRIMARY KEY, value VARCHAR(4096) NOT NULL)",
      },
      {
          "CREATE TABLE counters (name VARCHAR(64) PRIMARY KEY, value BIGINT NOT NULL)",
          "INSERT INTO counters (name, value) VALUES ('seq', 1)",
          "INSERT INTO counters (name, value) VALUES ('owner_seq', 1)",
          "ALTER TABLE api_keys ADD COLUMN seq BIGINT NOT NULL DEFAULT 0",
          "ALTER TABLE api_keys ADD COLUMN last_used_at BIGINT NOT NULL DEFAULT 0",
          "UPDATE api_keys SET seq = 1",
          "CREATE INDEX api_keys_seq ON api_keys (seq)",

          "CREATE TABLE quota_states (subject VARCHAR(258) NOT NULL, model VARCHAR(256) NOT NULL, status INTEGER NOT NULL,"
          " until_at BIGINT NOT NULL, reason VARCHAR(256) NOT NULL, seq BIGINT NOT NULL, PRIMARY KEY (subject, model))",
          "CREATE INDEX quota_states_seq ON quota_states (seq)",
          "INSERT INTO quota_states (subject, model, status, until_at, reason, seq)"
          " SELECT 'k:' || s.key_id, s.model, s.status, s.until_at, s.reason, 1 FROM model_states s"
          " JOIN api_keys k ON k.id = s.key_id WHERE k.project = ''",
          // What one key of a project was told was written for each of them: mostly these are
          // equal.
          "INSERT INTO quota_states (subject, model, status, until_at, reason, seq)"
          " SELECT 'p:' || k.project, s.model, max(s.status), s.until_at, max(s.reason), 1 FROM model_states s"
          " JOIN api_keys k ON k.id = s.key_id WHERE k.project <> '' AND s.until_at = (SELECT max(other.until_at)"
          " FROM model_states other JOIN api_keys o ON o.id = other.key_id WHERE o.project = k.project"
          " AND other.model = s.model) GROUP BY k.project, s.model, s.until_at",
          "DROP TABLE model_states",

          "CREATE TABLE quota_limits (subject VARCHAR(258) NOT NULL, model VARCHAR(256) NOT NULL, rpm BIGINT NOT NULL,"
          " rpd BIGINT NOT NULL, tpm BIGINT NOT NULL, learned_at BIGINT NOT NULL, seq BIGINT NOT NULL,"
          " PRIMARY KEY (subject, model))",
          "CREATE INDEX quota_limits_seq ON quota_limits (seq)",

          "CREATE TABLE usage_hours (key_id VARCHAR(16) NOT NULL, model VARCHAR(256) NOT NULL, hour BIGINT NOT NULL,"
          " requests BIGINT NOT NULL, tokens BIGINT NOT NULL, seq BIGINT NOT NULL, PRIMARY KEY (key_id, model, hour))",
          "CREATE INDEX usage_hours_seq ON usage_hours (seq)",
          "CREATE INDEX usage_hours_hour ON usage_hours (hour)",

          "CREATE TABLE objects (name VARCHAR(256) PRIMARY KEY, key_id VARCHAR(16) NOT NULL, project VARCHAR(256) NOT NULL,"
          " target VARCHAR(4096) NOT NULL, expires_at BIGINT NOT NULL, seq BIGINT NOT NULL)",
          "CREATE INDEX objects_seq ON objects (seq)",
      },
      {
          "CREATE TABLE kept (kind VARCHAR(16) NOT NULL, name VARCHAR(256) NOT NULL, value TEXT NOT NULL,"
          " expires_at BIGINT NOT NULL, seq BIGINT NOT NULL, PRIMARY KEY (kind, name))",
          "CREATE INDEX kept_seq ON kept (kind, seq)",
          "CREATE INDEX kept_expires_at ON kept (expires_at)",
      },
      {
          "CREATE TABLE settings (name VARCHAR(128) PRIMARY KEY, value TEXT NOT NULL, seq BIGINT NOT NULL)",
      },
      {
          "CREATE TABLE request_log (id VARCHAR(64) PRIMARY KEY, time_ms BIGINT NOT NULL, method VARCHAR(16) NOT NULL,"
          " path VARCHAR(512) NOT NULL, token VARCHAR(64) NOT NULL, key_id VARCHAR(16) NOT NULL, model VARCHAR(256) NOT NULL,"
          " status INTEGER NOT NULL, attempts INTEGER NOT NULL, prompt_tokens BIGINT NOT NULL, output_tokens BIGINT NOT NULL,"
          " total_tokens BIGINT NOT NULL, first_ms BIGINT NOT NULL, took_ms BIGINT NOT NULL, failure VARCHAR(2048) NOT NULL)",
          "CREATE INDEX request_log_time ON request_log (time_ms, id)",
          "CREATE INDEX request_log_key ON request_log (key_id, time_ms)",

          "CREATE TABLE error_log (id VARCHAR(80) PRIMARY KEY, request_id VARCHAR(64) NOT NULL, time_ms BIGINT NOT NULL,"
          " key_id VARCHAR(16) NOT NULL, model VARCHAR(256) NOT NULL, token VARCHAR(64) NOT NULL, path VARCHAR(512) NOT NULL,"
          " status INTEGER NOT NULL, kind VARCHAR(32) NOT NULL, message VARCHAR(2048) NOT NULL, request_body TEXT NOT NULL,"
          " reply_body TEXT NOT NULL)",
          "CREATE INDEX error_log_time ON error_log (time_ms, id)",
          "CREATE INDEX error_log_key ON error_log (key_id, time_ms)",
          "CREATE INDEX error_log_request ON error_log (request_id)",

          // By minute, hour and day: `step` is its length in seconds. took_N: how many took no
          // longer than bound N, and longer than the one before.
          "CREATE TABLE traffic (step INTEGER NOT NULL, begin_s BIGINT NOT NULL, key_id VARCHAR(16) NOT NULL,"
          " model VARCHAR(256) NOT NULL, token VARCHAR(64) NOT NULL, requests BIGINT NOT NULL, failed BIGINT NOT NULL,"
          " prompt_tokens BIGINT NOT NULL, output_tokens BIGINT NOT NULL, total_tokens BIGINT NOT NULL, took_ms BIGINT NOT NULL,"
          " took_0 BIGINT NOT NULL, took_1 BIGINT NOT NULL, took_2 BIGINT NOT NULL, took_3 BIGINT NOT NULL,"
          " took_4 BIGINT NOT NULL, took_5 BIGINT NOT NULL, took_6 BIGINT NOT NULL, took_7 BIGINT NOT NULL,"
          " took_8 BIGINT NOT NULL, took_9 BIGINT NOT NULL, PRIMARY KEY (step, begin_s, key_id, model, token))",

          // One that was removed stays as a row without a digest, so that others find by its `seq`
          // that it is gone.
          "CREATE TABLE client_tokens (name VARCHAR(64) PRIMARY KEY, digest VARCHAR(64) NOT NULL, shown VARCHAR(16) NOT NULL,"
          " rpm BIGINT NOT NULL, rpd BIGINT NOT NULL, tpd BIGINT NOT NULL, models TEXT NOT NULL, expires_at BIGINT NOT NULL,"
          " disabled INTEGER NOT NULL, created_at BIGINT NOT NULL, seq BIGINT NOT NULL)",
          "CREATE INDEX client_tokens_seq ON client_tokens (seq)",
      }};
  return all;
}

using Clock = std::chrono::steady_clock;

/// 0 for none.
int version_of(soci::session& sql, const Dialect& dialect) {
  int version = 0;
  if (dialect.has_table(sql, "schema_version"))
    sql << "SELECT coalesce(max(version), 0) FROM schema_version", soci::into(version);
  return version;
}

}  // namespace

int Database::newest_schema() { return static_cast<int>(migrations().size()); }

Result<Database> Database::open(const Url& url, Milliseconds busy) {
  Database database(url, busy);
  if (auto prepared = database.dialect_->prepare(url); !prepared)
    return std::move(prepared).error();
  if (auto migrated = database.migrate(); !migrated) return std::move(migrated).error();
  return database;
}

Result<std::optional<Database>> Database::open_existing(const Url& url, Milliseconds busy) {
  Database database(url, busy);
  if (!database.dialect_->may_exist(url)) return std::optional<Database>();
  if (auto prepared = database.dialect_->prepare(url); !prepared)
    return std::move(prepared).error();
  const auto version = database.schema();
  if (!version) return version.error();
  if (*version == 0) return std::optional<Database>();
  if (auto migrated = database.migrate(); !migrated) return std::move(migrated).error();
  return std::optional<Database>(std::move(database));
}

std::optional<Database::Failure> Database::connect() {
  if (session_) return std::nullopt;
  try {
    auto session = std::make_unique<soci::session>();
    dialect_->open(*session, url_, busy_);
    session_ = std::move(session);
    return std::nullopt;
  } catch (const std::exception& exception) {
    auto error = dialect_->explain(exception, shown(url_));
    if (error.hint.empty() && dialect_->has_connections())
      error.hint = "check store.url, and that the server runs and lets you in";
    return Failure{std::move(error)};
  }
}

/// Whatever `work` had begun is rolled back when it fails. A connection on which even that cannot
/// be done is lost.
std::optional<Database::Failure> Database::attempt(const Work& work) {
  if (auto failure = connect()) return failure;
  std::optional<Failure> failure;
  try {
    work(*session_);
    return failure;
  } catch (const std::exception& exception) {
    failure = Failure{dialect_->explain(exception, shown(url_)), false,
                      dialect_->may_work_again(exception)};
  }
  try {
    *session_ << "ROLLBACK";
  } catch (const std::exception&) {
    failure->is_lost = dialect_->has_connections();  // in SQLite there may be nothing to roll back
  }
  if (failure->is_lost) {
    session_.reset();
    if (failure->error.hint.empty())
      failure->error.hint = "the connection was lost: try again, it is made anew";
  }
  return failure;
}

Result<void> Database::write(const Work& work) {
  enum class Stage { connecting, locking, working, committing };
  const auto start = Clock::now();
  for (bool is_first = true;; is_first = false) {
    auto stage = Stage::connecting;
    auto failure = attempt([&](soci::session& sql) {
      stage = Stage::locking;
      dialect_->begin_writing(sql);
      stage = Stage::working;
      work(sql);
      stage = Stage::committing;
      sql << "COMMIT";
    });
    if (!failure) return {};
    const bool waited = Clock::now() - start >= busy_;
    if (stage == Stage::committing && failure->is_lost) {
      failure->error.hint = "it is not known whether it was saved: look, before you do it again";
      return std::move(failure->error);
    }
    if (stage == Stage::locking && !failure->is_lost && waited && dialect_->has_connections())
      return store_failed(shown(url_), "another program has locked it",
                          "try again when that program is done");
    const bool may_work_again = failure->is_lost || (failure->may_work_again && !waited);
    if (!is_first || !may_work_again) return std::move(failure->error);
  }
}

Result<void> Database::read(const Work& work) {
  auto failure = attempt(work);
  if (failure && failure->is_lost) failure = attempt(work);
  if (failure) return std::move(failure->error);
  return {};
}

Result<void> Database::read_at_one_time(const Work& work) {
  return read([&](soci::session& sql) {
    dialect_->begin_reading(sql);
    work(sql);
    sql << "COMMIT";
  });
}

Result<int> Database::schema() {
  int version = 0;
  auto read_it = read([&](soci::session& sql) { version = version_of(sql, *dialect_); });
  if (!read_it) return std::move(read_it).error();
  return version;
}

Result<void> Database::migrate() {
  const auto newest = newest_schema();
  const auto version = schema();
  if (!version) return version.error();
  if (*version > newest) {
    return store_failed(shown(url_),
                        "it was made by a newer gembal (schema " + std::to_string(*version) +
                            ", this one knows " + std::to_string(newest) + ")",
                        "upgrade this gembal, or choose another store with --store");
  }
  if (*version == newest) return {};
  auto failure = attempt([this](soci::session& sql) {
    dialect_->begin_migrating(sql, busy_);
    auto present = version_of(sql, *dialect_);  // another process may have been quicker
    if (dialect_->takes_definitions_back()) {
      bring_up_to_date(sql, present);
    } else {
      bring_up_in_steps(sql, present);
    }
    dialect_->end_migrating(sql);
  });
  if (failure) return std::move(failure->error);
  return {};
}

void Database::bring_up_to_date(soci::session& sql, int& version) {
  if (version == 0) sql << "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)";
  for (; version < newest_schema(); ++version) {
    for (const char* statement : migrations()[static_cast<std::size_t>(version)])
      sql << dialect_->statement(sql, statement);
    const int reached = version + 1;
    sql << "INSERT INTO schema_version (version) VALUES (:v)", soci::use(reached);
  }
}

// Where a definition is in force at once, whatever becomes of the transaction, a process that ends
// in the middle leaves a part of a migration: how much of it was done is written down.
void Database::bring_up_in_steps(soci::session& sql, int& version) {
  for (const char* table : {"CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)",
                            "CREATE TABLE IF NOT EXISTS schema_steps (version INTEGER NOT NULL,"
                            " done INTEGER NOT NULL)"})
    sql << dialect_->statement(sql, table);
  for (; version < newest_schema(); ++version) bring_up_one(sql, version);
}

void Database::bring_up_one(soci::session& sql, int version) {
  int begun = 0, done = 0;
  sql << "SELECT count(*), coalesce(max(done), 0) FROM schema_steps WHERE version = :v",
      soci::use(version), soci::into(begun), soci::into(done);
  const auto note = [&sql, version](int steps) {
    sql << "INSERT INTO schema_steps (version, done) VALUES (:v, :done)", soci::use(version),
        soci::use(steps);
  };
  if (begun == 0) note(0);
  const int resumed_at = begun == 0 ? -1 : done;
  const auto& statements = migrations()[static_cast<std::size_t>(version)];
  for (; done < static_cast<int>(statements.size()); ++done) {
    sql << "BEGIN";
    try {
      sql << dialect_->statement(sql, statements[static_cast<std::size_t>(done)]);
    } catch (const std::exception& exception) {
      // What was being done when another process ended may have been done.
      if (done != resumed_at || !dialect_->was_done(exception)) throw;
    }
    note(done + 1);
    sql << "COMMIT";
  }
  const int reached = version + 1;
  sql << "INSERT INTO schema_version (version) VALUES (:v)", soci::use(reached);
}

}  // namespace gembal::store
