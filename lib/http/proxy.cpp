#include "lib/http/proxy.hpp"

#include <algorithm>
#include <charconv>

#include "lib/core/text.hpp"

namespace gembal::http {
namespace {

constexpr std::string_view kHidden = "…";  // as Secret::redacted() writes it

bool is_host(std::string_view host) {
  const bool is_v6 = host.starts_with('[') && host.ends_with(']');
  if (is_v6) host = host.substr(1, host.size() - 2);
  return !host.empty() && std::all_of(host.begin(), host.end(), [is_v6](unsigned char c) {
    if (is_v6) return std::isxdigit(c) != 0 || c == ':' || c == '.';
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
  });
}

bool is_port(std::string_view port) {
  int number = 0;
  const auto [end, failure] = std::from_chars(port.data(), port.data() + port.size(), number);
  return failure == std::errc() && end == port.data() + port.size() && number > 0 &&
         number <= 65535;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

Error wrong(const std::string& what) { return {ErrorKind::config, what, ""}; }

}  // namespace

std::string Proxy::redacted() const {
  if (user.empty()) return address;
  const auto host = address.find("://") + 3;
  const auto login = Secret(user.reveal() + ":" + password.reveal()).id();
  return address.substr(0, host) + user.redacted() + "~" + login.substr(0, 4) + "@" +
         address.substr(host);
}

std::string Proxy::reveal() const {
  if (user.empty()) return address;
  const auto host = address.find("://") + 3;
  auto login = percent_encode(user.reveal());
  if (!password.empty()) login += ":" + percent_encode(password.reveal());
  return address.substr(0, host) + login + "@" + address.substr(host);
}

Result<Proxy> parse_proxy(std::string_view text) {
  text = trim(text);
  const auto scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos)
    return wrong("has no scheme (http://, https://, socks5:// or socks5h://)");
  const auto scheme = lower(text.substr(0, scheme_end));
  if (scheme != "http" && scheme != "https" && scheme != "socks5" && scheme != "socks5h")
    return wrong("has a scheme other than http, https, socks5 and socks5h");

  auto rest = text.substr(scheme_end + 3);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  Proxy proxy;
  // A password may have an @ of its own: a host has none.
  const auto at = rest.rfind('@');
  if (at != std::string_view::npos) {
    const auto login = rest.substr(0, at);
    rest = rest.substr(at + 1);
    if (login.find(kHidden) != std::string_view::npos)
      return wrong("has a user or password of which a part is hidden (…)");
    const auto colon = login.find(':');
    const auto user = percent_decode(login.substr(0, colon));
    const auto password =
        colon == std::string_view::npos ? "" : percent_decode(login.substr(colon + 1));
    if (user.empty()) return wrong("has no user before the @");
    if (has_control(user) || has_control(password))
      return wrong("has a user or password with control characters");
    proxy.user = Secret(user);
    proxy.password = Secret(password);
  }

  const auto colon = rest.rfind(':');
  const auto host = rest.substr(0, colon);
  // What is no host is not quoted: it may be a login in a place of its own.
  if (!is_host(host)) return wrong("is not [user:password@]host:port after its scheme");
  proxy.address = scheme + "://" + lower(host);
  if (colon == std::string_view::npos) return wrong("(" + proxy.redacted() + ") has no port");
  if (!is_port(rest.substr(colon + 1)))
    return wrong("(" + proxy.redacted() + ") has no port from 1 to 65535");
  proxy.address += ":" + std::string(rest.substr(colon + 1));
  return proxy;
}

}  // namespace gembal::http
