#include "lib/store/database.hpp"

#include <fcntl.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace gembal::store {
namespace {

/// Migration i brings the schema from version i to i + 1. Never changed once released: new ones are
/// added at the end. What all databases understand, but for '||' in the second: only SQLite ever
/// had a store to bring over to it.
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
          // MySQL's TEXT ends at 64 KiB: there it has to be MEDIUMTEXT.
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

Error failed(const std::string& path, const std::string& why, std::string hint) {
  return {ErrorKind::store, "cannot use the key store '" + path + "': " + why, std::move(hint)};
}

Error from_exception(const std::string& path, const std::exception& exception) {
  const auto* own = dynamic_cast<const soci::sqlite3_soci_error*>(&exception);
  switch (own ? own->result() : SQLITE_ERROR) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return failed(path, "another program has locked it", "try again when that program is done");
    case SQLITE_FULL:
      return failed(path, "the disk is full", "make room: nothing that was stored before is lost");
    case SQLITE_IOERR:
      return failed(path, "the disk could not be read or written",
                    "check the disk and its free space");
    case SQLITE_READONLY:
      return failed(path, "it cannot be written",
                    "check the permissions of the file and its folder");
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return failed(path, "it cannot be opened",
                    "check the permissions, or choose another with --store");
    case SQLITE_NOTADB: return failed(path, "it is no key store", "choose another with --store");
    case SQLITE_CORRUPT:
      return failed(path, "it is damaged",
                    "restore it from a backup, or choose another with --store");
    default: return failed(path, exception.what(), "");
  }
}

/// The file must never be readable for others, not even for the moment between its making and a
/// chmod.
Result<void> make_private_file(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  if (!folder.empty() && ::access(folder.c_str(), F_OK) != 0) {
    const auto mask = ::umask(077);
    std::error_code failure;
    std::filesystem::create_directories(folder, failure);
    ::umask(mask);
    if (failure)
      return failed(path, "its folder cannot be made: " + failure.message(),
                    "choose another with --store");
  }
  struct stat known {};
  if (::stat(path.c_str(), &known) == 0) {
    if (S_ISDIR(known.st_mode)) return failed(path, "it is a folder", "name a file with --store");
    if ((known.st_mode & 077) != 0 && known.st_uid == ::geteuid()) ::chmod(path.c_str(), 0600);
    return {};
  }
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return failed(path, std::strerror(errno), "choose another with --store");
  ::close(file);
  return {};
}

std::string in_quotes(const std::string& path) {
  std::string text = "\"";
  for (const char c : path) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + "\"";
}

}  // namespace

int Database::newest_schema() { return static_cast<int>(migrations().size()); }

Result<Database> Database::open(const std::string& path, Milliseconds busy) {
  if (auto made = make_private_file(path); !made) return std::move(made).error();
  Database database(path);
  if (auto connected = database.connect(busy); !connected) return std::move(connected).error();
  if (auto migrated = database.migrate(); !migrated) return std::move(migrated).error();
  return database;
}

// FULL, because what a command has acknowledged must survive a power cut; the daemon writes in
// batches.
Result<void> Database::connect(Milliseconds busy) {
  return read([&](soci::session& sql) {
    sql.open(soci::sqlite3, "dbname=" + in_quotes(path_));
    sql << "PRAGMA busy_timeout = " + std::to_string(busy.count());
    std::string mode;
    sql << "PRAGMA journal_mode = WAL", soci::into(mode);
    sql << "PRAGMA synchronous = FULL";
  });
}

Result<void> Database::migrate() {
  const auto newest = newest_schema();
  int version = 0;
  const auto find_version = [&version](soci::session& sql) {
    int tables = 0;
    sql << "SELECT count(*) FROM sqlite_master WHERE name = 'schema_version'", soci::into(tables);
    if (tables > 0) sql << "SELECT max(version) FROM schema_version", soci::into(version);
  };
  if (auto looked = read(find_version); !looked) return looked;
  if (version == newest) return {};
  if (version < newest) {
    return write([&](soci::session& sql) {
      find_version(sql);  // another process may have been quicker
      if (version == 0)
        sql << "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)";
      for (; version < newest; ++version) {
        for (const char* statement : migrations()[static_cast<std::size_t>(version)])
          sql << statement;
        sql << "INSERT INTO schema_version (version) VALUES (:v)", soci::use(version + 1, "v");
      }
    });
  }
  return failed(path_,
                "it was made by a newer gembal (schema " + std::to_string(version) +
                    ", this one knows " + std::to_string(newest) + ")",
                "upgrade this gembal, or choose another store with --store");
}

Result<void> Database::write(const std::function<void(soci::session&)>& work) {
  auto begun = read([](soci::session& sql) { sql << "BEGIN IMMEDIATE"; });
  if (!begun) return begun;
  auto done = read([&work](soci::session& sql) {
    work(sql);
    sql << "COMMIT";
  });
  if (!done) {
    // It may have been rolled back already: that this fails then is no news.
    (void)read([](soci::session& sql) { sql << "ROLLBACK"; });
  }
  return done;
}

Result<void> Database::read(const std::function<void(soci::session&)>& work) {
  try {
    work(*session_);
    return {};
  } catch (const std::exception& exception) {
    return from_exception(path_, exception);
  }
}

}  // namespace gembal::store
