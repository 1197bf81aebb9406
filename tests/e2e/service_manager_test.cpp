// The daemon under a service manager: it says when it is ready, reads its configuration again and
// stops, and it serves the sockets that it is given. systemd's side is played by the tests.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstring>
#include <thread>

#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

const Environment kToken = {{"GEMBAL_AUTH_TOKENS", "sk-test"}};

Environment with(const std::string& name, const std::string& value) {
  auto environment = kToken;
  environment[name] = value;
  return environment;
}

/// The socket on which a service manager hears from its services.
class NotifySocket {
 public:
  /// A path, or "@name" of the abstract namespace.
  explicit NotifySocket(const std::string& address) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path, address.data(), address.size());
    auto length = offsetof(sockaddr_un, sun_path) + address.size();
    if (address.front() == '@') name.sun_path[0] = '\0';
    handle_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(
        ::bind(handle_, reinterpret_cast<const sockaddr*>(&name), static_cast<socklen_t>(length)),
        0);
  }
  ~NotifySocket() { ::close(handle_); }

  /// The next message; "" when none comes.
  std::string next() {
    pollfd waiting{handle_, POLLIN, 0};
    if (::poll(&waiting, 1, 20'000) != 1) return "";
    char bytes[4096];
    const auto count = ::recv(handle_, bytes, sizeof(bytes), 0);
    return count > 0 ? std::string(bytes, static_cast<std::size_t>(count)) : "";
  }

 private:
  int handle_ = -1;
};

/// What `message` says of `name`; "" when nothing.
std::string value_of(const std::string& message, const std::string& name) {
  const auto at = ("\n" + message).find("\n" + name + "=");
  if (at == std::string::npos) return "";
  const auto begin = at + name.size() + 1;
  return message.substr(begin, message.find('\n', begin) - begin);
}

int port_in(const std::string& text) {
  const std::string mark = "http://127.0.0.1:";
  const auto at = text.find(mark);
  return at == std::string::npos ? 0 : std::atoi(text.c_str() + at + mark.size());
}

long long microseconds_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000LL + now.tv_nsec / 1'000;
}

int health(int port) { return ask(port, http_request("GET", "/healthz", "")).status(); }

/// A socket that listens on a free port of 127.0.0.1, as a socket unit has it; or one of another
/// kind.
class GivenSocket {
 public:
  explicit GivenSocket(int type = SOCK_STREAM, bool listens = true) {
    handle_ = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(name);
    auto* address = reinterpret_cast<sockaddr*>(&name);
    EXPECT_EQ(::bind(handle_, address, length), 0);
    if (type == SOCK_STREAM && listens) EXPECT_EQ(::listen(handle_, 128), 0);
    ::getsockname(handle_, address, &length);
    port_ = ntohs(name.sin_port);
  }
  ~GivenSocket() { ::close(handle_); }

  int handle() const { return handle_; }
  int port() const { return port_; }

 private:
  int handle_ = -1;
  int port_ = 0;
};

TEST(ServiceManagerTest, ItIsToldOfTheDaemonsLife) {
  TempDir home;
  for (const std::string& address :
       {home.file("notify"), "@gembal-test-" + std::to_string(::getpid())}) {
    SCOPED_TRACE(address);
    NotifySocket manager(address);
    Process daemon(home, {"serve", "--sandbox", "--listen", "127.0.0.1:0"},
                   with("NOTIFY_SOCKET", address));
    const auto ready = manager.next();
    EXPECT_EQ(value_of(ready, "READY"), "1") << ready;
    EXPECT_TRUE(value_of(ready, "STATUS").starts_with("serves http://127.0.0.1:")) << ready;
    EXPECT_EQ(health(port_in(ready)), 200) << "who is ready answers";

    const auto before = microseconds_now();
    daemon.signal(SIGHUP);
    const auto reloading = manager.next();
    EXPECT_EQ(value_of(reloading, "RELOADING"), "1") << reloading;
    const auto when = std::atoll(value_of(reloading, "MONOTONIC_USEC").c_str());
    EXPECT_GE(when, before);
    EXPECT_LE(when, microseconds_now());
    const auto again = manager.next();
    EXPECT_EQ(value_of(again, "READY"), "1") << again;
    EXPECT_EQ(value_of(again, "STATUS"), value_of(ready, "STATUS"));

    daemon.signal(SIGTERM);
    const auto stopping = manager.next();
    EXPECT_EQ(value_of(stopping, "STOPPING"), "1") << stopping;
    EXPECT_EQ(value_of(stopping, "EXTEND_TIMEOUT_USEC"), "45000000")
        << "drain_timeout, and time to write what was learned";
    EXPECT_EQ(daemon.wait(), 0);
  }
}

TEST(ServiceManagerTest, AConfigurationThatIsRefusedEndsAReloadAndIsTheStatus) {
  TempDir home;
  NotifySocket manager(home.file("notify"));
  const auto file = home.write("daemon.toml", "");
  Process daemon(home, {"serve", "--sandbox", "--listen", "127.0.0.1:0", "--config", file},
                 with("NOTIFY_SOCKET", home.file("notify")));
  const auto ready = manager.next();
  ASSERT_EQ(value_of(ready, "READY"), "1");
  home.write("daemon.toml", "[pool]\nmax_retries = \"lots\"\n");
  daemon.signal(SIGHUP);
  EXPECT_EQ(value_of(manager.next(), "RELOADING"), "1");
  const auto refused = manager.next();
  EXPECT_EQ(value_of(refused, "READY"), "1");
  EXPECT_NE(value_of(refused, "STATUS").find("daemon.toml:2: pool.max_retries"), std::string::npos)
      << refused;
  EXPECT_EQ(health(port_in(ready)), 200);
}

TEST(ServiceManagerTest, OneThatIsGoneKeepsNobodyFromServing) {
  TempDir home;
  for (const auto& address : {home.file("nobody"), std::string(300, 'x'), std::string("@")}) {
    SCOPED_TRACE(address);
    Process daemon(home, {"serve", "--sandbox", "--listen", "127.0.0.1:0"},
                   with("NOTIFY_SOCKET", address));
    ASSERT_TRUE(daemon.says("Try it:"));
    EXPECT_EQ(health(port_in(daemon.out())), 200);
    daemon.signal(SIGTERM);
    EXPECT_EQ(daemon.wait(), 0);
  }
}

TEST(ServiceManagerTest, ASocketThatIsGivenIsServedInsteadOfServerListen) {
  TempDir home;
  GivenSocket given;
  ListenSocket taken;  // would keep the daemon from starting, were it asked for
  Process daemon(home,
                 {"serve", "--sandbox", "--threads", "3", "--listen",
                  "127.0.0.1:" + std::to_string(taken.port())},
                 kToken, given.handle());
  ASSERT_TRUE(daemon.says("listens on http://127.0.0.1:" + std::to_string(given.port())))
      << daemon.err();
  std::vector<std::thread> clients;
  std::atomic<int> good{0};
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      for (int n = 0; n < 20; ++n) good += health(given.port()) == 200;
    });
  }
  for (auto& client : clients) client.join();
  EXPECT_EQ(good, 160);
}

TEST(ServiceManagerTest, WhoConnectsDuringARestartIsServedAfterIt) {
  TempDir home;
  GivenSocket given;
  const std::vector<std::string> serve = {"serve", "--sandbox"};
  {
    Process daemon(home, serve, kToken, given.handle());
    ASSERT_TRUE(daemon.says("Try it:"));
    EXPECT_EQ(health(given.port()), 200);
    daemon.signal(SIGTERM);
    EXPECT_EQ(daemon.wait(), 0);
  }
  auto early = Socket::connect(given.port());
  ASSERT_GE(early.handle(), 0) << "the socket is the manager's, and still there";
  early.send(http_request("GET", "/healthz", ""));
  Process again(home, serve, kToken, given.handle());
  const auto reply = MessageReader(early, milliseconds{20'000}).read();
  ASSERT_TRUE(reply) << again.err();
  EXPECT_EQ(reply->status(), 200);
}

TEST(ServiceManagerTest, SocketsThatAreForAnotherProcessAreLeftAlone) {
  TempDir home;
  GivenSocket given;
  auto environment = kToken;
  environment["LISTEN_FDS"] = "1";
  environment["LISTEN_PID"] = "1";
  Process daemon(home, {"serve", "--sandbox", "--listen", "127.0.0.1:0"}, environment);
  ASSERT_TRUE(daemon.says("Try it:"));
  EXPECT_NE(port_in(daemon.out()), given.port());
  EXPECT_EQ(health(port_in(daemon.out())), 200);
}

TEST(ServiceManagerTest, WhatCannotBeServedIsRefused) {
  TempDir home;
  GivenSocket datagrams(SOCK_DGRAM), deaf(SOCK_STREAM, false);
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const Socket first(ends[0]), second(ends[1]);
  const struct {
    const char* name;
    int given;
  } cases[] = {
      {"a socket for datagrams", datagrams.handle()},
      {"one that does not listen", deaf.handle()},
      {"one of another family", first.handle()},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Process daemon(home, {"serve", "--sandbox"}, kToken, c.given);
    EXPECT_EQ(daemon.wait(), 2);
    EXPECT_NE(daemon.err().find("no TCP socket that listens"), std::string::npos) << daemon.err();
    EXPECT_NE(daemon.err().find("hint: "), std::string::npos);
  }
}

}  // namespace
}  // namespace gembal::testing
