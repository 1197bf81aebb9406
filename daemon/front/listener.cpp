#include "daemon/front/listener.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

namespace gembal::daemon::front {
namespace {

using asio::ip::tcp;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

Error cannot_listen(const std::string& where, const std::error_code& failure) {
  Error error{ErrorKind::io, "cannot listen on " + where + ": " + failure.message()};
  if (failure == asio::error::address_in_use) {
    error.hint = "another program listens there; choose another address with --listen";
  } else if (failure == asio::error::access_denied) {
    error.hint = "ports below 1024 need privileges; choose another with --listen";
  } else {
    error.hint = "give an address of this machine with --listen HOST:PORT";
  }
  return error;
}

bool is_port(std::string_view text) {
  unsigned number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failure == std::errc() && end == text.data() + text.size() && number <= 65535;
}

}  // namespace

std::string to_text(const tcp::endpoint& endpoint) {
  const auto address = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" +
         std::to_string(endpoint.port());
}

// Sockets with SO_REUSEPORT join a group even when another program of the same user made it: a
// first socket without it is what finds a port in use.
Result<tcp::endpoint> reserve(const std::string& address) {
  const auto colon = address.rfind(':');
  const std::string port = colon == std::string::npos ? "" : address.substr(colon + 1);
  std::string host = colon == std::string::npos ? "" : address.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  if (!is_port(port)) {
    return Error{ErrorKind::config, "'" + address + "' is no address to listen on",
                 "give HOST:PORT, as in 127.0.0.1:8000"};
  }
  asio::io_context context;
  std::error_code failure;
  tcp::resolver resolver(context);
  const auto found = resolver.resolve(
      host, port, tcp::resolver::passive | tcp::resolver::numeric_service, failure);
  if (failure || found.empty()) return cannot_listen(address, failure);
  tcp::endpoint endpoint = found.begin()->endpoint();
  tcp::acceptor probe(context);
  probe.open(endpoint.protocol(), failure);
  if (!failure) probe.set_option(asio::socket_base::reuse_address(true), failure);
  if (!failure) probe.bind(endpoint, failure);
  if (!failure) probe.listen(1, failure);
  if (failure) return cannot_listen(address, failure);
  return probe.local_endpoint();
}

Result<tcp::endpoint> endpoint_of(int socket) {
  int listens = 0;
  socklen_t length = sizeof(listens);
  const bool known = ::getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) == 0;
  tcp::endpoint endpoint;
  length = static_cast<socklen_t>(endpoint.capacity());
  const bool named = known && ::getsockname(socket, endpoint.data(), &length) == 0;
  const int family = named ? endpoint.data()->sa_family : AF_UNSPEC;
  if (listens != 1 || (family != AF_INET && family != AF_INET6)) {
    return Error{
        ErrorKind::config,
        "the service manager's file " + std::to_string(socket) + " is no TCP socket that listens",
        "give ListenStream=HOST:PORT in the socket unit, without Accept=yes"};
  }
  endpoint.resize(length);
  return endpoint;
}

Listener::Listener(async::Loop& loop, const Service& service, Connections& connections,
                   std::size_t max_connections)
    : loop_(loop),
      service_(service),
      connections_(connections),
      max_connections_(max_connections),
      acceptor_(loop.executor()),
      pause_(loop, [this] { accept(); }) {}

Result<std::unique_ptr<Listener>> Listener::open(async::Loop& loop, const tcp::endpoint& endpoint,
                                                 const Service& service, Connections& connections,
                                                 std::size_t max_connections) {
  auto listener = std::make_unique<Listener>(loop, service, connections, max_connections);
  auto& acceptor = listener->acceptor_;
  std::error_code failure;
  acceptor.open(endpoint.protocol(), failure);
  if (!failure) acceptor.set_option(asio::socket_base::reuse_address(true), failure);
  if (!failure) acceptor.set_option(ReusePort(true), failure);
  if (!failure) acceptor.bind(endpoint, failure);
  if (!failure) acceptor.listen(4096, failure);
  if (failure) return cannot_listen(to_text(endpoint), failure);
  return listener;
}

Result<std::unique_ptr<Listener>> Listener::adopt(async::Loop& loop, int socket,
                                                  const Service& service, Connections& connections,
                                                  std::size_t max_connections) {
  const auto endpoint = endpoint_of(socket);
  if (!endpoint) return endpoint.error();
  auto listener = std::make_unique<Listener>(loop, service, connections, max_connections);
  const int own = ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
  std::error_code failure(own < 0 ? errno : 0, std::generic_category());
  if (!failure) listener->acceptor_.assign(endpoint->protocol(), own, failure);
  if (failure) {
    if (own >= 0 && !listener->acceptor_.is_open()) ::close(own);
    return cannot_listen(to_text(*endpoint), failure);
  }
  return listener;
}

void Listener::start() { accept(); }

void Listener::stop() {
  *alive_ = false;
  pause_.clear();
  std::error_code ignored;
  acceptor_.close(ignored);
}

void Listener::accept() {
  acceptor_.async_accept([this, alive = alive_](std::error_code failure, Socket socket) {
    if (!*alive) return;
    if (failure) {
      // Most likely out of descriptors: accepting at once again would spin.
      pause_.set(std::chrono::milliseconds{100});
      return;
    }
    if (connections_.count() >= max_connections_) {
      static const std::string full = [] {
        const std::string body =
            R"({"error":{"code":503,"message":"too many connections","status":"UNAVAILABLE"}})";
        return "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 1\r\n"
               "connection: close\r\ncontent-length: " +
               std::to_string(body.size()) + "\r\n\r\n" + body;
      }();
      std::error_code ignored;
      socket.write_some(asio::buffer(full), ignored);
    } else {
      std::make_shared<Connection>(loop_, std::move(socket), service_, connections_)->start();
    }
    accept();
  });
}

}  // namespace gembal::daemon::front
