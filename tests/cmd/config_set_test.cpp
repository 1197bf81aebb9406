// Settings that are saved in the store, and gemini-balance's .env.

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "lib/core/json.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

std::string get(const TempDir& home, const std::string& key, const Environment& environment = {}) {
  const auto got = run(home, {"config", "get", key}, "", environment);
  EXPECT_EQ(got.status, 0) << got.err;
  return got.out;
}

Json shown(const TempDir& home, const std::string& key) {
  return (*parse_json(run(home, {"config", "show", "--json"}).out))["settings"][key];
}

TEST(ConfigGetTest, PrintsTheValueInForce) {
  TempDir home;
  EXPECT_EQ(get(home, "pool.max_retries"), "3\n");
  EXPECT_EQ(get(home, "upstream.timeout"), "5m\n") << "without quotes";
  EXPECT_EQ(get(home, "server.listen"), "[\"127.0.0.1:8000\"]\n");
  EXPECT_EQ(get(home, "pool.max_failures", {{"MAX_FAILURES", "9"}}), "9\n");
  EXPECT_EQ(run(home, {"config", "get", "pool.max_retries", "logs.level"}).out,
            "pool.max_retries = 3\nlogs.level = \"info\"\n");
  const auto json = *parse_json(run(home, {"config", "get", "logs.level", "--json"}).out);
  EXPECT_EQ(json["settings"]["logs.level"]["value"], "\"info\"");
  EXPECT_EQ(json["settings"]["logs.level"]["origin"], "default");
  const auto unknown = run(home, {"config", "get", "pool.max_retry"});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_EQ(unknown.err,
            "gembal: unknown setting 'pool.max_retry'\nhint: did you mean 'pool.max_retries'?\n");
}

TEST(ConfigSetTest, SavesWhatIsBetweenTheFileAndTheEnvironment) {
  TempDir home;
  const auto file = home.write("x.toml", "[pool]\nmax_retries = 5\n");
  const auto set = run(home, {"config", "set", "pool.max_retries", "6", "--config", file});
  EXPECT_EQ(set.status, 0) << set.err;
  EXPECT_EQ(set.out, "pool.max_retries = 6\n");
  EXPECT_EQ(set.err, "");
  EXPECT_EQ(home.read("x.toml"), "[pool]\nmax_retries = 5\n") << "the file is the user's";
  EXPECT_EQ(get(home, "pool.max_retries"), "6\n");
  EXPECT_EQ(shown(home, "pool.max_retries")["origin"], "the store");
  EXPECT_EQ(get(home, "pool.max_retries", {{"GEMBAL_POOL_MAX_RETRIES", "7"}}), "7\n");
  EXPECT_EQ(run(home, {"config", "check"}).out,
            "no configuration file; defaults and environment, with 1 saved in the store: ok\n");

  const auto again =
      run(home, {"config", "set", "pool.max_retries", "8", "--json"}, "", {{"MAX_RETRIES", "2"}});
  const auto json = *parse_json(again.out);
  EXPECT_EQ(json["value"], "8");
  EXPECT_EQ(json["changed"], true);
  EXPECT_EQ(json["needs_restart"], false);
  EXPECT_EQ(json["overridden_by"], "environment MAX_RETRIES");
  EXPECT_NE(again.err.find("environment MAX_RETRIES wins"), std::string::npos) << again.err;

  const auto unset = run(home, {"config", "unset", "pool.max_retries", "--config", file});
  EXPECT_EQ(unset.out, "pool.max_retries = 5  (x.toml:2)\n");
  const auto twice = run(home, {"config", "unset", "pool.max_retries", "--json"});
  EXPECT_EQ(twice.status, 0);
  const auto taken = (*parse_json(twice.out))["settings"][0];
  EXPECT_EQ(taken["was_saved"], false);
  EXPECT_EQ(taken["value"], "3");
  EXPECT_EQ(taken["origin"], "default");
}

TEST(ConfigSetTest, TakesListsInEveryForm) {
  TempDir home;
  const struct {
    const char* name;
    std::vector<std::string> words;
    std::string input;
    const char* expected;
  } cases[] = {
      {"an item", {"a"}, "", "[\"a\"]\n"},
      {"items", {"a, b", "c"}, "", "[\"a, b\", \"c\"]\n"},
      {"with commas", {"a, b"}, "", "[\"a\", \"b\"]\n"},
      {"JSON", {"[\"a, b\"]"}, "", "[\"a, b\"]\n"},
      {"none", {"[]"}, "", "[]\n"},
      {"lines of standard input", {"-"}, "a, b\nc\n\n", "[\"a, b\", \"c\"]\n"},
      {"a line of standard input", {"-"}, "a,b\n", "[\"a\", \"b\"]\n"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    std::vector<std::string> words = {"config", "set", "models.search"};
    words.insert(words.end(), c.words.begin(), c.words.end());
    const auto set = run(home, words, c.input);
    EXPECT_EQ(set.status, 0) << set.err;
    EXPECT_EQ(get(home, "models.search"), c.expected);
  }
}

TEST(ConfigSetTest, NeverPrintsASecret) {
  TempDir home;
  const auto set = run(home, {"config", "set", "auth.admin_token", "-"}, "sk-quite-secret-token\n");
  EXPECT_EQ(set.status, 0) << set.err;
  const auto all = set.out + set.err + get(home, "auth.admin_token") +
                   run(home, {"config", "unset", "auth.admin_token"}).out;
  EXPECT_EQ(all.find("quite-secret"), std::string::npos) << all;
  EXPECT_NE(all.find("sk-q"), std::string::npos) << all;
}

TEST(ConfigSetTest, RefusesWhatCannotBeSaved) {
  TempDir home;
  const struct {
    const char* name;
    std::vector<std::string> words;
    const char* message;
    const char* hint;
  } cases[] = {
      {"an unknown name",
       {"pool.max_retry", "5"},
       "unknown setting 'pool.max_retry'",
       "did you mean 'pool.max_retries'?"},
      {"a wrong value",
       {"pool.max_retries", "many"},
       "pool.max_retries must be a whole number",
       "man gembal.toml"},
      {"two values", {"logs.level", "info", "warn"}, "logs.level takes one value, not 2", "quotes"},
      {"the store's own place",
       {"store.url", "/x"},
       "store.url cannot be saved in the store",
       "--store"},
      {"keys", {"keys.values", "AIza"}, "the store has the keys itself", "gembal keys add"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    std::vector<std::string> words = {"config", "set"};
    words.insert(words.end(), c.words.begin(), c.words.end());
    const auto refused = run(home, words);
    EXPECT_EQ(refused.status, 2);
    EXPECT_EQ(refused.out, "");
    EXPECT_NE(refused.err.find(c.message), std::string::npos) << refused.err;
    EXPECT_NE(refused.err.find(c.hint), std::string::npos) << refused.err;
  }
  EXPECT_EQ(run(home, {"config", "unset", "pool.max_retry"}).status, 2);
  EXPECT_FALSE(std::filesystem::exists(home.file("data") + "/gembal/gembal.db"))
      << "nothing was worth a store";
}

TEST(ConfigSetTest, SaysWhatNeedsARestart) {
  TempDir home;
  const auto set = run(home, {"config", "set", "server.listen", "127.0.0.1:8009"});
  EXPECT_EQ(set.err, "gembal: server.listen takes effect when gembal serve is restarted\n");
  EXPECT_EQ(run(home, {"config", "set", "server.listen", "127.0.0.1:8010", "-q"}).err, "");
}

TEST(ConfigSetTest, ARunningDaemonObeysWithoutASignal) {
  TempDir home;
  FakeUpstream upstream([](Call& call) { call.reply(200, R"({"models":[]})"); });
  Daemon daemon(home, upstream.base_url(), {"key-one"});
  const auto asks = [&](const std::string& token) {
    return ask(daemon.port(),
               http_request("GET", "/v1beta/models", "", {"x-goog-api-key: " + token}))
        .status();
  };
  EXPECT_EQ(asks("sk-other"), 401);
  EXPECT_EQ(run(home, {"config", "set", "auth.admin_token", "-"}, "sk-other").status, 0);
  EXPECT_TRUE(eventually([&] { return asks("sk-other") == 200; }, milliseconds{2'000}));
  EXPECT_TRUE(daemon.process().says("the configuration was reloaded"));
  EXPECT_EQ(run(home, {"config", "unset", "auth.admin_token"}).status, 0);
  EXPECT_TRUE(eventually([&] { return asks("sk-other") == 401; }, milliseconds{2'000}));
  EXPECT_EQ(asks("sk-test"), 200) << "the environment's token all the while";
}

TEST(ConfigSetTest, ADaemonWhoseSavedTokensAreTakenBackHasOneOfItsOwn) {
  TempDir home;
  run(home, {"config", "set", "auth.tokens", "-"}, "sk-saved-token");
  Process daemon(home, {"serve", "--listen", "127.0.0.1:0"},
                 {{"GEMBAL_UPSTREAM_BASE_URL", "http://127.0.0.1:9/v1beta"}});
  ASSERT_TRUE(daemon.says("Try it:")) << daemon.err();
  const auto out = daemon.out();
  const std::string mark = "listens on http://127.0.0.1:";
  const int port = std::atoi(out.c_str() + out.find(mark) + mark.size());
  const auto asks = [&](const std::string& token) {
    return ask(port, http_request("GET", "/v1beta/models", "", {"x-goog-api-key: " + token}))
        .status();
  };
  EXPECT_NE(asks("sk-saved-token"), 401);
  EXPECT_EQ(run(home, {"config", "unset", "auth.tokens"}).status, 0);
  EXPECT_TRUE(eventually([&] { return asks("sk-saved-token") == 401; }, milliseconds{2'000}));
  EXPECT_EQ(daemon.err().find("was not reloaded"), std::string::npos) << daemon.err();
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.wait(), 0);
}

const char* const kDotenv =
    "# gemini-balance\n"
    "DATABASE_TYPE=mysql\n"
    "MYSQL_PASSWORD=\"quite-secret-password\"\n"
    "SQLITE_DATABASE=default_db\n"
    "API_KEYS=[\"AIzaSyA0123456789abcdefghijklmnopqrstuv\",\"AIzaSyB0123456789abcdefghijklmnopqrstuv\"]\n"
    "PAID_KEY=AIzaSyC0123456789abcdefghijklmnopqrstuv\n"
    "ALLOWED_TOKENS='[\"sk-quite-secret-token\"]'\n"
    "export MAX_RETRIES=4 # tries\n"
    "TIME_OUT=120\n"
    "SMMS_SECRET_TOKEN=\n"
    "SOMETHING_ELSE=1\n";

TEST(ConfigImportTest, TakesOverADotenv) {
  TempDir home;
  const auto file = home.write("old.env", kDotenv);
  const auto tried = run(home, {"config", "import", "--dry-run", file});
  EXPECT_EQ(tried.status, 0) << tried.err;
  EXPECT_NE(tried.err.find("nothing was saved"), std::string::npos) << tried.err;
  EXPECT_FALSE(std::filesystem::exists(home.file("data") + "/gembal/gembal.db"));

  const auto done = run(home, {"config", "import", file});
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(done.out, tried.out);
  for (const char* line : {"API_KEYS        keys", "MAX_RETRIES     pool.max_retries", "2m",
                           "ALLOWED_TOKENS  auth.tokens"})
    EXPECT_NE(done.out.find(line), std::string::npos) << line << "\n" << done.out;
  for (const char* line :
       {"MYSQL_PASSWORD has no counterpart: where the store is cannot be saved in it",
        "SQLITE_DATABASE has no", "SOMETHING_ELSE has no counterpart: gembal has no such setting",
        "saved 3 settings; added 3 keys, already there 0"})
    EXPECT_NE(done.err.find(line), std::string::npos) << line << "\n" << done.err;
  EXPECT_EQ((done.out + done.err).find("quite-secret"), std::string::npos);

  EXPECT_EQ(get(home, "pool.max_retries"), "3\n") << "the original counts the first try, too";
  EXPECT_EQ(get(home, "upstream.timeout"), "2m\n");
  EXPECT_EQ(shown(home, "auth.tokens")["origin"], "the store");
  const auto keys = (*parse_json(run(home, {"keys", "list", "--json"}).out))["keys"];
  ASSERT_EQ(keys.size(), 3u);
  EXPECT_EQ(keys[0]["tier"], "free");
  EXPECT_EQ(keys[2]["tier"], "paid");

  const auto again = *parse_json(run(home, {"config", "import", "-", "--json"}, kDotenv).out);
  EXPECT_EQ(again["saved"], true);
  EXPECT_EQ(again["keys"]["found"], 3);
  EXPECT_EQ(again["keys"]["added"], 0);
  EXPECT_EQ(again["keys"]["present"], 3);
  EXPECT_EQ(again["settings"].size(), 3u);
  EXPECT_EQ(again["settings"][1]["variable"], "MAX_RETRIES");
  EXPECT_EQ(again["settings"][1]["key"], "pool.max_retries");
  EXPECT_EQ(again["ignored"].size(), 4u);
}

TEST(ConfigImportTest, SavesAllOrNothing) {
  TempDir home;
  const auto bad = run(home, {"config", "import", "-"},
                       "API_KEYS=AIzaSyA0123456789abcdefghijklmnopqrstuv\nMAX_FAILURES=9\n"
                       "TEST_MODEL=m\nCHECK_INTERVAL_HOURS=often\n");
  EXPECT_EQ(bad.status, 2);
  EXPECT_NE(bad.err.find("standard input:4: CHECK_INTERVAL_HOURS: pool.check_interval must be"),
            std::string::npos)
      << bad.err;
  EXPECT_EQ(get(home, "pool.max_failures"), "3\n");
  EXPECT_EQ(run(home, {"keys", "export"}).out, "");
  EXPECT_EQ(run(home, {"config", "import", "-"}, "API_KEYS=two words\n").status, 2);
  EXPECT_EQ(run(home, {"config", "import", "-"}, "?\n").status, 2);
  EXPECT_EQ(run(home, {"config", "import", home.file("none.env")}).status, 1);
}

}  // namespace
}  // namespace gembal::testing
