// Requests that go through a proxy.

#include <gtest/gtest.h>

#include "lib/http/client.hpp"
#include "tests/support/fake_proxy.hpp"
#include "tests/support/fake_upstream.hpp"

namespace gembal::http {
namespace {

using std::chrono::milliseconds;
using testing::Call;
using testing::FakeProxy;
using testing::FakeUpstream;
using Kind = testing::FakeProxy::Kind;

std::shared_ptr<const Proxy> proxy_of(const std::string& text) {
  const auto proxy = parse_proxy(text);
  EXPECT_TRUE(proxy) << proxy.error().message;
  return std::make_shared<const Proxy>(*proxy);
}

struct Fetched {
  int status = 0;
  std::string body;
  std::optional<Error> error;
};

async::Task<void> fetch_into(Client& client, std::vector<Request> requests,
                             std::vector<Fetched>& all, async::Loop& loop) {
  for (auto& request : requests) {
    Fetched fetched;
    auto reply = client.open(std::move(request));
    auto arrived = co_await reply.wait_for_head();
    if (arrived) {
      fetched.status = reply.head().status;
      while (const auto piece = co_await reply.next()) fetched.body += *piece;
    } else {
      fetched.error = std::move(arrived).error();
    }
    all.push_back(std::move(fetched));
  }
  loop.stop();
}

/// Makes the requests one after the other with one client.
std::vector<Fetched> fetch(std::vector<Request> requests) {
  std::vector<Fetched> all;
  async::Loop loop;
  Client client(loop, {});
  loop.spawn(fetch_into(client, std::move(requests), all, loop));
  loop.run();
  return all;
}

Request request_to(const std::string& url, const std::string& proxy) {
  Request request;
  request.url = url;
  request.headers = {"x-goog-api-key: key-one"};
  request.proxy = proxy_of(proxy);
  request.timeouts.connect = milliseconds{2000};
  return request;
}

Request request_to(const FakeUpstream& upstream, const std::string& proxy) {
  return request_to("http://127.0.0.1:" + std::to_string(upstream.port()) + "/x", proxy);
}

TEST(ProxiedTest, RequestsGoThroughEveryKindOfProxy) {
  FakeUpstream upstream([](Call& call) { call.reply(200, call.key()); });
  const auto host = "127.0.0.1:" + std::to_string(upstream.port());
  const struct {
    const char* name;
    Kind kind;
    const char* wants;
    const char* scheme;
    std::string logged;
  } cases[] = {
      {"HTTP", Kind::http, "", "http", "GET http://" + host + "/x"},
      {"HTTP with a login", Kind::http, "me:p@ss", "http", "me:p@ss GET http://" + host + "/x"},
      {"SOCKS", Kind::socks, "", "socks5", "SOCKS " + host},
      {"SOCKS with a login", Kind::socks, "me:p@ss", "socks5", "me:p@ss SOCKS " + host},
      {"SOCKS that looks names up", Kind::socks, "me:p@ss", "socks5h", "me:p@ss SOCKS " + host},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    FakeProxy proxy(c.kind, c.wants);
    const auto got = fetch({request_to(upstream, proxy.url(c.wants, c.scheme))})[0];
    EXPECT_EQ(got.status, 200) << (got.error ? got.error->message : "");
    EXPECT_EQ(got.body, "key-one");
    EXPECT_EQ(proxy.log(), std::vector<std::string>{c.logged});
  }
}

TEST(ProxiedTest, NamesAreLookedUpWhereTheSchemeSays) {
  FakeUpstream upstream([](Call& call) { call.reply(200, "{}"); });
  FakeProxy proxy(Kind::socks);
  const auto port = std::to_string(upstream.port());
  const auto unknown = "http://no.such.name.invalid:" + port + "/";
  const auto all = fetch({request_to(unknown, proxy.url("", "socks5h")),
                          request_to(unknown, proxy.url("", "socks5"))});
  EXPECT_EQ(all[0].status, 200) << "by the proxy";
  EXPECT_EQ(proxy.log(), std::vector<std::string>{"SOCKS no.such.name.invalid:" + port});
  ASSERT_TRUE(all[1].error) << "here";
  EXPECT_EQ(all[1].error->kind, ErrorKind::upstream) << "which is not the proxy's fault";
}

TEST(ProxiedTest, TheProxyDoesNotSeeTheKeyOfAnEncryptedRequest) {
  FakeUpstream upstream([](Call& call) { call.cut(); });
  FakeProxy proxy(Kind::http, "me:secret");
  const auto port = std::to_string(upstream.port());
  fetch({request_to("https://g.example:" + port + "/x", proxy.url("me:secret"))});
  EXPECT_EQ(proxy.log(), std::vector<std::string>{"me:secret CONNECT g.example:" + port});
  EXPECT_EQ(proxy.last_head().find("key-one"), std::string::npos) << proxy.last_head();
}

TEST(ProxiedTest, WhatGoesWrongOnTheWayIsTheProxys) {
  FakeUpstream upstream([](Call& call) { call.reply(200, "{}"); });
  const auto plain = "http://127.0.0.1:" + std::to_string(upstream.port()) + "/x";
  const auto secure = "https://127.0.0.1:" + std::to_string(upstream.port()) + "/x";
  testing::ListenSocket silent;  // takes connections, and says nothing
  FakeProxy open, closed, http(Kind::http, "me:good"), socks(Kind::socks, "me:good");
  FakeProxy busy, cut_off(Kind::socks), not_tls(Kind::socks);
  closed.down();
  busy.refuse_with(503);
  cut_off.refuse_with(1);
  const auto mute = "127.0.0.1:" + std::to_string(silent.port());
  const struct {
    const char* name;
    std::string url;
    std::string proxy;
    const char* says;
  } cases[] = {
      {"refused", plain, closed.url(), "the proxy refused the connection"},
      {"refused, over SOCKS", plain, closed.url("", "socks5"), "the proxy refused the connection"},
      {"no such proxy", plain, "http://no.such.name.invalid:1", "could not be resolved"},
      {"a wrong login", plain, http.url("me:hunter2"), "the proxy refused the login"},
      {"a wrong login for CONNECT", secure, http.url("me:hunter2"), "the proxy refused the login"},
      {"a wrong login for SOCKS", plain, socks.url("me:hunter2"), "the proxy refused the login"},
      {"no login", plain, http.url(), "the proxy wants a login"},
      {"no login for CONNECT", secure, http.url(), "the proxy wants a login"},
      {"no login for SOCKS", plain, socks.url(), "the proxy wants a login"},
      {"CONNECT is refused", secure, busy.url(), "did not connect to the upstream: HTTP 503"},
      {"SOCKS does not reach it", plain, cut_off.url(), "did not connect to the upstream"},
      {"no answer to CONNECT", secure, "http://" + mute, "the proxy did not connect in time"},
      {"no answer of SOCKS", plain, "socks5://" + mute, "the proxy did not connect in time"},
      {"no TLS behind it", "https://127.0.0.1:" + std::to_string(not_tls.port()) + "/", open.url(),
       "the proxy is no way to the upstream"},
      {"no SOCKS proxy", plain, open.url("", "socks5"), "the proxy"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    auto request = request_to(c.url, c.proxy);
    request.timeouts.connect = milliseconds{500};
    const auto got = fetch({std::move(request)})[0];
    ASSERT_TRUE(got.error) << got.status;
    EXPECT_EQ(got.error->kind, ErrorKind::proxy) << got.error->message;
    EXPECT_NE(got.error->message.find(c.says), std::string::npos) << got.error->message;
    EXPECT_EQ((got.error->message + got.error->hint).find("hunter2"), std::string::npos);
  }
  EXPECT_TRUE(upstream.log().empty());
}

TEST(ProxiedTest, WhatUpstreamDoesIsNot) {
  FakeUpstream upstream([](Call& call) {
    if (call.path() == "/x") return call.cut();
    call.reply(503, "busy");
  });
  FakeProxy proxy(Kind::socks);
  const auto all = fetch(
      {request_to(upstream, proxy.url()),
       request_to("http://127.0.0.1:" + std::to_string(upstream.port()) + "/busy", proxy.url())});
  ASSERT_TRUE(all[0].error);
  EXPECT_EQ(all[0].error->kind, ErrorKind::upstream) << all[0].error->message;
  EXPECT_EQ(all[1].status, 503);
}

TEST(ProxiedTest, ConnectionsOfOneLoginAreNotUsedForAnother) {
  FakeUpstream upstream([](Call& call) { call.reply(200, "{}"); });
  FakeProxy socks(Kind::socks, "me:good");
  const auto all =
      fetch({request_to(upstream, socks.url("me:good")), request_to(upstream, socks.url("me:good")),
             request_to(upstream, socks.url("me:other"))});
  EXPECT_EQ(all[1].status, 200);
  EXPECT_EQ(socks.connections(), 2u) << "the second went over the first's";
  ASSERT_TRUE(all[2].error) << "the third must not";
  EXPECT_EQ(all[2].error->kind, ErrorKind::proxy);
}

TEST(ProxiedTest, AnAnswerToConnectIsNoReplyOfUpstreams) {
  FakeProxy open, busy;
  FakeProxy not_tls(Kind::socks);
  busy.refuse_with(503);
  for (const auto* proxy : {&open, &busy}) {
    ::setenv("https_proxy", proxy->url().c_str(), 1);
    Request request;
    request.url = "https://g.example:" + std::to_string(not_tls.port()) + "/x";
    const auto got = fetch({request})[0];
    ::unsetenv("https_proxy");
    EXPECT_EQ(proxy->log().size(), 1u) << "the environment's is honoured";
    EXPECT_EQ(got.status, 0);
    ASSERT_TRUE(got.error);
    EXPECT_EQ(got.error->kind, ErrorKind::upstream);
  }
}

TEST(ProxiedTest, WithoutAProxyARequestGoesStraight) {
  FakeUpstream upstream([](Call& call) { call.reply(200, "{}"); });
  FakeProxy proxy(Kind::http, "me:good");
  // The same handle of libcurl serves both.
  Request straight;
  straight.url = "http://127.1:" + std::to_string(upstream.port()) + "/y";
  const auto all = fetch({request_to(upstream, proxy.url("me:good")), straight});
  EXPECT_EQ(all[1].status, 200);
  EXPECT_EQ(proxy.log().size(), 1u);
  EXPECT_EQ(upstream.last().header("proxy-authorization"), "");
}

}  // namespace
}  // namespace gembal::http
