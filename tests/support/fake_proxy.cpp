#include "tests/support/fake_proxy.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "lib/core/base64.hpp"
#include "lib/core/text.hpp"

namespace gembal::testing {
namespace {

constexpr milliseconds kPatience{60'000};

/// A socket of 127.0.0.1:`port`, which others may have, too; 0: any port.
int bind_shared(int port) {
  const int handle = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(handle, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(handle, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::bind(handle, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  return handle;
}

int port_of(int handle) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(handle, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

/// Carries bytes both ways until either side ends.
void relay(Socket& a, Socket& b) {
  for (;;) {
    pollfd wanted[] = {{a.handle(), POLLIN, 0}, {b.handle(), POLLIN, 0}};
    if (::poll(wanted, 2, static_cast<int>(kPatience.count())) <= 0) return;
    for (int i = 0; i < 2; ++i) {
      if (wanted[i].revents == 0) continue;
      const auto bytes = (i == 0 ? a : b).receive(milliseconds{0});
      if (!bytes || bytes->empty() || !(i == 0 ? b : a).send(*bytes)) return;
    }
  }
}

/// Reads just so many bytes; less at the end.
std::string read_exactly(Socket& socket, std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t got = 0;
  while (got < count) {
    pollfd wanted{socket.handle(), POLLIN, 0};
    if (::poll(&wanted, 1, static_cast<int>(kPatience.count())) <= 0) break;
    const auto now = ::recv(socket.handle(), bytes.data() + got, count - got, 0);
    if (now <= 0) break;
    got += static_cast<std::size_t>(now);
  }
  bytes.resize(got);
  return bytes;
}

std::size_t byte(const std::string& bytes, std::size_t at) {
  return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0;
}

int port_in(std::string_view authority) {
  const auto colon = authority.rfind(':');
  return colon == std::string_view::npos
             ? 80
             : std::atoi(std::string(authority.substr(colon + 1)).c_str());
}

std::string login_in(const Message& request) {
  const auto header = request.header("proxy-authorization");
  if (!header.starts_with("Basic ")) return "";
  return base64_decode(header.substr(6)).value_or("");
}

}  // namespace

FakeProxy::FakeProxy(Kind kind, std::string login) : kind_(kind), login_(std::move(login)) {
  reserved_ = bind_shared(0);
  port_ = port_of(reserved_);
  up();
}

FakeProxy::~FakeProxy() {
  down();
  ::close(reserved_);
}

void FakeProxy::up() {
  listener_ = bind_shared(port_);
  ::listen(listener_, 1024);
  acceptor_ = std::thread([this] {
    for (;;) {
      const int handle = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (handle < 0) return;
      ++accepted_;
      keep(handle);
      const std::lock_guard lock(mutex_);
      threads_.emplace_back([this, handle] { serve(Socket(handle)); });
    }
  });
}

void FakeProxy::down() {
  if (!acceptor_.joinable()) return;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(mutex_);
    for (const int handle : handles_) ::shutdown(handle, SHUT_RDWR);
    threads.swap(threads_);
  }
  for (auto& thread : threads) thread.join();
}

std::string FakeProxy::url(const std::string& login, const std::string& scheme) const {
  std::string kind = scheme;
  if (kind.empty()) kind = kind_ == Kind::http ? "http" : "socks5h";
  return kind + "://" + (login.empty() ? "" : login + "@") + "127.0.0.1:" + std::to_string(port_);
}

std::vector<std::string> FakeProxy::log() const {
  const std::lock_guard lock(mutex_);
  return log_;
}

std::string FakeProxy::last_head() const {
  const std::lock_guard lock(mutex_);
  return last_head_;
}

void FakeProxy::keep(int handle) {
  const std::lock_guard lock(mutex_);
  handles_.push_back(handle);
}

void FakeProxy::note(const std::string& login, const std::string& what) {
  const std::lock_guard lock(mutex_);
  log_.push_back((login.empty() ? "" : login + " ") + what);
}

void FakeProxy::serve(Socket client) {
  const int handle = client.handle();
  if (kind_ == Kind::http) {
    serve_http(client);
  } else {
    serve_socks(client);
  }
  forget(handle);
}

void FakeProxy::serve_http(Socket& client) {
  MessageReader reader(client, kPatience);
  Socket upstream;
  std::thread back;  // carries what upstream sends
  while (const auto request = reader.read()) {
    const auto login = login_in(*request);
    const auto method = request->start.substr(0, request->start.find(' '));
    const auto target = request->path();
    note(login, method + " " + target);
    keep_head(*request);
    const int refused = login != login_ && !login_.empty() ? 407 : refuse_with_.load();
    if (refused != 0) {
      client.send("HTTP/1.1 " + std::to_string(refused) +
                  " Refused\r\nProxy-Authenticate: Basic realm=\"proxy\"\r\nContent-Length: 4\r\n"
                  "Connection: close\r\n\r\nNo.\n");
      client.end();
      client.peer_leaves(milliseconds{1000});
      break;
    }
    const bool tunnels = method == "CONNECT";
    const auto rest = tunnels ? target : target.substr(target.find("://") + 3);
    const auto slash = rest.find('/');
    if (upstream.handle() < 0) upstream = Socket::connect(port_in(rest.substr(0, slash)));
    if (upstream.handle() < 0) {
      client.send("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      break;
    }
    if (!back.joinable()) keep(upstream.handle());
    if (tunnels) {
      client.send("HTTP/1.1 200 Connection established\r\n\r\n");
      relay(client, upstream);
      break;
    }
    std::string head =
        method + " " + (slash == std::string::npos ? "/" : rest.substr(slash)) + " HTTP/1.1\r\n";
    for (const auto& [name, value] : request->headers) {
      const bool is_ours =
          name.starts_with("proxy-") || name == "transfer-encoding" || name == "content-length";
      if (!is_ours) head += name + ": " + value + "\r\n";
    }
    head += "via: 1.1 " + std::to_string(port_) + "\r\n";
    if (method != "GET" && method != "HEAD")
      head += "content-length: " + std::to_string(request->body.size()) + "\r\n";
    upstream.send(head + "\r\n" + request->body);
    if (back.joinable()) continue;
    back = std::thread([from = upstream.handle(), to = client.handle()] {
      char bytes[16 * 1024];
      for (;;) {
        const auto count = ::recv(from, bytes, sizeof bytes, 0);
        if (count <= 0 || ::send(to, bytes, static_cast<std::size_t>(count), MSG_NOSIGNAL) < count)
          break;
      }
      ::shutdown(to, SHUT_RDWR);
    });
  }
  if (upstream.handle() < 0) return;
  ::shutdown(upstream.handle(), SHUT_RDWR);
  if (back.joinable()) back.join();
  forget(upstream.handle());
}

void FakeProxy::keep_head(const Message& request) {
  const std::lock_guard lock(mutex_);
  last_head_ = request.start + "\r\n";
  for (const auto& [name, value] : request.headers) last_head_ += name + ": " + value + "\r\n";
}

void FakeProxy::forget(int handle) {
  const std::lock_guard lock(mutex_);
  std::erase(handles_, handle);
}

// RFC 1928, with RFC 1929's user and password.
void FakeProxy::serve_socks(Socket& client) {
  const auto greeting = read_exactly(client, 2);
  const auto methods = read_exactly(client, byte(greeting, 1));
  const bool wants_login = !login_.empty();
  const char method = wants_login ? '\x02' : '\x00';
  if (byte(greeting, 0) != 5 || methods.find(method) == std::string::npos) {
    client.send(std::string("\x05\xff", 2));
    return;
  }
  client.send(std::string("\x05") + method);
  std::string login;
  if (wants_login) {
    const auto user = read_exactly(client, byte(read_exactly(client, 2), 1));
    const auto password = read_exactly(client, byte(read_exactly(client, 1), 0));
    login = user + ":" + password;
    client.send(std::string("\x01") + (login == login_ ? '\0' : '\x01'));
    if (login != login_) return note(login, "SOCKS");
  }
  const auto request = read_exactly(client, 4);
  const auto kind = byte(request, 3);
  std::string host;
  if (kind == 3) {
    host = read_exactly(client, byte(read_exactly(client, 1), 0));
  } else {
    char text[INET6_ADDRSTRLEN] = "";
    const auto address = read_exactly(client, kind == 4 ? 16 : 4);
    ::inet_ntop(kind == 4 ? AF_INET6 : AF_INET, address.data(), text, sizeof text);
    host = text;
  }
  const auto port_bytes = read_exactly(client, 2);
  if (port_bytes.size() < 2) return;  // it left
  const auto port = static_cast<int>(byte(port_bytes, 0) * 256 + byte(port_bytes, 1));
  note(login, "SOCKS " + host + ":" + std::to_string(port));
  Socket upstream;
  if (refuse_with_ == 0) upstream = Socket::connect(port);
  const bool reached = upstream.handle() >= 0;
  client.send(std::string("\x05") + (reached ? '\0' : '\x04') +
              std::string("\x00\x01\x00\x00\x00\x00\x00\x00", 8));
  if (!reached) return;
  keep(upstream.handle());
  relay(client, upstream);
  forget(upstream.handle());
}

}  // namespace gembal::testing
