// Request bodies that are made while they are sent, over both ways to an upstream.

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "lib/http/client.hpp"
#include "tests/support/fake_upstream.hpp"

namespace gembal::http {
namespace {

using std::chrono::milliseconds;
using testing::Call;
using testing::FakeUpstream;
using testing::Gate;
using testing::MessageReader;

async::Interrupt& never() {
  static async::Interrupt interrupt;
  return interrupt;
}

/// Hands pieces out, each after a wait; then comes to its end, or to an error.
struct Pieces final : BodySource {
  Pieces(async::Loop& l, std::vector<std::string> p) : loop(l), pieces(std::move(p)) {}

  async::Task<Result<std::optional<std::string>>> next() override {
    EXPECT_FALSE(asking) << "one call at a time";
    asking = true;
    const auto wait = made == 0 ? first_after.value_or(each_after) : each_after;
    if (wait.count() > 0) co_await async::sleep(loop, wait, never());
    asking = false;
    if (made == pieces.size()) {
      if (failure) co_return *failure;
      co_return std::optional<std::string>();
    }
    ++made;
    co_return std::optional<std::string>(pieces[made - 1]);
  }

  async::Loop& loop;
  std::vector<std::string> pieces;
  milliseconds each_after{0};
  std::optional<milliseconds> first_after;
  std::optional<Error> failure;
  std::atomic<std::size_t> made{0};
  bool asking = false;
};

/// As many equal pieces as one likes.
struct Many final : BodySource {
  explicit Many(std::size_t count) : left(count) {}
  async::Task<Result<std::optional<std::string>>> next() override {
    if (left == 0) co_return std::optional<std::string>();
    --left;
    made += kPiece;
    co_return std::optional<std::string>(std::string(kPiece, 'x'));
  }
  static constexpr std::size_t kPiece = 64 * 1024;
  std::size_t left;
  std::atomic<std::size_t> made{0};
};

struct Fetched {
  int status = 0;
  std::string body;
  std::optional<Error> error;
};

async::Task<void> fetch_into(Client& client, Request request, Fetched& fetched, async::Loop& loop) {
  auto reply = client.open(std::move(request));
  auto arrived = co_await reply.wait_for_head();
  if (arrived) {
    fetched.status = reply.head().status;
    while (const auto piece = co_await reply.next()) fetched.body += *piece;
    fetched.error = reply.error();
  } else {
    fetched.error = std::move(arrived).error();
  }
  loop.stop();
}

/// An upstream that handles one connection after the other, byte by byte.
class RawUpstream {
 public:
  explicit RawUpstream(std::function<void(testing::Socket&)> handle) : handle_(std::move(handle)) {
    thread_ = std::thread([this] {
      while (auto socket = listener_.accept()) handle_(*socket);
    });
  }
  ~RawUpstream() {
    listener_.stop();
    thread_.join();
  }
  int port() const { return listener_.port(); }

 private:
  std::function<void(testing::Socket&)> handle_;
  testing::ListenSocket listener_;
  std::thread thread_;
};

class UploadTest : public ::testing::TestWithParam<const char*> {
 protected:
  static Request post_to(int port, std::shared_ptr<BodySource> source) {
    Request request;
    request.method = "POST";
    request.url = "http://" + std::string(GetParam()) + ":" + std::to_string(port) + "/x";
    request.body_source = std::move(source);
    return request;
  }

  Fetched fetch(Request request) {
    Fetched fetched;
    loop_.context().restart();
    loop_.spawn(fetch_into(client_, std::move(request), fetched, loop_));
    loop_.run();
    return fetched;
  }

  async::Loop loop_;
  Client client_{loop_, {}};
};
INSTANTIATE_TEST_SUITE_P(Own, UploadTest, ::testing::Values(testing::kOwnHttp));
INSTANTIATE_TEST_SUITE_P(Curl, UploadTest, ::testing::Values(testing::kOverCurl));

TEST_P(UploadTest, SendsBodiesInAnyCutWithALengthAndInChunks) {
  FakeUpstream upstream([](Call& call) { call.reply(200, "{}"); });
  const struct {
    const char* name;
    std::vector<std::string> pieces;
    milliseconds each_after;
  } cases[] = {
      {"nothing", {}, {}},
      {"one byte", {"a"}, {}},
      {"small, large and empty ones", {"ab", "", std::string(700'000, 'c'), "d"}, {}},
      {"made slowly", {"ab", std::string(100'000, 'c'), "", "d"}, milliseconds{20}},
  };
  for (const auto& c : cases) {
    std::string whole;
    for (const auto& piece : c.pieces) whole += piece;
    for (const bool announced : {true, false}) {
      for (const std::string method : {"POST", "PUT"}) {
        SCOPED_TRACE(std::string(c.name) + (announced ? " with a length " : " in chunks ") +
                     method);
        auto source = std::make_shared<Pieces>(loop_, c.pieces);
        source->each_after = c.each_after;
        if (announced) source->length = whole.size();
        auto request = post_to(upstream.port(), source);
        request.method = method;
        const auto got = fetch(request);
        EXPECT_EQ(got.status, 200);
        EXPECT_FALSE(got.error) << got.error->message;
        const auto seen = upstream.last();
        EXPECT_TRUE(seen.start.starts_with(method + " /x HTTP/1.1"));
        EXPECT_TRUE(seen.whole);
        EXPECT_EQ(seen.body, whole);
        EXPECT_EQ(seen.header("content-length"), announced ? std::to_string(whole.size()) : "");
        EXPECT_EQ(seen.header("transfer-encoding"), announced ? "" : "chunked");
        EXPECT_EQ(seen.header("expect"), "");
      }
    }
  }
}

TEST_P(UploadTest, TheNextRequestsAreAsEver) {
  FakeUpstream upstream([](Call& call) { call.reply(200, "{}"); });
  for (int i = 0; i < 3; ++i) {
    auto source = std::make_shared<Pieces>(loop_, std::vector<std::string>{"streamed"});
    if (i == 1) source->length = 8;
    EXPECT_EQ(fetch(post_to(upstream.port(), source)).status, 200);
    const auto connections = upstream.connections();
    auto request = post_to(upstream.port(), nullptr);
    request.body = std::make_shared<const std::string>("whole");
    EXPECT_EQ(fetch(request).status, 200);
    EXPECT_EQ(upstream.last().body, "whole");
    EXPECT_EQ(upstream.last().header("content-length"), "5");
    EXPECT_EQ(upstream.last().header("transfer-encoding"), "");
    request.method = "GET";
    request.body = nullptr;
    EXPECT_EQ(fetch(request).status, 200);
    EXPECT_EQ(upstream.last().body, "");
    EXPECT_EQ(upstream.connections(), connections) << "the connection is used again";
  }
}

TEST_P(UploadTest, ASourceThatFailsEndsTheRequestWithItsError) {
  Gate cut;
  RawUpstream upstream([&](testing::Socket& socket) {
    MessageReader reader(socket);
    const auto request = reader.read();
    EXPECT_TRUE(request);
    if (request) EXPECT_FALSE(request->whole);
    cut.open();
  });
  for (const bool announced : {true, false}) {
    auto source = std::make_shared<Pieces>(loop_, std::vector<std::string>{"ab", "cd"});
    source->each_after = milliseconds{10};
    source->failure = Error{ErrorKind::cancelled, "enough"};
    if (announced) source->length = 100;
    const auto got = fetch(post_to(upstream.port(), source));
    ASSERT_TRUE(got.error);
    EXPECT_EQ(got.error->kind, ErrorKind::cancelled);
    EXPECT_EQ(got.error->message, "enough");
  }
  EXPECT_TRUE(cut.wait());
}

TEST_P(UploadTest, ALengthMustBeTrue) {
  RawUpstream upstream([&](testing::Socket& socket) {
    MessageReader reader(socket);
    const auto request = reader.read();
    if (request) EXPECT_FALSE(request->whole);
  });
  for (const std::uint64_t length : {3, 100}) {
    auto source = std::make_shared<Pieces>(loop_, std::vector<std::string>{"ab", "cd"});
    source->length = length;
    const auto got = fetch(post_to(upstream.port(), source));
    ASSERT_TRUE(got.error);
    EXPECT_EQ(got.error->kind, ErrorKind::internal);
  }
}

async::Task<void> hold_until_at_rest(Client& client, Request request, Many& source,
                                     std::size_t& at_rest, async::Loop& loop) {
  auto reply = client.open(std::move(request));
  loop.spawn([](Reply* opened) -> async::Task<void> { co_await opened->wait_for_head(); }(&reply));
  std::size_t before = 1;
  while (before != source.made || before == 0) {
    before = source.made;
    co_await async::sleep(loop, milliseconds{200}, never());
  }
  at_rest = source.made;
  // The waiting coroutine ends before the reply does.
  reply.abort({ErrorKind::cancelled, "enough"});
  co_await async::sleep(loop, milliseconds{20}, never());
  loop.stop();
}

TEST_P(UploadTest, AnUpstreamThatDoesNotReadStopsTheSource) {
  Gate done;
  RawUpstream upstream([&](testing::Socket&) { done.wait(); });
  auto source = std::make_shared<Many>(1600);
  std::size_t at_rest = 0;
  loop_.spawn(
      hold_until_at_rest(client_, post_to(upstream.port(), source), *source, at_rest, loop_));
  loop_.run();
  done.open();
  EXPECT_GT(at_rest, 0u);
  EXPECT_LT(at_rest, 30u << 20) << "kernel buffers fill; a hundred megabytes must not be taken";
}

TEST_P(UploadTest, AnUpstreamThatTakesNothingIsATimeout) {
  Gate done;
  RawUpstream upstream([&](testing::Socket&) { done.wait(); });
  auto request = post_to(upstream.port(), std::make_shared<Many>(1600));
  request.timeouts.idle = milliseconds{200};
  const auto got = fetch(request);
  done.open();
  ASSERT_TRUE(got.error);
  EXPECT_EQ(got.error->kind, ErrorKind::timeout) << got.error->message;
}

TEST_P(UploadTest, AWholeBodyThatIsTakenSlowlyIsNoSlowConnection) {
  Gate never_opened;
  RawUpstream upstream([&](testing::Socket& socket) {
    never_opened.wait(milliseconds{500});
    MessageReader reader(socket);
    reader.read();
    socket.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  });
  auto request = post_to(upstream.port(), nullptr);
  request.body = std::make_shared<const std::string>(20u << 20, 'x');
  request.timeouts.connect = milliseconds{200};
  const auto got = fetch(request);
  EXPECT_EQ(got.status, 200);
  EXPECT_FALSE(got.error) << got.error->message;
}

TEST_P(UploadTest, TheReplysDeadlineCountsFromTheEndOfTheBody) {
  FakeUpstream upstream([](Call& call) {
    if (call.request.body.size() == 4) {
      call.reply(200, "{}");
    } else {
      call.caller_leaves();
      call.cut();
    }
  });
  for (const bool announced : {true, false}) {
    auto source = std::make_shared<Pieces>(loop_, std::vector<std::string>{"a", "b", "c", "d"});
    source->each_after = milliseconds{150};
    if (announced) source->length = 4;
    auto request = post_to(upstream.port(), source);
    request.timeouts.connect = milliseconds{250};
    request.timeouts.header = milliseconds{250};
    request.timeouts.idle = milliseconds{100};  // it is not upstream who is slow
    const auto got = fetch(request);
    EXPECT_EQ(got.status, 200);
    EXPECT_FALSE(got.error) << got.error->message;

    source = std::make_shared<Pieces>(loop_, std::vector<std::string>{"a", "b"});
    if (announced) source->length = 2;
    request.body_source = source;
    const auto slow = fetch(request);
    ASSERT_TRUE(slow.error);
    EXPECT_EQ(slow.error->kind, ErrorKind::timeout);
    EXPECT_EQ(slow.error->message, "the upstream did not answer in time");
  }
}

TEST_P(UploadTest, AnEarlyReplyIsDelivered) {
  const std::string answer(50'000, 'n');
  const auto reply_text = [&](int status) {
    return "HTTP/1.1 " + std::to_string(status) +
           " Whatever\r\nContent-Length: " + std::to_string(answer.size()) + "\r\n\r\n" + answer;
  };
  Gate done;
  RawUpstream upstream([&](testing::Socket& socket) {
    MessageReader reader(socket);
    const auto head = reader.read_head();
    ASSERT_TRUE(head);
    reader.more();
    socket.send(reply_text(400));
    if (head->header("x-then") == "close") {
      socket.end();
      while (reader.more().value_or("") != "") {
      }
    } else {
      done.wait();
    }
  });
  for (const bool announced : {true, false}) {
    SCOPED_TRACE(announced);
    auto large = std::make_shared<Many>(1600);
    if (announced) large->length = 1600 * Many::kPiece;
    auto request = post_to(upstream.port(), large);
    request.headers = {"x-then: close"};
    const auto got = fetch(request);
    EXPECT_EQ(got.status, 400);
    EXPECT_FALSE(got.error) << got.error->message;
    EXPECT_EQ(got.body, answer);
    EXPECT_LT(large->made, 100u << 20);
  }
  // It does not wait until the source has made its next piece.
  auto stalled = std::make_shared<Pieces>(loop_, std::vector<std::string>{"a", "b"});
  stalled->first_after = milliseconds{0};
  stalled->each_after = milliseconds{10'000};
  stalled->length = 2;
  const auto begun = std::chrono::steady_clock::now();
  const auto got = fetch(post_to(upstream.port(), stalled));
  EXPECT_EQ(got.status, 400);
  EXPECT_EQ(got.body, answer);
  EXPECT_FALSE(got.error) << got.error->message;
  EXPECT_LT(std::chrono::steady_clock::now() - begun, milliseconds{5'000});
  done.open();
}

TEST_P(UploadTest, AReplyAlreadyBegunGoesOnBesideTheBody) {
  RawUpstream upstream([&](testing::Socket& socket) {
    MessageReader reader(socket);
    reader.read_head();
    socket.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nab");
    std::string body = reader.left();
    while (body.find("wxyz") == std::string::npos) {
      const auto bytes = socket.receive(milliseconds{5'000});
      if (!bytes || bytes->empty()) return;
      body += *bytes;
    }
    socket.send("cd");
  });
  auto source =
      std::make_shared<Pieces>(loop_, std::vector<std::string>{std::string(300'000, 'v'), "wxyz"});
  source->each_after = milliseconds{150};
  source->length = 300'004;
  auto request = post_to(upstream.port(), source);
  request.timeouts.idle = milliseconds{120};
  const auto got = fetch(request);
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.body, "abcd");
  EXPECT_FALSE(got.error) << got.error->message;
}

TEST_P(UploadTest, AnUpstreamThatDiesIsAnErrorAndNothingIsSentTwice) {
  std::atomic<int> begun{0};
  RawUpstream upstream([&](testing::Socket& socket) {
    MessageReader reader(socket);
    while (const auto head = reader.read_head()) {
      if (head->start.starts_with("GET")) {
        socket.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        continue;
      }
      std::string body = reader.left();
      while (body.find("first") == std::string::npos) {
        const auto bytes = socket.receive(milliseconds{5'000});
        if (!bytes || bytes->empty()) return;
        body += *bytes;
      }
      ++begun;
      return;
    }
  });
  for (const bool announced : {true, false}) {
    auto warm = post_to(upstream.port(), nullptr);
    warm.method = "GET";
    // One connection at a time: own HTTP opens another for the body, and this one must be over.
    if (GetParam() == std::string_view(testing::kOverCurl)) EXPECT_EQ(fetch(warm).status, 200);
    auto source = std::make_shared<Pieces>(loop_, std::vector<std::string>{"first", "second"});
    source->each_after = milliseconds{50};
    if (announced) source->length = 11;
    const auto got = fetch(post_to(upstream.port(), source));
    ASSERT_TRUE(got.error);
    EXPECT_EQ(got.error->kind, ErrorKind::upstream);
  }
  EXPECT_EQ(begun, 2);
}

async::Task<void> leave_midway(Client& client, Request request, milliseconds after,
                               async::Loop& loop) {
  {
    auto reply = client.open(std::move(request));
    loop.spawn([](Reply* opened, async::Loop* on, milliseconds wait) -> async::Task<void> {
      co_await async::sleep(*on, wait, never());
      opened->abort({ErrorKind::cancelled, "enough"});
    }(&reply, &loop, after));
    auto arrived = co_await reply.wait_for_head();
    EXPECT_FALSE(arrived);
  }
  // What is left of the upload comes to its end, too.
  co_await async::sleep(loop, milliseconds{200}, never());
  loop.stop();
}

TEST_P(UploadTest, AReplyMayBeDestroyedAnywhereInTheMiddle) {
  Gate done;
  RawUpstream upstream([&](testing::Socket& socket) {
    while (socket.receive(milliseconds{5'000}).value_or("") != "") {
    }
  });
  RawUpstream stuck([&](testing::Socket&) { done.wait(); });
  for (const int after : {0, 30, 60, 110}) {
    SCOPED_TRACE(after);
    loop_.context().restart();
    auto source =
        std::make_shared<Pieces>(loop_, std::vector<std::string>(100, std::string(1000, 'x')));
    source->each_after = milliseconds{50};
    loop_.spawn(
        leave_midway(client_, post_to(upstream.port(), source), milliseconds{after}, loop_));
    loop_.run();
    EXPECT_EQ(source.use_count(), 1) << "nobody holds the source any more";
    EXPECT_LE(source->made, 4u) << "nor asks it";
  }
  loop_.context().restart();
  auto source = std::make_shared<Many>(1600);
  loop_.spawn(leave_midway(client_, post_to(stuck.port(), source), milliseconds{100}, loop_));
  loop_.run();
  EXPECT_EQ(source.use_count(), 1);
  done.open();
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

TEST_P(UploadTest, ALargeBodyTakesLittleMemory) {
  constexpr std::size_t kPieces = 3200;  // 200 MB
  RawUpstream upstream([&](testing::Socket& socket) {
    MessageReader reader(socket);
    const auto head = reader.read_head();
    ASSERT_TRUE(head);
    const bool chunked = head->header("transfer-encoding") == "chunked";
    std::string last;
    for (std::size_t taken = 0;
         chunked ? !last.ends_with("\r\n0\r\n\r\n") : taken < kPieces * Many::kPiece;) {
      const auto bytes = reader.more();
      if (!bytes || bytes->empty()) return;
      taken += bytes->size();
      last += *bytes;
      if (last.size() > 16) last.erase(0, last.size() - 16);
    }
    socket.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  });
  for (const bool announced : {true, false}) {
    std::ofstream("/proc/self/clear_refs") << "5";
    const auto before = peak_kilobytes();
    auto source = std::make_shared<Many>(kPieces);
    if (announced) source->length = kPieces * Many::kPiece;
    const auto got = fetch(post_to(upstream.port(), source));
    EXPECT_EQ(got.status, 200);
    EXPECT_FALSE(got.error) << got.error->message;
    EXPECT_EQ(source->made, kPieces * Many::kPiece);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they keep what is freed
    EXPECT_LT(peak_kilobytes() - before, 16 * 1024);
#endif
  }
}

}  // namespace
}  // namespace gembal::http
