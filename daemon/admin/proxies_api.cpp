// Proxies on trial, configured or not.

#include <algorithm>

#include "daemon/admin/api.hpp"
#include "daemon/admin/desk.hpp"
#include "daemon/admin/own_loop.hpp"
#include "lib/upstream/proxy_check.hpp"

namespace gembal::daemon::admin {
namespace {

constexpr std::size_t kMostAtOnce = 1000;
constexpr auto kPatience = std::chrono::minutes{5};

/// A configured one may be given as it is shown, which is all that a page knows of it.
Result<http::Proxy> read_proxy(const std::vector<http::Proxy>& configured,
                               const std::string& text) {
  const auto shown = std::find_if(configured.begin(), configured.end(),
                                  [&](const auto& proxy) { return proxy.redacted() == text; });
  if (shown != configured.end()) return *shown;
  return http::parse_proxy(text);
}

/// What is no proxy may have a login in it all the same.
std::string without_login(const std::string& text) {
  const auto at = text.rfind('@');
  return at == std::string::npos ? text : text.substr(at + 1);
}

Json to_json(const upstream::ProxyCheck& check) {
  return {{"proxy", check.proxy},
          {"works", check.works},
          {"latency_ms", check.latency.count()},
          {"message", check.message}};
}

Result<Told> check(Desk& desk, const Asked& asked) {
  const auto texts = texts_in(asked.body, "proxies");
  if (!texts) return texts.error();
  if (texts->size() > kMostAtOnce)
    return wrong_field("proxies", "must be no more than " + std::to_string(kMostAtOnce));
  const auto loaded = desk.load();
  if (!loaded) return loaded.error();

  std::vector<upstream::ProxyCheck> told(texts->size());
  std::vector<http::Proxy> proxies;
  std::vector<std::size_t> places;  // of the proxies among what is told
  for (std::size_t i = 0; i < texts->size(); ++i) {
    auto proxy = read_proxy(loaded->config.upstream.proxies, (*texts)[i]);
    if (proxy) {
      proxies.push_back(*std::move(proxy));
      places.push_back(i);
    } else {
      told[i].proxy = without_login((*texts)[i]);
      told[i].message = proxy.error().message;
    }
  }
  upstream::ProxyCheckOptions options;
  options.url = desk.live()->upstream.url("/models", "pageSize=1");
  std::vector<upstream::ProxyCheck> checks;
  run_on_own_loop(
      desk, kPatience, [&](async::Loop& loop, async::Interrupt& interrupt) -> async::Task<void> {
        http::Client client(loop, {});
        checks = co_await upstream::check_proxies(loop, client, options, proxies, interrupt);
      });
  for (std::size_t i = 0; i < checks.size(); ++i) told[places[i]] = std::move(checks[i]);

  Json list = Json::array();
  for (const auto& one : told) list.push_back(to_json(one));
  return Told{{{"proxies", std::move(list)}}};
}

}  // namespace

std::vector<AdminRoute> proxy_routes() {
  return {{"POST", "/api/admin/proxies/check",
           "Ask upstream through proxies, in the configuration or not",
           R"({"proxies":["http://user:password@proxy.example:8080"]})",
           "{proxies: [{proxy, works, latency_ms, message}]}", check}};
}

}  // namespace gembal::daemon::admin
