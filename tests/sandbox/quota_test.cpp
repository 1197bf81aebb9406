#include "daemon/sandbox/quota.hpp"

#include <gtest/gtest.h>

#include "tests/sandbox/client.hpp"

namespace gembal::sandbox {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

Json detail(const Script& script, std::size_t index) {
  return json_of(script)["error"]["details"][index];
}
std::string delay_of(const Script& script) { return detail(script, 2)["retryDelay"]; }
std::string quota_of(const Script& script) { return detail(script, 1)["violations"][0]["quotaId"]; }

TEST(QuotaTest, ReadsLimitsOutOfKeys) {
  const struct {
    const char* key;
    std::optional<int> per_minute, per_day;
    std::optional<long long> tokens;
  } cases[] = {
      {"sandbox-key-1", {}, {}, {}},
      {"key-rpm15", 15, {}, {}},
      {"rpm2-rpd20_tpm1000", 2, 20, 1000},
      {"key-rpd0", {}, 0, {}},
      {"AIzaxrpm15", {}, {}, {}},
      {"key-rpm15x", {}, {}, {}},
      {"rpm", {}, {}, {}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.key);
    const auto quota = quota_in_key(c.key);
    EXPECT_EQ(quota.per_minute, c.per_minute);
    EXPECT_EQ(quota.per_day, c.per_day);
    EXPECT_EQ(quota.tokens_per_minute, c.tokens);
  }
}

TEST(QuotaTest, MinutesSlideAndTheDelayIsTrue) {
  Client client;
  const auto ask = [&client](TimePoint now) {
    return client.post(kFlash, kHello, "key-rpm2", now);
  };
  EXPECT_EQ(ask(kNoon).status, 200);
  EXPECT_EQ(ask(kNoon + seconds{10}).status, 200);
  const auto refused = ask(kNoon + Milliseconds{20'250});
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(quota_of(refused), "GenerateRequestsPerMinutePerProjectPerModel-FreeTier");
  EXPECT_EQ(detail(refused, 1)["violations"][0]["quotaValue"], "2");
  EXPECT_EQ(delay_of(refused), "39s");
  EXPECT_NE(string_in(json_of(refused)["error"], "message").find("Please retry in 39.75s."),
            std::string::npos);
  EXPECT_EQ(ask(kNoon + Milliseconds{59'999}).status, 429);
  EXPECT_EQ(ask(kNoon + seconds{60}).status, 200);  // refused requests were not counted
  EXPECT_EQ(ask(kNoon + seconds{60}).status, 429);
  EXPECT_EQ(ask(kNoon + seconds{70}).status, 200);
}

TEST(QuotaTest, DaysEndAtMidnightInCalifornia) {
  Client client;
  const auto ask = [&client](TimePoint now) {
    return client.post(kFlash, kHello, "key-rpd1", now);
  };
  EXPECT_EQ(ask(kNoon).status, 200);
  const auto refused = ask(kNoon + hours{1});
  EXPECT_EQ(quota_of(refused), "GenerateRequestsPerDayPerProjectPerModel-FreeTier");
  EXPECT_EQ(delay_of(refused), "39600s");
  EXPECT_EQ(ask(kNoon + hours{12} - seconds{1}).status, 429);
  EXPECT_EQ(ask(kNoon + hours{12}).status, 200);
}

TEST(QuotaTest, CountsPerModelAndPerKey) {
  Client client;
  EXPECT_EQ(client.post(kFlash, kHello, "a-rpd1").status, 200);
  EXPECT_EQ(client.post(kNew, kHello, "a-rpd1").status, 200);
  EXPECT_EQ(client.post(kFlash, kHello, "b-rpd1").status, 200);
  EXPECT_EQ(client.post(kFlash, kHello, "a-rpd1").status, 429);
  EXPECT_EQ(client.get("/v1beta/models", "a-rpd1").status, 200);
}

TEST(QuotaTest, KeysOfOneProjectShareTheirQuota) {
  Client client(
      R"({"keys":[{"key":"a","project":"p"},{"key":"b","project":"p"},"c"],"quota":{"rpm":1}})");
  EXPECT_EQ(client.post(kFlash, kHello, "a").status, 200);
  EXPECT_EQ(client.post(kFlash, kHello, "b").status, 429);
  EXPECT_EQ(client.post(kFlash, kHello, "c").status, 200);
}

TEST(QuotaTest, ModelsHaveQuotasOfTheirOwn) {
  Client client(R"({"quota":{"rpm":3,"rpd":5},
      "keys":[{"key":"a","project":"p"},{"key":"b","project":"p"},
              {"key":"rich","quota":{"rpm":100}}],
      "models":{"gemini-2.5-flash":{"quota":{"rpm":2}},"models/gemini-3.5-flash":{"quota":{"rpd":0}}}})");
  const auto violation = [](const Script& script) { return detail(script, 1)["violations"][0]; };
  EXPECT_EQ(client.post(kFlash, kHello, "a").status, 200);
  EXPECT_EQ(client.post(kFlash, kHello, "b", kNoon + seconds{20}).status, 200);
  const auto refused = client.post(kFlash, kHello, "a", kNoon + seconds{30});
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(quota_of(refused), "GenerateRequestsPerMinutePerProjectPerModel-FreeTier");
  EXPECT_EQ(violation(refused)["quotaValue"], "2");
  EXPECT_EQ(to_text(violation(refused)["quotaDimensions"]),
            R"({"location":"global","model":"gemini-2.5-flash"})");
  EXPECT_EQ(delay_of(refused), "30s");
  EXPECT_NE(string_in(json_of(refused)["error"], "message")
                .find("generate_content_free_tier_requests, limit: 2, model: gemini-2.5-flash"),
            std::string::npos);

  const auto none = client.post(kNew, kHello, "rich");
  EXPECT_EQ(quota_of(none), "GenerateRequestsPerDayPerProjectPerModel-FreeTier");
  EXPECT_EQ(find(violation(none), "quotaValue"), nullptr);
  const char* other = "/v1beta/models/gemini-2.5-pro:generateContent";
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.post(other, kHello, "a").status, 200);
  EXPECT_EQ(violation(client.post(other, kHello, "b"))["quotaValue"], "3");
}

TEST(QuotaTest, BadRequestsCostNothing) {
  Client client;
  EXPECT_EQ(client.post(kFlash, "{}", "key-rpd1").status, 400);
  EXPECT_EQ(client.post(kFlash, kHello, "key-rpd1").status, 200);
}

TEST(QuotaTest, NoQuotaAtAllLeavesTheValueOut) {
  Client client;
  const auto refused = client.post(kFlash, kHello, "key-rpd0");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(find(detail(refused, 1)["violations"][0], "quotaValue"), nullptr);
  EXPECT_NE(string_in(json_of(refused)["error"], "message").find("limit: 0"), std::string::npos);
}

TEST(QuotaTest, TokensAndTextsAreCounted) {
  Client client;
  const std::string prompt = ask_with(std::string(400, 'x'));  // 100 tokens
  EXPECT_EQ(client.post(kFlash, prompt, "key-tpm150").status, 200);
  const auto refused = client.post(kFlash, prompt, "key-tpm150", kNoon + seconds{1});
  EXPECT_EQ(quota_of(refused), "GenerateContentInputTokensPerModelPerMinute-FreeTier");
  EXPECT_EQ(delay_of(refused), "59s");

  const std::string one =
      R"({"model":"models/gemini-embedding-2","content":{"parts":[{"text":"a"}]}})";
  const std::string three = "{\"requests\":[" + one + "," + one + "," + one + "]}";
  const char* url = "/v1beta/models/gemini-embedding-2:batchEmbedContents";
  EXPECT_EQ(client.post(url, three, "key-rpm5").status, 200);
  const auto embeds = client.post(url, three, "key-rpm5");
  EXPECT_EQ(quota_of(embeds), "EmbedContentRequestsPerMinutePerUserPerProjectPerModel-FreeTier");
}

}  // namespace
}  // namespace gembal::sandbox
