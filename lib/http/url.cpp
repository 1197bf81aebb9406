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

bool is_loopback(std::string_view origin) {
  const auto start = origin.find("://");
  auto host = start == std::string_view::npos ? origin : origin.substr(start + 3);
  return host.starts_with("127.") || host.starts_with("localhost") || host.starts_with("[::1]");
}

}  // namespace gembal::http
