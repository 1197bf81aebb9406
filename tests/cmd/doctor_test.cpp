#include <gtest/gtest.h>

#include <filesystem>

#include "lib/core/json.hpp"
#include "lib/core/time.hpp"
#include "tests/support/fake_proxy.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

constexpr const char* kRefusal =
    R"({"error":{"code":403,"message":"Method doesn't allow unregistered callers","status":"PERMISSION_DENIED"}})";

/// Answers an unknown caller as Google does, `behind` its real time.
FakeUpstream google(std::chrono::seconds behind = {}) {
  return FakeUpstream([behind](Call& call) {
    const auto now = std::chrono::system_clock::now() - behind;
    call.reply(403, kRefusal, "application/json", {"Date: " + to_http_date(now)});
  });
}

struct Examined {
  int status;
  Json json;

  /// "fail: message — hint" of what has this name.
  std::string operator[](const std::string& name) const {
    for (const auto& check : json["checks"]) {
      if (check["name"] != name) continue;
      std::string text =
          check["status"].get<std::string>() + ": " + check["message"].get<std::string>();
      if (check["hint"] != "") text += " — " + check["hint"].get<std::string>();
      return text;
    }
    return "";
  }
};

Examined examine(const TempDir& home, Environment environment, std::vector<std::string> more = {}) {
  environment.emplace("LC_ALL", "C.UTF-8");
  environment.emplace("GEMBAL_SERVER_LISTEN", "127.0.0.1:0");
  std::vector<std::string> words = {"doctor", "--json"};
  words.insert(words.end(), more.begin(), more.end());
  const auto done = run(home, words, "", environment);
  EXPECT_EQ(done.err, "");
  const auto json = parse_json(done.out);
  EXPECT_TRUE(json) << done.out;
  return {done.status, json ? *json : Json::object()};
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(DoctorTest, AllIsWell) {
  TempDir home;
  auto upstream = google();
  run(home, {"keys", "add", "--exact"}, "key-one\nkey-two\n");
  const auto found = examine(home, {{"BASE_URL", upstream.base_url()}});
  EXPECT_EQ(found.status, 0) << found.json;
  EXPECT_EQ(found.json["ok"], true);
  std::vector<std::string> names;
  for (const auto& check : found.json["checks"]) {
    names.push_back(check["name"]);
    EXPECT_EQ(check["status"], "ok") << check;
  }
  EXPECT_EQ(names, (std::vector<std::string>{"config", "environment", "store", "permissions",
                                             "space", "keys", "proxy", "name", "upstream", "clock",
                                             "listen", "terminal"}));
  EXPECT_EQ(found["keys"], "ok: 2 keys: 2 ok");
  EXPECT_TRUE(has(found["store"], "schema ")) << found["store"];
  for (const auto& request : upstream.log())
    EXPECT_EQ(request.find("key-"), std::string::npos) << "no key is sent";
}

TEST(DoctorTest, SaysWhatToDoOnAFreshMachine) {
  TempDir home;
  auto upstream = google();
  const auto done = run(home, {"doctor"}, "", {{"BASE_URL", upstream.base_url()}, {"LC_ALL", "C"}});
  EXPECT_EQ(done.status, 1);
  EXPECT_TRUE(has(done.out, "fail  keys          there are none  — add some: gembal keys add"))
      << done.out;
  EXPECT_TRUE(has(done.out, "warn  terminal")) << done.out;
  EXPECT_TRUE(has(done.out, "ok    upstream")) << done.out;
  EXPECT_FALSE(std::filesystem::exists(home.file("data") + "/gembal")) << "looking makes nothing";
  const auto quiet =
      run(home, {"doctor", "-q"}, "", {{"BASE_URL", upstream.base_url()}, {"LC_ALL", "C"}});
  EXPECT_EQ(quiet.out.find("ok    "), std::string::npos) << quiet.out;
}

TEST(DoctorTest, FindsWhatIsWrongWithTheNetwork) {
  TempDir home;
  ListenSocket silent;
  auto late = google(std::chrono::minutes{5});
  FakeUpstream other([](Call& call) { call.reply(404, "<html>", "text/html"); });
  const int unused = ListenSocket().port();
  const struct {
    const char* name;
    std::string base_url;
    const char* finding;
    const char* expected;
  } cases[] = {
      {"nobody there", "http://127.0.0.1:" + std::to_string(unused) + "/v1beta", "upstream",
       "fail: "},
      {"nobody answers", "http://127.0.0.1:" + std::to_string(silent.port()) + "/v1beta",
       "upstream", "fail: "},
      {"then the clock is not known", "http://127.0.0.1:" + std::to_string(unused) + "/v1beta",
       "clock", "warn: not compared"},
      {"another clock", late.base_url(), "clock", "fail: is 5m"},
      {"another server", other.base_url(), "upstream", "warn: "},
      {"no such name", "http://nobody.invalid/v1beta", "name", "fail: nobody.invalid"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto began = std::chrono::steady_clock::now();
    const auto found = examine(home, {{"BASE_URL", c.base_url}});
    EXPECT_EQ(found.status, 1);
    EXPECT_TRUE(has(found[c.finding], c.expected)) << found.json;
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds{10});
  }
}

TEST(DoctorTest, NamesProxiesWithoutWhoLogsIn) {
  TempDir home;
  const auto found = examine(home, {{"BASE_URL", "https://nobody.invalid/v1beta"},
                                    {"https_proxy", "http://me:quite-secret@127.0.0.1:1"}});
  EXPECT_EQ(found["proxy"], "ok: https_proxy=http://127.0.0.1:1");
  EXPECT_TRUE(has(found["upstream"], "fail: ")) << found.json;
}

TEST(DoctorTest, AsksThroughEachConfiguredProxy) {
  TempDir home;
  auto upstream = google();
  run(home, {"keys", "add", "--exact"}, "key-one\n");
  FakeProxy good(FakeProxy::Kind::http, "me:quite-secret"), dead;
  dead.down();
  const auto login = good.url("me:quite-secret");
  auto found =
      examine(home, {{"BASE_URL", upstream.base_url()}, {"PROXIES", login + "," + dead.url()}});
  EXPECT_EQ(found.status, 0) << found.json;
  std::vector<std::string> proxies;
  for (const auto& check : found.json["checks"]) {
    if (check["name"] == "proxy")
      proxies.push_back(check["status"].get<std::string>() + ": " +
                        check["message"].get<std::string>());
  }
  ASSERT_EQ(proxies.size(), 2u);
  EXPECT_TRUE(has(proxies[0], "ok: http://…~")) << proxies[0];
  EXPECT_TRUE(has(proxies[0], " works, in ")) << proxies[0];
  EXPECT_EQ(proxies[1], "warn: " + dead.url() + ": the proxy refused the connection");
  EXPECT_TRUE(has(found["upstream"], "ok: ")) << found["upstream"];
  EXPECT_EQ(good.log().size(), 2u) << "upstream is looked at through one that works";

  found = examine(home, {{"BASE_URL", upstream.base_url()},
                         {"PROXIES", good.url("me:another-secret") + "," + dead.url()}});
  EXPECT_EQ(found.status, 1);
  EXPECT_TRUE(has(found["proxy"], "the proxy refused the login")) << found["proxy"];
  EXPECT_TRUE(has(found["upstream"], "no proxy leads to it")) << found["upstream"];
  EXPECT_FALSE(has(found.json.dump(), "another-secret"));
}

TEST(DoctorTest, FindsWhatIsWrongWithTheConfiguration) {
  TempDir home;
  auto upstream = google();
  const auto bad = home.write("bad.toml", "[pool]\nmax_retry = 1\n");
  auto found =
      examine(home, {{"BASE_URL", upstream.base_url()}, {"https_proxy", "http://127.0.0.1:1"}},
              {"--config", bad});
  EXPECT_EQ(found.status, 1);
  EXPECT_TRUE(has(found["config"], "fail: bad.toml:2: unknown setting")) << found["config"];
  EXPECT_TRUE(has(found["config"], "did you mean 'pool.max_retries'?"));

  found = examine(
      home,
      {{"BASE_URL", upstream.base_url()}, {"GEMBAL_POOL_MAX_RETRY", "1"}, {"MYSQL_HOST", "db"}});
  EXPECT_EQ(found["environment"],
            "warn: GEMBAL_POOL_MAX_RETRY is no setting; MYSQL_HOST has no effect: DATABASE_TYPE "
            "is not mysql — did you mean GEMBAL_POOL_MAX_RETRIES?");
}

TEST(DoctorTest, FindsWhatIsWrongWithTheStore) {
  TempDir home;
  auto upstream = google();
  const Environment environment = {{"BASE_URL", upstream.base_url()}};
  auto found =
      examine(home, environment, {"--store", home.write("text.db", "This is no database at all.")});
  EXPECT_EQ(found.status, 1);
  EXPECT_TRUE(has(found["store"], "fail: ")) << found.json;
  EXPECT_TRUE(has(found["config"], "warn: what is saved in the store is not known")) << found.json;
  EXPECT_TRUE(has(found["keys"], "warn: not known")) << found.json;

  run(home, {"keys", "add", "--exact"}, "key-one\n");
  const auto store = home.file("data") + "/gembal/gembal.db";
  std::filesystem::permissions(store, std::filesystem::perms{0644});
  found = examine(home, environment);
  EXPECT_TRUE(
      has(found["permissions"], "warn: others may use the store: its permissions were 0644"))
      << found.json;
  std::filesystem::permissions(home.file("data") + "/gembal", std::filesystem::perms{0755});
  found = examine(home, environment);
  EXPECT_TRUE(has(found["permissions"], "warn: others may look into")) << found.json;
  EXPECT_EQ(found.status, 0);
  run(home, {"keys", "disable", "key-one"});
  found = examine(home, environment);
  EXPECT_TRUE(has(found["keys"], "fail: 1 key: 1 disabled")) << found.json;
}

TEST(DoctorTest, KnowsItsOwnDaemonFromOthers) {
  TempDir home;
  auto upstream = google();
  Daemon daemon(home, upstream.base_url(), {"key-one"});
  const auto own = "127.0.0.1:" + std::to_string(daemon.port());
  auto found = examine(home, {{"BASE_URL", upstream.base_url()}, {"GEMBAL_SERVER_LISTEN", own}});
  EXPECT_EQ(found["listen"], "ok: a gembal daemon answers on " + own);
  const auto other = "127.0.0.1:" + std::to_string(upstream.port());
  found = examine(home, {{"BASE_URL", upstream.base_url()}, {"GEMBAL_SERVER_LISTEN", other}});
  EXPECT_TRUE(has(found["listen"], "fail: cannot listen on " + other)) << found.json;
  EXPECT_EQ(found.status, 1);
}

TEST(DoctorTest, AsksWithTheKeysOnlyWhenTold) {
  TempDir home;
  SandboxProcess sandbox(home);
  run(home, {"keys", "add", "--exact"}, "key-one\nleaked-key\n");
  auto found = examine(home, {{"BASE_URL", sandbox.base_url()}});
  EXPECT_EQ(found["key-check"], "");
  found = examine(home, {{"BASE_URL", sandbox.base_url()}}, {"--keys"});
  EXPECT_NE(found["key-check"], "") << found.json;
  EXPECT_TRUE(has(found["key-check"], "usable")) << found.json;
}

}  // namespace
}  // namespace gembal::testing
