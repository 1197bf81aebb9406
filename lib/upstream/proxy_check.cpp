#include "lib/upstream/proxy_check.hpp"

#include <algorithm>

namespace gembal::upstream {
namespace {

using std::chrono::milliseconds;

/// Plain requests are answered by the proxy itself when it does not reach upstream.
bool may_be_the_proxys(int status, const std::string& url) {
  return url.starts_with("http://") && (status == 502 || status == 503 || status == 504);
}

async::Task<ProxyCheck> check_one(http::Client& client, const ProxyCheckOptions& options,
                                  const http::Proxy& proxy, async::Interrupt& interrupt) {
  ProxyCheck check;
  http::Request request;
  request.url = options.url;
  request.proxy = std::make_shared<const http::Proxy>(proxy);
  request.timeouts.connect = request.timeouts.total = options.patience;
  const auto began = std::chrono::steady_clock::now();
  http::Reply reply = client.open(std::move(request));
  const async::Interrupt::Subscription on_interrupt(interrupt, [&reply] {
    reply.abort({ErrorKind::cancelled, "interrupted"});
  });
  const auto arrived = co_await reply.wait_for_head();
  check.latency =
      std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began);
  if (!arrived) {
    check.message = arrived.error().message;
  } else if (may_be_the_proxys(reply.head().status, options.url)) {
    check.message = "the upstream was not reached: HTTP " + std::to_string(reply.head().status);
  } else {
    check.works = true;
  }
  co_return check;
}

}  // namespace

async::Task<std::vector<ProxyCheck>> check_proxies(async::Loop& loop, http::Client& client,
                                                   ProxyCheckOptions options,
                                                   std::vector<http::Proxy> proxies,
                                                   async::Interrupt& interrupt) {
  std::vector<ProxyCheck> checks(proxies.size());
  std::size_t next = 0;
  std::size_t running = std::min(std::max<std::size_t>(options.jobs, 1), proxies.size());
  async::Event finished(loop);
  // Everything that the workers share outlives them: this coroutine waits for all of them.
  const auto work = [&]() -> async::Task<void> {
    while (next < proxies.size() && !interrupt.raised()) {
      const auto mine = next++;
      checks[mine] = co_await check_one(client, options, proxies[mine], interrupt);
    }
    if (--running == 0) finished.signal();
  };
  if (running > 0) {
    for (auto workers = running; workers > 0; --workers) loop.spawn(work());
    co_await finished.wait();
  }
  for (std::size_t i = 0; i < proxies.size(); ++i) {
    checks[i].proxy = proxies[i].redacted();
    if (!checks[i].works && checks[i].message.empty()) checks[i].message = "interrupted";
  }
  co_return checks;
}

}  // namespace gembal::upstream
