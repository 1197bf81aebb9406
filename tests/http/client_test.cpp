#include "lib/http/client.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "tests/support/fake_upstream.hpp"

namespace gembal::http {
namespace {

using std::chrono::milliseconds;
using testing::Call;
using testing::FakeUpstream;

struct Fetched {
  int status = 0;
  std::string body;
  std::optional<Error> error;
};

async::Task<void> fetch_into(Client& client, Request request, Fetched& fetched, int& left,
                             async::Loop& loop) {
  auto reply = client.open(std::move(request));
  auto arrived = co_await reply.wait_for_head();
  if (arrived) {
    fetched.status = reply.head().status;
    while (const auto piece = co_await reply.next()) fetched.body += *piece;
    fetched.error = reply.error();
  } else {
    fetched.error = std::move(arrived).error();
  }
  if (--left == 0) loop.stop();
}

/// Makes the requests side by side on a loop of their own.
std::vector<Fetched> fetch(std::vector<Request> requests) {
  async::Loop loop;
  std::vector<Fetched> all(requests.size());
  int left = static_cast<int>(requests.size());
  {
    Client client(loop, {});
    for (std::size_t i = 0; i < requests.size(); ++i)
      loop.spawn(fetch_into(client, std::move(requests[i]), all[i], left, loop));
    loop.run();
  }
  return all;
}

class ClientTest : public ::testing::TestWithParam<const char*> {
 protected:
  static Request request_to(const FakeUpstream& upstream, const std::string& path = "/x") {
    Request request;
    request.url =
        "http://" + std::string(GetParam()) + ":" + std::to_string(upstream.port()) + path;
    return request;
  }
};
INSTANTIATE_TEST_SUITE_P(Own, ClientTest, ::testing::Values(testing::kOwnHttp));
INSTANTIATE_TEST_SUITE_P(Curl, ClientTest, ::testing::Values(testing::kOverCurl));

TEST_P(ClientTest, AnyStatusIsAReply) {
  FakeUpstream upstream([](Call& call) { call.reply(std::atoi(call.path().c_str() + 1), "body"); });
  for (const int status : {200, 201, 304, 400, 404, 429, 500, 503}) {
    const auto got = fetch({request_to(upstream, "/" + std::to_string(status))})[0];
    EXPECT_EQ(got.status, status);
    EXPECT_FALSE(got.error) << got.error->message;
    if (status != 304) EXPECT_EQ(got.body, "body");
  }
}

TEST_P(ClientTest, SendsMethodHeadersAndBody) {
  FakeUpstream upstream([](Call& call) { call.reply(200, "{}"); });
  auto request = request_to(upstream);
  request.method = "PATCH";
  request.headers = {"x-one: two", "content-type: application/json"};
  request.body = std::make_shared<const std::string>(std::string(300'000, 'x'));
  EXPECT_EQ(fetch({request})[0].status, 200);
  const auto seen = upstream.last();
  EXPECT_TRUE(seen.start.starts_with("PATCH /x HTTP/1.1"));
  EXPECT_EQ(seen.header("x-one"), "two");
  EXPECT_EQ(seen.header("expect"), "") << "nobody wants to wait for a 100";
  EXPECT_EQ(seen.body.size(), 300'000u);
}

TEST_P(ClientTest, WhatCannotBeReachedIsAnError) {
  int port = 0;
  { port = testing::ListenSocket().port(); }
  Request request;
  request.url = "http://" + std::string(GetParam()) + ":" + std::to_string(port) + "/";
  const auto got = fetch({request})[0];
  ASSERT_TRUE(got.error);
  EXPECT_EQ(got.error->kind, ErrorKind::upstream);
  EXPECT_FALSE(got.error->message.empty());
}

TEST_P(ClientTest, EachPartOfAnExchangeHasItsDeadline) {
  FakeUpstream upstream([](Call& call) {
    if (call.path() == "/idle" || call.path() == "/total") {
      call.begin_stream();
      call.chunk("first");
    }
    call.caller_leaves();
    call.cut();
  });
  const struct {
    const char* path;
    Timeouts timeouts;
    std::string body;
  } cases[] = {
      {"/header", {{}, milliseconds{200}, {}, {}}, ""},
      {"/idle", {{}, {}, milliseconds{200}, {}}, "first"},
      {"/total", {{}, {}, {}, milliseconds{200}}, "first"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.path);
    auto request = request_to(upstream, c.path);
    request.timeouts = c.timeouts;
    const auto got = fetch({request})[0];
    ASSERT_TRUE(got.error);
    EXPECT_EQ(got.error->kind, ErrorKind::timeout) << got.error->message;
    EXPECT_EQ(got.body, c.body);
  }
}

TEST_P(ClientTest, ACutBodyIsNotWhole) {
  FakeUpstream upstream([](Call& call) {
    if (call.path() == "/chunked") {
      call.begin_stream();
      call.chunk("part");
    } else {
      call.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart");
    }
    call.cut();
  });
  for (const char* path : {"/chunked", "/length"}) {
    const auto got = fetch({request_to(upstream, path)})[0];
    EXPECT_EQ(got.body, "part");
    ASSERT_TRUE(got.error) << path;
    EXPECT_EQ(got.error->kind, ErrorKind::upstream);
  }
}

TEST_P(ClientTest, ReusesConnections) {
  FakeUpstream upstream([](Call& call) { call.reply(200, "x"); });
  async::Loop loop;
  Client client(loop, {});
  for (int i = 0; i < 20; ++i) {
    Fetched fetched;
    int left = 1;
    loop.spawn(fetch_into(client, request_to(upstream), fetched, left, loop));
    loop.run();
    loop.context().restart();
    EXPECT_EQ(fetched.status, 200);
  }
  EXPECT_EQ(upstream.connections(), 1u);
}

TEST_P(ClientTest, HundredsAtOnceDoNotGetMixedUp) {
  FakeUpstream upstream([](Call& call) { call.reply(200, call.path()); });
  std::vector<Request> requests;
  for (int i = 0; i < 300; ++i) requests.push_back(request_to(upstream, "/" + std::to_string(i)));
  const auto all = fetch(std::move(requests));
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].body, "/" + std::to_string(i));
}

async::Task<void> read_slowly(Client& client, Request request, std::atomic<std::size_t>& sent,
                              std::size_t& at_rest, async::Loop& loop) {
  auto reply = client.open(std::move(request));
  auto arrived = co_await reply.wait_for_head();
  EXPECT_TRUE(arrived);
  async::Interrupt never;
  // Nothing is read until upstream has come to rest: it must not be read ahead without bound.
  std::size_t before = 1;
  while (before != sent) {
    before = sent;
    co_await async::sleep(loop, milliseconds{200}, never);
  }
  at_rest = sent;
  loop.stop();
}

TEST_P(ClientTest, AReaderWhoDoesNotReadStopsTheSender) {
  std::atomic<std::size_t> sent{0};
  FakeUpstream upstream([&](Call& call) {
    call.begin_stream();
    const std::string piece(64 * 1024, 'x');
    for (int i = 0; i < 1600 && call.chunk(piece); ++i) sent += piece.size();
  });
  async::Loop loop;
  Client client(loop, {});
  std::size_t at_rest = 0;
  loop.spawn(read_slowly(client, request_to(upstream), sent, at_rest, loop));
  loop.run();
  EXPECT_GT(at_rest, 0u);
  EXPECT_LT(at_rest, 30u << 20) << "kernel buffers fill; a hundred megabytes must not be taken";
}

async::Task<void> abort_soon(Client& client, Request request, std::optional<Error>& error,
                             async::Loop& loop) {
  auto reply = client.open(std::move(request));
  auto* name = &reply;
  loop.post([name] { name->abort({ErrorKind::cancelled, "enough", ""}); });
  auto arrived = co_await reply.wait_for_head();
  if (!arrived) error = std::move(arrived).error();
  loop.stop();
}

TEST_P(ClientTest, AnAbortWakesWhoeverWaits) {
  FakeUpstream upstream([](Call& call) {
    call.caller_leaves();
    call.cut();
  });
  std::optional<Error> error;
  {
    async::Loop loop;
    Client client(loop, {});
    loop.spawn(abort_soon(client, request_to(upstream), error, loop));
    loop.run();
  }
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ErrorKind::cancelled);
}

}  // namespace
}  // namespace gembal::http
