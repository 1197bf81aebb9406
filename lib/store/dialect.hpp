#pragma once

#include <soci/soci.h>

#include <exception>
#include <memory>
#include <string>

#include "lib/core/result.hpp"
#include "lib/core/time.hpp"
#include "lib/store/url.hpp"

namespace gembal::store {

/// What is not the same in SQLite, in MySQL and MariaDB, and in PostgreSQL. All other SQL of the
/// store is understood by each of them. Has no state but that of a session it is given; what takes
/// one throws what SOCI throws.
class Dialect {
 public:
  static std::unique_ptr<Dialect> of(DatabaseKind kind);
  virtual ~Dialect() = default;

  /// What has to be there before a session can be opened: SQLite's file, which it makes, or the
  /// library for a server. Errors: store.
  virtual Result<void> prepare(const Url& url) const = 0;
  /// Whether open() would find something that prepare() has not made.
  virtual bool may_exist(const Url& url) const = 0;

  /// Connects, within five seconds and less when `busy` is less. `busy`: how long to wait for
  /// another process's transaction.
  virtual void open(soci::session& sql, const Url& url, Milliseconds busy) const = 0;

  /// Begins a transaction that no other writer can come between, on a store that has its tables.
  virtual void begin_writing(soci::session& sql) const = 0;
  /// Begins one that reads what is there now, whatever others write.
  virtual void begin_reading(soci::session& sql) const = 0;

  virtual bool has_table(soci::session& sql, const std::string& name) const = 0;

  /// Begins the work of migrations, which only one process does at a time.
  virtual void begin_migrating(soci::session& sql, Milliseconds busy) const = 0;
  virtual void end_migrating(soci::session& sql) const = 0;
  /// Whether a transaction takes back what a migration did to the tables.
  virtual bool takes_definitions_back() const { return true; }
  /// A migration's statement as this database takes it.
  virtual std::string statement(soci::session& sql, const std::string& portable) const;
  /// Whether a statement failed because what it does was done already.
  virtual bool was_done(const std::exception&) const { return false; }

  /// Whether a connection may be lost while the store is well: then a new one is made.
  virtual bool has_connections() const { return true; }
  /// Whether it failed only for what others did at that moment.
  virtual bool may_work_again(const std::exception&) const { return false; }
  /// `shown`: what the store is called. Kind: store.
  virtual Error explain(const std::exception& exception, const std::string& shown) const = 0;
};

/// "cannot use the key store 'x': why". Kind: store.
Error store_failed(const std::string& shown, const std::string& why, std::string hint);

}  // namespace gembal::store
