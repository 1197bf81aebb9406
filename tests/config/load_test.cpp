#include "lib/config/load.hpp"

#include <gtest/gtest.h>

#include <regex>

#include "lib/config/render.hpp"
#include "lib/config/settings.hpp"
#include "tests/support/temp_dir.hpp"

namespace gembal::config {
namespace {

using testing::TempDir;

Result<Loaded> load_text(const std::string& toml,
                         std::map<std::string, std::string> environment = {},
                         std::vector<Override> flags = {}) {
  TempDir folder;
  Sources sources;
  sources.file = folder.write("test.toml", toml);
  sources.environment = std::move(environment);
  sources.environment.emplace("HOME", "/home/nobody");
  sources.overrides = std::move(flags);
  return load(sources);
}

TEST(LoadTest, WithoutAnythingTheDefaultsHold) {
  const auto loaded = load_text("");
  ASSERT_TRUE(loaded) << loaded.error().message;
  const auto& config = loaded->config;
  EXPECT_EQ(config.server.listen, std::vector<std::string>{"127.0.0.1:8000"});
  EXPECT_EQ(config.server.drain_timeout, std::chrono::seconds{30});
  EXPECT_EQ(config.server.max_body_bytes, 200u << 20);
  EXPECT_EQ(config.upstream.base_url, "https://generativelanguage.googleapis.com/v1beta");
  EXPECT_EQ(config.upstream.connect_timeout, std::chrono::seconds{10});
  EXPECT_EQ(config.pool.max_retries, 3);
  EXPECT_EQ(shown(config.store.url), "/home/nobody/.local/share/gembal/gembal.db");
  for (const auto& setting : settings())
    EXPECT_EQ(loaded->origins.at(setting.key), "default") << setting.key;
}

TEST(LoadTest, LaterLayersWin) {
  const std::string file =
      "\n[pool]\nmax_retries = 5\nmax_failures = 7\n[logs]\nlevel = \"warn\"\n";
  const auto loaded = load_text(
      file, {{"MAX_FAILURES", "8"}, {"GEMBAL_LOGS_LEVEL", "error"}, {"LOG_LEVEL", "debug"}},
      {{"logs.level", "--verbose", {"debug"}}});
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->config.pool.max_retries, 5);
  EXPECT_EQ(loaded->origins.at("pool.max_retries"), "test.toml:3");
  EXPECT_EQ(loaded->config.pool.policy.max_failures, 8);
  EXPECT_EQ(loaded->origins.at("pool.max_failures"), "environment MAX_FAILURES");
  EXPECT_EQ(loaded->config.logs.level, "debug");
  EXPECT_EQ(loaded->origins.at("logs.level"), "--verbose");
}

TEST(LoadTest, ProxiesAreReadFromEverywhereAndNeverShown) {
  const struct {
    const char* name;
    std::string toml;
    std::map<std::string, std::string> environment;
  } cases[] = {
      {"the file",
       "[upstream]\nproxies = [\"http://customer-0001:hunter2@p:1\", \"socks5://q:2\"]\n"
       "proxy_policy = \"random\"\n",
       {}},
      {"the original's, as JSON",
       "",
       {{"PROXIES", R"(["http://customer-0001:hunter2@p:1", "socks5://q:2"])"},
        {"PROXIES_USE_CONSISTENCY_HASH_BY_API_KEY", "false"}}},
      {"the original's, with commas",
       "",
       {{"PROXIES", "http://customer-0001:hunter2@p:1, socks5://q:2"},
        {"PROXIES_USE_CONSISTENCY_HASH_BY_API_KEY", "False"}}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto loaded = load_text(c.toml, c.environment);
    ASSERT_TRUE(loaded) << loaded.error().message;
    const auto& proxies = loaded->config.upstream.proxies;
    ASSERT_EQ(proxies.size(), 2u);
    EXPECT_EQ(proxies[0].address, "http://p:1");
    EXPECT_EQ(proxies[0].password.reveal(), "hunter2");
    EXPECT_EQ(proxies[1].address, "socks5://q:2");
    EXPECT_EQ(loaded->config.upstream.proxy_policy, "random");
    EXPECT_EQ(find_setting("upstream.proxies")->show(loaded->config),
              "[\"" + proxies[0].redacted() + "\", \"socks5://q:2\"]");
    EXPECT_EQ(find_setting("upstream.proxies")->reveal(loaded->config),
              R"(["http://customer-0001:hunter2@p:1", "socks5://q:2"])");
    EXPECT_TRUE(loaded->ignored.empty());
  }
  const auto by_key = load_text("", {{"PROXIES_USE_CONSISTENCY_HASH_BY_API_KEY", "true"}});
  EXPECT_EQ(by_key->config.upstream.proxy_policy, "by-key");
}

TEST(LoadTest, AWrongProxyIsNamedWithoutItsPassword) {
  const auto loaded = load_text("", {{"PROXIES", "http://p:1,http://me:hunter2@p"}});
  ASSERT_FALSE(loaded);
  const auto shown = http::parse_proxy("http://me:hunter2@p:1")->redacted();
  EXPECT_EQ(loaded.error().message,
            "environment variable PROXIES: upstream.proxies must be a list of "
            "scheme://[user:password@]host:port texts, but item 2 (" +
                shown.substr(0, shown.size() - 2) + ") has no port");
}

Result<Loaded> load_saved(Saved saved, std::map<std::string, std::string> environment = {},
                          std::vector<Override> flags = {}) {
  TempDir folder;
  Sources sources;
  sources.file = folder.write("test.toml", "[pool]\nmax_retries = 5\nmax_failures = 7\n");
  sources.saved = [&](const store::Url&) { return saved; };
  sources.environment = std::move(environment);
  sources.environment.emplace("HOME", "/home/nobody");
  sources.overrides = std::move(flags);
  return load(sources);
}

TEST(LoadTest, WhatIsSavedInTheStoreIsBetweenFileAndEnvironment) {
  const auto loaded = load_saved(
      {{"pool.max_retries", {"6"}}, {"pool.max_failures", {"8"}}, {"logs.level", {"warn"}}},
      {{"MAX_FAILURES", "9"}}, {{"logs.level", "--verbose", {"debug"}}});
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->config.pool.max_retries, 6);
  EXPECT_EQ(loaded->origins.at("pool.max_retries"), "the store");
  EXPECT_EQ(loaded->config.pool.policy.max_failures, 9);
  EXPECT_EQ(loaded->origins.at("pool.max_failures"), "environment MAX_FAILURES");
  EXPECT_EQ(loaded->config.logs.level, "debug");
  EXPECT_EQ(loaded->origins.at("logs.level"), "--verbose");
  EXPECT_EQ(loaded->saved.size(), 3u);
}

TEST(LoadTest, TheStoreIsLookedForWhereTheOtherLayersSay) {
  const struct {
    const char* name;
    std::map<std::string, std::string> environment;
    std::vector<Override> flags;
    const char* asked;
  } cases[] = {
      {"the usual place", {}, {}, "/home/nobody/.local/share/gembal/gembal.db"},
      {"an empty variable",
       {{"GEMBAL_STORE_URL", ""}},
       {},
       "/home/nobody/.local/share/gembal/gembal.db"},
      {"the environment", {{"GEMBAL_STORE_URL", "/a.db"}}, {}, "/a.db"},
      {"a flag", {{"GEMBAL_STORE_URL", "/a.db"}}, {{"store.url", "--store", {"/b.db"}}}, "/b.db"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    std::string asked;
    Sources sources;
    sources.environment = c.environment;
    sources.environment.emplace("HOME", "/home/nobody");
    sources.overrides = c.flags;
    sources.saved = [&](const store::Url& url) {
      asked = shown(url);
      return Saved{{"pool.max_retries", {"6"}}};
    };
    const auto loaded = load(sources);
    ASSERT_TRUE(loaded);
    EXPECT_EQ(asked, c.asked);
    EXPECT_EQ(shown(loaded->config.store.url), c.asked);
  }
}

TEST(LoadTest, WhatIsSavedAndNoLongerGoodCanBeTakenBack) {
  const struct {
    const char* name;
    Saved saved;
    const char* message;
  } cases[] = {
      {"an unknown name",
       {{"pool.gone", {"6"}}},
       "the store: pool.gone is no setting of this gembal"},
      {"out of range",
       {{"pool.max_failures", {"0"}}},
       "the store: pool.max_failures must be a whole number from 1 to 1000"},
      {"its own place", {{"store.url", {"/x"}}}, "the store: store.url cannot be saved there"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto loaded = load_saved(c.saved);
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().message, c.message);
    EXPECT_EQ(loaded.error().hint,
              "'gembal config unset " + c.saved.begin()->first + "' takes it back");
  }
  Sources sources;
  sources.saved = [](const store::Url&) -> Result<Saved> {
    return Error{ErrorKind::store, "locked"};
  };
  EXPECT_EQ(load(sources).error().kind, ErrorKind::store);
}

TEST(LoadTest, NoVariableThatHasAnEffectIsSaidToHaveNone) {
  for (const auto& setting : settings()) {
    EXPECT_EQ(why_without_effect(setting.original_name), "") << setting.key;
    EXPECT_EQ(setting_of_variable(setting.environment_name()), &setting);
  }
  EXPECT_NE(why_without_effect("VERTEX_API_KEYS"), "");
  EXPECT_EQ(why_without_effect("PATH"), "");
  EXPECT_EQ(setting_of_variable(""), nullptr);
}

TEST(LoadTest, ReadsHowThePoolWorks) {
  const auto loaded = load_text(
      "[pool]\npolicy = \"Least-Used\"\naffinity = \"off\"\naffinity_bound = 5\n"
      "pacing = \"free: 10 rpm, 250000 tpm, 20 rpd; paid: 1000 RPM\"\nmax_wait = \"30s\"\n"
      "[models]\npaid = [\"*-image*\"]\nfallbacks = [\"a: b\", \"a:c\"]\n",
      {{"PAID_KEY", "key-paid"}});
  ASSERT_TRUE(loaded) << loaded.error().message;
  const auto& policy = loaded->config.pool.policy;
  EXPECT_EQ(policy.choice, keypool::Choice::least_used);
  EXPECT_FALSE(policy.follows_conversations);
  EXPECT_EQ(policy.most_ahead, 5u);
  EXPECT_TRUE(policy.paces);
  EXPECT_EQ(policy.free_tier.requests_per_minute, 10u);
  EXPECT_EQ(policy.free_tier.tokens_per_minute, 250'000u);
  EXPECT_EQ(policy.free_tier.requests_per_day, 20u);
  EXPECT_EQ(policy.paid_tier.requests_per_minute, 1000u);
  EXPECT_EQ(policy.paid_tier.requests_per_day, 0u);
  EXPECT_EQ(loaded->config.pool.max_wait, std::chrono::seconds{30});
  EXPECT_EQ(policy.paid_models, std::vector<std::string>{"*-image*"});
  EXPECT_EQ(loaded->config.models.fallbacks,
            (std::vector<std::pair<std::string, std::string>>{{"a", "b"}, {"a", "c"}}));
  ASSERT_EQ(loaded->config.keys.paid.size(), 1u);
  EXPECT_EQ(loaded->config.keys.paid[0].reveal(), "key-paid");
  EXPECT_FALSE(load_text("[pool]\npacing = \"off\"\n")->config.pool.policy.paces);
}

TEST(LoadTest, ReadsWhatModelsAreCalledAndGet) {
  const auto loaded = load_text(
      "[models]\naliases = [\"gpt-*: gemini-flash-latest\", \"m:fast: gemini-2.5-flash-thinking:low\"]\n"
      "[models.thinking_budget]\n\"gemini-2.5-flash\" = 512\n\"gemini-3.5-flash\" = \"low\"\n"
      "[safety]\nsettings = [\"harassment: block_none\", \"HARM_CATEGORY_HATE_SPEECH: OFF\"]\n");
  ASSERT_TRUE(loaded) << loaded.error().message;
  const auto& models = loaded->config.models;
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(models.rules.aliases,
            (Pairs{{"gpt-*", "gemini-flash-latest"}, {"m:fast", "gemini-2.5-flash-thinking:low"}}));
  const auto& extras = loaded->config.extras;
  ASSERT_EQ(extras.thinking_budget.size(), 2u);
  EXPECT_EQ(extras.thinking_budget[0].second, (gemini::ThinkingAmount{512, ""}));
  EXPECT_EQ(extras.thinking_budget[1].second, (gemini::ThinkingAmount{-1, "low"}));
  ASSERT_EQ(extras.safety.size(), 2u);
  EXPECT_EQ(extras.safety[0].category, "HARM_CATEGORY_HARASSMENT");
  EXPECT_EQ(extras.safety[0].threshold, "BLOCK_NONE");
  EXPECT_EQ(extras.safety[1].category, "HARM_CATEGORY_HATE_SPEECH");
}

TEST(LoadTest, UnderstandsTheOriginalsExtras) {
  const auto loaded = load_text(
      "",
      {{"SEARCH_MODELS", R"(["gemini-2.0-flash-exp"])"},
       {"THINKING_BUDGET_MAP", R"({"gemini-2.5-flash-preview-04-17": 4000.0})"},
       {"SHOW_THINKING_PROCESS", "false"},
       {"TOOLS_CODE_EXECUTION_ENABLED", "true"},
       {"FILTERED_MODELS", "a,b"},
       {"SAFETY_SETTINGS",
        R"([{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF"}, {"category": "HARM_CATEGORY_CIVIC_INTEGRITY", "threshold": "BLOCK_NONE"}])"},
       {"STREAM_OPTIMIZER_ENABLED", "true"},
       {"STREAM_MIN_DELAY", "0.016"},
       {"STREAM_MAX_DELAY", "0.1"},
       {"FAKE_STREAM_EMPTY_DATA_INTERVAL_SECONDS", "2"}});
  ASSERT_TRUE(loaded) << loaded.error().message;
  const auto& config = loaded->config;
  EXPECT_EQ(config.models.rules.search, std::vector<std::string>{"gemini-2.0-flash-exp"});
  EXPECT_EQ(config.models.rules.filtered, (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(config.extras.thinking_budget.size(), 1u);
  EXPECT_EQ(config.extras.thinking_budget[0].second.budget, 4000);
  EXPECT_FALSE(config.extras.show_thinking);
  EXPECT_TRUE(config.extras.code_execution);
  ASSERT_EQ(config.extras.safety.size(), 2u);
  EXPECT_EQ(config.extras.safety[1].threshold, "BLOCK_NONE");
  EXPECT_TRUE(config.stream.pacing.enabled);
  EXPECT_EQ(config.stream.pacing.min_delay, std::chrono::milliseconds{16});
  EXPECT_EQ(config.stream.pacing.max_delay, std::chrono::milliseconds{100});
  EXPECT_EQ(config.stream.fake_interval, std::chrono::seconds{2});
  EXPECT_TRUE(loaded->ignored.empty());
}

TEST(LoadTest, UnderstandsPythonsLogLevels) {
  for (const auto& [theirs, ours] : std::map<std::string, std::string>{
           {"DEBUG", "debug"}, {"WARNING", "warn"}, {"ERROR", "error"}, {"CRITICAL", "error"}}) {
    const auto loaded = load_text("", {{"LOG_LEVEL", theirs}});
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_EQ(loaded->config.logs.level, ours);
  }
}

TEST(LoadTest, OurOwnNameWinsOverTheOriginals) {
  const auto loaded = load_text("", {{"GEMBAL_POOL_MAX_FAILURES", "9"}, {"MAX_FAILURES", "8"}});
  EXPECT_EQ(loaded->config.pool.policy.max_failures, 9);
}

TEST(LoadTest, UnderstandsTheOriginalsEnvironment) {
  const auto loaded = load_text("", {{"API_KEYS", R"(["key-one", "key-two"])"},
                                     {"ALLOWED_TOKENS", "sk-one, sk-two"},
                                     {"AUTH_TOKEN", "sk-admin"},
                                     {"BASE_URL", "http://127.0.0.1:9/v1beta"},
                                     {"TIME_OUT", "120"},
                                     {"MAX_RETRIES", "3"},
                                     {"TEST_MODEL", "gemini-2.5-flash"},
                                     {"CUSTOM_HEADERS", ""},
                                     {"MYSQL_HOST", "db"},
                                     {"LOG_LEVEL", "INFO"}});
  ASSERT_TRUE(loaded) << loaded.error().message;
  const auto& config = loaded->config;
  ASSERT_EQ(config.keys.values.size(), 2u);
  EXPECT_EQ(config.keys.values[1].reveal(), "key-two");
  ASSERT_EQ(config.auth.tokens.size(), 2u);
  EXPECT_EQ(config.auth.tokens[1].reveal(), "sk-two");
  EXPECT_EQ(config.auth.admin_token.reveal(), "sk-admin");
  EXPECT_EQ(config.upstream.timeout, std::chrono::seconds{120});
  EXPECT_EQ(config.pool.max_retries, 2) << "the original counts the first try, too";
  EXPECT_EQ(config.logs.level, "info");
  ASSERT_EQ(loaded->ignored.size(), 1u);
  EXPECT_EQ(loaded->ignored[0].name, "MYSQL_HOST");
}

TEST(LoadTest, TheOriginalsDatabaseIsOurs) {
  const std::map<std::string, std::string> whole = {
      {"DATABASE_TYPE", "MySQL"},
      {"MYSQL_HOST", "db"},
      {"MYSQL_PORT", "3307"},
      {"MYSQL_USER", "gembal"},
      {"MYSQL_DATABASE", "b"},
      {"MYSQL_PASSWORD", "quite-secret"},
      {"SQLITE_DATABASE", "default_db"},
  };
  const auto with = [&](std::map<std::string, std::string> changed) {
    for (const auto& [name, value] : whole) changed.emplace(name, value);
    return load_text("", std::move(changed));
  };
  auto loaded = with({});
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(shown(loaded->config.store.url), "mysql://gembal:…@db:3307/b");
  EXPECT_EQ(loaded->config.store.url.password.reveal(), "quite-secret");
  EXPECT_EQ(loaded->config.store.folder, "/home/nobody/.local/share/gembal");
  EXPECT_EQ(loaded->origins.at("store.url"), "environment DATABASE_TYPE");
  EXPECT_TRUE(loaded->ignored.empty());
  EXPECT_EQ(find_setting("store.url")->show(loaded->config), "\"mysql://gembal:…@db:3307/b\"");

  loaded = with({{"MYSQL_SOCKET", "/run/s"}});
  EXPECT_EQ(shown(loaded->config.store.url), "mysql://gembal:…@:3307/b?socket=/run/s");
  loaded = with({{"GEMBAL_STORE_URL", "/a/b.db"}});
  EXPECT_EQ(shown(loaded->config.store.url), "/a/b.db");
  EXPECT_EQ(loaded->config.store.folder, "/a");
  loaded = with({{"DATABASE_TYPE", "sqlite"}});
  EXPECT_EQ(shown(loaded->config.store.url), "default_db");
  EXPECT_EQ(loaded->ignored.size(), 5u) << "MYSQL_…";

  const std::pair<const char*, const char*> wrong[] = {{"DATABASE_TYPE", "oracle"},
                                                       {"MYSQL_HOST", ""},
                                                       {"MYSQL_USER", ""},
                                                       {"MYSQL_DATABASE", ""},
                                                       {"MYSQL_PORT", "many"}};
  for (const auto& [name, value] : wrong) {
    SCOPED_TRACE(name);
    loaded = with({{name, value}});
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().kind, ErrorKind::config);
    EXPECT_EQ(loaded.error().message.find("quite-secret"), std::string::npos);
  }
  loaded = load_text("[store]\nurl = \"mysql://gembal:quite-secret@db\"\n");
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().message.find("test.toml:2: store.url is not understood"),
            std::string::npos)
      << loaded.error().message;
  EXPECT_EQ(loaded.error().message.find("quite-secret"), std::string::npos);
}

TEST(LoadTest, SaysWhatIsWrongAndWhere) {
  const struct {
    const char* name;
    std::string file;
    std::map<std::string, std::string> environment;
    const char* message;
    const char* hint;
  } cases[] = {
      {"an unknown name",
       "[server]\nlisten = [\"127.0.0.1:1\"]\nlistenn = 1\n",
       {},
       "test.toml:3: unknown setting 'server.listenn'",
       "did you mean 'server.listen'?"},
      {"an unknown section",
       "[sever]\n",
       {},
       "test.toml:1: unknown setting 'sever'",
       "did you mean 'server'?"},
      {"a broken line", "[server]\nlisten = \n", {}, "test.toml:2: ", "quotes"},
      {"a wrong type",
       "[pool]\nmax_retries = \"many\"\n",
       {},
       "test.toml:2: pool.max_retries must be",
       ""},
      {"a list for a value",
       "[pool]\nmax_retries = [1]\n",
       {},
       "test.toml:2: pool.max_retries must be one value",
       ""},
      {"a value for a list",
       "[server]\nlisten = \"127.0.0.1:1\"\n",
       {},
       "test.toml:2: server.listen must be a list",
       ""},
      {"out of range", "[pool]\nmax_failures = 0\n", {}, "pool.max_failures must be", ""},
      {"no duration",
       "[server]\ndrain_timeout = \"soon\"\n",
       {},
       "server.drain_timeout must be a duration",
       ""},
      {"a bare number as duration",
       "[server]\ndrain_timeout = 30\n",
       {},
       "server.drain_timeout must be a duration",
       ""},
      {"no policy of the pool's",
       "[pool]\npolicy = \"random\"\n",
       {},
       "pool.policy must be one of",
       ""},
      {"pacing without a tier",
       "[pool]\npacing = \"10 rpm\"\n",
       {},
       "pool.pacing must be learned, off, or limits",
       ""},
      {"pacing in an unknown unit",
       "[pool]\npacing = \"free: 10 rph\"\n",
       {},
       "pool.pacing knows the units rpm, rpd and tpm",
       ""},
      {"pacing without a number",
       "[pool]\npacing = \"free: rpm\"\n",
       {},
       "pool.pacing wants numbers",
       ""},
      {"a fallback to nothing",
       "[models]\nfallbacks = [\"gemini-2.5-pro\"]\n",
       {},
       "models.fallbacks must be a list of",
       ""},
      {"a model that falls back to itself",
       "[models]\nfallbacks = [\"m: m\"]\n",
       {},
       "models.fallbacks must be a list of",
       ""},
      {"an alias for nothing", "[models]\naliases = [\"a\"]\n", {}, "models.aliases must be", ""},
      {"thinking that is none",
       "[models]\nthinking_budget = [\"m: much\"]\n",
       {},
       "models.thinking_budget must be a list of",
       ""},
      {"an unknown category of harm",
       "[safety]\nsettings = [\"RUDENESS: OFF\"]\n",
       {},
       "safety.settings must be a list of",
       ""},
      {"no size", "[server]\nmax_body = \"huge\"\n", {}, "server.max_body must be a size", ""},
      {"no address", "[server]\nlisten = [\"localhost\"]\n", {}, "server.listen", ""},
      {"no address at all", "[server]\nlisten = []\n", {}, "server.listen", ""},
      {"an unknown word", "[logs]\nlevel = \"loud\"\n", {}, "logs.level must be", ""},
      {"in the environment",
       "",
       {{"GEMBAL_POOL_MAX_RETRIES", "x"}},
       "environment variable GEMBAL_POOL_MAX_RETRIES: pool.max_retries must be",
       ""},
      {"a base URL that is none",
       "[upstream]\nbase_url = \"google\"\n",
       {},
       "upstream.base_url",
       ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto loaded = load_text(c.file, c.environment);
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().kind, ErrorKind::config);
    EXPECT_NE(loaded.error().message.find(c.message), std::string::npos) << loaded.error().message;
    EXPECT_NE(loaded.error().hint.find(c.hint), std::string::npos) << loaded.error().hint;
  }
}

TEST(LoadTest, ANamedFileMustExistAndTheUsualOnesNeedNot) {
  Sources sources;
  sources.environment = {{"HOME", "/nowhere"}};
  EXPECT_TRUE(load(sources));
  sources.file = "/nowhere/x.toml";
  const auto loaded = load(sources);
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().message.find("/nowhere/x.toml"), std::string::npos);
}

TEST(LoadTest, FindsTheUsersFile) {
  TempDir folder;
  std::filesystem::create_directories(folder.path() / "gembal");
  folder.write("gembal/gembal.toml", "[pool]\nmax_retries = 1\n");
  Sources sources;
  sources.environment = {{"XDG_CONFIG_HOME", folder.path().string()}};
  const auto loaded = load(sources);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->config.pool.max_retries, 1);
}

TEST(LoadTest, ErrorsNeverShowASecret) {
  const auto loaded = load_text("[auth]\ntokens = [\"sk-secret\", 7]\n");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().message.find("sk-secret"), std::string::npos);
}

/// The file must hold `text`; with GEMBAL_WRITE in the environment it is made to.
void expect_file(const std::string& path, const std::string& text) {
  if (std::getenv("GEMBAL_WRITE")) std::ofstream(path) << text;
  std::stringstream file;
  file << std::ifstream(path).rdbuf();
  EXPECT_EQ(file.str(), text) << "run this test with GEMBAL_WRITE=1";
}

TEST(SettingsTest, TheExampleAndTheManualAreMadeFromTheTable) {
  expect_file(GEMBAL_EXAMPLE, example_file());
  expect_file(GEMBAL_SETTINGS_MANUAL, manual_page());
}

TEST(SettingsTest, TheExampleWithEveryLineInForceIsTheDefault) {
  const auto text = std::regex_replace(example_file(), std::regex("\n# ([a-z_]+ = )"), "\n$1");
  const auto with = load_text(text), without = load_text("");
  ASSERT_TRUE(with) << with.error().message;
  for (const auto& setting : settings()) {
    EXPECT_EQ(setting.show(with->config), setting.show(without->config)) << setting.key;
    EXPECT_NE(with->origins.at(setting.key), "default") << setting.key;
  }
}

TEST(SettingsTest, NoSecretIsShown) {
  const auto loaded = load_text("", {{"API_KEYS", "key-one-which-is-long-enough"},
                                     {"ALLOWED_TOKENS", "sk-one-which-is-long-enough"},
                                     {"AUTH_TOKEN", "sk-admin-which-is-long"}});
  ASSERT_TRUE(loaded);
  for (const auto& setting : settings())
    EXPECT_EQ(setting.show(loaded->config).find("which-is-long"), std::string::npos) << setting.key;
}

TEST(ValuesTest, SplitsListsAsJsonOrByCommas) {
  const struct {
    const char* text;
    Values expected;
  } cases[] = {
      {"a,b", {"a", "b"}}, {" a , ,b ", {"a", "b"}}, {R"(["a","b,c"])", {"a", "b,c"}}, {"", {}},
      {"[]", {}},          {"[broken", {"[broken"}}};
  for (const auto& c : cases) EXPECT_EQ(split_list(c.text), c.expected) << c.text;
}

}  // namespace
}  // namespace gembal::config
