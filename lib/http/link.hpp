#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gembal::http {

/// The parts of a link on the web, as libcurl reads them: so nothing is checked that is not what
/// is fetched.
struct Link {
  std::string url;     ///< the whole, with no fragment
  std::string scheme;  ///< "http" or "https"
  std::string host;    ///< in lower case; an address in its usual form, IPv6 without brackets
  std::uint16_t port = 0;
  std::string shown;  ///< for messages: without user and query, and not long
};

/// nullopt unless it is an absolute http or https URL without a user name.
std::optional<Link> read_link(std::string_view url);

/// Where a redirect from `link` to `location`, which may be relative, leads.
std::optional<Link> follow(const Link& link, std::string_view location);

}  // namespace gembal::http
