#include "lib/store/url.hpp"

#include <charconv>

#include "lib/core/text.hpp"

namespace gembal::store {
namespace {

constexpr std::string_view kSqlite = "sqlite://";

Error no_such_form(const std::string& what) {
  return {ErrorKind::config,
          what +
              ": a path, sqlite://PATH, mysql://USER:PASSWORD@HOST:PORT/DATABASE or "
              "postgresql://USER:PASSWORD@HOST:PORT/DATABASE",
          "write other characters than letters and digits of a user or password as %XX; "
          "?socket=PATH instead of a host leads to a socket"};
}

/// Cuts `text` at the first (or last) `at`: returns what is before, and leaves what is after.
std::string_view cut(std::string_view& text, std::size_t at) {
  const auto before = text.substr(0, at);
  text = at >= text.size() ? std::string_view() : text.substr(at + 1);
  return before;
}

/// "HOST", "HOST:PORT" or "[ADDRESS]:PORT".
bool take_host(Url& url, std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return false;
    url.host = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    if (text.empty()) return true;
    if (!text.starts_with(':')) return false;
    text.remove_prefix(1);
  } else {
    const auto colon = text.find(':');
    url.host = percent_decode(cut(text, colon));
    if (colon == std::string_view::npos) return true;
  }
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), url.port);
  return failure == std::errc() && end == text.data() + text.size() && url.port > 0 &&
         url.port < 65'536;
}

bool take_options(Url& url, std::string_view query) {
  for (const auto option : split(query, '&')) {
    if (option.empty()) continue;
    if (!option.starts_with("socket=")) return false;
    url.socket = percent_decode(option.substr(7));
  }
  return true;
}

Result<Url> server_url(DatabaseKind kind, std::string_view rest) {
  Url url;
  url.kind = kind;
  auto query = rest;
  rest = cut(query, rest.find('?'));
  auto database = rest;
  auto address = cut(database, rest.find('/'));
  if (const auto at = address.rfind('@'); at != std::string_view::npos) {
    auto password = cut(address, at);
    url.user = percent_decode(cut(password, password.find(':')));
    url.password = Secret(percent_decode(password));
  }
  url.database = percent_decode(database);
  if (!take_host(url, address)) return no_such_form("its host and port are not understood");
  if (!take_options(url, query)) return no_such_form("only ?socket=PATH may follow the database");
  if (url.database.empty() || url.database.find('/') != std::string::npos)
    return no_such_form("it has to name one database");
  if (url.host.empty() && url.socket.empty()) return no_such_form("it has to name a host");
  return url;
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
  for (const std::string_view scheme : {"mysql://", "mariadb://"}) {
    if (text.starts_with(scheme))
      return server_url(DatabaseKind::mysql, text.substr(scheme.size()));
  }
  for (const std::string_view scheme : {"postgresql://", "postgres://"}) {
    if (text.starts_with(scheme))
      return server_url(DatabaseKind::postgresql, text.substr(scheme.size()));
  }
  Url url;
  url.file = text.starts_with(kSqlite) ? text.substr(kSqlite.size()) : text;
  if (url.file.find("://") != std::string::npos) return no_such_form("it has no known form");
  return url;
}

std::string shown(const Url& url) {
  if (url.is_file()) return url.file;
  std::string text = url.kind == DatabaseKind::mysql ? "mysql://" : "postgresql://";
  text += percent_encode(url.user);
  if (!url.password.empty()) text += ":…";
  if (!url.user.empty() || !url.password.empty()) text += '@';
  text += url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
  if (url.port > 0) text += ":" + std::to_string(url.port);
  text += "/" + percent_encode(url.database);
  if (!url.socket.empty()) text += "?socket=" + url.socket;
  return text;
}

}  // namespace gembal::store
