#pragma once

#include <soci/soci.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "lib/core/result.hpp"
#include "lib/core/time.hpp"
#include "lib/store/dialect.hpp"
#include "lib/store/url.hpp"

namespace gembal::store {

/// One connection to the store's database, with its schema up to date. One that is lost is made
/// anew by the next use. Not thread-safe. All errors have kind `store` and name the store.
class Database {
 public:
  /// Makes folder and file when they do not exist; a server's database has to be there. `busy`: how
  /// long to wait for another process's transaction.
  static Result<Database> open(const Url& url, Milliseconds busy);

  /// The same, but makes no store: nullopt when there is none.
  static Result<std::optional<Database>> open_existing(const Url& url, Milliseconds busy);

  /// The version of the schema that open() brings a store to.
  static int newest_schema();

  /// What runs in a transaction. It may be run twice, and has to begin afresh each time.
  using Work = std::function<void(soci::session&)>;

  /// Runs `work` in a transaction that no other writer can come between: all of it is on disk when
  /// this returns, or nothing of it, unless the connection is lost at its very end: the error says
  /// so. Runs it once more when it failed for no reason of its own.
  Result<void> write(const Work& work);

  /// Runs `work` without a transaction of its own; once more when the connection was lost.
  Result<void> read(const Work& work);

  /// Runs `work` on what is there when it begins, whatever others write meanwhile.
  Result<void> read_at_one_time(const Work& work);

 private:
  Database(Url url, Milliseconds busy)
      : url_(std::move(url)), busy_(busy), dialect_(Dialect::of(url_.kind)) {}

  struct Failure {
    Error error;
    bool is_lost = false;         ///< the connection
    bool may_work_again = false;  ///< it failed for what others did at that moment
  };

  std::optional<Failure> connect();
  std::optional<Failure> attempt(const Work& work);
  Result<int> schema();  ///< 0: there is no store
  Result<void> migrate();
  void bring_up_to_date(soci::session& sql, int& version);
  void bring_up_in_steps(soci::session& sql, int& version);
  void bring_up_one(soci::session& sql, int version);

  Url url_;
  Milliseconds busy_;
  std::unique_ptr<Dialect> dialect_;
  std::unique_ptr<soci::session> session_;  ///< null: not connected
};

}  // namespace gembal::store
