#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/front/connection.hpp"

namespace gembal::daemon::front {

/// Finds the endpoint that "HOST:PORT" ("127.0.0.1:8000", "[::1]:8000", ":8000" for every address;
/// port 0 for a free one) names, and that nobody else listens there. Blocks for a name look-up.
/// Errors: config (not of that form), io (in use, not permitted, no such address), naming the
/// address.
Result<asio::ip::tcp::endpoint> reserve(const std::string& address);

/// Where a socket that somebody else has opened listens. Errors: config (no listening TCP socket).
Result<asio::ip::tcp::endpoint> endpoint_of(int socket);

/// Accepts connections on one loop. Several loops listen on one endpoint, each with a socket of its
/// own (SO_REUSEPORT), and the kernel spreads the connections. Lives on its loop.
class Listener {
 public:
  /// `endpoint` comes from reserve(). Service and connections must outlive the listener.
  static Result<std::unique_ptr<Listener>> open(async::Loop& loop,
                                                const asio::ip::tcp::endpoint& endpoint,
                                                const Service& service, Connections& connections,
                                                std::size_t max_connections);

  /// Listens on a duplicate of a socket that endpoint_of() knows: the loops then take turns at one
  /// queue. The socket itself stays the caller's.
  static Result<std::unique_ptr<Listener>> adopt(async::Loop& loop, int socket,
                                                 const Service& service, Connections& connections,
                                                 std::size_t max_connections);

  void start();
  void stop();

  Listener(async::Loop& loop, const Service& service, Connections& connections,
           std::size_t max_connections);

 private:
  void accept();

  using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, async::Executor>;
  async::Loop& loop_;
  const Service& service_;
  Connections& connections_;
  std::size_t max_connections_;
  Acceptor acceptor_;
  async::Deadline pause_;  ///< out of descriptors: try again a little later
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

/// "127.0.0.1:8000", "[::1]:8000".
std::string to_text(const asio::ip::tcp::endpoint& endpoint);

}  // namespace gembal::daemon::front
