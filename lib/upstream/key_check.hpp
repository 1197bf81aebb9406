#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/async/loop.hpp"
#include "lib/core/secret.hpp"
#include "lib/http/client.hpp"
#include "lib/keypool/outcome.hpp"
#include "lib/upstream/proxies.hpp"

namespace gembal::upstream {

/// What a check of one key came to.
enum class KeyVerdict {
  valid,
  limited,  ///< over a quota: valid, waiting
  invalid,  ///< unknown to Google, or not allowed to
  expired,
  leaked,
  suspended,  ///< the key or its project
  blocked,    ///< restricted, or the service is not enabled
  no_billing,
  region,       ///< this exit's country is not served
  unreachable,  ///< could not tell
};

const char* to_string(KeyVerdict verdict);           ///< "no-billing"
KeyVerdict read_key_verdict(std::string_view text);  ///< the way back; unreachable for other texts

/// A key that can be used, now or after a wait.
bool is_usable(KeyVerdict verdict);
/// A key that has to be replaced or repaired.
bool is_bad(KeyVerdict verdict);

struct KeyCheck {
  KeyVerdict verdict = KeyVerdict::unreachable;
  std::string message;  ///< upstream's own words; "" when valid
  std::chrono::milliseconds latency{};
  keypool::Verdict judged;
  keypool::Way way;        ///< that it went
  bool is_proxys = false;  ///< it says something of the proxy alone
};

/// What a judged reply says about the key itself. Pure.
KeyVerdict key_verdict(const keypool::Verdict& judged);

struct CheckOptions {
  std::string url;                   ///< of the test model's generateContent
  std::vector<std::string> headers;  ///< besides the key
  http::Timeouts timeouts;
  std::size_t jobs = 16;       ///< side by side
  Proxies* proxies = nullptr;  ///< that each key goes through; must outlive the check; null: none
};

/// Asks the API once with each key, by the cheapest request that its quotas count. Results are in
/// the order of the keys; those that an interrupt kept from being asked are `unreachable`.
/// `progress` is called with the number of keys done.
async::Task<std::vector<KeyCheck>> check_keys(async::Loop& loop, http::Client& client,
                                              CheckOptions options, std::vector<Secret> keys,
                                              std::function<void(std::size_t)> progress,
                                              async::Interrupt& interrupt);

}  // namespace gembal::upstream
