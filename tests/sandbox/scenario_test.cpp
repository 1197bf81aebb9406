#include "daemon/sandbox/scenario.hpp"

#include <gtest/gtest.h>

#include "tests/sandbox/client.hpp"

namespace gembal::sandbox {
namespace {

TEST(ScenarioTest, RefusesWhatItDoesNotUnderstand) {
  const struct {
    const char* name;
    const char* json;
    const char* message;
  } cases[] = {
      {"no object", "[]", "scenario: 'scenario' must be an object"},
      {"a misspelt member", R"({"rule":[]})", "scenario: unknown member 'rule' in 'scenario'"},
      {"a misspelt member of a rule", R"({"rules":[{"modell":"x"}]})",
       "scenario: unknown member 'modell' in 'rules[0]'"},
      {"an unknown fault", R"({"rules":[{"fault":"overlode"}]})",
       "scenario: rules[0]: unknown fault 'overlode'"},
      {"a delay that is none", R"({"chunk_delay":20})",
       "scenario: 'chunk_delay' must be a duration such as \"20ms\""},
      {"a negative count", R"({"rules":[{"first":-1}]})",
       "scenario: 'rules[0].first' must be a number from 0 on"},
      {"a key without a name", R"({"keys":[{"project":"p"}]})",
       "scenario: 'keys[0].key' is missing"},
      {"a quota of words", R"({"quota":{"rpm":"many"}})",
       "scenario: 'quota.rpm' must be a number from 0 on"},
      {"a time without a unit", R"({"rules":[{"for":"ten"}]})",
       "scenario: 'rules[0].for' must be a duration such as \"20ms\""},
      {"models that are a list", R"({"models":[]})", "scenario: 'models' must be an object"},
      {"a model that there is not", R"({"models":{"gemini-9":{}}})",
       "scenario: 'models.gemini-9' is no model of the sandbox"},
      {"a model's fault", R"({"models":{"gemini-2.5-pro":{"fault":"overloaded"}}})",
       "scenario: unknown member 'fault' in 'models.gemini-2.5-pro'"},
      {"rules that are no list", R"({"rules":{}})", "scenario: 'rules' must be a list"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto scenario = parse_scenario(*parse_json(c.json));
    ASSERT_FALSE(scenario);
    EXPECT_EQ(scenario.error().kind, ErrorKind::config);
    EXPECT_EQ(scenario.error().message, c.message);
  }
}

TEST(ScenarioTest, RulesApplyInTurnToTheRequestsThatMatch) {
  Client client(R"({"rules":[
      {"key":"key-o","model":"2.5","first":2,"fault":"overloaded"},
      {"path":":streamGenerateContent","skip":1,"fault":"bad500"},
      {"key":"leaked-but-forgiven","fault":"none"}]})");
  EXPECT_EQ(client.post(kFlash, kHello).status, 503);
  EXPECT_EQ(client.post(kFlash, kHello, "another").status, 200);
  EXPECT_EQ(client.post(kNew, kHello).status, 200);
  EXPECT_EQ(client.post(kFlash, kHello).status, 503);
  EXPECT_EQ(client.post(kFlash, kHello).status, 200);
  EXPECT_EQ(client.post(kNewStream, kHello).status, 200);
  EXPECT_EQ(client.post(kNewStream, kHello).status, 500);
  EXPECT_EQ(client.post(kFlash, kHello, "leaked-but-forgiven").status, 200);
  EXPECT_EQ(client.post(kFlash, kHello, "leaked-still").status, 403);
}

TEST(ScenarioTest, RulesApplyForATime) {
  Client client(R"({"rules":[
      {"key":"a","after":"5s","for":"10s","fault":"overloaded"},
      {"key":"b","for":"1m","first":1,"fault":"bad500"},
      {"key":"c","after":"1h","skip":1,"fault":"leaked"}]})");
  const auto ask = [&client](const char* key, Milliseconds after) {
    return client.post(kFlash, kHello, key, kNoon + after).status;
  };
  using std::chrono::hours;
  using std::chrono::seconds;
  EXPECT_EQ(ask("a", seconds{0}), 200);
  EXPECT_EQ(ask("b", seconds{0}), 500);
  EXPECT_EQ(ask("b", seconds{0}), 200);
  EXPECT_EQ(ask("c", seconds{0}), 200);
  EXPECT_EQ(ask("a", Milliseconds{4999}), 200);
  EXPECT_EQ(ask("a", seconds{5}), 503);
  EXPECT_EQ(ask("a", Milliseconds{14'999}), 503);
  EXPECT_EQ(ask("a", seconds{15}), 200);
  EXPECT_EQ(ask("c", hours{1}), 200) << "what came before does not count";
  EXPECT_EQ(ask("c", hours{1}), 403);
}

TEST(ScenarioTest, CountsFromItsStart) {
  Options options;
  options.scenario = *parse_scenario(*parse_json(R"({"rules":[{"after":"5s","fault":"bad500"}]})"));
  options.started = kNoon - std::chrono::seconds{5};
  Client client(std::move(options));
  EXPECT_EQ(client.post(kFlash, kHello).status, 500);
}

TEST(ScenarioTest, MatchesTheModelInTheBodyOfOpenAiRequests) {
  Client client(R"({"rules":[{"model":"gemini-3.5","fault":"overloaded"}]})");
  const std::string messages = R"("messages":[{"role":"user","content":"hi"}]})";
  EXPECT_EQ(client.openai("chat/completions", R"({"model":"gemini-3.5-flash",)" + messages).status,
            503);
  EXPECT_EQ(client.openai("chat/completions", R"({"model":"gemini-2.5-flash",)" + messages).status,
            200);
}

TEST(ScenarioTest, KnowsItsKeys) {
  Client client(
      R"({"seed":3,"latency":"5ms","chunk_delay":"0","keys":["good",{"key":"bad","fault":"suspended"},
      {"key":"poor","quota":{"rpd":1}}]})");
  const auto good = client.post(kFlashStream, kHello, "good");
  EXPECT_EQ(good.status, 200);
  EXPECT_EQ(good.before_head, Milliseconds{5});
  EXPECT_EQ(good.pieces[1].after, Milliseconds{0});
  EXPECT_EQ(client.post(kFlash, kHello, "bad").status, 403);
  EXPECT_EQ(client.post(kFlash, kHello, "poor").status, 200);
  EXPECT_EQ(client.post(kFlash, kHello, "poor").status, 429);
  const Json unknown = json_of(client.get("/v1beta/models", "stranger"));
  EXPECT_EQ(unknown["error"]["details"][0]["reason"], "API_KEY_INVALID");
}

}  // namespace
}  // namespace gembal::sandbox
