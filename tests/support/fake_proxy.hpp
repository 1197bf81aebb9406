#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/socket.hpp"

namespace gembal::testing {

/// A proxy over loopback: HTTP (requests with a whole URL, and CONNECT; Basic logins) or SOCKS5
/// (with and without user and password). Whatever host is asked for, it leads to 127.0.0.1. Plain
/// requests through HTTP get its port in a "via" header.
class FakeProxy {
 public:
  enum class Kind { http, socks };

  /// `login`: "user:password" that it wants; "": everybody may use it.
  explicit FakeProxy(Kind kind = Kind::http, std::string login = "");
  ~FakeProxy();

  /// "http://127.0.0.1:1234", with `login` before the host.
  std::string url(const std::string& login = "", const std::string& scheme = "") const;
  int port() const { return port_; }

  /// What was asked for so far, with the login before it: "user:password CONNECT host:1", "GET
  /// http://host:1/x", "user:password SOCKS host:1".
  std::vector<std::string> log() const;
  /// The head of the last request or CONNECT, as it came. Of an HTTP proxy.
  std::string last_head() const;
  std::size_t connections() const { return accepted_; }

  /// Whatever is asked for is refused with this HTTP status, or by SOCKS as not reachable; 0: no
  /// more.
  void refuse_with(int status) { refuse_with_ = status; }

  /// Refuses connections, and ends those that there are; keeps its port for up().
  void down();
  void up();

 private:
  void serve(Socket client);
  void serve_http(Socket& client);
  void serve_socks(Socket& client);
  void note(const std::string& login, const std::string& what);
  void keep_head(const Message& request);
  void keep(int handle);
  void forget(int handle);

  const Kind kind_;
  const std::string login_;
  int reserved_ = -1;  ///< bound and not listening: the port stays ours
  int port_ = 0;
  std::atomic<int> refuse_with_ = 0;
  std::atomic<std::size_t> accepted_ = 0;
  int listener_ = -1;
  std::thread acceptor_;
  mutable std::mutex mutex_;  // guards what follows
  std::vector<std::string> log_;
  std::string last_head_;
  std::vector<std::thread> threads_;
  std::vector<int> handles_;
};

}  // namespace gembal::testing
