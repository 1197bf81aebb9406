#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gembal::testing {

using std::chrono::milliseconds;

/// A blocking TCP socket whose every wait ends. Closes itself.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int handle);
  Socket(Socket&& other) noexcept : handle_(std::exchange(other.handle_, -1)) {}
  Socket& operator=(Socket&& other) noexcept;
  ~Socket() { close(); }

  /// To 127.0.0.1. `receive_bytes`: the kernel's receive buffer, small for a slow reader; 0 leaves
  /// it.
  static Socket connect(int port, int receive_bytes = 0);

  bool send(std::string_view bytes);
  /// What arrives next; "" at the end or after a reset, nullopt when nothing came in time.
  std::optional<std::string> receive(milliseconds patience);
  /// Whether the peer ends or resets the connection in that time; what it sends meanwhile is thrown
  /// away.
  bool peer_leaves(milliseconds patience);

  void end();    ///< no more bytes from here
  void reset();  ///< the peer sees a reset
  void close();
  int handle() const { return handle_; }
  bool was_reset() const { return was_reset_; }

 private:
  int handle_ = -1;
  bool was_reset_ = false;
};

/// A listener on a free port of 127.0.0.1.
class ListenSocket {
 public:
  ListenSocket();
  ~ListenSocket();
  int port() const { return port_; }
  /// The next connection; nullopt once stop() was called.
  std::optional<Socket> accept();
  void stop();

 private:
  int handle_ = -1;
  int port_ = 0;
};

/// An HTTP message as it came.
struct Message {
  std::string start;                                         ///< status line or request line
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string body;                                          ///< without chunk framing
  std::vector<std::string> chunks;                           ///< when it was chunked
  bool whole = false;                                        ///< came to its proper end

  int status() const;
  std::string path() const;                         ///< of a request, with query
  std::string header(std::string_view name) const;  ///< "" when there is none
};

/// Reads HTTP/1.1 messages off a socket, one after the other.
class MessageReader {
 public:
  explicit MessageReader(Socket& socket, milliseconds patience = milliseconds{10'000})
      : socket_(socket), patience_(patience) {}

  /// nullopt: nothing came. A reply to HEAD has no body.
  std::optional<Message> read(bool to_head = false);
  /// Only up to the empty line.
  std::optional<Message> read_head();
  /// Bytes of a body in progress, framing and all; "" at the end, nullopt when nothing came in
  /// time.
  std::optional<std::string> more();

  const std::string& left() const { return bytes_; }

 private:
  bool fill();

  Socket& socket_;
  milliseconds patience_;
  std::string bytes_;
};

/// What a client of `port` gets for one request; the connection is closed after it.
Message ask(int port, const std::string& request, milliseconds patience = milliseconds{10'000});

/// "POST /path HTTP/1.1" with a host, the header lines and the body's length.
std::string http_request(const std::string& method, const std::string& path,
                         const std::string& body, const std::vector<std::string>& headers = {});

}  // namespace gembal::testing
