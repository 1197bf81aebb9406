#include "tests/support/fake_upstream.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cstdio>

namespace gembal::testing {

void Gate::open() {
  const std::lock_guard lock(mutex_);
  open_ = true;
  opened_.notify_all();
}

bool Gate::wait(milliseconds patience) {
  std::unique_lock lock(mutex_);
  return opened_.wait_for(lock, patience, [this] { return open_; });
}

std::string Call::key() const {
  const auto goog = request.header("x-goog-api-key");
  if (!goog.empty()) return goog;
  const auto bearer = request.header("authorization");
  return bearer.starts_with("Bearer ") ? bearer.substr(7) : bearer;
}

void Call::reply(int status, const std::string& body, const std::string& type,
                 const std::vector<std::string>& headers) {
  std::string text =
      "HTTP/1.1 " + std::to_string(status) + " Whatever\r\nContent-Type: " + type + "\r\n";
  for (const auto& header : headers) text += header + "\r\n";
  socket_.send(text + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
}

void Call::begin_stream(const std::string& type) {
  socket_.send("HTTP/1.1 200 OK\r\nContent-Type: " + type +
               "\r\nTransfer-Encoding: chunked\r\n\r\n");
}

bool Call::chunk(std::string_view bytes) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return socket_.send(size + std::string(bytes) + "\r\n");
}

void Call::end_stream() { socket_.send("0\r\n\r\n"); }

FakeUpstream::FakeUpstream(std::function<void(Call&)> handle) : handle_(std::move(handle)) {
  acceptor_ = std::thread([this] {
    while (auto socket = listener_.accept()) {
      const std::lock_guard lock(mutex_);
      handles_.push_back(socket->handle());
      threads_.emplace_back(
          [this, taken = std::move(*socket)]() mutable { serve(std::move(taken)); });
    }
  });
}

FakeUpstream::~FakeUpstream() {
  listener_.stop();
  acceptor_.join();
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(mutex_);
    for (const int handle : handles_) ::shutdown(handle, SHUT_RDWR);
    threads = std::move(threads_);
  }
  for (auto& thread : threads) thread.join();
}

void FakeUpstream::serve(Socket socket) {
  const int handle = socket.handle();
  MessageReader reader(socket, milliseconds{60'000});
  while (auto request = reader.read()) {
    Call call(socket, *std::move(request));
    {
      const std::lock_guard lock(mutex_);
      last_ = call.request;
      log_.push_back(call.key() + " " +
                     call.request.start.substr(0, call.request.start.rfind(' ')));
    }
    handle_(call);
    if (socket.handle() < 0) break;
  }
  const std::lock_guard lock(mutex_);
  std::erase(handles_, handle);
}

std::vector<std::string> FakeUpstream::log() const {
  const std::lock_guard lock(mutex_);
  return log_;
}

Message FakeUpstream::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

std::size_t FakeUpstream::connections() const {
  const std::lock_guard lock(mutex_);
  return threads_.size();
}

}  // namespace gembal::testing
