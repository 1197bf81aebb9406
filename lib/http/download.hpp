#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "lib/async/loop.hpp"
#include "lib/core/result.hpp"
#include "lib/http/client.hpp"
#include "lib/http/link.hpp"

namespace gembal::http {

/// What may be fetched on behalf of a client.
struct DownloadRules {
  std::uint64_t max_bytes = 20u << 20;
  std::chrono::milliseconds timeout{30'000};  ///< for all of it, redirects included; 0: none
  /// "host" or "host:port", names or addresses: these may be at any address and port.
  std::vector<std::string> private_hosts;
};

struct Downloaded {
  std::string body;
  std::string content_type;  ///< as it was sent; "" when it was not
};

/// Fetches what a link leads to, from public addresses alone: every address is checked when it is
/// connected to, so it matters neither how it is written nor what a name resolves to a moment
/// later. Ports other than 80 and 443 are those from 1024 on. At most five redirects. No proxy.
///
/// Errors: bad_request, with the reason alone ("its host has no public address"), and cancelled.
/// Nothing in them comes from what was fetched, so that they tell nobody about a network within.
async::Task<Result<Downloaded>> download(Client& client, Link link, DownloadRules rules,
                                         async::Interrupt& interrupt);

}  // namespace gembal::http
