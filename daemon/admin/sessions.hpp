#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "daemon/front/request_head.hpp"

namespace gembal::daemon::admin {

inline constexpr const char* kSessionCookie = "gembal_session";

/// Who has logged in. Sessions live in this process alone, and end with it.
/// Thread-safe. Reads no clock.
class Sessions {
 public:
  using Time = std::chrono::steady_clock::time_point;

  struct Session {
    std::string cookie;  ///< the session's secret
    std::string csrf;    ///< what has to come with whatever changes something
    Time ends{};
  };

  /// Begins one that ends when it was not used for so long.
  Session begin(std::chrono::milliseconds lasts, Time now);

  /// The session that a request belongs to, which goes on for as long again; nullopt when it has
  /// none. Without `reads_only` it must have sent the session's csrf text, too.
  std::optional<Session> find(const front::RequestHead& head, bool reads_only,
                              std::chrono::milliseconds lasts, Time now);

  void end(std::string_view cookie);
  void end_all();

 private:
  std::mutex mutex_;                                   // guards the following
  std::unordered_map<std::string, Session> sessions_;  ///< by the SHA-256 of the cookie
};

/// The value of a cookie; "" when it is not there.
std::string cookie_value(const front::RequestHead& head, std::string_view name);

/// Holds off whoever guesses: after a few wrong tokens an address has to wait, longer each time,
/// and all addresses together have a limit as well.
/// Thread-safe. Reads no clock.
class Attempts {
 public:
  using Time = Sessions::Time;

  /// How long this address has to wait before its next attempt; zero: none.
  std::chrono::seconds wait(const std::string& address, Time now);
  void failed(const std::string& address, Time now);
  void succeeded(const std::string& address);

 private:
  struct Failures {
    int count = 0;
    Time until{};
    Time last{};
  };
  void forget_old(Time now);

  std::mutex mutex_;  // guards the following
  std::unordered_map<std::string, Failures> by_address_;
  Failures all_;
};

}  // namespace gembal::daemon::admin
