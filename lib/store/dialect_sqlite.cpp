#include <fcntl.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "lib/store/dialects.hpp"

namespace gembal::store {
namespace {

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
      return store_failed(path, "its folder cannot be made: " + failure.message(),
                          "choose another with --store");
  }
  struct stat known {};
  if (::stat(path.c_str(), &known) == 0) {
    if (S_ISDIR(known.st_mode))
      return store_failed(path, "it is a folder", "name a file with --store");
    if ((known.st_mode & 077) != 0 && known.st_uid == ::geteuid()) ::chmod(path.c_str(), 0600);
    return {};
  }
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return store_failed(path, std::strerror(errno), "choose another with --store");
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

/// SQLite locks a connection for every value of every row, for programs that share one between
/// threads, and counts its memory under another lock. It has to be told before its first use.
void do_without_locks() {
  static const bool told = [] {
    sqlite_api::sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    sqlite_api::sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    return true;
  }();
  static_cast<void>(told);
}

class SqliteDialect : public Dialect {
 public:
  Result<void> prepare(const Url& url) const override { return make_private_file(url.file); }
  bool may_exist(const Url& url) const override { return ::access(url.file.c_str(), F_OK) == 0; }

  // FULL, because what a command has acknowledged must survive a power cut; the daemon writes in
  // batches.
  void open(soci::session& sql, const Url& url, Milliseconds busy) const override {
    do_without_locks();
    sql.open(*soci::factory_sqlite3(), "dbname=" + in_quotes(url.file));
    sql << "PRAGMA busy_timeout = " + std::to_string(busy.count());
    std::string mode;
    sql << "PRAGMA journal_mode = WAL", soci::into(mode);
    sql << "PRAGMA synchronous = FULL";
  }

  void begin_writing(soci::session& sql) const override { sql << "BEGIN IMMEDIATE"; }
  void begin_reading(soci::session& sql) const override { sql << "BEGIN"; }

  bool has_table(soci::session& sql, const std::string& name) const override {
    int tables = 0;
    sql << "SELECT count(*) FROM sqlite_master WHERE name = :name", soci::use(name),
        soci::into(tables);
    return tables > 0;
  }

  void begin_migrating(soci::session& sql, Milliseconds) const override { begin_writing(sql); }
  void end_migrating(soci::session& sql) const override { sql << "COMMIT"; }

  bool has_connections() const override { return false; }

  Error explain(const std::exception& exception, const std::string& path) const override {
    const auto* own = dynamic_cast<const soci::sqlite3_soci_error*>(&exception);
    switch (own ? own->result() : SQLITE_ERROR) {
      case SQLITE_BUSY:
      case SQLITE_LOCKED:
        return store_failed(path, "another program has locked it",
                            "try again when that program is done");
      case SQLITE_FULL:
        return store_failed(path, "the disk is full",
                            "make room: nothing that was stored before is lost");
      case SQLITE_IOERR:
        return store_failed(path, "the disk could not be read or written",
                            "check the disk and its free space");
      case SQLITE_READONLY:
        return store_failed(path, "it cannot be written",
                            "check the permissions of the file and its folder");
      case SQLITE_CANTOPEN:
      case SQLITE_PERM:
      case SQLITE_AUTH:
        return store_failed(path, "it cannot be opened",
                            "check the permissions, or choose another with --store");
      case SQLITE_NOTADB:
        return store_failed(path, "it is no key store", "choose another with --store");
      case SQLITE_CORRUPT:
        return store_failed(path, "it is damaged",
                            "restore it from a backup, or choose another with --store");
      default: return store_failed(path, message_of(exception), "");
    }
  }
};

}  // namespace

std::unique_ptr<Dialect> make_sqlite_dialect() { return std::make_unique<SqliteDialect>(); }

}  // namespace gembal::store
