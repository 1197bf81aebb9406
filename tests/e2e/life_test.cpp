// A daemon's life: keys from other processes, reload, drain, kill -9, and what keeps it from
// starting.

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>

#include "lib/core/json.hpp"
#include "lib/core/secret.hpp"
#include "lib/store/database.hpp"
#include "tests/e2e/bodies.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

constexpr milliseconds kSeen{4'000};  // promised are two seconds; a busy machine may take longer

TEST(LifeTest, KeysChangedOnTheCommandLineWorkInARunningDaemon) {
  FakeUpstream upstream([](Call& call) { call.reply(200, kAnswer); });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {});
  EXPECT_EQ(daemon.post(kGenerate, kHello).status(), 503);
  ASSERT_EQ(run(home, {"keys", "add", "--exact"}, "key-one\nkey-two\n").status, 0);
  EXPECT_TRUE(eventually([&] { return daemon.post(kGenerate, kHello).status() == 200; }, kSeen));
  EXPECT_TRUE(eventually([&] { return daemon.get("/readyz").status() == 200; }, kSeen));
  ASSERT_EQ(run(home, {"keys", "disable", Secret("key-one").id()}).status, 0);
  EXPECT_TRUE(eventually(
      [&] {
        return daemon.post(kGenerate, kHello).header("x-gembal-key") == Secret("key-two").id() &&
               daemon.post(kGenerate, kHello).header("x-gembal-key") == Secret("key-two").id();
      },
      kSeen));
  ASSERT_EQ(run(home, {"keys", "remove", "--status", "ok"}).status, 0);
  EXPECT_TRUE(eventually([&] { return daemon.post(kGenerate, kHello).status() == 503; }, kSeen));
  ASSERT_EQ(run(home, {"keys", "enable", Secret("key-one").id()}).status, 0);
  EXPECT_TRUE(eventually([&] { return daemon.post(kGenerate, kHello).status() == 200; }, kSeen));
}

TEST(LifeTest, AResetEndsACoolDownInARunningDaemon) {
  std::atomic<int> calls{0};
  FakeUpstream upstream([&](Call& call) {
    if (calls++ > 0) return call.reply(200, kAnswer);
    call.reply(
        429,
        R"({"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"PerDay"}]}]}})");
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"});
  EXPECT_EQ(daemon.post(kGenerate, kHello).status(), 429);
  EXPECT_EQ(daemon.post(kGenerate, kHello).status(), 429);
  ASSERT_TRUE(eventually([&] {
    return run(home, {"keys", "list", "--json", "--status", "exhausted"}).out.find("\"id\"") !=
           std::string::npos;
  }));
  ASSERT_EQ(run(home, {"keys", "reset", "--status", "exhausted"}).out, "reset 1\n");
  EXPECT_TRUE(eventually([&] { return daemon.post(kGenerate, kHello).status() == 200; }, kSeen));
}

TEST(LifeTest, AKeyThatWorksAgainComesBackByItselfUnlessItsOwnerDisabledIt) {
  std::atomic<bool> repaired{false};
  FakeUpstream upstream([&](Call& call) {
    if (repaired) return call.reply(200, kAnswer);
    call.reply(
        403,
        R"({"error":{"code":403,"message":"Your API key was reported as leaked.","status":"PERMISSION_DENIED"}})");
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-learned", "key-by-hand"},
                "[pool]\ncheck_interval = \"200ms\"\n");
  ASSERT_EQ(run(home, {"keys", "disable", "key-by-hand"}).status, 0);
  ASSERT_TRUE(daemon.process().says("keys were changed in the store"));
  ASSERT_TRUE(eventually([&] { return daemon.post(kGenerate, kHello).status() == 503; }));
  const auto asked_by_hand = [&] {
    const auto log = upstream.log();
    return std::count_if(log.begin(), log.end(),
                         [](const auto& line) { return line.starts_with("key-by-hand"); });
  };
  const auto before = asked_by_hand();
  const auto seen = upstream.log().size();
  EXPECT_TRUE(eventually([&] { return upstream.log().size() >= seen + 3; }))
      << "asked again and again";
  EXPECT_EQ(daemon.post(kGenerate, kHello).status(), 503);
  repaired = true;
  EXPECT_TRUE(eventually([&] { return daemon.post(kGenerate, kHello).status() == 200; }));
  EXPECT_TRUE(daemon.process().says("a disabled key works again"));
  EXPECT_EQ(asked_by_hand(), before);
  EXPECT_NE(
      run(home, {"keys", "list", "--json", "--status", "disabled"}).out.find("disabled by hand"),
      std::string::npos);
}

TEST(LifeTest, WhatWasLearnedSurvivesKillMinusNine) {
  const std::string day =
      R"({"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel"}]}]}})";
  FakeUpstream upstream([&](Call& call) {
    call.key() == "key-spent" ? call.reply(429, day)
    : call.key() == "key-leaked"
        ? call.reply(
              403,
              R"({"error":{"code":403,"message":"Your API key was reported as leaked.","status":"PERMISSION_DENIED"}})")
        : call.reply(200, kAnswer);
  });
  TempDir home;
  {
    Daemon daemon(home, upstream.base_url(), {"key-spent", "key-leaked", "key-good"});
    EXPECT_EQ(daemon.post(kGenerate, kHello).status(), 200);
    ASSERT_TRUE(eventually([&] {
      return run(home, {"keys", "list", "--json", "--status", "ok"}).out.find("exhausted") ==
                 std::string::npos &&
             run(home, {"keys", "list", "--json", "--status", "disabled"}).out.find("leaked") !=
                 std::string::npos &&
             run(home, {"keys", "list", "--json", "--status", "exhausted"}).out.find("\"id\"") !=
                 std::string::npos;
    }));
    daemon.process().signal(SIGKILL);
    EXPECT_EQ(daemon.process().wait(), 128 + SIGKILL);
  }
  const auto before = upstream.log().size();
  Daemon again(home, upstream.base_url(), {});
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(again.post(kGenerate, kHello).header("x-gembal-key"), Secret("key-good").id());
  const auto log = upstream.log();
  for (std::size_t i = before; i < log.size(); ++i)
    EXPECT_TRUE(log[i].starts_with("key-good")) << log[i];
}

TEST(LifeTest, AStoreThatIsLockedStopsNoRequest) {
  FakeUpstream upstream([](Call& call) {
    if (call.key() == "key-good") return call.reply(200, kAnswer);
    call.reply(
        403,
        R"({"error":{"code":403,"message":"Your API key was reported as leaked.","status":"PERMISSION_DENIED"}})");
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-leaked", "key-good"});
  auto other = store::Database::open(*store::parse_url(home.file("data/gembal/gembal.db")),
                                     milliseconds{5'000});
  ASSERT_TRUE(other);
  const auto locked = other->write([&](soci::session&) {
    for (int i = 0; i < 20; ++i) EXPECT_EQ(daemon.post(kGenerate, kHello).status(), 200);
  });
  ASSERT_TRUE(locked);
  EXPECT_EQ(upstream.log().size(), 21u) << "the leaked key was asked once";
  EXPECT_TRUE(eventually([&] {
    return run(home, {"keys", "list", "--json", "--status", "disabled"}).out.find("leaked") !=
           std::string::npos;
  })) << "what was learned meanwhile is kept";
}

TEST(LifeTest, AStoreThatCanOnlyBeReadIsSaidOnceAndNothingIsLost) {
  FakeUpstream upstream([](Call& call) { call.reply(200, kAnswer); });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"});
  auto other = store::Database::open(*store::parse_url(home.file("data/gembal/gembal.db")),
                                     milliseconds{5'000});
  ASSERT_TRUE(other);
  // As on a full disk: what is there can be read.
  ASSERT_TRUE(other->write([](soci::session& sql) {
    sql << "CREATE TRIGGER full BEFORE INSERT ON usage_hours BEGIN SELECT RAISE(ABORT, 'full'); END";
  }));
  const auto said = [&](const std::string& text) {
    const auto log = daemon.process().err() + daemon.process().out();
    int count = 0;
    for (auto at = log.find(text); at != std::string::npos; at = log.find(text, at + 1)) ++count;
    return count;
  };
  EXPECT_EQ(daemon.post(kGenerate, kHello).status(), 200);
  ASSERT_TRUE(daemon.process().says("cannot use the key store"));
  const auto began = std::chrono::steady_clock::now();
  int asked = 1;
  ASSERT_TRUE(eventually([&] {
    EXPECT_EQ(daemon.post(kGenerate, kHello).status(), 200);
    ++asked;
    return std::chrono::steady_clock::now() - began > std::chrono::seconds{2};
  }));
  EXPECT_EQ(said("cannot use the key store"), 1);
  EXPECT_EQ(said("the key store works again"), 0);
  EXPECT_EQ(daemon.get("/readyz").status(), 503);
  ASSERT_TRUE(other->write([](soci::session& sql) { sql << "DROP TRIGGER full"; }));
  EXPECT_TRUE(daemon.process().says("the key store works again"));
  EXPECT_TRUE(eventually([&] {
    const auto list = parse_json(run(home, {"keys", "list", "--json"}).out);
    return list && (*list)["keys"][0]["requests_24h"] == asked;
  })) << "what was counted meanwhile is kept";
}

TEST(LifeTest, OnSigtermRunningAnswersFinishAndNewOnesAreNotTaken) {
  Gate go;
  FakeUpstream upstream([&](Call& call) {
    call.begin_stream();
    call.chunk("data: " + kPart + "\r\n\r\n");
    go.wait();
    call.chunk("data: " + kAnswer + "\r\n\r\n");
    call.end_stream();
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"});
  auto idle = Socket::connect(daemon.port());
  idle.send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(MessageReader(idle).read());
  auto socket = Socket::connect(daemon.port());
  socket.send(http_request("POST", kStream, kHello, {"x-goog-api-key: sk-test"}));
  MessageReader reader(socket);
  const auto head = reader.read_head();
  ASSERT_TRUE(head);
  daemon.process().signal(SIGTERM);
  EXPECT_TRUE(idle.peer_leaves(milliseconds{5'000})) << "idle connections are closed at once";
  EXPECT_TRUE(eventually([&] { return Socket::connect(daemon.port()).handle() < 0; }));
  go.open();
  std::string body;
  while (const auto more = reader.more()) {
    if (more->empty()) break;
    body += *more;
  }
  EXPECT_NE(body.find("hello"), std::string::npos);
  EXPECT_NE(body.find("\r\n0\r\n\r\n"), std::string::npos);
  EXPECT_EQ(daemon.process().wait(), 0);
}

TEST(LifeTest, ASecondSignalOrTheDrainsEndCutsWhatStillRuns) {
  for (const bool second : {true, false}) {
    SCOPED_TRACE(second ? "second signal" : "drain_timeout");
    FakeUpstream upstream([&](Call& call) {
      call.begin_stream();
      call.chunk("data: " + kPart + "\r\n\r\n");
      call.caller_leaves();
      call.cut();
    });
    TempDir home;
    Daemon daemon(home, upstream.base_url(), {"key-one"},
                  second ? "" : "[server]\ndrain_timeout = \"300ms\"\n");
    auto socket = Socket::connect(daemon.port());
    socket.send(http_request("POST", kStream, kHello, {"x-goog-api-key: sk-test"}));
    ASSERT_TRUE(socket.receive(milliseconds{5'000}));
    daemon.process().signal(SIGTERM);
    if (second) {
      ASSERT_TRUE(eventually([&] { return Socket::connect(daemon.port()).handle() < 0; }));
      daemon.process().signal(SIGTERM);
    }
    EXPECT_TRUE(daemon.process().wait(milliseconds{10'000}).has_value());
    EXPECT_TRUE(socket.peer_leaves(milliseconds{5'000}));
  }
}

TEST(LifeTest, OnSighupTheConfigurationIsReadAgain) {
  FakeUpstream upstream([](Call& call) {
    call.reply(500, R"({"error":{"code":500,"message":"busy","status":"INTERNAL"}})");
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"}, "[pool]\nmax_retries = 0\n");
  daemon.post(kGenerate, kHello);
  EXPECT_EQ(upstream.log().size(), 1u);
  home.write("daemon.toml", "[pool]\nmax_retries = 1\n");
  daemon.process().signal(SIGHUP);
  EXPECT_TRUE(eventually([&] {
    const auto before = upstream.log().size();
    daemon.post(kGenerate, kHello);
    return upstream.log().size() - before == 2;
  }));
  home.write("daemon.toml", "[pool]\nmax_retries = \"lots\"\n");
  daemon.process().signal(SIGHUP);
  EXPECT_TRUE(daemon.process().says("daemon.toml:2: pool.max_retries must be"));
  const auto before = upstream.log().size();
  daemon.post(kGenerate, kHello);
  EXPECT_EQ(upstream.log().size() - before, 2u) << "a bad file changes nothing";
}

TEST(LifeTest, ATokenIsMadeOnceAndKept) {
  TempDir home;
  std::string token;
  for (int start = 0; start < 2; ++start) {
    Process process(home, {"serve", "--listen", "127.0.0.1:0"});
    ASSERT_TRUE(process.says("Try it:"));
    const auto out = process.out();
    const int port = std::atoi(out.c_str() + out.find("http://127.0.0.1:") + 17);
    if (start == 0) {
      const auto at = out.find("client token      ") + 18;
      token = out.substr(at, out.find_first_of(" \n", at) - at);
      EXPECT_GT(token.size(), 20u);
      EXPECT_NE(out.find("made just now"), std::string::npos);
    } else {
      EXPECT_EQ(out.find(token), std::string::npos) << "a log must not get it a second time";
    }
    EXPECT_EQ(ask(port, http_request("GET", "/v1/models", "", {"Authorization: Bearer " + token}))
                  .status(),
              503)
        << "no keys, but let in";
    EXPECT_EQ(ask(port, http_request("GET", "/v1/models", "", {"Authorization: Bearer x" + token}))
                  .status(),
              401);
    process.signal(SIGTERM);
    EXPECT_EQ(process.wait(), 0);
  }
}

TEST(LifeTest, TheAdministratorsTokenIsGoodForClients) {
  TempDir home;
  Process process(home, {"serve", "--sandbox", "--listen", "127.0.0.1:0"},
                  {{"ALLOWED_TOKENS", "sk-client"}, {"AUTH_TOKEN", "sk-admin"}});
  ASSERT_TRUE(process.says("Try it:"));
  const auto out = process.out();
  const int port = std::atoi(out.c_str() + out.find("http://127.0.0.1:") + 17);
  for (const char* token : {"sk-client", "sk-admin"}) {
    EXPECT_EQ(ask(port, http_request("GET", "/v1/models", "", {std::string("x-api-key: ") + token}))
                  .status(),
              200)
        << token;
  }
}

TEST(LifeTest, WhatKeepsItFromStartingIsSaidWithTheRightStatus) {
  TempDir home;
  ListenSocket taken;
  const auto broken = home.write("broken.toml", "[server]\nlisten = \n");
  const auto text = home.write(
      "text.db", "this is no database at all, whatever its name may be " + std::string(1000, 'x'));
  const struct {
    const char* name;
    std::vector<std::string> arguments;
    int status;
    const char* says;
  } cases[] = {
      {"a port in use",
       {"serve", "--listen", "127.0.0.1:" + std::to_string(taken.port())},
       1,
       "in use"},
      {"an address that is none", {"serve", "--listen", "nowhere"}, 2, "HOST:PORT"},
      {"a broken configuration", {"serve", "--config", broken}, 2, "broken.toml:2"},
      {"a file that is not there", {"serve", "--config", home.file("none.toml")}, 2, "none.toml"},
      {"a store that is none",
       {"serve", "--store", text, "--listen", "127.0.0.1:0"},
       1,
       "no key store"},
      {"a folder as the store",
       {"serve", "--store", home.path().string(), "--listen", "127.0.0.1:0"},
       1,
       "folder"},
      {"a wrong option", {"serve", "--lisen", "x"}, 2, "--listen"},
      {"a wrong command", {"srve"}, 2, "serve"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto finished = run(home, c.arguments);
    EXPECT_EQ(finished.status, c.status) << finished.err;
    EXPECT_TRUE(finished.err.starts_with("gembal: ")) << finished.err;
    EXPECT_NE(finished.err.find(c.says), std::string::npos) << finished.err;
    EXPECT_EQ(finished.out, "");
  }
}

TEST(LifeTest, SeveralThreadsServeTheSamePort) {
  std::atomic<int> served{0};
  FakeUpstream upstream([&](Call& call) {
    ++served;
    call.reply(200, kAnswer);
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"}, "[server]\nthreads = 3\n");
  std::vector<std::thread> clients;
  std::atomic<int> good{0};
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      for (int n = 0; n < 25; ++n) good += daemon.post(kGenerate, kHello).body == kAnswer;
    });
  }
  for (auto& client : clients) client.join();
  EXPECT_EQ(good, 200);
  EXPECT_EQ(served, 200);
  EXPECT_EQ(daemon.stop(), 0);
}

}  // namespace
}  // namespace gembal::testing
