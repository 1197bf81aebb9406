#include "lib/http/url.hpp"

#include "lib/core/text.hpp"

namespace gembal::http {

std::optional<BaseUrl> split_base_url(std::string_view url) {
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return std::nullopt;
  const auto scheme = lower(url.substr(0, scheme_end));
  if (scheme != "http" && scheme != "https") return std::nullopt;
  const auto rest = url.substr(scheme_end + 3);
  if (rest.find_first_of("@?# \t\r\n") != std::string_view::npos) return std::nullopt;
  const auto slash = rest.find('/');
  const auto host = rest.substr(0, slash);
  if (host.empty() || host.front() == ':') return std::nullopt;
  auto path = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash);
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  return BaseUrl{scheme + "://" + std::string(host), std::string(path)};
}

bool is_loopback(std::string_view url) {
  const auto start = url.find("://");
  auto host = start == std::string_view::npos ? url : url.substr(start + 3);
  host = host.substr(0, host.find('/'));
  if (host.starts_with('[')) return host.starts_with("[::1]");
  host = host.substr(0, host.find(':'));
  const bool is_number = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return iequals(host, "localhost") || (is_number && host.starts_with("127."));
}

}  // namespace gembal::http
