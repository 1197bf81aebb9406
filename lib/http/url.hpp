#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gembal::http {

/// The parts of an absolute http or https URL that routing needs.
struct BaseUrl {
  std::string origin;  ///< "https://host:port", no trailing slash
  std::string path;    ///< "/v1beta"; "" for none; no trailing slash
};

/// nullopt unless `url` is http(s)://host[:port][/path] without user, query and fragment.
std::optional<BaseUrl> split_base_url(std::string_view url);

/// Whether `url` is on this machine's loopback: no proxy is ever asked for it.
bool is_loopback(std::string_view url);

}  // namespace gembal::http
