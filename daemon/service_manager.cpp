#include "daemon/service_manager.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstring>
#include <optional>

namespace gembal::daemon {
namespace {

constexpr int kFirstSocket = 3;  // SD_LISTEN_FDS_START
constexpr int kMostSockets = 64;
constexpr std::chrono::seconds kPatience{5};

std::optional<int> number_in(const std::string& text) {
  int number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

/// The clock by which systemd tells a reload that was asked for from one that was over before.
std::string monotonic_microseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::to_string(now.tv_sec * 1'000'000LL + now.tv_nsec / 1'000);
}

/// A line end would begin another variable of the message.
std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return text;
}

}  // namespace

Result<ServiceManager> ServiceManager::from(const Lookup& environment) {
  ServiceManager made;
  made.address_ = environment("NOTIFY_SOCKET");
  // Without this the sockets are meant for the process that started this one.
  if (number_in(environment("LISTEN_PID")) != ::getpid()) return made;
  const auto text = environment("LISTEN_FDS");
  const auto count = number_in(text);
  if (!count || *count > kMostSockets) {
    return Error{ErrorKind::config, "LISTEN_FDS is '" + text + "', and no number of sockets",
                 "it is the service manager's to set: leave it out elsewhere"};
  }
  for (int socket = kFirstSocket; socket < kFirstSocket + *count; ++socket) {
    ::fcntl(socket, F_SETFD, FD_CLOEXEC);
    made.sockets_.push_back(socket);
  }
  return made;
}

void ServiceManager::ready(const std::string& status) const {
  send("READY=1\nSTATUS=" + one_line(status));
}

void ServiceManager::reloading() const {
  send("RELOADING=1\nMONOTONIC_USEC=" + monotonic_microseconds() +
       "\nSTATUS=reading the configuration");
}

void ServiceManager::stopping(std::chrono::milliseconds patience, const std::string& status) const {
  const std::chrono::microseconds longest = patience;
  send("STOPPING=1\nEXTEND_TIMEOUT_USEC=" + std::to_string(longest.count()) +
       "\nSTATUS=" + one_line(status));
}

void ServiceManager::send(const std::string& message) const {
  if (address_.empty()) return;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (address_.size() >= sizeof(to.sun_path)) return;
  std::memcpy(to.sun_path, address_.data(), address_.size());
  auto length = offsetof(sockaddr_un, sun_path) + address_.size();
  if (address_.front() == '@') {
    to.sun_path[0] = '\0';
  } else {
    ++length;  // a path ends with its zero
  }
  const int handle = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (handle < 0) return;
  const timeval patience{kPatience.count(), 0};
  ::setsockopt(handle, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  // What becomes of it is not asked: see the class.
  (void)::sendto(handle, message.data(), message.size(), MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr*>(&to), static_cast<socklen_t>(length));
  ::close(handle);
}

}  // namespace gembal::daemon
