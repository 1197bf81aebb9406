// MySQL, MariaDB and what speaks their language. Its headers only tell the class of SOCI's errors
// with MySQL's numbers: nothing of them is linked.

#include <soci/mysql/soci-mysql.h>

#include <algorithm>

#include "lib/store/dialects.hpp"

namespace gembal::store {
namespace {

// Of MySQL's numbers those that say what to do; see "Server Error Message Reference".
enum Fault : unsigned {
  kNoSuchDatabase = 1049,
  kNotAllowed = 1044,
  kWrongPassword = 1045,
  kTableExists = 1050,
  kNoSuchTable = 1051,
  kColumnExists = 1060,
  kIndexExists = 1061,
  kNothingToDrop = 1091,
  kDiskFull = 1021,
  kTableFull = 1114,
  kDeadlock = 1213,
  kChangedMeanwhile = 1020,
};

unsigned number_of(const std::exception& exception) {
  const auto* own = dynamic_cast<const soci::mysql_soci_error*>(&exception);
  return own ? own->err_num_ : 0;
}

/// Replaces a type by its name alone: " TEXT " but no part of a word.
void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

/// One that tells letters from capitals and "a" from "a ", as the other databases do: they have
/// different names for it, and older ones only one that takes blanks at the end for nothing.
std::string exact_collation(soci::session& sql) {
  std::string found;
  sql << "SELECT collation_name FROM information_schema.collations WHERE collation_name IN"
         " ('utf8mb4_nopad_bin', 'utf8mb4_0900_bin', 'utf8mb4_bin')"
         " ORDER BY collation_name = 'utf8mb4_bin' LIMIT 1",
      soci::into(found);
  return found;
}

class MysqlDialect : public Dialect {
 public:
  Result<void> prepare(const Url& url) const override { return load_backend(url, "mysql"); }
  bool may_exist(const Url&) const override { return true; }

  void open(soci::session& sql, const Url& url, Milliseconds busy) const override {
    // For the client library "localhost" is a socket, whatever the port.
    const bool is_port_of_this_machine = url.host == "localhost" && url.port > 0;
    sql.open("mysql", option("host", is_port_of_this_machine ? "127.0.0.1" : url.host) +
                          option("port", url.port > 0 ? std::to_string(url.port) : "") +
                          option("unix_socket", url.socket) + option("user", url.user) +
                          option("password", url.password.reveal()) +
                          option("dbname", url.database) + option("charset", "utf8mb4") +
                          option("connect_timeout", std::to_string(connect_seconds(busy))) +
                          option("read_timeout", kAnswers) + option("write_timeout", kAnswers));
    const auto seconds = std::to_string(
        std::max<std::int64_t>(std::chrono::ceil<std::chrono::seconds>(busy).count(), 1));
    // A value that does not fit is an error rather than cut off, and '||' joins texts.
    sql << "SET SESSION sql_mode = 'STRICT_ALL_TABLES,PIPES_AS_CONCAT,NO_ENGINE_SUBSTITUTION',"
           " innodb_lock_wait_timeout = " +
               seconds + ", lock_wait_timeout = " + seconds;
    sql << "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";
  }

  // See PostgreSQL's: READ COMMITTED means the same here.
  void begin_writing(soci::session& sql) const override {
    sql << "BEGIN";
    long long seq = 0;
    sql << "SELECT value FROM counters WHERE name = 'seq' FOR UPDATE", soci::into(seq);
  }
  void begin_reading(soci::session& sql) const override {
    sql << "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ";
    sql << "START TRANSACTION WITH CONSISTENT SNAPSHOT";
  }

  bool has_table(soci::session& sql, const std::string& name) const override {
    int tables = 0;
    sql << "SELECT count(*) FROM information_schema.tables"
           " WHERE table_schema = database() AND table_name = :name",
        soci::use(name), soci::into(tables);
    return tables > 0;
  }

  void begin_migrating(soci::session& sql, Milliseconds busy) const override {
    const long long seconds = std::chrono::ceil<std::chrono::seconds>(busy).count();
    int locked = 0;
    sql << "SELECT coalesce(get_lock(concat('gembal.', left(database(), 50)), :seconds), 0)",
        soci::use(seconds), soci::into(locked);
    if (locked != 1) throw soci::soci_error("another program brings its tables up to date");
  }
  void end_migrating(soci::session& sql) const override {
    int released = 0;
    sql << "SELECT coalesce(release_lock(concat('gembal.', left(database(), 50))), 0)",
        soci::into(released);
  }
  bool takes_definitions_back() const override { return false; }

  // MySQL's TEXT ends at 64 KiB.
  std::string statement(soci::session& sql, const std::string& portable) const override {
    if (!portable.starts_with("CREATE TABLE")) return portable;
    auto text = portable;
    replace_all(text, " TEXT ", " MEDIUMTEXT ");
    return text + " ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE " + exact_collation(sql);
  }

  bool was_done(const std::exception& exception) const override {
    const auto number = number_of(exception);
    return number == kTableExists || number == kNoSuchTable || number == kColumnExists ||
           number == kIndexExists || number == kNothingToDrop;
  }

  bool may_work_again(const std::exception& exception) const override {
    const auto number = number_of(exception);
    return number == kDeadlock || number == kChangedMeanwhile;
  }

  Error explain(const std::exception& exception, const std::string& shown) const override {
    const auto why = message_of(exception);
    switch (number_of(exception)) {
      case kWrongPassword:
      case kNotAllowed:
        return store_failed(shown, why, "check the user, the password and what the user may do");
      case kNoSuchDatabase:
        return store_failed(shown, why, "create it: CREATE DATABASE, and GRANT ALL to the user");
      case kDiskFull:
      case kTableFull:
        return store_failed(shown, why, "make room: nothing that was stored before is lost");
      default: return store_failed(shown, why, "");
    }
  }

 private:
  static constexpr const char* kAnswers = "30";  // seconds, longer than any lock is waited for
};

}  // namespace

std::unique_ptr<Dialect> make_mysql_dialect() { return std::make_unique<MysqlDialect>(); }

}  // namespace gembal::store
