#include "lib/http/download.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "tests/support/fake_upstream.hpp"

namespace gembal::http {
namespace {

using std::chrono::milliseconds;
using testing::Call;
using testing::FakeUpstream;

async::Task<void> fetch_into(async::Loop& loop, Client& client, Link link, DownloadRules rules,
                             async::Interrupt& interrupt, Result<Downloaded>& fetched) {
  fetched = co_await download(client, std::move(link), std::move(rules), interrupt);
  loop.stop();
}

Result<Downloaded> fetch(const std::string& url, DownloadRules rules) {
  const auto link = read_link(url);
  if (!link) return Error{ErrorKind::internal, "no link: " + url, ""};
  async::Loop loop;
  async::Interrupt interrupt;
  Result<Downloaded> fetched = Error{};
  Client client(loop, {});
  loop.spawn(fetch_into(loop, client, *link, std::move(rules), interrupt, fetched));
  loop.run();
  return fetched;
}

std::string reason(const Result<Downloaded>& fetched) {
  if (fetched) return "fetched: " + fetched->body;
  EXPECT_EQ(fetched.error().kind, ErrorKind::bad_request);
  return fetched.error().message;
}

constexpr const char* kNotPublic = "its host has no public address";

class DownloadTest : public ::testing::Test {
 protected:
  std::string url(const std::string& path, const std::string& host = "127.0.0.1") const {
    return "http://" + host + ":" + std::to_string(upstream_.port()) + path;
  }
  DownloadRules rules() const {
    DownloadRules made;
    made.max_bytes = 1'000;
    made.timeout = milliseconds{5'000};
    made.private_hosts = {"127.0.0.1:" + std::to_string(upstream_.port())};
    return made;
  }

  std::atomic<int> calls_{0};
  FakeUpstream upstream_{[this](Call& call) {
    ++calls_;
    const auto path = call.path();
    if (path == "/image") return call.reply(200, "bytes", "image/png");
    if (path == "/full") return call.reply(200, std::string(1'000, 'x'), "image/png");
    if (path == "/large") return call.reply(200, std::string(1'001, 'x'), "image/png");
    if (path == "/missing") return call.reply(404, "a secret page");
    if (path == "/empty") return call.reply(204, "");
    if (path == "/loop") return call.reply(302, "", "text/html", {"location: /loop"});
    if (path == "/to-image") return call.reply(301, "", "text/html", {"location: image"});
    if (path == "/to-name")
      return call.reply(302, "", "text/html", {"location: " + url("/image", "localhost")});
    if (path == "/to-file")
      return call.reply(302, "", "text/html", {"location: file:///etc/passwd"});
    if (path == "/nowhere") return call.reply(302, "");
    if (path == "/endless") {
      call.begin_stream("image/png");
      while (call.chunk(std::string(100, 'x'))) {
      }
      return;
    }
    if (path == "/cut") {
      call.begin_stream("image/png");
      call.chunk("half");
      return call.cut();
    }
    call.begin_stream("image/png");
    call.chunk("a little");
    call.caller_leaves();
    call.cut();
  }};
};

TEST_F(DownloadTest, FetchesWhatIsAllowed) {
  const auto fetched = fetch(url("/image"), rules());
  ASSERT_TRUE(fetched) << fetched.error().message;
  EXPECT_EQ(fetched->body, "bytes");
  EXPECT_EQ(fetched->content_type, "image/png");
  const auto seen = upstream_.last();
  EXPECT_EQ(seen.header("accept"), "*/*");
  EXPECT_EQ(seen.header("authorization"), "");
  EXPECT_EQ(fetch(url("/full"), rules())->body.size(), 1'000u);
  EXPECT_EQ(fetch(url("/to-image"), rules())->body, "bytes");
  EXPECT_EQ(fetch(url("/empty"), rules())->body, "");
}

TEST_F(DownloadTest, NothingWithinIsReachedHoweverItIsWritten) {
  auto none = rules();
  none.private_hosts = {"127.0.0.1:1", "elsewhere"};
  for (const char* host : {"127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001",
                           "0177.0.0.1", "0.0.0.0", "[::ffff:127.0.0.1]", "[::1]", "LOCALHOST"})
    EXPECT_EQ(reason(fetch(url("/image", host), none)), kNotPublic) << host;
  for (const char* link :
       {"http://10.0.0.1/", "http://169.254.169.254/latest/meta-data", "https://[fd00:ec2::254]/"})
    EXPECT_EQ(reason(fetch(link, none)), kNotPublic) << link;
  EXPECT_EQ(calls_, 0);
}

TEST_F(DownloadTest, APublicAddressIsNotEnough) {
  // Nothing listens there; that it is not even tried is seen by the reason.
  EXPECT_EQ(reason(fetch("http://8.8.8.8:25/", rules())), kNotPublic);
}

TEST_F(DownloadTest, RedirectsAreCheckedAsLinksAre) {
  EXPECT_EQ(reason(fetch(url("/to-name"), rules())), kNotPublic);
  EXPECT_EQ(calls_, 1);
  auto both = rules();
  both.private_hosts.push_back("localhost");
  EXPECT_EQ(reason(fetch(url("/to-name"), both)), "fetched: bytes");
  EXPECT_EQ(reason(fetch(url("/to-file"), rules())), "its host redirects to what is no link");
  EXPECT_EQ(reason(fetch(url("/nowhere"), rules())), "its host answered with status 302");
  calls_ = 0;
  EXPECT_EQ(reason(fetch(url("/loop"), rules())), "its host redirects more than 5 times");
  EXPECT_EQ(calls_, 6);
}

TEST_F(DownloadTest, HasBounds) {
  EXPECT_EQ(reason(fetch(url("/large"), rules())), "it is larger than 1000 bytes");
  EXPECT_EQ(reason(fetch(url("/endless"), rules())), "it is larger than 1000 bytes");
  auto quick = rules();
  quick.timeout = milliseconds{300};
  EXPECT_EQ(reason(fetch(url("/slow"), quick)), "it took too long");
}

TEST_F(DownloadTest, SaysNothingOfWhatCame) {
  EXPECT_EQ(reason(fetch(url("/missing"), rules())), "its host answered with status 404");
  EXPECT_EQ(reason(fetch(url("/cut"), rules())), "its host could not be reached, or broke off");
  int port = 0;
  { port = testing::ListenSocket().port(); }
  auto other = rules();
  other.private_hosts = {"127.0.0.1"};
  EXPECT_EQ(reason(fetch("http://127.0.0.1:" + std::to_string(port) + "/", other)),
            "its host could not be reached, or broke off");
}

TEST_F(DownloadTest, TakesNoConnectionOfAnotherRequest) {
  async::Loop loop;
  async::Interrupt interrupt;
  Client client(loop, {});
  auto own = [](async::Loop& on, Client& with, std::string address) -> async::Task<void> {
    Request request;
    request.url = std::move(address);
    auto reply = with.open(std::move(request));
    const auto arrived = co_await reply.wait_for_head();
    EXPECT_TRUE(arrived);
    while (const auto piece = co_await reply.next()) {
    }
    on.stop();
  };
  loop.spawn(own(loop, client, url("/image", "localhost")));
  loop.run();
  EXPECT_EQ(calls_, 1);
  Result<Downloaded> fetched = Error{};
  loop.context().restart();
  loop.spawn(fetch_into(loop, client, *read_link(url("/image", "localhost")), rules(), interrupt,
                        fetched));
  loop.run();
  EXPECT_EQ(reason(fetched), kNotPublic);
  EXPECT_EQ(calls_, 1);
}

TEST_F(DownloadTest, EndsWhenItIsNoLongerWanted) {
  async::Loop loop;
  async::Interrupt interrupt;
  Client client(loop, {});
  Result<Downloaded> fetched = Error{};
  loop.spawn(fetch_into(loop, client, *read_link(url("/slow")), rules(), interrupt, fetched));
  async::Deadline leave(loop, [&] { interrupt.raise(); });
  leave.set(milliseconds{100});
  loop.run();
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().kind, ErrorKind::cancelled);
}

}  // namespace
}  // namespace gembal::http
