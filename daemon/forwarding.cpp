#include "daemon/forwarding.hpp"

#include <algorithm>
#include <array>

#include "lib/core/text.hpp"
#include "lib/http/url.hpp"

namespace gembal::daemon {
namespace {

constexpr std::string_view kUploadHeaders = "x-goog-upload-";

constexpr std::array<std::string_view, 12> kForwarded = {"content-type",
                                                         "accept",
                                                         "user-agent",
                                                         "x-goog-api-client",
                                                         "x-goog-request-params",
                                                         "x-goog-fieldmask",
                                                         "x-server-timeout",
                                                         "accept-language",
                                                         "api-revision",
                                                         "if-none-match",
                                                         "range",
                                                         "if-match"};

constexpr std::array<std::string_view, 13> kKept = {"connection",
                                                    "keep-alive",
                                                    "transfer-encoding",
                                                    "content-length",
                                                    "te",
                                                    "trailer",
                                                    "upgrade",
                                                    "alt-svc",
                                                    "proxy-authenticate",
                                                    "set-cookie",
                                                    "server",
                                                    "via",
                                                    "strict-transport-security"};

// "v1", "v1beta", "v1alpha2": what Google calls its versions.
bool is_version(std::string_view segment) {
  if (segment.size() < 2 || segment[0] != 'v' || segment[1] < '0' || segment[1] > '9') return false;
  return std::all_of(segment.begin(), segment.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

}  // namespace

Result<UpstreamAddress> UpstreamAddress::parse(std::string_view base_url) {
  const auto parts = http::split_base_url(base_url);
  if (!parts) {
    return Error{ErrorKind::config, "upstream.base_url must be http(s)://host[:port][/path]",
                 "Google's own is https://generativelanguage.googleapis.com/v1beta"};
  }
  UpstreamAddress address;
  address.origin_ = parts->origin;
  address.prefix_ = parts->path;
  const auto slash = parts->path.rfind('/');
  if (slash != std::string::npos && is_version(std::string_view(parts->path).substr(slash + 1))) {
    address.prefix_ = parts->path.substr(0, slash);
    address.version_ = parts->path.substr(slash + 1);
  }
  return address;
}

std::string UpstreamAddress::url(std::string_view version, std::string_view path,
                                 std::string_view query) const {
  std::string made;
  made.reserve(origin_.size() + prefix_.size() + version.size() + path.size() + query.size() + 2);
  made.append(origin_).append(prefix_);
  if (!version_.empty() && !version.empty()) made.append("/").append(version);
  made += path;
  if (!query.empty()) made.append("?").append(query);
  return made;
}

std::string UpstreamAddress::url(std::string_view path, std::string_view query) const {
  return url(version_, path, query);
}

std::vector<std::string> forwarded_headers(const front::RequestHead& head, bool sandbox) {
  std::vector<std::string> lines;
  for (const auto& [name, value] : head.fields) {
    const bool known = std::any_of(kForwarded.begin(), kForwarded.end(),
                                   [&name = name](std::string_view n) { return iequals(n, name); });
    const bool is_upload = iequals(name.substr(0, kUploadHeaders.size()), kUploadHeaders);
    const bool is_fault = sandbox && iequals(name.substr(0, 10), "x-sandbox-");
    if (!known && !is_upload && !is_fault) continue;
    if (value.empty()) continue;
    std::string line;
    line.reserve(name.size() + value.size() + 2);
    line.append(name).append(": ").append(value);
    lines.push_back(std::move(line));
  }
  return lines;
}

Headers returned_headers(const http::Head& head, const UpstreamAddress& address) {
  Headers headers;
  headers.reserve(head.headers.size() + 5);
  for (const auto& [name, value] : head.headers) {
    if (std::find(kKept.begin(), kKept.end(), name) != kKept.end()) continue;
    if (name == "location" && value.starts_with(address.origin() + address.prefix() + "/")) {
      headers.emplace_back(name, value.substr(address.origin().size() + address.prefix().size()));
      continue;
    }
    headers.emplace_back(name, value);
  }
  return headers;
}

}  // namespace gembal::daemon
