#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/message.hpp"
#include "lib/core/result.hpp"
#include "lib/http/client.hpp"

namespace gembal::daemon {

/// Where upstream is, taken from upstream.base_url. Immutable.
class UpstreamAddress {
 public:
  /// Errors: config, unless `base_url` is http(s)://host[:port][/path].
  static Result<UpstreamAddress> parse(std::string_view base_url);

  /// The URL of `path` ("/models/x:generateContent") in an API version. The base URL's own version,
  /// its last segment, gives way to `version` ("v1alpha"); with "", the path stands directly below
  /// what comes before the version ("/download/v1beta/…").
  std::string url(std::string_view version, std::string_view path, std::string_view query) const;

  /// The URL of `path` in the base URL's own version.
  std::string url(std::string_view path, std::string_view query = {}) const;

  const std::string& origin() const { return origin_; }
  const std::string& prefix() const { return prefix_; }

 private:
  std::string origin_;   ///< "https://host:port"
  std::string prefix_;   ///< what stands before the version; "" mostly
  std::string version_;  ///< "v1beta"; "" when the base URL has none: clients' versions are then
                         ///< left out, too
};

/// The header lines of a client's request that upstream is shown. An allow-list: credentials,
/// cookies and what describes the client's own connection stay here. `sandbox`: the headers that
/// ask the sandbox for faults pass, too.
std::vector<std::string> forwarded_headers(const front::RequestHead& head, bool sandbox);

/// The headers of upstream's reply that the client is shown: all but those about upstream's
/// connection, framing and cookies. A location on upstream becomes one on this server.
Headers returned_headers(const http::Head& head, const UpstreamAddress& address);

}  // namespace gembal::daemon
