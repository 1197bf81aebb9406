// Upstream proxies through the running binary.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "lib/core/json.hpp"
#include "tests/e2e/bodies.hpp"
#include "tests/support/fake_proxy.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

constexpr const char* kLogin = "me:hunter2";
const std::string kRegion =
    R"({"error":{"code":400,"message":"User location is not supported for the API use.","status":"FAILED_PRECONDITION"}})";

std::string listed(const std::vector<std::string>& urls) {
  Json list = urls;
  return to_text(list);
}
std::string toml(const std::vector<std::string>& urls, const std::string& more = "") {
  return "[upstream]\nproxies = " + listed(urls) + "\n" + more;
}

int times(const std::string& text, const std::string& part) {
  int count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

/// Which keys came through which proxy.
class Seen {
 public:
  void note(const Call& call) {
    const std::lock_guard lock(mutex_);
    ways_[call.key()].insert(call.request.header("via"));
  }
  std::map<std::string, std::set<std::string>> ways() const {
    const std::lock_guard lock(mutex_);
    return ways_;
  }

 private:
  mutable std::mutex mutex_;  // guards what follows
  std::map<std::string, std::set<std::string>> ways_;
};

/// Neither the log nor what the daemon prints has a password.
void expect_no_password(Daemon& daemon) {
  EXPECT_EQ(times(daemon.process().err() + daemon.process().out(), "hunter2"), 0)
      << daemon.process().err();
}

std::vector<std::string> keys(int count) {
  std::vector<std::string> made;
  for (int i = 1; i <= count; ++i) made.push_back("key-" + std::to_string(i));
  return made;
}

/// As the API does: a stream where one is asked for.
void answer(Call& call) {
  if (call.path().find("stream") == std::string::npos) return call.reply(200, kAnswer);
  call.begin_stream();
  call.chunk("data: " + kPart + "\n\n");
  call.chunk("data: " + kAnswer + "\n\n");
  call.end_stream();
}

TEST(ProxiesTest, EachKeyKeepsItsExit) {
  Seen seen;
  FakeUpstream upstream([&](Call& call) {
    seen.note(call);
    call.reply(200, kAnswer);
  });
  FakeProxy first(FakeProxy::Kind::http, kLogin), second(FakeProxy::Kind::http, kLogin);
  TempDir home;
  Daemon daemon(home, upstream.base_url(), keys(12), toml({first.url(kLogin), second.url(kLogin)}));
  for (int i = 0; i < 36; ++i) EXPECT_EQ(daemon.post(kGenerate, kHello).status(), 200);
  std::set<std::string> used;
  for (const auto& [key, ways] : seen.ways()) {
    EXPECT_EQ(ways.size(), 1u) << key;
    used.insert(ways.begin(), ways.end());
  }
  EXPECT_EQ(seen.ways().size(), 12u);
  EXPECT_EQ(used, (std::set<std::string>{"1.1 " + std::to_string(first.port()),
                                         "1.1 " + std::to_string(second.port())}));
  EXPECT_EQ(first.log().size() + second.log().size(), 36u);
  // A request is logged once its answer is out.
  EXPECT_TRUE(eventually([&] { return times(daemon.process().err(), "proxy=http://…~") == 36; }))
      << daemon.process().err();
  expect_no_password(daemon);
}

TEST(ProxiesTest, AtRandomAKeyGoesThroughAll) {
  Seen seen;
  FakeUpstream upstream([&](Call& call) {
    seen.note(call);
    call.reply(200, kAnswer);
  });
  FakeProxy first, second;
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"},
                toml({first.url(), second.url()}, "proxy_policy = \"random\"\n"));
  for (int i = 0; i < 40; ++i) EXPECT_EQ(daemon.post(kGenerate, kHello).status(), 200);
  EXPECT_EQ(seen.ways()["key-one"].size(), 2u);
}

TEST(ProxiesTest, ADeadOneIsLeftOutAndUsedAgainWhenItIsBack) {
  FakeUpstream upstream(answer);
  FakeProxy first(FakeProxy::Kind::http, kLogin), second(FakeProxy::Kind::http, kLogin);
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"},
                toml({first.url(kLogin), second.url(kLogin)}));
  EXPECT_EQ(daemon.post(kGenerate, kHello).status(), 200);
  auto& its_own = first.log().empty() ? second : first;
  auto& other = first.log().empty() ? first : second;
  its_own.down();
  for (int i = 0; i < 10; ++i) {
    const auto reply = daemon.post(kGenerate, kHello);
    EXPECT_EQ(reply.status(), 200) << reply.body;
    if (i < 2)
      EXPECT_EQ(times(reply.header("x-gembal-attempts"), "proxy failed"), 1)
          << reply.header("x-gembal-attempts");
  }
  EXPECT_EQ(other.log().size(), 10u);
  EXPECT_TRUE(daemon.process().says("a proxy does not work: the proxy refused"));
  EXPECT_EQ(times(daemon.process().err(), "a proxy does not work: the proxy refused"), 1);
  its_own.up();
  EXPECT_TRUE(eventually(
      [&] {
        EXPECT_EQ(daemon.post(kGenerate, kHello).status(), 200);
        return its_own.log().size() >= 2;
      },
      milliseconds{30'000}));
  EXPECT_EQ(daemon.post(kGenerate, kHello).status(), 200);
  EXPECT_TRUE(daemon.process().says("a proxy works again"));
  EXPECT_GE(its_own.log().size(), 3u) << "the key is back at its exit";
  EXPECT_EQ(times(daemon.process().err(), "a proxy works again"), 1);
  expect_no_password(daemon);
}

TEST(ProxiesTest, WhenAllAreDeadThatIsSaidAndNoKeyIsBlamed) {
  FakeUpstream upstream(answer);
  FakeProxy first, second;
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"}, toml({first.url(), second.url()}));
  first.down();
  second.down();
  for (int i = 0; i < 2; ++i) {
    const auto reply = daemon.post(kGenerate, kHello);
    EXPECT_EQ(reply.status(), 502);
    EXPECT_NE(reply.body.find("the proxy refused the connection"), std::string::npos) << reply.body;
  }
  second.up();
  EXPECT_EQ(daemon.post(kGenerate, kHello).status(), 200) << "they are tried all the same";
  EXPECT_TRUE(upstream.log().size() == 1 && second.log().size() == 1);
}

TEST(ProxiesTest, AWrongLoginIsSaidWithoutThePassword) {
  FakeUpstream upstream(answer);
  for (const auto kind : {FakeProxy::Kind::http, FakeProxy::Kind::socks}) {
    FakeProxy proxy(kind, "me:another");
    TempDir home;
    Daemon daemon(home, upstream.base_url(), {"key-one"},
                  toml({proxy.url(kLogin)}) + "[pool]\nmax_retries = 1\n");
    const auto reply = daemon.post(kGenerate, kHello);
    EXPECT_EQ(reply.status(), 502);
    EXPECT_NE(reply.body.find("the proxy refused the login"), std::string::npos) << reply.body;
    EXPECT_EQ(reply.body.find("hunter2"), std::string::npos);
    EXPECT_TRUE(daemon.process().says("a proxy does not work: the proxy refused the login"));
    expect_no_password(daemon);
  }
  EXPECT_TRUE(upstream.log().empty());
}

TEST(ProxiesTest, ARefusedRegionIsTheProxysAndNotTheKeys) {
  FakeProxy first, second;
  const auto refused = "1.1 " + std::to_string(first.port());
  FakeUpstream upstream([&](Call& call) {
    const bool is_refused = call.request.header("via") == refused;
    call.reply(is_refused ? 400 : 200, is_refused ? kRegion : kAnswer);
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), keys(8), toml({first.url(), second.url()}));
  for (int i = 0; i < 24; ++i) {
    const auto reply = daemon.post(kGenerate, kHello);
    EXPECT_EQ(reply.status(), 200) << reply.body;
  }
  EXPECT_EQ(first.log().size(), 1u) << "it is left out at once";
  EXPECT_TRUE(daemon.process().says("a proxy is left out"));
  EXPECT_EQ(times(daemon.process().err(), "a proxy is left out"), 1) << daemon.process().err();
  const auto list = run(home, {"keys", "list", "--json"}).out;
  EXPECT_EQ(times(list, "\"status\":\"ok\""), 8) << list;
}

TEST(ProxiesTest, StreamsAndUploadsGoThroughSocks) {
  FakeUpstream upstream(answer);
  FakeProxy dead(FakeProxy::Kind::socks, kLogin), good(FakeProxy::Kind::socks, kLogin);
  dead.down();
  TempDir home;
  Daemon daemon(home, upstream.base_url(), keys(4), toml({dead.url(kLogin), good.url(kLogin)}));
  for (int i = 0; i < 4; ++i) {
    const auto reply = daemon.post(kStream, kHello);
    EXPECT_EQ(reply.status(), 200);
    EXPECT_EQ(reply.body, "data: " + kPart + "\n\ndata: " + kAnswer + "\n\n");
  }
  EXPECT_FALSE(good.log().empty());
  expect_no_password(daemon);
}

TEST(ProxiesTest, ABodyThatWasNotBegunIsSentAnotherWay) {
  FakeUpstream upstream(
      [](Call& call) { call.reply(200, R"({"file":{"name":"files/a","uri":"x"}})"); });
  FakeProxy first, second;
  first.down();
  TempDir home;
  Daemon daemon(home, upstream.base_url(), keys(4), toml({first.url(), second.url()}));
  const std::string body(300'000, 'x');
  for (int i = 0; i < 4; ++i) {
    const auto reply = daemon.post("/upload/v1beta/files?uploadType=media", body);
    EXPECT_EQ(reply.status(), 200) << reply.body;
    EXPECT_EQ(upstream.last().body.size(), body.size());
  }
}

TEST(ProxiesTest, TheListOfModelsAndCommandsGoThroughThem) {
  FakeUpstream upstream([](Call& call) {
    if (call.path().find("/models?") != std::string::npos)
      return call.reply(200, R"({"models":[{"name":"models/gemini-2.5-flash"}]})");
    call.reply(200, kAnswer);
  });
  FakeProxy proxy(FakeProxy::Kind::http, kLogin);
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"}, toml({proxy.url(kLogin)}));
  EXPECT_EQ(daemon.get("/v1beta/models").status(), 200);
  EXPECT_EQ(proxy.log().size(), 1u);
  const Environment environment = {{"BASE_URL", upstream.base_url()},
                                   {"PROXIES", proxy.url(kLogin)}};
  EXPECT_EQ(run(home, {"keys", "check"}, "", environment).status, 0);
  EXPECT_EQ(proxy.log().size(), 2u);
  EXPECT_EQ(run(home, {"models"}, "", environment).status, 0);
  EXPECT_EQ(proxy.log().size(), 3u);
  EXPECT_EQ(run(home, {"doctor", "--keys"}, "", environment).out.find("hunter2"),
            std::string::npos);
  EXPECT_EQ(upstream.connections(), proxy.log().size()) << "nothing went around it";
}

TEST(ProxiesTest, ADaemonIsReachedWithoutThem) {
  FakeUpstream upstream(answer);
  FakeProxy proxy;
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"});
  const auto done = run(home,
                        {"chat", "hi", "--via", "http://127.0.0.1:" + std::to_string(daemon.port()),
                         "--token", "sk-test"},
                        "", {{"PROXIES", proxy.url()}});
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_TRUE(proxy.log().empty());
}

TEST(ProxiesTest, OnesThatAreNotConfiguredYetAreTriedOut) {
  FakeUpstream upstream([](Call& call) { call.reply(403, "{}"); });
  FakeProxy configured(FakeProxy::Kind::http, kLogin), fresh, dead;
  dead.down();
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"}, toml({configured.url(kLogin)}));
  const auto send = [&](const std::string& method, const std::string& path, const Json& body) {
    const auto reply = daemon.send(method, path, body.is_null() ? "" : to_text(body),
                                   {"Authorization: Bearer sk-test"});
    EXPECT_EQ(reply.status(), 200) << reply.body;
    return *parse_json(reply.body);
  };
  Json shown;
  const auto config = send("GET", "/api/admin/config", {});
  for (const auto& setting : config["settings"])
    if (setting["key"] == "upstream.proxies") shown = setting["value"];
  ASSERT_EQ(shown.size(), 1u);
  const auto answer =
      send("POST", "/api/admin/proxies/check",
           {{"proxies", {shown[0], fresh.url(), dead.url(kLogin), "ftp://me:hunter2@host:1"}}});
  const auto& told = answer["proxies"];
  ASSERT_EQ(told.size(), 4u);
  EXPECT_EQ(told[0]["works"], true) << told[0];
  EXPECT_EQ(told[0]["proxy"], shown[0]);
  EXPECT_EQ(told[1]["works"], true) << told[1];
  EXPECT_EQ(told[2]["works"], false);
  EXPECT_NE(told[2]["message"], "");
  EXPECT_EQ(told[3]["works"], false);
  EXPECT_EQ(told[3]["proxy"], "host:1");
  EXPECT_EQ(to_text(answer).find("hunter2"), std::string::npos) << answer;
  EXPECT_EQ(upstream.last().header("x-goog-api-key"), "") << "a check sends no key";
  expect_no_password(daemon);
}

TEST(ProxiesTest, AChangedListHoldsForTheNextRequest) {
  FakeUpstream upstream(answer);
  FakeProxy proxy(FakeProxy::Kind::http, kLogin);
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"});
  EXPECT_EQ(daemon.post(kGenerate, kHello).status(), 200);
  EXPECT_TRUE(proxy.log().empty());
  const auto set = run(home, {"config", "set", "upstream.proxies", "-"}, proxy.url(kLogin));
  EXPECT_EQ(set.status, 0) << set.err;
  EXPECT_EQ(times(set.out + set.err, "hunter2"), 0) << set.out << set.err;
  EXPECT_TRUE(eventually([&] {
    EXPECT_EQ(daemon.post(kGenerate, kHello).status(), 200);
    return !proxy.log().empty();
  }));
  const auto shown = run(home, {"config", "get", "upstream.proxies"});
  EXPECT_EQ(times(shown.out, "http://…~"), 1) << shown.out;
  EXPECT_EQ(times(run(home, {"config", "show"}).out, "hunter2"), 0);
}

}  // namespace
}  // namespace gembal::testing
