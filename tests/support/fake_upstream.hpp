#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/socket.hpp"

namespace gembal::testing {

/// Opened once; whoever waits at it then goes on.
class Gate {
 public:
  void open();
  /// False when it did not open in time.
  bool wait(milliseconds patience = milliseconds{10'000});

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
};

/// One request that reached the fake upstream, and the connection to answer it on.
class Call {
 public:
  Call(Socket& socket, Message message) : request(std::move(message)), socket_(socket) {}

  Message request;

  std::string key() const;                             ///< from x-goog-api-key or the bearer token
  std::string path() const { return request.path(); }  ///< with query

  void reply(int status, const std::string& body,
             const std::string& type = "application/json; charset=UTF-8",
             const std::vector<std::string>& headers = {});
  void begin_stream(const std::string& type = "text/event-stream");  ///< headers of a chunked reply
  bool chunk(std::string_view bytes);
  void end_stream();
  bool send(std::string_view bytes) { return socket_.send(bytes); }
  void cut() { socket_.close(); }  ///< the connection ends here
  void reset() { socket_.reset(); }

  /// Whether gembal hangs up in that time.
  bool caller_leaves(milliseconds patience = milliseconds{10'000}) {
    return socket_.peer_leaves(patience);
  }

 private:
  Socket& socket_;
};

/// The two ways to 127.0.0.1: gembal's own HTTP takes plain addresses, libcurl everything else.
inline constexpr const char* kOwnHttp = "127.0.0.1";
inline constexpr const char* kOverCurl = "127.1";

/// The Gemini API's place, over loopback: each request is handed to the test's function, on a
/// thread of its connection.
class FakeUpstream {
 public:
  explicit FakeUpstream(std::function<void(Call&)> handle);
  ~FakeUpstream();

  /// `host`: kOverCurl for a way of writing the address that only libcurl understands.
  std::string base_url(const std::string& host = "127.0.0.1") const {
    return "http://" + host + ":" + std::to_string(listener_.port()) + "/v1beta";
  }
  int port() const { return listener_.port(); }

  /// Requests so far: "KEY METHOD PATH?QUERY".
  std::vector<std::string> log() const;
  /// The latest request, whole.
  Message last() const;
  std::size_t connections() const;

 private:
  void serve(Socket socket);

  std::function<void(Call&)> handle_;
  ListenSocket listener_;
  mutable std::mutex mutex_;  // guards what follows
  std::vector<std::string> log_;
  Message last_;
  std::vector<std::thread> threads_;
  std::vector<int> handles_;
  std::thread acceptor_;
};

}  // namespace gembal::testing
