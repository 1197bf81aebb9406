#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "lib/core/result.hpp"

namespace gembal::daemon {

/// What started the daemon and wants to know how it is: systemd, or whoever speaks its protocol
/// (sd_notify(3), sd_listen_fds(3)). Without one, nothing is given and nothing is sent.
///
/// A datagram that cannot be sent is lost: the daemon goes on, and the manager's own time-out tells
/// the operator. Not thread-safe. Sending waits for a manager that is busy, for five seconds at
/// most.
class ServiceManager {
 public:
  using Lookup = std::function<std::string(const char* name)>;  ///< "" when there is none

  ServiceManager() = default;  ///< there is none

  /// Reads NOTIFY_SOCKET, LISTEN_PID and LISTEN_FDS. Errors: config (LISTEN_FDS is no number).
  static Result<ServiceManager> from(const Lookup& environment);

  /// Open TCP sockets that listen already and are to be served instead of server.listen; they
  /// are the caller's now. Not inherited by further processes.
  const std::vector<int>& sockets() const { return sockets_; }

  /// `status` is one line for people, as `systemctl status` shows it.
  void ready(const std::string& status) const;
  /// To be followed by ready() when the new configuration is in force, or was refused.
  void reloading() const;
  /// `patience`: how long the end may take.
  void stopping(std::chrono::milliseconds patience, const std::string& status) const;

 private:
  void send(const std::string& message) const;

  std::string address_;  ///< a path, or "@name" of the abstract namespace; "": nobody listens
  std::vector<int> sockets_;
};

}  // namespace gembal::daemon
