#pragma once

#include <string>
#include <string_view>

#include "lib/core/result.hpp"
#include "lib/core/secret.hpp"

namespace gembal::store {

enum class DatabaseKind { sqlite, mysql, postgresql };

/// Where a key store is: a file of SQLite's, or a database of a server. A plain value.
struct Url {
  DatabaseKind kind = DatabaseKind::sqlite;
  std::string file;  ///< SQLite's; "": none

  std::string host;  ///< "": by `socket`
  int port = 0;      ///< 0: the usual one
  std::string user;  ///< "": whoever runs the program
  Secret password;   ///< "": none, or what the database's own client library finds
  std::string database;
  std::string socket;  ///< MySQL's socket, or the folder where PostgreSQL's is; "": by `host`

  bool is_file() const { return kind == DatabaseKind::sqlite; }
  bool empty() const { return is_file() && file.empty(); }
  friend bool operator==(const Url&, const Url&) = default;
};

/// Reads a path, `sqlite://PATH`, or `mysql://` (or `mariadb://`), `postgresql://` (or
/// `postgres://`) with `USER:PASSWORD@HOST:PORT/DATABASE?socket=PATH`. User, password and database
/// may be percent-encoded. Errors: config, saying the forms, and nothing of what was given.
Result<Url> parse_url(std::string_view text);

/// As parse_url() reads it, for people: a file as its path, and "…" for the password.
std::string shown(const Url& url);

}  // namespace gembal::store
