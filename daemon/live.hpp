#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/access.hpp"
#include "daemon/forwarding.hpp"
#include "daemon/front/connection.hpp"
#include "lib/config/config.hpp"
#include "lib/upstream/dispatcher.hpp"

namespace gembal::daemon {

/// What a request obeys from its start to its end: made from the configuration, immutable, shared
/// by all loops.
struct Live {
  config::Config config;
  Access access;
  UpstreamAddress upstream;
  upstream::Limits limits;
  front::Limits front;
  std::vector<std::string> extra_headers;  ///< "name: value" lines that every upstream request gets
  bool sandbox = false;                    ///< upstream is the embedded sandbox
};

/// Makes the configured proxies those that are gone through.
void take_proxies(upstream::Proxies& proxies, const config::UpstreamOptions& options);

/// `tokens`: the configured tokens in force, of which the first is the administrator's unless the
/// configuration has another; `named`: those of the store. Errors: config.
Result<std::shared_ptr<const Live>> make_live(config::Config config, std::vector<Secret> tokens,
                                              std::vector<store::ClientToken> named, bool sandbox);

}  // namespace gembal::daemon
