#pragma once

#include <string>
#include <string_view>

#include "lib/core/result.hpp"
#include "lib/core/secret.hpp"

namespace gembal::http {

/// A proxy that requests can go through, and who logs in to it.
struct Proxy {
  std::string address;  ///< "socks5h://host:1080": scheme, host and port alone
  Secret user;          ///< empty: nobody logs in
  Secret password;

  /// For people: "http://cust…0001~3f2a@host:8080". What a short user is, and any password, is
  /// hidden; the digits tell logins apart that look the same.
  std::string redacted() const;
  /// As parse_proxy() reads it.
  std::string reveal() const;

  friend bool operator==(const Proxy&, const Proxy&) = default;
};

/// Reads `scheme://[user[:password]@]host:port`, where the scheme is http, https, socks5 (names are
/// looked up here) or socks5h (by the proxy), and %XX in user and password is decoded. Errors:
/// config; the message says what is wrong, and holds nothing of a password.
Result<Proxy> parse_proxy(std::string_view text);

}  // namespace gembal::http
