#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "tests/support/temp_dir.hpp"

namespace gembal::testing {

enum class ServerKind { mariadb, postgresql };

/// A database server of the test's own: a real one, in a folder of its own, on a free port of the
/// loopback. Where its programs are not installed, the test fails and says what to install.
class DatabaseServer {
 public:
  /// Sets it up and starts it, which takes a few seconds.
  explicit DatabaseServer(ServerKind kind);
  /// Kills it.
  ~DatabaseServer();
  DatabaseServer(const DatabaseServer&) = delete;
  DatabaseServer& operator=(const DatabaseServer&) = delete;

  /// The one of this program: made when it is asked for, killed when the program ends.
  static DatabaseServer& shared(ServerKind kind);

  /// Makes an empty database; returns its URL, with the user "gembal" and a password full of
  /// characters that mean something.
  std::string new_database();

  /// The same for another password ("" for none), host and port, or by the server's socket.
  std::string url(const std::string& database, const std::string& password, int port) const;
  std::string socket_url(const std::string& database) const;

  int port() const { return port_; }

  /// As a machine that fails does it: nothing is said, nothing is finished.
  void kill();
  /// Starts it again, on the same port and with the same data; returns when it answers.
  void start();
  /// Runs statements on a database, as somebody else.
  void execute(const std::string& database, const std::vector<std::string>& statements) const;

  static const std::string kPassword;

 private:
  void set_up();
  std::string own_tmp_folder() const;
  pid_t spawn_server();
  bool answers() const;
  std::string connection(const std::string& database) const;

  const ServerKind kind_;
  TempDir folder_;
  int port_ = 0;
  pid_t pid_ = -1;
  int databases_ = 0;
};

}  // namespace gembal::testing
