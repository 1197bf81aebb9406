// The admin pages' API over HTTP: who may use it, and what it does to a running daemon.

#include <gtest/gtest.h>

#include <mutex>
#include <set>

#include "lib/core/json.hpp"
#include "lib/core/secret.hpp"
#include "tests/e2e/bodies.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

const std::string kUsed =
    R"({"candidates":[{"content":{"parts":[{"text":"hello"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":5,"totalTokenCount":12}})";
const std::string kLimited =
    R"({"error":{"code":429,"message":"You exceeded your current quota","status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}]}})";
const std::string kConfig =
    "[auth]\nadmin_token = \"sk-admin\"\n[web]\nhosts = [\"gembal.test\"]\n";
const std::vector<std::string> kAdmin = {"Authorization: Bearer sk-admin"};

/// A daemon whose administrator has a token of its own.
class AdminTest : public ::testing::Test {
 protected:
  AdminTest()
      : upstream_([this](Call& call) { answer()(call); }),
        daemon_(home_, upstream_.base_url(), {"key-one", "key-two"}, kConfig) {}

  Message send(const std::string& method, const std::string& path, const std::string& body = "") {
    return daemon_.send(method, path, body, kAdmin);
  }
  Json ask(const std::string& path) {
    const auto reply = send("GET", path);
    EXPECT_EQ(reply.status(), 200) << path << ": " << reply.body;
    return parse_json(reply.body) ? *parse_json(reply.body) : Json();
  }
  Json tell(const std::string& method, const std::string& path, const std::string& body) {
    const auto reply = send(method, path, body);
    EXPECT_EQ(reply.status(), 200) << path << ": " << reply.body;
    return parse_json(reply.body) ? *parse_json(reply.body) : Json();
  }

  using Answer = std::function<void(Call&)>;
  void answer_with(Answer answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }
  Answer answer() {
    const std::lock_guard lock(mutex_);
    return answer_;
  }

  std::mutex mutex_;
  Answer answer_ = [](Call& call) { call.reply(200, kUsed); };
  FakeUpstream upstream_;
  TempDir home_;
  Daemon daemon_;
};

TEST_F(AdminTest, OnlyTheAdministratorMay) {
  for (const char* path : {"/api/admin/keys", "/api/admin/events"}) {
    EXPECT_EQ(daemon_.send("GET", path, "", {"Authorization: Bearer wrong"}).status(), 401) << path;
  }
  EXPECT_EQ(daemon_.send("GET", "/api/admin/keys", "", {"Authorization: Basic c2s="}).status(),
            401);
  EXPECT_EQ(daemon_.send("GET", "/api/admin/keys").status(), 401)
      << "a client's header is no admin's";
  const auto refused = daemon_.send("GET", "/api/admin/keys", "", {"Authorization: Bearer wrong"});
  EXPECT_NE(refused.body.find(R"("kind":"unauthorized")"), std::string::npos);
  EXPECT_EQ(send("GET", "/api/admin/nothing").status(), 404);
}

TEST_F(AdminTest, WhoeverGuessesIsHeldOff) {
  int status = 0;
  for (int i = 0; i < 12 && status != 429; ++i)
    status = daemon_.send("POST", "/login", R"({"token":"wrong"})").status();
  EXPECT_EQ(status, 429);
  const auto held_off = daemon_.send("POST", "/login", R"({"token":"sk-admin"})");
  EXPECT_EQ(held_off.status(), 429);
  EXPECT_NE(held_off.header("retry-after"), "");
}

TEST_F(AdminTest, ASessionReadsByItsCookieAndChangesWithItsText) {
  const auto logged_in = daemon_.send("POST", "/login", R"({"token":"sk-admin"})");
  ASSERT_EQ(logged_in.status(), 200) << logged_in.body;
  const auto set = logged_in.header("set-cookie");
  for (const char* part : {"HttpOnly", "SameSite=Strict", "Path=/"})
    EXPECT_NE(set.find(part), std::string::npos) << set;
  const auto cookie = "Cookie: " + set.substr(0, set.find(';'));
  const auto csrf = "x-csrf-token: " + std::string(string_in(*parse_json(logged_in.body), "csrf"));
  EXPECT_EQ(set.find("sk-admin"), std::string::npos);

  EXPECT_EQ(daemon_.send("GET", "/api/admin/session", "", {cookie}).status(), 200);
  EXPECT_EQ(daemon_.send("GET", "/api/admin/keys", "", {cookie}).status(), 200);
  const std::string change = R"({"pool.max_retries":5})";
  EXPECT_EQ(daemon_.send("PATCH", "/api/admin/config", change, {cookie}).status(), 401);
  EXPECT_EQ(daemon_.send("PATCH", "/api/admin/config", change, {cookie, csrf}).status(), 200);

  EXPECT_EQ(daemon_.send("POST", "/logout", "{}", {cookie, csrf}).status(), 200);
  EXPECT_EQ(daemon_.send("GET", "/api/admin/keys", "", {cookie}).status(), 401);
}

TEST_F(AdminTest, AnotherNameThatLeadsHereIsRefused) {
  const auto status_of = [&](const std::string& path, const std::string& more) {
    return testing::ask(daemon_.port(),
                        "GET " + path + " HTTP/1.1\r\nHost: evil.example\r\n" + more + "\r\n")
        .status();
  };
  EXPECT_EQ(status_of("/api/admin/keys", ""), 421);
  EXPECT_EQ(status_of("/keys_status", ""), 421);
  EXPECT_EQ(status_of("/login", "Cookie: gembal_session=x\r\n"), 421);
  EXPECT_EQ(status_of("/api/admin/keys", "Authorization: Bearer sk-admin\r\n"), 200)
      << "no page of theirs has the token";
}

TEST_F(AdminTest, KeysAreListedAddedChangedAndRemoved) {
  const auto all = ask("/api/admin/keys")["keys"];
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(to_text(all).find("\"key-one\""), std::string::npos) << "never whole";
  const auto some = ask("/api/admin/keys?ids=" + Secret("key-two").id() + "%2C" +
                        Secret("key-one").id() + "%2Cnobody")["keys"];
  EXPECT_EQ(some.size(), 2u) << "those that there are";
  const auto added =
      tell("POST", "/api/admin/keys",
           R"({"text":"x AIzaSyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA y","label":"new"})");
  EXPECT_EQ(added["added"], 1);
  const std::string id = added["ids"][0];
  EXPECT_EQ(ask("/api/admin/keys/" + id)["label"], "new");
  EXPECT_EQ(tell("PATCH", "/api/admin/keys/" + id, R"({"label":"","paid":true})")["tier"], "paid");
  EXPECT_EQ(tell("POST", "/api/admin/keys/" + id + "/disable", "{}")["status"], "disabled");
  EXPECT_EQ(tell("POST", "/api/admin/keys/" + id + "/reveal", "{}")["key"],
            "AIzaSyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
  EXPECT_EQ(tell("DELETE", "/api/admin/keys/" + id, "")["removed"], 1);
  EXPECT_EQ(send("GET", "/api/admin/keys/" + id).status(), 404);
  EXPECT_EQ(send("POST", "/api/admin/keys", R"({"text":"nothing"})").status(), 400);
  EXPECT_EQ(send("POST", "/api/admin/keys/bulk", R"({"ids":["x"],"action":"dance"})").status(),
            400);
}

TEST_F(AdminTest, ADisabledKeyIsNotUsedFromThenOn) {
  const auto one = Secret("key-one").id();
  tell("POST", "/api/admin/keys/bulk", R"({"ids":[")" + one + R"("],"action":"disable"})");
  ASSERT_TRUE(eventually([&] {
    return daemon_.post(kGenerate, kHello).header("x-gembal-key") != one &&
           daemon_.post(kGenerate, kHello).header("x-gembal-key") != one;
  }));
}

TEST_F(AdminTest, ACheckSaysHowKeysAreAndThePoolLearnsIt) {
  answer_with([](Call& call) {
    if (call.key() == "key-one") return call.reply(200, kUsed);
    call.reply(
        403,
        R"({"error":{"code":403,"message":"Your API key was reported as leaked.","status":"PERMISSION_DENIED"}})");
  });
  const auto two = Secret("key-two").id();
  const auto checked = tell(
      "POST", "/api/admin/keys/bulk",
      R"({"ids":[")" + Secret("key-one").id() + R"(",")" + two + R"("],"action":"check"})")["keys"];
  EXPECT_EQ(checked[0]["verdict"], "valid");
  EXPECT_EQ(checked[1]["verdict"], "leaked");
  EXPECT_TRUE(eventually([&] { return ask("/api/admin/keys/" + two)["status"] == "disabled"; }));
}

TEST_F(AdminTest, ASettingIsObeyedFromTheNextRequestOn) {
  const auto before = ask("/api/admin/config")["settings"];
  const auto find = [](const Json& settings, const std::string& key) {
    for (const auto& setting : settings) {
      if (setting["key"] == key) return setting;
    }
    return Json();
  };
  EXPECT_EQ(find(before, "models.filtered")["origin"], "default");
  const auto changed =
      tell("PATCH", "/api/admin/config",
           R"({"models.aliases":["fast: gemini-2.5-flash"],"pool.max_retries":"7"})");
  EXPECT_EQ(changed["changed"], 2);
  EXPECT_EQ(find(changed["settings"], "pool.max_retries")["value"], 7);
  EXPECT_EQ(find(changed["settings"], "pool.max_retries")["origin"], "saved");
  EXPECT_TRUE(eventually([&] {
    return daemon_.post("/v1/chat/completions",
                        R"({"model":"fast","messages":[{"role":"user","content":"hi"}]})")
                   .status() == 200 &&
           upstream_.log().back().find("gemini-2.5-flash") != std::string::npos;
  }));

  const auto wrong =
      send("PATCH", "/api/admin/config", R"({"pool.max_wait":"5s","pool.max_retries":"many"})");
  EXPECT_EQ(wrong.status(), 400);
  EXPECT_NE(wrong.body.find(R"("field":"pool.max_retries")"), std::string::npos) << wrong.body;
  EXPECT_EQ(find(ask("/api/admin/config")["settings"], "pool.max_wait")["origin"], "default")
      << "all of it or nothing";
  EXPECT_EQ(send("PATCH", "/api/admin/config", R"({"pool.nothing":1})").status(), 400);
  const auto problems = tell("POST", "/api/admin/config/check", R"({"server.threads":-3})");
  EXPECT_EQ(problems["problems"].size(), 1u);
  const auto back = tell("DELETE", "/api/admin/config/pool.max_retries", "");
  EXPECT_EQ(back["origin"], "default");
  EXPECT_TRUE(daemon_.process().says("the administrator changed a setting"));
}

TEST_F(AdminTest, SecretSettingsAreShownWholeOnlyWhenAskedFor) {
  EXPECT_EQ(send("GET", "/api/admin/config").body.find("sk-test"), std::string::npos);
  const auto shown = tell("POST", "/api/admin/config/reveal", R"({"keys":["auth.tokens"]})");
  EXPECT_EQ(shown["values"]["auth.tokens"][0], "sk-test");
}

TEST_F(AdminTest, RequestsAndErrorsAreRememberedWithoutSecrets) {
  ASSERT_EQ(daemon_.post(kGenerate, kHello).status(), 200);
  answer_with([](Call& call) { call.reply(429, kLimited); });
  ASSERT_EQ(daemon_.post(kGenerate, kHello).status(), 429);
  ASSERT_TRUE(eventually([&] { return ask("/api/admin/requests")["requests"].size() == 2; }));
  const auto requests = ask("/api/admin/requests")["requests"];
  EXPECT_EQ(requests[0]["status"], 429);
  EXPECT_EQ(requests[0]["attempts"], 2);
  EXPECT_EQ(requests[1]["total_tokens"], 12);
  EXPECT_EQ(requests[1]["prompt_tokens"], 7);
  EXPECT_EQ(requests[1]["token"], "token 1");
  EXPECT_EQ(ask("/api/admin/requests?status=2xx")["requests"].size(), 1u);
  EXPECT_EQ(ask("/api/admin/requests?status=failed")["requests"].size(), 1u);
  EXPECT_EQ(send("GET", "/api/admin/requests?status=x").status(), 400);

  const auto errors = ask("/api/admin/errors")["errors"];
  ASSERT_EQ(errors.size(), 2u) << "one of each key";
  EXPECT_EQ(errors[0]["kind"], "quota per day");
  const auto details = ask("/api/admin/errors/" + std::string(errors[0]["id"]));
  EXPECT_NE(std::string(details["reply"]).find("RESOURCE_EXHAUSTED"), std::string::npos);
  EXPECT_EQ(details["request"], "") << "bodies are kept only when that is asked for";
  EXPECT_EQ(ask("/api/admin/requests/" + std::string(requests[0]["id"]))["errors"].size(), 2u);

  const auto csv = send("GET", "/api/admin/requests?format=csv");
  EXPECT_EQ(csv.header("content-type"), "text/csv; charset=utf-8");
  EXPECT_NE(csv.header("content-disposition").find("attachment"), std::string::npos);

  const auto stats = ask("/api/admin/stats?since=1h&by=token");
  EXPECT_EQ(stats["totals"]["requests"], 2);
  EXPECT_EQ(stats["totals"]["failed"], 1);
  EXPECT_EQ(stats["series"].size(), 60u);
  EXPECT_EQ(ask("/api/admin/overview")["requests"]["hour"]["total"], 2);

  EXPECT_EQ(tell("DELETE", "/api/admin/errors", R"({"all":true})")["removed"], 2);
  EXPECT_TRUE(ask("/api/admin/errors")["errors"].empty());
}

TEST_F(AdminTest, BodiesAreKeptRedactedWhenThatIsWanted) {
  tell("PATCH", "/api/admin/config", R"({"logs.bodies":true})");
  answer_with([](Call& call) {
    call.reply(400, R"({"error":{"code":400,"message":"no","status":"INVALID_ARGUMENT"}})");
  });
  const std::string body =
      R"({"contents":[{"parts":[{"text":"the question"},{"inlineData":{"mimeType":"image/png","data":")" +
      std::string(5'000, 'A') + R"("}}]}]})";
  ASSERT_TRUE(eventually([&] {
    daemon_.post(kGenerate, body);
    const auto errors = ask("/api/admin/errors")["errors"];
    if (errors.empty()) return false;
    const std::string request = ask("/api/admin/errors/" + std::string(errors[0]["id"]))["request"];
    return request.find("the question") != std::string::npos &&
           request.find(std::string(500, 'A')) == std::string::npos;
  }));
}

TEST_F(AdminTest, ATokenMayDoWhatItsLimitsSay) {
  const auto made = tell("POST", "/api/admin/tokens",
                         R"({"name":"laptop","rpd":2,"models":["gemini-2.5-flash"]})");
  const std::string token = made["token"];
  EXPECT_EQ(send("POST", "/api/admin/tokens", R"({"name":"laptop"})").status(), 400);
  EXPECT_EQ(to_text(ask("/api/admin/tokens")).find(token), std::string::npos) << "shown once";

  const auto ask_with = [&](const std::string& path, const std::string& body) {
    return testing::ask(daemon_.port(),
                        http_request("POST", path, body, {"Authorization: Bearer " + token}));
  };
  ASSERT_TRUE(eventually([&] { return ask_with("/v1/completions", "{}").status() != 401; }))
      << "it is known at once";
  const auto other =
      ask_with("/v1/chat/completions",
               R"({"model":"gemini-2.5-pro","messages":[{"role":"user","content":"x"}]})");
  EXPECT_EQ(other.status(), 403) << other.body;
  const auto spent =
      ask_with("/v1/chat/completions",
               R"({"model":"gemini-2.5-flash","messages":[{"role":"user","content":"x"}]})");
  EXPECT_EQ(spent.status(), 429) << spent.body;
  EXPECT_NE(spent.header("retry-after"), "");

  tell("PATCH", "/api/admin/tokens/laptop", R"({"rpd":0})");
  ASSERT_TRUE(eventually([&] {
    return ask_with("/v1/chat/completions",
                    R"({"model":"gemini-2.5-flash","messages":[{"role":"user","content":"x"}]})")
               .status() == 200;
  }));
  tell("DELETE", "/api/admin/tokens/laptop", "");
  EXPECT_TRUE(eventually([&] { return ask_with("/v1/completions", "{}").status() == 401; }));
}

TEST_F(AdminTest, ATokenIsOfferedTheModelsThatItMayAsk) {
  answer_with([](Call& call) {
    call.reply(
        200, R"({"models":[{"name":"models/gemini-2.5-flash"},{"name":"models/gemini-2.5-pro"}]})");
  });
  const std::string token = tell("POST", "/api/admin/tokens",
                                 R"({"name":"laptop","models":["gemini-2.5-flash"]})")["token"];
  const auto models_with = [&](const std::string& which) {
    return testing::ask(daemon_.port(),
                        http_request("GET", "/v1/models", "", {"Authorization: Bearer " + which}));
  };
  ASSERT_TRUE(eventually([&] { return models_with(token).status() == 200; }));
  const auto offered = models_with(token).body;
  EXPECT_NE(offered.find("\"gemini-2.5-flash\""), std::string::npos) << offered;
  EXPECT_EQ(offered.find("gemini-2.5-pro"), std::string::npos) << offered;
  EXPECT_NE(models_with("sk-test").body.find("gemini-2.5-pro"), std::string::npos);
}

TEST_F(AdminTest, WhatHappensIsToldAtOnce) {
  auto socket = Socket::connect(daemon_.port());
  socket.send(
      "GET /api/admin/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sk-admin\r\n\r\n");
  MessageReader reader(socket);
  const auto head = reader.read_head();
  ASSERT_TRUE(head);
  EXPECT_EQ(head->header("content-type"), "text/event-stream; charset=utf-8");
  std::string seen;
  const auto sees = [&](const std::string& text) {
    while (seen.find(text) == std::string::npos) {
      const auto more = reader.more();
      if (!more || more->empty()) return false;
      seen += *more;
    }
    return true;
  };
  EXPECT_TRUE(sees("event: overview"));
  ASSERT_EQ(daemon_.post(kGenerate, kHello).status(), 200);
  EXPECT_TRUE(sees("event: request"));
  tell("POST", "/api/admin/keys/" + Secret("key-one").id() + "/disable", "{}");
  EXPECT_TRUE(sees("event: keys"));
  tell("PATCH", "/api/admin/config", R"({"pool.max_retries":4})");
  EXPECT_TRUE(sees("event: config"));
  EXPECT_EQ(daemon_.stop(), 0) << "nobody who listens keeps it from ending";
}

TEST_F(AdminTest, TheDocumentListsEveryAddress) {
  const auto document = ask("/api/admin/openapi.json");
  EXPECT_EQ(document["openapi"], "3.1.0");
  std::set<std::string> paths;
  for (const auto& [path, methods] : document["paths"].items()) paths.insert(path);
  for (const char* path : {"/login", "/api/admin/keys/{id}", "/api/admin/config",
                           "/api/admin/events", "/api/admin/stats", "/api/admin/tokens/{name}"}) {
    EXPECT_TRUE(paths.contains(path)) << path;
  }
  for (const auto& [path, methods] : document["paths"].items()) {
    if (path.find('{') != std::string::npos || !methods.contains("get") ||
        path == "/api/admin/events" || path == "/api/admin/session" || path == "/api/admin/models")
      continue;
    EXPECT_EQ(send("GET", path).status(), 200) << path;
  }
}

TEST_F(AdminTest, PagesAreServedWithAStrictPolicy) {
  const auto page = daemon_.send("GET", "/keys_status");
  ASSERT_EQ(page.status(), 200);
  EXPECT_NE(page.header("content-security-policy").find("default-src 'none'"), std::string::npos);
  EXPECT_EQ(page.header("x-content-type-options"), "nosniff");
  EXPECT_EQ(page.body.find("sk-"), std::string::npos);
  const auto again =
      daemon_.send("GET", "/keys_status", "", {"If-None-Match: " + page.header("etag")});
  EXPECT_EQ(again.status(), 304);
  EXPECT_EQ(daemon_.send("GET", "/assets/nothing.js").status(), 404);
}

TEST_F(AdminTest, MetricsAreReadByPrometheus) {
  ASSERT_EQ(daemon_.post(kGenerate, kHello).status(), 200);
  // A request is counted once its answer is out.
  const auto counted = [&] {
    return daemon_.send("GET", "/metrics").body.find("gembal_overhead_seconds_count 1\n") !=
           std::string::npos;
  };
  EXPECT_TRUE(eventually(counted));
  const auto metrics = daemon_.send("GET", "/metrics");
  ASSERT_EQ(metrics.status(), 200);
  for (const char* line :
       {"gembal_requests_total{face=\"gemini\",status=\"200\"} 1", "gembal_keys{state=\"ok\"} 2",
        "gembal_tokens_total{kind=\"prompt\"} 7", "gembal_store_works 1"}) {
    EXPECT_NE(metrics.body.find(line), std::string::npos) << line << "\n" << metrics.body;
  }
}

TEST_F(AdminTest, CountsSurviveKillNine) {
  ASSERT_EQ(daemon_.post(kGenerate, kHello).status(), 200);
  ASSERT_TRUE(eventually([&] { return ask("/api/admin/requests")["requests"].size() == 1; }));
  daemon_.process().signal(SIGKILL);
  daemon_.process().wait();
  Daemon again(home_, upstream_.base_url(), {}, kConfig);
  const auto reply = again.send("GET", "/api/admin/stats?since=1h&by=model", "", kAdmin);
  EXPECT_NE(reply.body.find(R"("requests":1)"), std::string::npos) << reply.body;
}

}  // namespace
}  // namespace gembal::testing
