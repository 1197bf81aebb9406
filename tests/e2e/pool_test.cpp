// The key pool through the running binary, against the sandbox: each row of the table of verdicts,
// waiting, pacing, fallbacks, conversations, and several processes on one store.

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <map>
#include <thread>

#include "lib/core/json.hpp"
#include "lib/core/secret.hpp"
#include "tests/e2e/bodies.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

std::string id_of(const std::string& key) { return Secret(key).id(); }

Json listed(const TempDir& home, const std::string& key) {
  const auto json = parse_json(run(home, {"keys", "list", "--json"}).out);
  for (const auto& one : json ? (*json)["keys"] : Json::array()) {
    if (one["id"] == id_of(key)) return one;
  }
  return nullptr;
}

std::string status_of(const TempDir& home, const std::string& key) {
  const auto one = listed(home, key);
  return one.is_null() ? "" : one["status"].get<std::string>();
}

TEST(PoolTest, EachRowOfTheTableOfVerdicts) {
  const struct {
    const char* name;
    std::string key;      // its name asks the sandbox for the fault
    int status;           // of the reply, with a good key beside it
    bool heals;           // by the good key
    std::string becomes;  // of the faulty key, in the list
    int failures;
  } cases[] = {
      {"key bad for ever: leaked", "key-leaked", 200, true, "disabled", 0},
      {"key bad for ever: suspended", "key-suspended", 200, true, "disabled", 0},
      {"key bad for ever: unknown", "key-unknown-key", 200, true, "disabled", 0},
      {"key bad for ever: expired", "key-expired", 200, true, "disabled", 0},
      {"key unusable for now: billing", "key-nobilling", 200, true, "ok", 1},
      {"key unusable for now: service disabled", "key-disabled-service", 200, true, "ok", 1},
      {"key unusable for now: blocked", "key-blocked", 200, true, "ok", 1},
      {"quota, per minute", "key-bad429minute", 200, true, "cooling", 0},
      {"quota, per day", "key-bad429day", 200, true, "exhausted", 0},
      {"quota zero", "key-bad429zero", 200, true, "unsupported", 0},
      {"closed to new users", "key-new-users", 200, true, "unsupported", 0},
      {"no credit", "key-nocredit", 200, true, "exhausted", 0},
      {"a bare refusal", "key-bad429bare", 200, true, "cooling", 0},
      {"model overloaded", "key-overloaded", 200, true, "ok", 0},
      {"broken: 500", "key-bad500", 200, true, "ok", 0},
      {"broken: an HTML page", "key-bad502html", 200, true, "ok", 0},
      {"broken: an empty answer", "key-empty200", 200, true, "ok", 0},
      {"broken: a malformed call", "key-malformed-function-call", 200, true, "ok", 0},
      {"broken: no reply", "key-refused", 200, true, "ok", 0},
      {"caller's fault", "key-bad-argument", 400, false, "ok", 0},
      {"caller's fault: no such model", "key-no-model", 404, false, "ok", 0},
      {"caller's fault: too large", "key-bad413", 413, false, "ok", 0},
      {"lawful: a blocked prompt", "key-prompt-blocked", 200, false, "ok", 0},
      {"lawful: no room for an answer", "key-max-tokens-empty", 200, false, "ok", 0},
  };
  TempDir sandbox_home;
  SandboxProcess sandbox(sandbox_home);
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    TempDir home;
    Daemon daemon(home, sandbox.base_url(), {c.key, "key-good"});
    // Each model's turn begins with another key: the first with the faulty one.
    const auto reply = daemon.post(kGenerate, kHello);
    EXPECT_EQ(reply.status(), c.status) << reply.body;
    EXPECT_EQ(reply.header("x-gembal-key"), id_of(c.heals ? "key-good" : c.key));
    EXPECT_EQ(reply.header("x-gembal-attempts").find(id_of(c.key)) == std::string::npos, !c.heals);
    EXPECT_TRUE(eventually([&] { return status_of(home, c.key) == c.becomes; }))
        << status_of(home, c.key);
    if (c.failures > 0)
      EXPECT_TRUE(eventually([&] { return listed(home, c.key)["failures"] == c.failures; }));
    EXPECT_EQ(status_of(home, "key-good"), "ok");
    if (c.becomes == "ok" || c.becomes == "cooling") continue;
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(daemon.post(kGenerate, kHello).header("x-gembal-attempts"), "")
          << "never asked again while it is known to be unusable";
    }
  }
}

TEST(PoolTest, ManyKeysRefusedInTheSameWayAreNotJudgedUntilOneIsAccepted) {
  std::atomic<bool> blocked{true};
  FakeUpstream upstream([&](Call& call) {
    if (!blocked) return call.reply(200, kAnswer);
    call.reply(
        400,
        R"({"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}})");
  });
  TempDir home;
  std::vector<std::string> keys;
  for (int i = 0; i < 20; ++i) keys.push_back("key-" + std::to_string(i));
  Daemon daemon(home, upstream.base_url(), keys, "[pool]\nmax_retries = 1\n");
  const auto reply = daemon.post(kGenerate, kHello);
  EXPECT_EQ(reply.status(), 503) << reply.body;
  EXPECT_LE(upstream.log().size(), 5u) << "the pool is not walked through";
  EXPECT_TRUE(daemon.process().says("no key is judged until one is accepted"));
  const auto refused = daemon.post(kGenerate, kHello);
  EXPECT_GE(refused.status(), 500);
  EXPECT_NE(refused.header("retry-after"), "");
  EXPECT_TRUE(eventually([&] {
    const auto json = parse_json(run(home, {"keys", "list", "--json", "--status", "disabled"}).out);
    return json && (*json)["keys"].empty();
  })) << "a pool never blacklists itself";
  blocked = false;
  EXPECT_TRUE(eventually([&] { return daemon.post(kGenerate, kHello).status() == 200; }));
  EXPECT_TRUE(daemon.process().says("the upstream accepts keys again"));
}

TEST(PoolTest, BareRefusalsOfSeveralKeysAreTheModelsAndBlameNoKey) {
  std::atomic<bool> busy{true};
  FakeUpstream upstream([&](Call& call) {
    if (!busy) return call.reply(200, kAnswer);
    call.reply(
        429,
        R"({"error":{"code":429,"message":"Resource has been exhausted (e.g. check quota).","status":"RESOURCE_EXHAUSTED"}})");
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-1", "key-2", "key-3", "key-4"});
  EXPECT_EQ(daemon.post(kGenerate, kHello).status(), 429);
  EXPECT_TRUE(daemon.process().says("the model is overloaded"));
  const auto before = upstream.log().size();
  EXPECT_EQ(daemon.post(kGenerate, kHello).status(), 429);
  EXPECT_EQ(upstream.log().size(), before + 1) << "one try each while the breaker is open";
  busy = false;
  EXPECT_EQ(daemon.post(kGenerate, kHello).status(), 200) << "no key waits for it";
  EXPECT_TRUE(daemon.process().says("the model answers again"));
  busy = true;
  const auto again = upstream.log().size();
  daemon.post(kGenerate, kHello);
  EXPECT_GT(upstream.log().size(), again + 1) << "the breaker is closed: tries again";
}

TEST(PoolTest, KeysOfAProjectShareItsQuotaAndAnotherProjectIsNext) {
  TempDir home, sandbox_home;
  SandboxProcess sandbox(
      sandbox_home,
      R"({"keys":[{"key":"key-a1","project":"a","quota":{"rpm":2}},{"key":"key-a2","project":"a","quota":{"rpm":2}},{"key":"key-b","project":"b"}]})");
  ASSERT_EQ(run(home, {"keys", "add", "--exact", "--project", "a"}, "key-a1\nkey-a2\n").status, 0);
  Daemon daemon(home, sandbox.base_url(), {"key-b"});
  std::map<std::string, int> counts;
  int left = 0;
  for (int i = 0; i < 12; ++i) {
    const auto reply = daemon.post(kGenerate, kHello);
    EXPECT_EQ(reply.status(), 200);
    ++counts[reply.header("x-gembal-key")];
    left += reply.header("x-gembal-attempts").empty() ? 0 : 1;
  }
  EXPECT_EQ(counts[id_of("key-a1")] + counts[id_of("key-a2")], 2);
  EXPECT_EQ(counts[id_of("key-b")], 10);
  EXPECT_EQ(left, 1) << "one refusal tells for both keys";
}

TEST(PoolTest, ALearnedLimitIsKeptTo) {
  TempDir home, sandbox_home;
  SandboxProcess sandbox(sandbox_home, R"({"quota":{"rpd":3}})");
  {
    Daemon daemon(home, sandbox.base_url(), {"key-1"});
    for (int i = 0; i < 3; ++i) EXPECT_EQ(daemon.post(kGenerate, kHello).status(), 200);
    EXPECT_EQ(daemon.post(kGenerate, kHello).status(), 429);
    ASSERT_TRUE(eventually([&] { return status_of(home, "key-1") == "exhausted"; }));
  }
  const auto why = run(home, {"keys", "why", "--model", "gemini-2.5-flash", "--json"});
  EXPECT_EQ(why.status, 5) << why.out << why.err;
  const auto json = parse_json(why.out);
  ASSERT_TRUE(json);
  EXPECT_EQ((*json)["keys"][0]["limits"]["rpd"], 3);
  EXPECT_EQ((*json)["keys"][0]["requests_today"], 4);
}

TEST(PoolTest, ARequestMayWaitForTheFirstKeyToComeBack) {
  std::atomic<int> calls{0};
  FakeUpstream upstream([&](Call& call) {
    if (calls++ > 0) return call.reply(200, kAnswer);
    call.reply(
        429,
        R"({"error":{"code":429,"message":"Please retry in 500ms.","status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"GenerateRequestsPerMinute"}]},{"retryDelay":"0.5s"}]}})");
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-1"}, "[pool]\nmax_wait = \"20s\"\n");
  std::vector<std::future<Message>> replies;
  for (int i = 0; i < 5; ++i) {
    replies.push_back(
        std::async(std::launch::async, [&] { return daemon.post(kGenerate, kHello); }));
  }
  for (auto& reply : replies) EXPECT_EQ(reply.get().status(), 200);
  EXPECT_EQ(calls, 6);
}

TEST(PoolTest, ARequestThatQuotesAFileWaitsForItsKey) {
  std::atomic<bool> refused{false};
  FakeUpstream upstream([&](Call& call) {
    if (call.path().find("/files/") != std::string::npos)
      return call.key() == "key-1" ? call.reply(200, R"({"name":"files/a"})")
                                   : call.reply(404, R"({"error":{"code":404}})");
    if (call.key() != "key-1" || refused.exchange(true)) return call.reply(200, kAnswer);
    call.reply(
        429,
        R"({"error":{"code":429,"message":"Please retry in 300ms.","status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"GenerateRequestsPerMinute"}]},{"retryDelay":"0.3s"}]}})");
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-1", "key-2"}, "[pool]\nmax_wait = \"20s\"\n");
  EXPECT_EQ(daemon.get("/v1beta/files/a").status(), 200);
  const auto reply = daemon.post(
      kGenerate, R"({"contents":[{"parts":[{"text":"hi"},{"fileData":{"fileUri":"files/a"}}]}]})");
  EXPECT_EQ(reply.status(), 200) << reply.body;
  EXPECT_EQ(reply.header("x-gembal-key"), id_of("key-1"));
  EXPECT_TRUE(refused);
}

TEST(PoolTest, AStreamThatWaitsShowsSignsOfLife) {
  std::atomic<int> calls{0};
  FakeUpstream upstream([&](Call& call) {
    if (calls++ > 0) {
      call.begin_stream();
      call.chunk("data: " + kAnswer + "\r\n\r\n");
      return call.end_stream();
    }
    call.reply(
        429,
        R"({"error":{"code":429,"message":"Please retry in 1s.","status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"GenerateRequestsPerMinute"}]},{"retryDelay":"1s"}]}})");
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-1"},
                "[pool]\nmax_wait = \"20s\"\n[stream]\nheartbeat = \"100ms\"\n");
  const auto reply = daemon.post(
      "/v1/chat/completions",
      R"({"model":"gemini-2.5-flash","stream":true,"messages":[{"role":"user","content":"hi"}]})");
  EXPECT_EQ(reply.status(), 200);
  EXPECT_TRUE(reply.body.starts_with(": waiting\n\n")) << reply.body;
  EXPECT_NE(reply.body.find("hello"), std::string::npos);
  EXPECT_TRUE(reply.body.ends_with("data: [DONE]\n\n")) << reply.body;
}

TEST(PoolTest, AFallbackAnswersForAModelThatIsOverloadedOrOutForTheDay) {
  const std::string chat =
      R"({"model":"gemini-2.5-pro","messages":[{"role":"user","content":"hi"}]})";
  const std::string native = "/v1beta/models/gemini-2.5-pro:generateContent";
  for (const std::string fault : {"overloaded", "bad429day"}) {
    SCOPED_TRACE(fault);
    TempDir home, sandbox_home;
    SandboxProcess sandbox(sandbox_home,
                           R"({"rules":[{"model":"2.5-pro","fault":")" + fault + "\"}]}");
    Daemon daemon(home, sandbox.base_url(), {"key-1", "key-2"},
                  "[pool]\nmax_retries = 1\n[models]\nfallbacks = [\"gemini-2.5-pro: "
                  "gemini-2.5-flash\"]\n");
    for (int i = 0; i < 4; ++i) {
      const auto reply =
          i % 2 == 0 ? daemon.post(native, kHello) : daemon.post("/v1/chat/completions", chat);
      EXPECT_EQ(reply.status(), 200) << reply.body;
      EXPECT_EQ(reply.header("x-gembal-model"), "gemini-2.5-flash");
    }
    EXPECT_EQ(daemon.post(kGenerate, kHello).header("x-gembal-model"), "");
  }
}

TEST(PoolTest, TheClientsOwnDeadlineBoundsAllTries) {
  FakeUpstream upstream([](Call& call) {
    call.reply(500, R"({"error":{"code":500,"message":"no","status":"INTERNAL"}})");
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-1"}, "[pool]\nmax_retries = 50\n");
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(daemon.post(kGenerate, kHello, {"x-server-timeout: 1"}).status(), 500);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds{8})
      << "fifty tries with their pauses take minutes";
}

TEST(PoolTest, LaterTurnsOfAConversationGoToTheKeyOfTheFirst) {
  FakeUpstream upstream([](Call& call) { call.reply(200, kAnswer); });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-1", "key-2", "key-3"});
  const auto first = [](int n) {
    return R"({"role":"user","parts":[{"text":"question )" + std::to_string(n) + R"("}]})";
  };
  const std::string more =
      R"(,{"role":"model","parts":[{"text":"a"}]},{"role":"user","parts":[{"text":"b"}]})";
  std::map<int, std::string> keys;
  for (int n = 0; n < 6; ++n) {
    keys[n] = daemon.post(kGenerate, "{\"contents\":[" + first(n) + "]}").header("x-gembal-key");
  }
  std::map<std::string, int> spread;
  for (const auto& [n, key] : keys) ++spread[key];
  EXPECT_EQ(spread.size(), 3u) << "first turns rotate";
  for (int turn = 0; turn < 3; ++turn) {
    for (int n = 0; n < 6; ++n) {
      EXPECT_EQ(
          daemon.post(kGenerate, "{\"contents\":[" + first(n) + more + "]}").header("x-gembal-key"),
          keys[n]);
    }
  }
}

TEST(PoolTest, TwoDaemonsAndTheCommandLineShareWhatIsLearned) {
  std::atomic<bool> spent{true};
  FakeUpstream upstream([&](Call& call) {
    if (call.key() == "key-spent" && spent) {
      return call.reply(
          429,
          R"({"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel","quotaValue":"20"}]}]}})");
    }
    call.reply(200, kAnswer);
  });
  TempDir home;
  Daemon one(home, upstream.base_url(), {"key-spent", "key-good"});
  Daemon two(home, upstream.base_url(), {});
  for (int i = 0; i < 2; ++i) EXPECT_EQ(one.post(kGenerate, kHello).status(), 200);
  // The other daemon knows within two seconds, without asking upstream.
  ASSERT_TRUE(eventually([&] { return status_of(home, "key-spent") == "exhausted"; }));
  const auto asked = [&] {
    const auto log = upstream.log();
    return std::count_if(log.begin(), log.end(),
                         [](const auto& line) { return line.starts_with("key-spent"); });
  };
  EXPECT_TRUE(eventually([&] {
    const auto before = asked();
    for (int i = 0; i < 4; ++i) two.post(kGenerate, kHello);
    return asked() == before;
  }));
  EXPECT_LE(asked(), 2);
  // What they did is counted together.
  ASSERT_TRUE(eventually([&] {
    const auto both = listed(home, "key-good");
    return both["requests_24h"].get<int>() >= 6 && !both["last_used"].is_null();
  }));
  // An owner's reset reaches both.
  spent = false;
  ASSERT_EQ(run(home, {"keys", "reset", id_of("key-spent")}).status, 0);
  for (auto* daemon : {&one, &two}) {
    EXPECT_TRUE(eventually([&] {
      return daemon->post(kGenerate, kHello).header("x-gembal-key") == id_of("key-spent");
    }));
  }
}

TEST(PoolTest, UnderLoadAndKillsNothingLearnedIsLostOrContradicted) {
  FakeUpstream upstream([](Call& call) {
    if (call.key().starts_with("key-dead")) {
      return call.reply(
          403,
          R"({"error":{"code":403,"message":"Your API key was reported as leaked.","status":"PERMISSION_DENIED"}})");
    }
    call.reply(200, kAnswer);
  });
  TempDir home;
  // The dead ones stand apart: several in a row would be the exit's fault.
  ASSERT_EQ(run(home, {"keys", "add", "--exact"},
                "key-a\nkey-dead-1\nkey-b\nkey-dead-2\nkey-c\nkey-dead-3\nkey-d\n")
                .status,
            0);
  std::atomic<int> served{0};
  for (int round = 0; round < 3; ++round) {
    Daemon one(home, upstream.base_url(), {});
    Daemon two(home, upstream.base_url(), {});
    std::atomic<bool> stop{false};
    std::vector<std::thread> clients;
    for (auto* daemon : {&one, &two}) {
      clients.emplace_back([&stop, &served, daemon] {
        while (!stop) {
          if (daemon->post(kGenerate, kHello).status() == 200) ++served;
        }
      });
    }
    const auto name = "label-" + std::to_string(round);
    EXPECT_EQ(run(home, {"keys", "label", id_of("key-a"), name}).status, 0);
    EXPECT_TRUE(eventually([&] {
      return status_of(home, "key-dead-1") == "disabled" &&
             status_of(home, "key-dead-2") == "disabled" &&
             status_of(home, "key-dead-3") == "disabled";
    }));
    const auto counted_before = served.load();
    // At most a second's counters may be lost with a kill.
    EXPECT_TRUE(eventually([&] {
      int counted = 0;
      for (const auto* key : {"key-a", "key-b", "key-c", "key-d"})
        counted += listed(home, key)["requests_24h"].get<int>();
      return counted >= counted_before;
    }));
    (round == 0 ? one : two).process().signal(SIGKILL);
    stop = true;
    for (auto& client : clients) client.join();
    EXPECT_EQ(listed(home, "key-a")["label"], name);
  }
  const auto list = run(home, {"keys", "list", "--json"});
  EXPECT_EQ(list.status, 0) << list.err;
  for (const auto* key : {"key-dead-1", "key-dead-2", "key-dead-3"})
    EXPECT_EQ(listed(home, key)["reason"], "leaked");
  for (const auto* key : {"key-a", "key-b", "key-c", "key-d"})
    EXPECT_EQ(status_of(home, key), "ok");
}

}  // namespace
}  // namespace gembal::testing
