#include "lib/upstream/proxy_check.hpp"

#include <gtest/gtest.h>

#include "tests/support/fake_proxy.hpp"
#include "tests/support/fake_upstream.hpp"

namespace gembal::upstream {
namespace {

using testing::FakeProxy;

async::Task<void> check_into(async::Loop& loop, http::Client& client, ProxyCheckOptions options,
                             std::vector<http::Proxy> proxies, async::Interrupt& interrupt,
                             std::vector<ProxyCheck>& checks) {
  checks = co_await check_proxies(loop, client, options, std::move(proxies), interrupt);
  loop.stop();
}

std::vector<ProxyCheck> check(const std::string& url, const std::vector<std::string>& proxies,
                              bool interrupted = false) {
  std::vector<http::Proxy> read;
  for (const auto& text : proxies) read.push_back(*http::parse_proxy(text));
  ProxyCheckOptions options;
  options.url = url;
  options.patience = std::chrono::milliseconds{500};
  options.jobs = 2;
  async::Loop loop;
  async::Interrupt interrupt;
  http::Client client(loop, {});
  if (interrupted) interrupt.raise();
  std::vector<ProxyCheck> checks;
  loop.spawn(check_into(loop, client, options, std::move(read), interrupt, checks));
  loop.run();
  return checks;
}

TEST(ProxyCheckTest, TellsThoseThatLeadToUpstream) {
  testing::FakeUpstream upstream([](testing::Call& call) { call.reply(403, "no key"); });
  testing::ListenSocket silent;
  FakeProxy open, login(FakeProxy::Kind::socks, "me:hunter2"), dead;
  dead.down();
  const auto mute = "http://127.0.0.1:" + std::to_string(silent.port());
  const struct {
    std::string proxy;
    bool works;
    const char* message;
  } cases[] = {
      {open.url(), true, ""},
      {login.url("me:hunter2"), true, ""},
      {login.url("me:hunter3"), false, "the proxy refused the login"},
      {dead.url(), false, "the proxy refused the connection"},
      {mute, false, "the upstream took too long"},
  };
  std::vector<std::string> proxies;
  for (const auto& c : cases) proxies.push_back(c.proxy);
  const auto url = "http://127.0.0.1:" + std::to_string(upstream.port()) + "/v1beta/models";
  const auto checks = check(url, proxies);
  ASSERT_EQ(checks.size(), proxies.size());
  for (std::size_t i = 0; i < checks.size(); ++i) {
    SCOPED_TRACE(cases[i].proxy);
    EXPECT_EQ(checks[i].works, cases[i].works);
    EXPECT_EQ(checks[i].message, cases[i].message);
    EXPECT_EQ(checks[i].proxy, http::parse_proxy(proxies[i])->redacted());
  }
  EXPECT_GE(checks[4].latency, std::chrono::milliseconds{400});
}

TEST(ProxyCheckTest, WhatTheProxySaysInUpstreamsPlaceIsNoAnswer) {
  FakeProxy open;
  const int unused = testing::ListenSocket().port();
  const auto checks = check("http://127.0.0.1:" + std::to_string(unused) + "/", {open.url()});
  EXPECT_FALSE(checks[0].works);
  EXPECT_EQ(checks[0].message, "the upstream was not reached: HTTP 502");
}

TEST(ProxyCheckTest, AnInterruptEndsIt) {
  FakeProxy open;
  const auto checks = check("http://127.0.0.1:1/", {open.url()}, true);
  EXPECT_FALSE(checks[0].works);
  EXPECT_EQ(checks[0].message, "interrupted");
}

}  // namespace
}  // namespace gembal::upstream
