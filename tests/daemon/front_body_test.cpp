// Request bodies that the front hands to the handler piece by piece.

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "daemon/front/listener.hpp"
#include "lib/http/client.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/process.hpp"
#include "tests/support/socket.hpp"

namespace gembal::daemon::front {
namespace {

using std::chrono::milliseconds;
using testing::Gate;
using testing::MessageReader;
using Handle = std::function<async::Task<void>(Exchange&)>;

/// A front of one loop that streams each body to the test's handler.
class Front {
 public:
  explicit Front(Handle handle, Limits limits = {}) {
    service_.handle = std::move(handle);
    service_.refuse = [](const RequestHead&, int status, const std::string& message) {
      return Response{status, {}, message};
    };
    service_.limits = [limits] { return limits; };
    service_.streams_body = [](const RequestHead&) { return true; };
    const auto endpoint = reserve("127.0.0.1:0");
    auto listener = Listener::open(loop_, *endpoint, service_, connections_, 100);
    listener_ = *std::move(listener);
    port_ = endpoint->port();
    listener_->start();
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~Front() {
    loop_.post([this] {
      listener_->stop();
      connections_.drain([this] { loop_.stop(); });
      connections_.cut();
    });
    thread_.join();
  }

  testing::Socket connect() const { return testing::Socket::connect(port_); }
  http::Client& client() { return client_; }

 private:
  async::Loop loop_;
  http::Client client_{loop_, {}};
  Service service_;
  Connections connections_;
  std::unique_ptr<Listener> listener_;
  int port_ = 0;
  std::thread thread_;
};

async::Task<bool> say(Exchange& exchange, int status, std::string body) {
  Response response{status, {}, std::move(body)};
  const bool sent = co_await exchange.answer(std::move(response));
  co_return sent;
}

/// Answers with the body, or with the kind of the error in its place.
async::Task<void> echo(Exchange& exchange) {
  std::string body;
  for (;;) {
    auto piece = co_await exchange.next_body_piece();
    if (!piece) {
      body = to_string(piece.error().kind);
      co_await say(exchange, piece.error().kind == ErrorKind::timeout ? 408 : 400, body);
      co_return;
    }
    if (!*piece) break;
    EXPECT_FALSE((*piece)->empty());
    body += **piece;
  }
  co_await say(exchange, 200, std::move(body));
}

std::string with_length(const std::string& body) {
  return "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

const std::string kChunkedHead =
    "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
const std::string kExpectingHead =
    "POST /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";

TEST(FrontBodyTest, HandsOverBodiesInAnyCutAndGoesOnWithTheNextRequest) {
  const std::string body = "GET / HTTP/1.1\r\nHost: not a request\r\n\r\n";
  const struct {
    const char* name;
    std::string request;
    std::string body;
  } cases[] = {
      {"with a length", with_length(body), body},
      {"chunked", kChunkedHead + "3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: z\r\n\r\n",
       "abc0123456789"},
      {"no bytes", with_length(""), ""},
      {"no chunks", kChunkedHead + "0\r\n\r\n", ""},
      {"no body", "GET /x HTTP/1.1\r\nHost: h\r\n\r\n", ""},
  };
  Front front(echo);
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    auto socket = front.connect();
    MessageReader reader(socket);
    for (std::size_t cut = 1; cut < c.request.size(); cut += 3) {
      socket.send(c.request.substr(0, cut));
      socket.send(c.request.substr(cut) + c.request);
      for (int i = 0; i < 2; ++i) {
        const auto reply = reader.read();
        ASSERT_TRUE(reply) << cut;
        EXPECT_EQ(reply->status(), 200);
        EXPECT_EQ(reply->body, c.body);
        EXPECT_EQ(reply->header("connection"), "");
      }
    }
  }
}

TEST(FrontBodyTest, SaysContinueOnceTheFirstPieceIsAskedFor) {
  std::atomic<bool> asks{false};
  Front front([&](Exchange& exchange) -> async::Task<void> {
    async::Interrupt never;
    while (!asks) co_await async::sleep(exchange.loop(), milliseconds{5}, never);
    co_await echo(exchange);
  });
  auto socket = front.connect();
  MessageReader reader(socket);
  socket.send(kExpectingHead);
  EXPECT_FALSE(socket.receive(milliseconds{100}));
  asks = true;
  const auto interim = reader.read();
  ASSERT_TRUE(interim);
  EXPECT_EQ(interim->status(), 100);
  socket.send("hello" + with_length("again"));
  EXPECT_EQ(reader.read()->body, "hello");
  EXPECT_EQ(reader.read()->body, "again");
}

TEST(FrontBodyTest, WhoAnswersWithoutAskingSaysNoContinue) {
  Front front([](Exchange& exchange) -> async::Task<void> { co_await say(exchange, 401, "no"); });
  auto socket = front.connect();
  MessageReader reader(socket);
  socket.send(kExpectingHead);
  const auto reply = reader.read();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status(), 401);
  EXPECT_EQ(reply->header("connection"), "close");
  EXPECT_TRUE(socket.peer_leaves(milliseconds{5'000}));
}

TEST(FrontBodyTest, ABrokenBodyIsToldToTheHandlerAndEndsTheConnection) {
  const struct {
    const char* name;
    std::string request;
    int status;
    const char* kind;
  } cases[] = {
      {"malformed chunks", kChunkedHead + "3\r\nabc\r\nxyz\r\n", 400, "bad_request"},
      {"nothing comes", kChunkedHead, 408, "timeout"},
      {"it stops coming", "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc", 408,
       "timeout"},
  };
  Limits limits;
  limits.body_idle = milliseconds{150};
  Front front(echo, limits);
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    auto socket = front.connect();
    MessageReader reader(socket);
    socket.send(c.request);
    const auto reply = reader.read();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status(), c.status);
    EXPECT_EQ(reply->body, c.kind);
    EXPECT_EQ(reply->header("connection"), "close");
    EXPECT_TRUE(socket.peer_leaves(milliseconds{7'000}));
  }
}

TEST(FrontBodyTest, AClientThatLeavesEndsTheWaitForAPiece) {
  Gate took, told;
  Front front([&](Exchange& exchange) -> async::Task<void> {
    auto piece = co_await exchange.next_body_piece();
    EXPECT_TRUE(piece && *piece);
    took.open();
    piece = co_await exchange.next_body_piece();
    EXPECT_FALSE(piece);
    if (!piece) EXPECT_EQ(piece.error().kind, ErrorKind::cancelled);
    EXPECT_TRUE(exchange.interrupt().raised());
    told.open();
  });
  auto socket = front.connect();
  socket.send("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 900\r\n\r\nabc");
  EXPECT_TRUE(took.wait());
  socket.close();
  EXPECT_TRUE(told.wait());
}

TEST(FrontBodyTest, AClientThatLeavesIsNoticedWhileTheHandlerIsBusy) {
  for (const std::string body : {"abc", "abcdef"}) {  // in the middle, and behind the end
    Gate took, told;
    Front front([&](Exchange& exchange) -> async::Task<void> {
      std::size_t taken = 0;
      while (taken < body.size()) {
        auto piece = co_await exchange.next_body_piece();
        if (!piece || !*piece) break;
        taken += (*piece)->size();
      }
      EXPECT_EQ(taken, body.size());
      took.open();
      co_await async::sleep(exchange.loop(), milliseconds{60'000}, exchange.interrupt());
      EXPECT_TRUE(exchange.interrupt().raised());
      told.open();
    });
    auto socket = front.connect();
    socket.send("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\n" + body);
    EXPECT_TRUE(took.wait());
    socket.close();
    EXPECT_TRUE(told.wait());
  }
}

TEST(FrontBodyTest, AnEarlyReplyReachesWhoStillSendsAndNothingOfTheBodyIsTakenForARequest) {
  std::atomic<int> requests{0};
  Front front([&](Exchange& exchange) -> async::Task<void> {
    ++requests;
    auto piece = co_await exchange.next_body_piece();
    EXPECT_TRUE(piece);
    co_await say(exchange, 400, std::string(100'000, 'n'));
  });
  const std::string request = "GET /y HTTP/1.1\r\nHost: h\r\n\r\n";
  std::string piece;
  while (piece.size() < (1u << 20)) piece += request;
  constexpr int kPieces = 40;
  auto socket = front.connect();
  socket.send("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: " +
              std::to_string(piece.size() * kPieces) + "\r\n\r\n");
  for (int i = 0; i < kPieces; ++i) ASSERT_TRUE(socket.send(piece)) << i;
  MessageReader reader(socket);
  const auto reply = reader.read();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status(), 400);
  EXPECT_EQ(reply->body.size(), 100'000u);
  EXPECT_EQ(reply->header("connection"), "close");
  EXPECT_TRUE(reply->whole);
  socket.end();
  EXPECT_TRUE(socket.peer_leaves(milliseconds{5'000}));
  EXPECT_EQ(requests, 1);
}

TEST(FrontBodyTest, AHandlerThatTakesNothingStopsTheSender) {
  constexpr std::size_t kSize = 100u << 20;
  std::atomic<std::size_t> sent{0}, at_rest{0}, taken{0};
  Front front([&](Exchange& exchange) -> async::Task<void> {
    async::Interrupt never;
    std::size_t before = 1;
    while (before != sent) {
      before = sent;
      co_await async::sleep(exchange.loop(), milliseconds{200}, never);
    }
    at_rest = sent.load();
    for (;;) {
      auto piece = co_await exchange.next_body_piece();
      if (!piece || !*piece) break;
      EXPECT_LE((*piece)->size(), 300u << 10);
      taken += (*piece)->size();
    }
    co_await say(exchange, 200, "all");
  });
  auto socket = front.connect();
  socket.send("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(kSize) +
              "\r\n\r\n");
  const std::string piece(64 * 1024, 'x');
  while (sent < kSize && socket.send(piece)) sent += piece.size();
  MessageReader reader(socket);
  EXPECT_EQ(reader.read()->body, "all");
  EXPECT_GT(at_rest, 0u);
  EXPECT_LT(at_rest, 30u << 20) << "kernel buffers fill; a hundred megabytes must not be taken";
  EXPECT_EQ(taken, kSize);
}

/// Kilobytes of this process at most, since the last reset.
long peak_kilobytes() {
  std::ifstream file("/proc/self/status");
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with("VmHWM:")) return std::atol(line.c_str() + 6);
  }
  return 0;
}

TEST(FrontBodyTest, ALargeBodyTakesLittleMemory) {
  constexpr std::size_t kSize = 200u << 20;
  std::atomic<std::size_t> taken{0};
  Front front([&](Exchange& exchange) -> async::Task<void> {
    for (;;) {
      auto piece = co_await exchange.next_body_piece();
      if (!piece || !*piece) break;
      taken += (*piece)->size();
    }
    co_await say(exchange, 200, "all");
  });
  std::ofstream("/proc/self/clear_refs") << "5";
  const auto before = peak_kilobytes();
  const std::string piece(256 * 1024, 'x');
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
  auto socket = front.connect();
  socket.send(kChunkedHead);
  for (std::size_t sent = 0; sent < kSize; sent += piece.size()) {
    socket.send(size);
    socket.send(piece);
    socket.send("\r\n");
  }
  socket.send("0\r\n\r\n");
  MessageReader reader(socket);
  EXPECT_EQ(reader.read()->body, "all");
  EXPECT_EQ(taken, kSize);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they keep what is freed
  EXPECT_LT(peak_kilobytes() - before, 16 * 1024);
#endif
}

/// A client's body on its way to an upstream.
struct BodyOf final : http::BodySource {
  explicit BodyOf(Exchange& from) : exchange(from) {
    length = exchange.request().head.content_length;
  }
  async::Task<Result<std::optional<std::string>>> next() override {
    return exchange.next_body_piece();
  }
  Exchange& exchange;
};

/// Sends a request on, body and all, and relays the reply.
async::Task<void> relay(Exchange& exchange, http::Client& client, std::string url) {
  http::Request request;
  request.method = "POST";
  request.url = std::move(url);
  request.body_source = std::make_shared<BodyOf>(exchange);
  auto reply = client.open(std::move(request));
  const async::Interrupt::Subscription left(exchange.interrupt(), [&reply] {
    reply.abort({ErrorKind::cancelled, "the client left"});
  });
  auto arrived = co_await reply.wait_for_head();
  if (!arrived) {
    co_await say(exchange, 502, to_string(arrived.error().kind));
    co_return;
  }
  std::string body;
  while (const auto piece = co_await reply.next()) body += *piece;
  co_await say(exchange, reply.head().status, std::move(body));
}

class RelayedBodyTest : public ::testing::TestWithParam<const char*> {
 protected:
  static std::string url(int port) {
    return "http://" + std::string(GetParam()) + ":" + std::to_string(port) + "/x";
  }
};
INSTANTIATE_TEST_SUITE_P(Own, RelayedBodyTest, ::testing::Values(testing::kOwnHttp));
INSTANTIATE_TEST_SUITE_P(Curl, RelayedBodyTest, ::testing::Values(testing::kOverCurl));

TEST_P(RelayedBodyTest, ComesWholeToUpstreamOneAfterTheOther) {
  testing::FakeUpstream upstream(
      [](testing::Call& call) { call.reply(200, std::to_string(call.request.body.size())); });
  Front front(
      [&](Exchange& exchange) { return relay(exchange, front.client(), url(upstream.port())); });
  auto socket = front.connect();
  MessageReader reader(socket);
  for (const std::size_t size : {0u, 1u, 70'000u, 20'000'000u, 5u}) {
    socket.send(with_length(std::string(size, 'x')));
    const auto reply = reader.read();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status(), 200);
    EXPECT_EQ(reply->body, std::to_string(size));
    socket.send(kChunkedHead + "4\r\nabcd\r\n3\r\nefg\r\n0\r\n\r\n");
    EXPECT_EQ(reader.read()->body, "7");
    EXPECT_EQ(upstream.last().body, "abcdefg");
  }
}

TEST_P(RelayedBodyTest, AClientThatLeavesCutsItOff) {
  Gate begun, cut;
  testing::ListenSocket listener;
  std::thread upstream([&] {
    auto socket = listener.accept();
    ASSERT_TRUE(socket);
    MessageReader reader(*socket);
    EXPECT_TRUE(reader.read_head());
    begun.open();
    EXPECT_TRUE(socket->peer_leaves(milliseconds{5'000}));
    cut.open();
  });
  {
    Front front(
        [&](Exchange& exchange) { return relay(exchange, front.client(), url(listener.port())); });
    auto socket = front.connect();
    socket.send("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 900\r\n\r\nabc");
    EXPECT_TRUE(begun.wait());
    socket.close();
    EXPECT_TRUE(cut.wait());
  }
  upstream.join();
}

TEST_P(RelayedBodyTest, AnUpstreamThatAnswersEarlyIsHeardByWhoStillSends) {
  testing::ListenSocket listener;
  std::thread upstream([&] {
    auto socket = listener.accept();
    ASSERT_TRUE(socket);
    MessageReader reader(*socket);
    EXPECT_TRUE(reader.read_head());
    socket->send("HTTP/1.1 413 Whatever\r\nConnection: close\r\nContent-Length: 8\r\n\r\ntoo long");
    socket->end();
    EXPECT_TRUE(socket->peer_leaves(milliseconds{5'000}));
  });
  {
    Front front(
        [&](Exchange& exchange) { return relay(exchange, front.client(), url(listener.port())); });
    auto socket = front.connect();
    socket.send("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 52428800\r\n\r\n");
    const std::string piece(1u << 20, 'x');
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(socket.send(piece)) << i;
    MessageReader reader(socket);
    const auto reply = reader.read();
    EXPECT_TRUE(reply);
    if (reply) {
      EXPECT_EQ(reply->status(), 413);
      EXPECT_EQ(reply->body, "too long");
    }
  }
  upstream.join();
}

TEST(FrontBodyTest, ACallThatOutlivesItsHandlerIsCancelled) {
  Gate ended;
  const auto pull = [](Exchange* exchange, Gate* gate) -> async::Task<void> {
    auto piece = co_await exchange->next_body_piece();
    EXPECT_FALSE(piece);
    if (!piece) EXPECT_EQ(piece.error().kind, ErrorKind::cancelled);
    gate->open();
  };
  Front front([&](Exchange& exchange) -> async::Task<void> {
    exchange.loop().spawn(pull(&exchange, &ended));
    co_await say(exchange, 200, "early");
  });
  auto socket = front.connect();
  socket.send("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 900\r\n\r\n");
  MessageReader reader(socket);
  EXPECT_EQ(reader.read()->body, "early");
  EXPECT_TRUE(ended.wait());
  socket.close();
}

}  // namespace
}  // namespace gembal::daemon::front
