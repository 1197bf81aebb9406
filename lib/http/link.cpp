#include "lib/http/link.hpp"

#include <curl/curl.h>

#include <charconv>
#include <memory>

#include "lib/core/text.hpp"

namespace gembal::http {
namespace {

constexpr std::size_t kLongestShown = 120;
constexpr std::size_t kLongestUrl = 8'192;

struct UrlFreer {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, UrlFreer>;

std::string part(CURLU* url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, flags) != CURLUE_OK) return {};
  std::string copy = text;
  curl_free(text);
  return copy;
}

std::optional<Link> link_from(CURLU* url) {
  Link link;
  link.scheme = lower(part(url, CURLUPART_SCHEME));
  if (link.scheme != "http" && link.scheme != "https") return std::nullopt;
  if (!part(url, CURLUPART_USER).empty() || !part(url, CURLUPART_PASSWORD).empty())
    return std::nullopt;
  link.host = lower(part(url, CURLUPART_HOST));
  if (link.host.starts_with('[') && link.host.ends_with(']'))
    link.host = link.host.substr(1, link.host.size() - 2);
  while (link.host.ends_with('.')) link.host.pop_back();
  if (link.host.empty()) return std::nullopt;
  const auto port = part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  std::from_chars(port.data(), port.data() + port.size(), link.port);
  curl_url_set(url, CURLUPART_FRAGMENT, nullptr, 0);
  link.url = part(url, CURLUPART_URL);
  link.shown = link.url.substr(0, link.url.find('?'));
  if (link.shown.size() > kLongestShown) link.shown = link.shown.substr(0, kLongestShown) + "...";
  return link;
}

bool is_plain(std::string_view url) {
  return url.size() <= kLongestUrl && url.find_first_of(" \t\r\n\\") == std::string_view::npos;
}

}  // namespace

std::optional<Link> read_link(std::string_view url) {
  url = trim(url);
  if (!is_plain(url)) return std::nullopt;
  const Url parsed(curl_url());
  if (!parsed ||
      curl_url_set(parsed.get(), CURLUPART_URL, std::string(url).c_str(), 0) != CURLUE_OK)
    return std::nullopt;
  return link_from(parsed.get());
}

std::optional<Link> follow(const Link& link, std::string_view location) {
  if (!is_plain(location)) return std::nullopt;
  const Url parsed(curl_url());
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, link.url.c_str(), 0) != CURLUE_OK ||
      curl_url_set(parsed.get(), CURLUPART_URL, std::string(location).c_str(), 0) != CURLUE_OK)
    return std::nullopt;
  return link_from(parsed.get());
}

}  // namespace gembal::http
