#include "lib/upstream/verdict.hpp"

#include <gtest/gtest.h>

#include <map>

#include "daemon/sandbox/errors.hpp"
#include "lib/core/json.hpp"
#include "tests/support/recording.hpp"

namespace gembal::upstream {
namespace {

using keypool::Outcome;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

const TimePoint kNoon =
    *parse_iso8601("2026-11-24T20:00:00Z");  // in Los Angeles: twelve hours to midnight

// Every error of the documentation has a name in the sandbox; none may be without a verdict.
TEST(JudgeErrorTest, JudgesEveryKnownError) {
  const std::map<std::string, Outcome> expected = {
      {"invalid", Outcome::key_dead},
      {"expired", Outcome::key_dead},
      {"unknown-key", Outcome::key_dead},
      {"region", Outcome::exit_blocked},
      {"region-without-billing", Outcome::exit_blocked},
      {"nobilling", Outcome::key_unusable},
      {"precondition", Outcome::caller_fault},
      {"two-credentials", Outcome::proxy_fault},
      {"bad-argument", Outcome::caller_fault},
      {"too-many-tokens", Outcome::caller_fault},
      {"missing-signature", Outcome::caller_fault},
      {"bad-signature", Outcome::caller_fault},
      {"invalid-signature", Outcome::caller_fault},
      {"bad401", Outcome::key_unusable},
      {"bad401missing", Outcome::proxy_fault},
      {"leaked", Outcome::key_dead},
      {"suspended", Outcome::key_dead},
      {"blocked", Outcome::key_unusable},
      {"blocked-referrer", Outcome::key_unusable},
      {"blocked-address", Outcome::key_unusable},
      {"blocked-android", Outcome::key_unusable},
      {"blocked-ios", Outcome::key_unusable},
      {"disabled-service", Outcome::key_unusable},
      {"denied", Outcome::key_dead},
      {"unregistered", Outcome::proxy_fault},
      {"wrong-cache", Outcome::wrong_object},
      {"no-model", Outcome::caller_fault},
      {"new-users", Outcome::model_closed},
      {"bad404html", Outcome::caller_fault},
      {"bad413", Outcome::caller_fault},
      {"bad429minute", Outcome::quota_minute},
      {"bad429tokens", Outcome::quota_minute},
      {"bad429day", Outcome::quota_day},
      {"bad429zero", Outcome::quota_zero},
      {"bad429bare", Outcome::quota_minute},
      {"bad429later", Outcome::quota_minute},
      {"bad429region", Outcome::quota_minute},
      {"bad429sorry", Outcome::quota_minute},
      {"nocredit", Outcome::no_credit},
      {"spending-cap", Outcome::no_credit},
      {"bad499", Outcome::broken},
      {"bad500", Outcome::broken},
      {"bad500retry", Outcome::broken},
      {"bad502html", Outcome::broken},
      {"overloaded", Outcome::model_overloaded},
      {"high-demand", Outcome::model_overloaded},
      {"bad503deadline", Outcome::model_overloaded},
      {"bad504", Outcome::broken},
      {"bad504timeout", Outcome::broken},
  };
  for (const auto& name : sandbox::error_names()) {
    SCOPED_TRACE(name);
    const auto known = expected.find(name);
    ASSERT_NE(known, expected.end());
    const auto error = sandbox::error_named(
        name, "", {"key-one", "gemini-2.5-flash", "GenerateContent", "v1beta", kNoon});
    const std::string alone = error->html.empty() ? to_pretty_text(error->body) : error->html;
    const std::string in_array =
        error->html.empty() ? to_text(Json::array({error->body})) : error->html;
    EXPECT_STREQ(to_string(judge_error(error->status, alone, Subject::model, kNoon).outcome),
                 to_string(known->second));
    EXPECT_EQ(judge_error(error->status, in_array, Subject::model, kNoon),
              judge_error(error->status, alone, Subject::model, kNoon));
  }
}

TEST(JudgeErrorTest, JudgesEveryRecordedError) {
  const std::map<std::string, Outcome> particular = {
      {"error.400-gemini-2.5-flash__7e450b9b", Outcome::exit_blocked},
      {"error.400-gemini-2.5-flash__8ac4b5c0", Outcome::key_dead},
      {"error.400-gemini-2.5-pro__3fc22a10", Outcome::key_dead},
      {"error.400-gemini-3-pro-preview__e567a929", Outcome::key_dead},
      {"error.400-gemini-embedding-001__06bffafc", Outcome::key_dead},
      {"error.400-openai.chat.completions__4487e77a", Outcome::proxy_fault},
      {"error.404-openai.chat.completions__8259f9f5", Outcome::model_closed},
      {"error.429-gemini-2.0-flash__699e23a3", Outcome::quota_zero},
      {"error.429-gemini-2.5-flash__b65e67bb", Outcome::quota_day},
      {"error.429-gemini-3.5-flash__6ad9f922", Outcome::no_credit},
  };
  const std::map<std::string, Outcome> of_kind = {
      {"error.400", Outcome::caller_fault}, {"error.401", Outcome::key_unusable},
      {"error.403", Outcome::key_dead},     {"error.404", Outcome::caller_fault},
      {"error.429", Outcome::quota_minute}, {"error.499", Outcome::broken},
      {"error.500", Outcome::broken},       {"error.503", Outcome::model_overloaded},
      {"error.504", Outcome::broken}};
  const auto all = testing::recordings("error");
  if (all.empty()) return;  // a checkout without them
  std::size_t found = 0;
  for (const auto& recording : all) {
    SCOPED_TRACE(recording.name);
    const auto own = particular.find(recording.name);
    found += own != particular.end();
    const auto expected = own != particular.end() ? own->second : of_kind.at(recording.kind);
    EXPECT_STREQ(
        to_string(judge_error(recording.status, recording.body, Subject::model, kNoon).outcome),
        to_string(expected));
  }
  EXPECT_EQ(found, particular.size());
}

std::string quota_body(const std::string& message, const std::string& violations,
                       const std::string& delay = "") {
  return R"({"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":")" + message +
         R"(","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[)" +
         violations + "]}" +
         (delay.empty() ? ""
                        : R"(,{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":")" +
                              delay + "\"}") +
         "]}}";
}

TEST(JudgeErrorTest, ReadsHowLongAQuotaIsSpent) {
  const std::string minute =
      R"({"quotaId":"GenerateRequestsPerMinutePerProjectPerModel-FreeTier","quotaValue":"10"})";
  const std::string day =
      R"({"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier","quotaValue":"20"})";
  const struct {
    const char* name;
    std::string body;
    Outcome outcome;
    std::optional<milliseconds> delay;
  } cases[] = {
      {"the delay of RetryInfo", quota_body("", minute, "34.4s"), Outcome::quota_minute,
       milliseconds{34'400}},
      {"the message's fraction is the truth",
       quota_body("Please retry in 48.939935699s.", minute, "48s"), Outcome::quota_minute,
       milliseconds{48'940}},
      {"milliseconds", quota_body("Please retry in 850ms.", minute, "0s"), Outcome::quota_minute,
       milliseconds{850}},
      {"no delay: a minute", quota_body("", minute), Outcome::quota_minute, seconds{60}},
      {"a day, whatever the seconds say", quota_body("Please retry in 5.03s.", day, "5s"),
       Outcome::quota_day, hours{12}},
      {"a true delay beyond midnight, while sane",
       quota_body("Please retry in 22h6m26.2s.", day, "79586s"), Outcome::quota_day,
       milliseconds{79'586'200}},
      {"an insane one", quota_body("Please retry in 100h.", day, "360000s"), Outcome::quota_day,
       hours{12}},
      {"minute and day together: the day", quota_body("", minute + "," + day, "30s"),
       Outcome::quota_day, hours{12}},
      {"limit 0 wins over both",
       quota_body("* Quota exceeded, limit: 0, model: x\\nPlease retry in 30s.", minute + "," + day,
                  "30s"),
       Outcome::quota_zero, std::nullopt},
      {"limit 0 at the end", quota_body("limit: 0", day), Outcome::quota_zero, std::nullopt},
      {"limit 05 is no 0", quota_body("limit: 05", day), Outcome::quota_day, hours{12}},
      {"limit 0.5 neither", quota_body("limit: 0.5", day), Outcome::quota_day, hours{12}},
      {"only a metric",
       quota_body("", R"({"quotaMetric":"x/generate_requests_per_model_per_day"})"),
       Outcome::quota_day, hours{12}},
      {"tokens a minute",
       quota_body("", R"({"quotaId":"GenerateContentInputTokensPerModelPerMinute-FreeTier"})",
                  "17s"),
       Outcome::quota_minute, seconds{17}},
      {"tokens a day",
       quota_body("", R"({"quotaId":"GenerateContentInputTokensPerModelPerDay-FreeTier"})", "17s"),
       Outcome::quota_day, hours{12}},
      {"an unknown name with a delay", quota_body("", R"({"quotaId":"Something"})", "9s"),
       Outcome::quota_minute, seconds{9}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto verdict = judge_error(429, c.body, Subject::model, kNoon);
    EXPECT_STREQ(to_string(verdict.outcome), to_string(c.outcome));
    EXPECT_EQ(verdict.delay, c.delay);
    EXPECT_FALSE(verdict.bare_quota);
  }
}

TEST(JudgeErrorTest, TheDayEndsAtMidnightInLosAngelesAlsoWhenTheClocksChange) {
  const auto body = quota_body("", R"({"quotaId":"RequestsPerDay"})", "1s");
  const struct {
    const char* name;
    const char* now;
    std::chrono::minutes left;
  } cases[] = {
      {"winter", "2026-11-24T20:00:00Z", hours{12}},
      {"summer", "2026-07-01T20:00:00Z", hours{11}},
      {"the short day in March", "2026-03-08T08:00:00Z", hours{23}},
      {"the long day in November", "2026-11-01T07:00:00Z", hours{25}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(judge_error(429, body, Subject::model, *parse_iso8601(c.now)).delay, c.left);
  }
}

TEST(JudgeErrorTest, LearnsTheProjectFromWhatNamesIt) {
  const auto with_metadata = [](const std::string& consumer) {
    return R"({"error":{"code":403,"status":"PERMISSION_DENIED","message":"x","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"SERVICE_DISABLED","metadata":{"consumer":")" +
           consumer + "\"}}]}}";
  };
  const auto with_message = [](const std::string& message) {
    return R"({"error":{"code":403,"status":"PERMISSION_DENIED","message":")" + message + "\"}}";
  };
  const struct {
    const char* name;
    int status;
    std::string body;
    const char* project;
  } cases[] = {
      {"its metadata", 403, with_metadata("projects/123456789"), "projects/123456789"},
      {"by its name", 403, with_metadata("projects/my-project"), "projects/my-project"},
      {"blacked out", 403, with_metadata("projects/000000000000"), ""},
      {"an empty one", 403, with_metadata("projects/"), ""},
      {"no project at all", 403, with_metadata("api_key:x"), ""},
      {"a message", 403,
       with_message("Generative Language API has not been used in project 123456789 before"),
       "projects/123456789"},
      {"a message with a number sign", 400,
       with_message("Please enable billing on project #123456789 by visiting"),
       "projects/123456789"},
      {"a quota's message", 429,
       with_message("Quota exceeded for consumer 'project_number:123456789'."),
       "projects/123456789"},
      {"blacked out in a message", 429,
       with_message("Quota exceeded for consumer 'project_number:000000000000'."), ""},
      {"blacked out after a word", 403, with_message("not been used in project 000000000000"), ""},
      {"the second that is named", 403, with_message("Project has none; project 123456789 does."),
       "projects/123456789"},
      {"too short for a number", 403, with_message("project 12 of 30 has been denied access"), ""},
      {"far too long", 403, with_message("project " + std::string(300, '1')), ""},
      {"what a caller wrote", 400, with_message("Invalid value: project 123456789"), ""},
      {"the file of another", 403,
       with_message("You do not have permission to access the File x of project 123456789 or it "
                    "may not exist."),
       ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(judge_error(c.status, c.body, Subject::model, kNoon).project, c.project);
  }
}

TEST(JudgeErrorTest, LearnsLimitsAndTheModelThatTheyAreOf) {
  const auto limits = [](std::uint32_t rpm, std::uint32_t rpd, std::uint64_t tpm) {
    keypool::QuotaLimits made;
    made.requests_per_minute = rpm;
    made.requests_per_day = rpd;
    made.tokens_per_minute = tpm;
    return made;
  };
  const std::string minute =
      R"({"quotaId":"GenerateRequestsPerMinutePerProjectPerModel-FreeTier","quotaValue":"10"})";
  const std::string day =
      R"({"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier","quotaValue":"20","quotaDimensions":{"location":"global","model":"gemini-x"}})";
  const std::string tokens =
      R"({"quotaId":"GenerateContentInputTokensPerModelPerMinute-FreeTier","quotaValue":"250000"})";
  const struct {
    const char* name;
    std::string violations;
    keypool::QuotaLimits limits;
    const char* model;
  } cases[] = {
      {"requests a minute", minute, limits(10, 0, 0), ""},
      {"requests a day", day, limits(0, 20, 0), "gemini-x"},
      {"tokens a minute", tokens, limits(0, 0, 250'000), ""},
      {"all of them", minute + "," + tokens + "," + day, limits(10, 20, 250'000), "gemini-x"},
      {"a number that is no text", R"({"quotaId":"RequestsPerMinute","quotaValue":10})",
       limits(10, 0, 0), ""},
      {"nothing keeps to a day's tokens",
       R"({"quotaId":"GenerateContentInputTokensPerModelPerDay-FreeTier","quotaValue":"9"})",
       limits(0, 0, 0), ""},
      {"by the metric",
       R"({"quotaMetric":"x/generate_requests_per_model_per_day","quotaValue":"9"})",
       limits(0, 9, 0), ""},
      {"of no known kind", R"({"quotaId":"Something","quotaValue":"9"})", limits(0, 0, 0), ""},
      {"no value", R"({"quotaId":"RequestsPerMinute"})", limits(0, 0, 0), ""},
      {"an odd value", R"({"quotaId":"RequestsPerMinute","quotaValue":"-3"})", limits(0, 0, 0), ""},
      {"one that is too large", R"({"quotaId":"RequestsPerMinute","quotaValue":"99999999999"})",
       limits(0, 0, 0), ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto verdict =
        judge_error(429, quota_body("", c.violations, "9s"), Subject::model, kNoon);
    EXPECT_EQ(verdict.limits, c.limits);
    EXPECT_EQ(verdict.quota_model, c.model);
  }
  EXPECT_EQ(judge_error(429, quota_body("limit: 0", minute), Subject::model, kNoon).limits,
            limits(0, 0, 0))
      << "without any quota there is no limit to keep to";
}

// Reasons are kept and stored: none may be as long as a body.
TEST(JudgeErrorTest, KeepsShortWordsOnly) {
  const std::string word(10'000, 'X');
  for (const int status : {400, 401, 403}) {
    const auto verdict =
        judge_error(status,
                    R"({"error":{"status":")" + word + R"(","details":[{"reason":")" + word +
                        R"(","metadata":{"consumer":"projects/)" + word + "\"}}]}}",
                    Subject::model, kNoon);
    EXPECT_LT(verdict.reason.size(), 100u) << status;
    EXPECT_FALSE(verdict.reason.empty());
    EXPECT_TRUE(verdict.project.empty());
  }
}

TEST(JudgeErrorTest, KnowsABareQuotaRefusal) {
  const auto bare = judge_error(
      429,
      R"({"error":{"code":429,"message":"Resource has been exhausted (e.g. check quota).","status":"RESOURCE_EXHAUSTED"}})",
      Subject::model, kNoon);
  EXPECT_TRUE(bare.bare_quota);
  EXPECT_TRUE(judge_error(429, "<html>Sorry...</html>", Subject::model, kNoon).bare_quota);
}

TEST(JudgeErrorTest, AskedAboutAnObjectADenialIsAboutTheObject) {
  const std::string file =
      R"({"error":{"code":403,"message":"You do not have permission to access the File abc or it may not exist.","status":"PERMISSION_DENIED"}})";
  EXPECT_EQ(judge_error(403, file, Subject::object, kNoon).outcome, Outcome::wrong_object);
  EXPECT_EQ(judge_error(403, file, Subject::model, kNoon).outcome, Outcome::wrong_object);
  EXPECT_EQ(
      judge_error(404, R"({"error":{"code":404,"message":"not here"}})", Subject::object, kNoon)
          .outcome,
      Outcome::wrong_object);
  EXPECT_EQ(
      judge_error(403, R"({"error":{"code":403,"message":"Your API key was reported as leaked."}})",
                  Subject::object, kNoon)
          .outcome,
      Outcome::key_dead);
}

TEST(JudgeErrorTest, SurvivesAnyBody) {
  const std::string bodies[] = {
      "",
      "null",
      "[]",
      "{}",
      "[{}]",
      R"({"error":null})",
      R"({"error":"text"})",
      R"({"error":{"message":7,"details":{}}})",
      R"({"error":{"details":[null,7,{"violations":[null,{"quotaId":9}]}]}})",
      "\xff\xfe",
      std::string(100'000, '['),
      "<html>"};
  for (const auto& body : bodies) {
    for (const int status :
         {0, 400, 401, 402, 403, 404, 408, 413, 418, 429, 499, 500, 502, 503, 504, 599}) {
      const auto verdict = judge_error(status, body, Subject::model, kNoon);
      EXPECT_NE(verdict.outcome, Outcome::success);
      EXPECT_NE(verdict.outcome, Outcome::key_dead) << status << " " << body.substr(0, 50);
    }
  }
}

TEST(JudgeReplyTest, TellsLawfulEmptyAnswersFromBrokenOnes) {
  const struct {
    const char* name;
    const char* body;
    Content expected;
  } cases[] = {
      {"text", R"({"candidates":[{"content":{"parts":[{"text":"hi"}]},"finishReason":"STOP"}]})",
       Content::good},
      {"thoughts only",
       R"({"candidates":[{"content":{"parts":[{"text":"hm","thought":true}]},"finishReason":"STOP"}]})",
       Content::good},
      {"a call",
       R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}}]},"finishReason":"STOP"}]})",
       Content::good},
      {"a blocked prompt", R"({"promptFeedback":{"blockReason":"SAFETY"}})", Content::good},
      {"MAX_TOKENS without parts",
       R"({"candidates":[{"content":{"role":"model"},"finishReason":"MAX_TOKENS"}]})",
       Content::good},
      {"a safety finish", R"({"candidates":[{"finishReason":"SAFETY"}]})", Content::good},
      {"no candidates, no feedback", R"({"usageMetadata":{}})", Content::broken},
      {"STOP without content",
       R"({"candidates":[{"content":{"role":"model"},"finishReason":"STOP"}]})", Content::broken},
      {"STOP with an empty text",
       R"({"candidates":[{"content":{"parts":[{"text":""}]},"finishReason":"STOP"}]})",
       Content::broken},
      {"a malformed call",
       R"({"candidates":[{"content":{},"finishReason":"MALFORMED_FUNCTION_CALL"}]})",
       Content::broken},
      {"an unexpected call",
       R"({"candidates":[{"content":{},"finishReason":"UNEXPECTED_TOOL_CALL"}]})", Content::broken},
      {"OTHER", R"({"candidates":[{"content":{},"finishReason":"OTHER"}]})", Content::broken},
      {"no finish reason and no content", R"({"candidates":[{"content":{"role":"model"}}]})",
       Content::broken},
      {"nothing", "", Content::broken},
      {"no JSON", "<html>", Content::broken},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(judge_reply(c.body), c.expected);
  }
}

TEST(JudgeReplyTest, AcceptsEveryRecordedAnswerButTheBrokenOnes) {
  std::vector<std::string> broken;
  for (const auto& recording : testing::recordings("generate")) {
    if (recording.streamed || recording.status != 200) continue;
    if (judge_reply(recording.body) == Content::broken) broken.push_back(recording.name);
  }
  if (broken.empty()) return;  // a checkout without recordings
  EXPECT_EQ(broken, (std::vector<std::string>{
                        "generate.call-result-gemini-2.0-flash-001__3893c3ed",
                        "generate.finish-MALFORMED-FUNCTION-CALL-gemini-2.5-flash__d76b1af5"}));
}

}  // namespace
}  // namespace gembal::upstream
