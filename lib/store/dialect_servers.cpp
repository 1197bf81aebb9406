// What the two servers share, and PostgreSQL, whose definitions are transactional. MySQL, where
// more is different, has a file of its own.

#include <soci/version.h>
#include <algorithm>

#include <mutex>

#include "lib/core/text.hpp"
#include "lib/store/dialects.hpp"

namespace gembal::store {
namespace {

/// "4.0": in the names of SOCI's libraries and of Debian's packages of them.
std::string soci_version() {
  return std::to_string(SOCI_VERSION / 100'000) + "." + std::to_string(SOCI_VERSION / 100 % 1'000);
}

class PostgresqlDialect : public Dialect {
 public:
  Result<void> prepare(const Url& url) const override { return load_backend(url, "postgresql"); }
  bool may_exist(const Url&) const override { return true; }

  void open(soci::session& sql, const Url& url, Milliseconds busy) const override {
    sql.open("postgresql",
             option("host", url.socket.empty() ? url.host : url.socket) +
                 option("port", url.port > 0 ? std::to_string(url.port) : "") +
                 option("user", url.user) + option("password", url.password.reveal()) +
                 option("dbname", url.database) +
                 option("connect_timeout", std::to_string(connect_seconds(busy))) +
                 // A server that is gone without a word is noticed within half a minute.
                 option("keepalives_idle", "10") + option("keepalives_interval", "5") +
                 option("keepalives_count", "3") + option("tcp_user_timeout", "20000") +
                 option("client_encoding", "UTF8") + option("application_name", "gembal"));
    // libpq writes the server's notices to stderr.
    sql << "SET client_min_messages = error";
    sql << "SET lock_timeout = " + std::to_string(std::max<std::int64_t>(busy.count(), 1));
    // A statement that was planned once for a small table would stay so while a batch fills it.
    sql << "SET plan_cache_mode = force_custom_plan";
    sql << "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED";
  }

  // The row is locked until the end of the transaction, and what comes after it sees what the
  // writer before has committed: each statement of a transaction does, in READ COMMITTED.
  void begin_writing(soci::session& sql) const override {
    sql << "BEGIN";
    long long seq = 0;
    sql << "SELECT value FROM counters WHERE name = 'seq' FOR UPDATE", soci::into(seq);
  }
  void begin_reading(soci::session& sql) const override {
    sql << "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
  }

  bool has_table(soci::session& sql, const std::string& name) const override {
    int tables = 0;
    sql << "SELECT count(*) FROM information_schema.tables"
           " WHERE table_schema = current_schema() AND table_name = :name",
        soci::use(name), soci::into(tables);
    return tables > 0;
  }

  void begin_migrating(soci::session& sql, Milliseconds) const override {
    sql << "BEGIN";
    sql << "SELECT pg_advisory_xact_lock(" + std::to_string(kMigrating) + ")";
  }
  void end_migrating(soci::session& sql) const override { sql << "COMMIT"; }

  // SOCI has a kind of its own for what is wrong with a statement or its values; what is left is
  // mostly about the moment: a deadlock, or a distributed server that wants it done again.
  bool may_work_again(const std::exception& exception) const override {
    const auto* own = dynamic_cast<const soci::soci_error*>(&exception);
    return own && own->get_error_category() == soci::soci_error::unknown;
  }

  Error explain(const std::exception& exception, const std::string& shown) const override {
    return store_failed(shown, message_of(exception), "");
  }

 private:
  static constexpr int kMigrating = 1'735'222'626;  // any number that other programs do not take
};

}  // namespace

std::unique_ptr<Dialect> make_postgresql_dialect() { return std::make_unique<PostgresqlDialect>(); }

// Not linked, so that commands on a file do not load what they do not need, and so that a server's
// client library need not be installed for them.
Result<void> load_backend(const Url& url, const std::string& name) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  try {
    const auto loaded = soci::dynamic_backends::list_all();
    if (std::find(loaded.begin(), loaded.end(), name) == loaded.end())
      soci::dynamic_backends::register_backend(name);
    return {};
  } catch (const std::exception&) {
    return store_failed(shown(url), "libsoci_" + name + ".so." + soci_version() + " is missing",
                        "install it: apt-get install libsoci-" + name + soci_version());
  }
}

std::string option(const char* name, const std::string& value) {
  if (value.empty()) return "";
  std::string text = std::string(name) + "='";
  for (const char c : value) {
    if (c == '\'' || c == '\\') text += '\\';
    text += c;
  }
  return text + "' ";
}

int connect_seconds(Milliseconds busy) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(busy).count();
  return static_cast<int>(std::clamp<std::int64_t>(seconds, 1, 5));
}

// Of SOCI's own text only the message, without the statement and its values; of PostgreSQL's only
// the first line that the server wrote, since the next ones may show a row.
std::string message_of(const std::exception& exception) {
  const auto* own = dynamic_cast<const soci::soci_error*>(&exception);
  const std::string text = own ? own->get_error_message() : exception.what();
  const auto lines = split(text, '\n');
  std::string_view line = lines.front();
  if (line == "Cannot establish connection to the database." && lines.size() > 1) line = lines[1];
  if (const auto at = line.find("ERROR:"); at != std::string_view::npos) line.remove_prefix(at + 6);
  line = trim(line);
  if (line.ends_with('.')) line.remove_suffix(1);
  return std::string(line);
}

}  // namespace gembal::store
