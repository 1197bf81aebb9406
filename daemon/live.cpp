#include "daemon/live.hpp"

namespace gembal::daemon {

void take_proxies(upstream::Proxies& proxies, const config::UpstreamOptions& options) {
  using upstream::ProxyPolicy;
  proxies.replace(options.proxies,
                  options.proxy_policy == "random" ? ProxyPolicy::random : ProxyPolicy::by_key);
}

Result<std::shared_ptr<const Live>> make_live(config::Config config, std::vector<Secret> tokens,
                                              std::vector<store::ClientToken> named, bool sandbox) {
  auto address = UpstreamAddress::parse(config.upstream.base_url);
  if (!address) return std::move(address).error();

  upstream::Limits limits;
  limits.max_retries = config.pool.max_retries;
  limits.timeouts.connect = config.upstream.connect_timeout;
  limits.timeouts.header = config.upstream.header_timeout;
  limits.timeouts.idle = config.upstream.idle_timeout;
  limits.first_token = config.upstream.first_token_timeout;
  limits.unary_total = config.upstream.timeout;
  limits.max_wait = config.pool.max_wait;
  limits.most_waiting = static_cast<std::size_t>(config.pool.max_waiting);

  front::Limits front;
  front.max_body_bytes = config.server.max_body_bytes;
  front.head.total_bytes = config.server.max_header_bytes;
  front.head_time = config.server.header_timeout;

  // Clients of Anthropic's have the names of its models built in.
  if (!config.models.anthropic.empty())
    config.models.rules.aliases.emplace_back("*claude-*", config.models.anthropic);

  std::vector<std::string> extra;
  for (const auto& [name, value] : config.upstream.headers) extra.push_back(name + ": " + value);

  Access access(std::move(tokens), config.auth.admin_token, std::move(named));
  return std::make_shared<const Live>(Live{std::move(config), std::move(access),
                                           *std::move(address), limits, front, std::move(extra),
                                           sandbox});
}

}  // namespace gembal::daemon
