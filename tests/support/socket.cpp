#include "tests/support/socket.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "lib/core/text.hpp"

namespace gembal::testing {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool readable(int handle, milliseconds patience) {
  pollfd wanted{handle, POLLIN, 0};
  return ::poll(&wanted, 1, static_cast<int>(patience.count())) > 0;
}

}  // namespace

Socket::Socket(int handle) : handle_(handle) {
  const int on = 1;
  ::setsockopt(handle_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Socket& Socket::operator=(Socket&& other) noexcept {
  close();
  handle_ = std::exchange(other.handle_, -1);
  return *this;
}

Socket Socket::connect(int port, int receive_bytes) {
  const int handle = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (receive_bytes > 0)
    ::setsockopt(handle, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
  const auto address = loopback(port);
  if (::connect(handle, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(handle);
    return {};
  }
  return Socket(handle);
}

bool Socket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ::send(handle_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

std::optional<std::string> Socket::receive(milliseconds patience) {
  if (handle_ < 0) return "";
  if (!readable(handle_, patience)) return std::nullopt;
  std::string bytes(64 * 1024, '\0');
  const auto count = ::recv(handle_, bytes.data(), bytes.size(), 0);
  if (count < 0) was_reset_ = true;
  bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return bytes;
}

bool Socket::peer_leaves(milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < until) {
    const auto bytes =
        receive(std::chrono::duration_cast<milliseconds>(until - std::chrono::steady_clock::now()));
    if (bytes && bytes->empty()) return true;
  }
  return false;
}

void Socket::end() { ::shutdown(handle_, SHUT_WR); }

void Socket::reset() {
  const linger now{1, 0};
  ::setsockopt(handle_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close();
}

void Socket::close() {
  if (handle_ >= 0) ::close(handle_);
  handle_ = -1;
}

ListenSocket::ListenSocket() {
  handle_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = loopback(0);
  ::bind(handle_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  ::listen(handle_, 1024);
  socklen_t size = sizeof address;
  ::getsockname(handle_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
}

ListenSocket::~ListenSocket() { ::close(handle_); }

std::optional<Socket> ListenSocket::accept() {
  const int handle = ::accept4(handle_, nullptr, nullptr, SOCK_CLOEXEC);
  if (handle < 0) return std::nullopt;
  return Socket(handle);
}

void ListenSocket::stop() { ::shutdown(handle_, SHUT_RDWR); }

int Message::status() const {
  const auto space = start.find(' ');
  return space == std::string::npos ? 0 : std::atoi(start.c_str() + space + 1);
}

std::string Message::path() const {
  const auto first = start.find(' ');
  return start.substr(first + 1, start.rfind(' ') - first - 1);
}

std::string Message::header(std::string_view name) const {
  for (const auto& [known, value] : headers) {
    if (known == name) return value;
  }
  return "";
}

bool MessageReader::fill() {
  const auto bytes = socket_.receive(patience_);
  if (!bytes || bytes->empty()) return false;
  bytes_ += *bytes;
  return true;
}

std::optional<std::string> MessageReader::more() {
  if (!bytes_.empty()) return std::exchange(bytes_, {});
  return socket_.receive(patience_);
}

std::optional<Message> MessageReader::read_head() {
  std::size_t end = 0;
  while ((end = bytes_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return std::nullopt;
  }
  Message message;
  for (const auto line : split(std::string_view(bytes_).substr(0, end), '\n')) {
    const auto text = trim(line);
    if (message.start.empty()) {
      message.start = text;
    } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
      message.headers.emplace_back(lower(text.substr(0, colon)), trim(text.substr(colon + 1)));
    }
  }
  bytes_.erase(0, end + 4);
  return message;
}

std::optional<Message> MessageReader::read(bool to_head) {
  auto message = read_head();
  if (!message) return std::nullopt;
  const bool is_reply = message->start.starts_with("HTTP/");
  const int status = is_reply ? message->status() : 0;
  if (to_head || status / 100 == 1 || status == 204 || status == 304) {
    message->whole = true;
    return message;
  }
  if (message->header("transfer-encoding") == "chunked") {
    for (;;) {
      std::size_t line = 0;
      while ((line = bytes_.find("\r\n")) == std::string::npos) {
        if (!fill()) return message;
      }
      const auto size = std::strtoul(bytes_.c_str(), nullptr, 16);
      while (bytes_.size() < line + 2 + size + 2) {
        if (!fill()) return message;
      }
      if (size > 0) {
        message->chunks.push_back(bytes_.substr(line + 2, size));
        message->body += message->chunks.back();
      }
      bytes_.erase(0, line + 2 + size + 2);
      if (size == 0) {
        message->whole = true;
        return message;
      }
    }
  }
  const auto length = message->header("content-length");
  if (length.empty()) {
    message->whole = true;
    if (is_reply) {
      while (fill()) {
      }
      message->body = std::exchange(bytes_, {});
      message->whole = !socket_.was_reset();
    }
    return message;
  }
  const auto size = std::strtoul(length.c_str(), nullptr, 10);
  while (bytes_.size() < size) {
    if (!fill()) break;
  }
  message->whole = bytes_.size() >= size;
  message->body = bytes_.substr(0, size);
  bytes_.erase(0, size);
  return message;
}

Message ask(int port, const std::string& request, milliseconds patience) {
  auto socket = Socket::connect(port);
  if (socket.handle() < 0) return {};
  socket.send(request);
  MessageReader reader(socket, patience);
  return reader.read(request.starts_with("HEAD ")).value_or(Message{});
}

std::string http_request(const std::string& method, const std::string& path,
                         const std::string& body, const std::vector<std::string>& headers) {
  std::string text = method + " " + path + " HTTP/1.1\r\nHost: gembal.test\r\n";
  for (const auto& header : headers) text += header + "\r\n";
  if (!body.empty() || method == "POST")
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return text + "\r\n" + body;
}

}  // namespace gembal::testing
