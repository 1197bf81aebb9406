#pragma once

#include <sys/epoll.h>
#include <unistd.h>

#include <memory>
#include <unordered_map>
#include <vector>

#include "lib/async/loop.hpp"
#include "lib/http/transfer.hpp"

namespace gembal::http {

/// Joins libcurl's multi interface to a loop.
///
/// curl's sockets live in an epoll set of their own, and the loop watches that set as one
/// descriptor: interest changes cost nothing while a kept-alive connection rests, and one wake-up
/// serves all the sockets that are ready.
class Multi {
 public:
  Multi(async::Loop& loop, ClientOptions options);
  ~Multi();

  async::Loop& loop() { return loop_; }
  /// Whether the environment names a proxy for requests like this.
  bool uses_proxy(std::string_view url) const;
  EasyHandle take_easy();
  void give_back(EasyHandle easy);
  void start(Transfer& transfer);
  void remove(Transfer& transfer);
  /// Lets curl go on with what is not paused.
  void resume(Transfer& transfer);

 private:
  static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void*);
  static int on_timer(CURLM*, long timeout_ms, void* self);
  static int on_close(void* self, curl_socket_t socket);

  void prepare(CURL* easy);
  void watch_sockets();
  void serve_sockets();
  void arm_timer();
  void kick();
  void act(curl_socket_t socket, int mask);
  void drain();

  using Descriptor = asio::posix::basic_stream_descriptor<async::Executor>;
  using Timer =
      asio::basic_waitable_timer<std::chrono::steady_clock,
                                 asio::wait_traits<std::chrono::steady_clock>, async::Executor>;
  async::Loop& loop_;
  ClientOptions options_;
  bool proxy_from_environment_ = false;
  Handle<CURLM, curl_multi_cleanup> multi_;
  int epoll_ = -1;
  Descriptor sockets_;
  Timer timer_;
  async::SteadyTime timer_at_{};  ///< when curl wants to be called; the epoch: not at all
  async::SteadyTime armed_at_ =
      async::SteadyTime::max();  ///< when the timer fires: never later than timer_at_
  std::unordered_map<curl_socket_t, std::uint32_t>
      in_epoll_;                                             ///< events registered with the kernel
  std::unordered_map<curl_socket_t, std::uint32_t> wanted_;  ///< events that curl wants now
  std::vector<EasyHandle> spare_;
  std::shared_ptr<bool> alive_ =
      std::make_shared<bool>(true);  ///< posted work and waits look here first
  bool kick_posted_ = false;
};

}  // namespace gembal::http
