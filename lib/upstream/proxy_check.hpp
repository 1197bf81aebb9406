#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "lib/async/loop.hpp"
#include "lib/http/client.hpp"

namespace gembal::upstream {

/// What a check of one proxy came to.
struct ProxyCheck {
  std::string proxy;                    ///< for people: its login is hidden
  bool works = false;                   ///< upstream answered through it, whatever it said
  std::chrono::milliseconds latency{};  ///< to the answer, or to the failure
  std::string message;                  ///< why it does not work; "" when it does
};

struct ProxyCheckOptions {
  std::string url;  ///< of upstream; asked with GET and without a key
  std::chrono::milliseconds patience{10'000};
  std::size_t jobs = 8;  ///< side by side
};

/// Asks upstream once through each proxy. Results are in the order of the proxies; those that an
/// interrupt kept from being asked do not work.
async::Task<std::vector<ProxyCheck>> check_proxies(async::Loop& loop, http::Client& client,
                                                   ProxyCheckOptions options,
                                                   std::vector<http::Proxy> proxies,
                                                   async::Interrupt& interrupt);

}  // namespace gembal::upstream
