#pragma once

#include <soci/soci.h>

#include <functional>
#include <memory>
#include <string>

#include "lib/core/result.hpp"
#include "lib/core/time.hpp"

namespace gembal::store {

/// One connection to the store's database, with its schema up to date. What is special about SQLite
/// is here and nowhere else. Not thread-safe. All errors have kind `store` and name the file.
class Database {
 public:
  /// Makes folder and file when they do not exist. `busy`: how long to wait for another process's
  /// transaction.
  static Result<Database> open(const std::string& path, Milliseconds busy);

  /// The version of the schema that open() brings a store to.
  static int newest_schema();

  /// Runs `work` in a transaction that no other writer can come between: all of it is on disk when
  /// this returns, or nothing of it.
  Result<void> write(const std::function<void(soci::session&)>& work);

  /// Runs `work` without a transaction of its own.
  Result<void> read(const std::function<void(soci::session&)>& work);

 private:
  explicit Database(std::string path)
      : path_(std::move(path)), session_(std::make_unique<soci::session>()) {}

  Result<void> connect(Milliseconds busy);
  Result<void> migrate();

  std::string path_;
  std::unique_ptr<soci::session> session_;
};

}  // namespace gembal::store
