#include "daemon/sandbox/faults.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "tests/sandbox/client.hpp"

namespace gembal::sandbox {
namespace {

const Json& details_of(const Json& error, std::string_view type) {
  static const Json none;
  const Json* details = find(error["error"], "details");
  if (!details) return none;
  for (const auto& detail : *details) {
    if (string_in(detail, "@type") == "type.googleapis.com/google.rpc." + std::string(type))
      return detail;
  }
  return none;
}

TEST(FaultsTest, EachErrorHasItsStatusItsWordsAndItsReason) {
  const struct {
    const char* fault;
    int http;
    const char* status;
    const char* message;  // its beginning
    const char* reason;
  } cases[] = {
      {"invalid", 400, "INVALID_ARGUMENT", "API key not valid.", "API_KEY_INVALID"},
      {"expired", 400, "INVALID_ARGUMENT", "API key expired.", "API_KEY_INVALID"},
      {"unknown-key", 400, "INVALID_ARGUMENT", "API Key not found.", "API_KEY_INVALID"},
      {"region", 400, "FAILED_PRECONDITION", "User location is not supported for the API use.", ""},
      {"region-without-billing", 400, "FAILED_PRECONDITION", "User location is not supported", ""},
      {"nobilling", 400, "FAILED_PRECONDITION", "Please enable billing on project #",
       "BILLING_DISABLED"},
      {"precondition", 400, "FAILED_PRECONDITION", "Precondition", ""},
      {"two-credentials", 400, "INVALID_ARGUMENT", "Multiple authentication credentials received.",
       ""},
      {"bad-argument", 400, "INVALID_ARGUMENT", "Request contains an invalid argument.", ""},
      {"too-many-tokens", 400, "INVALID_ARGUMENT", "The input token count (1196265) exceeds", ""},
      {"missing-signature", 400, "INVALID_ARGUMENT", "Function call is missing a thought_signature",
       ""},
      {"bad-signature", 400, "INVALID_ARGUMENT", "Corrupted thought signature.", ""},
      {"invalid-signature", 400, "INVALID_ARGUMENT", "Invalid thought signature.", ""},
      {"bad401", 401, "UNAUTHENTICATED", "Request had invalid authentication credentials.",
       "ACCESS_TOKEN_TYPE_UNSUPPORTED"},
      {"bad401missing", 401, "UNAUTHENTICATED", "API keys are not supported by this API.",
       "CREDENTIALS_MISSING"},
      {"leaked", 403, "PERMISSION_DENIED", "Your API key was reported as leaked.", ""},
      {"suspended", 403, "PERMISSION_DENIED",
       "Permission denied: Consumer 'api_key:key-one' has been suspended.", "CONSUMER_SUSPENDED"},
      {"blocked", 403, "PERMISSION_DENIED",
       "Requests to this API generativelanguage.googleapis.com", "API_KEY_SERVICE_BLOCKED"},
      {"blocked-referrer", 403, "PERMISSION_DENIED", "Requests from referer <empty>",
       "API_KEY_HTTP_REFERRER_BLOCKED"},
      {"blocked-address", 403, "PERMISSION_DENIED", "The provided API key has an IP address",
       "API_KEY_IP_ADDRESS_BLOCKED"},
      {"blocked-android", 403, "PERMISSION_DENIED", "Requests from this Android",
       "API_KEY_ANDROID_APP_BLOCKED"},
      {"blocked-ios", 403, "PERMISSION_DENIED", "Requests from this iOS",
       "API_KEY_IOS_APP_BLOCKED"},
      {"disabled-service", 403, "PERMISSION_DENIED",
       "Generative Language API has not been used in project", "SERVICE_DISABLED"},
      {"denied", 403, "PERMISSION_DENIED", "Your project has been denied access.", ""},
      {"unregistered", 403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers", ""},
      {"wrong-cache", 403, "PERMISSION_DENIED", "CachedContent not found (or permission denied)",
       ""},
      {"no-model", 404, "NOT_FOUND", "models/gemini-2.5-flash is not found for API version v1beta",
       ""},
      {"new-users", 404, "NOT_FOUND",
       "This model models/gemini-2.5-flash is no longer available to new users.", ""},
      {"bad429bare", 429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota).",
       ""},
      {"bad429later", 429, "RESOURCE_EXHAUSTED", "Resource exhausted. Please try again later.", ""},
      {"bad429region", 429, "RESOURCE_EXHAUSTED",
       "Quota exceeded for quota metric 'Generate Content API requests per minute'",
       "RATE_LIMIT_EXCEEDED"},
      {"bad429minute", 429, "RESOURCE_EXHAUSTED", "You exceeded your current quota", ""},
      {"bad429tokens", 429, "RESOURCE_EXHAUSTED", "You exceeded your current quota", ""},
      {"bad429day", 429, "RESOURCE_EXHAUSTED", "You exceeded your current quota", ""},
      {"bad429zero", 429, "RESOURCE_EXHAUSTED", "You exceeded your current quota", ""},
      {"nocredit", 429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted.", ""},
      {"spending-cap", 429, "RESOURCE_EXHAUSTED",
       "Your project has exceeded its monthly spending cap", ""},
      {"bad499", 499, "CANCELLED", "The operation was cancelled.", ""},
      {"bad500", 500, "INTERNAL", "Internal error encountered.", ""},
      {"bad500retry", 500, "INTERNAL", "An internal error has occurred. Please retry or report in",
       ""},
      {"overloaded", 503, "UNAVAILABLE", "The model is overloaded. Please try again later.", ""},
      {"high-demand", 503, "UNAVAILABLE", "This model is currently experiencing high demand.", ""},
      {"bad503deadline", 503, "UNAVAILABLE", "Deadline expired before operation could complete.",
       ""},
      {"bad504", 504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete.", ""},
      {"bad504timeout", 504, "DEADLINE_EXCEEDED", "The request timed out.", ""},
      {"bad404html", 404, "", "", ""},
      {"bad413", 413, "", "", ""},
      {"bad429sorry", 429, "", "", ""},
      {"bad502html", 502, "", "", ""},
  };
  Client client;
  std::set<std::string> seen;
  for (const auto& c : cases) {
    SCOPED_TRACE(c.fault);
    seen.insert(c.fault);
    const auto script = client.fault(c.fault, kFlash, kHello);
    EXPECT_EQ(script.status, c.http);
    if (!*c.status) {
      EXPECT_TRUE(script.headers[0].second.starts_with("text/html"));
      EXPECT_TRUE(body_of(script).starts_with("<!DOCTYPE html>"));
      continue;
    }
    const Json body = json_of(script);
    EXPECT_EQ(body["error"]["code"], c.http);
    EXPECT_EQ(body["error"]["status"], c.status);
    EXPECT_TRUE(string_in(body["error"], "message").starts_with(c.message))
        << body["error"]["message"];
    const Json info = details_of(body, "ErrorInfo");
    EXPECT_EQ(info.is_null() ? "" : string_in(info, "reason"), c.reason);
  }
  for (const auto& name : error_names()) EXPECT_TRUE(seen.contains(name)) << name;
}

TEST(FaultsTest, QuotaErrorsNameTheirLimits) {
  Client client;
  const Json day = json_of(client.fault("bad429day", kFlash, kHello));
  const Json& violation = details_of(day, "QuotaFailure")["violations"][0];
  EXPECT_EQ(violation["quotaId"], "GenerateRequestsPerDayPerProjectPerModel-FreeTier");
  EXPECT_EQ(violation["quotaValue"], "20");
  EXPECT_EQ(to_text(violation["quotaDimensions"]),
            R"({"location":"global","model":"gemini-2.5-flash"})");
  EXPECT_EQ(details_of(day, "RetryInfo")["retryDelay"], "43200s");  // noon to midnight
  EXPECT_NE(string_in(day["error"], "message").find("\nPlease retry in 12h0m0s."),
            std::string::npos);

  // The real API often says a few seconds where a day is meant.
  const Json misleading = json_of(client.fault("bad429day,27s", kFlash, kHello));
  EXPECT_EQ(details_of(misleading, "RetryInfo")["retryDelay"], "27s");

  const Json zero = json_of(client.fault("bad429zero", kFlash, kHello));
  EXPECT_EQ(details_of(zero, "QuotaFailure")["violations"].size(), 3u);
  EXPECT_EQ(find(details_of(zero, "QuotaFailure")["violations"][0], "quotaValue"), nullptr);
  EXPECT_NE(string_in(zero["error"], "message").find(", limit: 0, model: gemini-2.5-flash"),
            std::string::npos);
}

TEST(FaultsTest, KeysAskForFaultsByTheirNames) {
  const struct {
    const char* key;
    const char* fault;
  } cases[] = {
      {"sandbox-key-1", ""},
      {"key-bad429day", "bad429day"},
      {"xbad429minutex", "bad429minute"},
      {"my_bad_argument_key", "bad-argument"},
      {"leaked2", "leaked"},
      {"key-blocked", "blocked"},
      {"key-blocked-referrer", "blocked-referrer"},
      {"key-prompt-blocked", "prompt-blocked"},
      {"key-slow", "slow"},
      {"slow.key", "slow"},
      {"AIzaSyxslowcuthalfhtmlshort", ""},
      {"half-a-key", "half"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.key);
    const auto fault = fault_in_key(c.key);
    EXPECT_EQ(fault ? fault->name : "", c.fault);
  }
}

TEST(FaultsTest, KeyFaultsHitEveryRequestAndOthersOnlyCalls) {
  Client client;
  EXPECT_EQ(client.get("/v1beta/models", "key-leaked").status, 403);
  EXPECT_EQ(client.post(kFlash, kHello, "key-leaked").status, 403);
  EXPECT_EQ(client.get("/v1beta/models", "key-bad429day").status, 200);
  EXPECT_EQ(client.post(kFlash, kHello, "key-bad429day").status, 429);
  EXPECT_EQ(client.get("/v1beta/models", "key-overloaded").status, 200);
  EXPECT_EQ(
      client.post("/v1beta/models/gemini-embedding-2:embedContent", "{}", "key-overloaded").status,
      503);
}

TEST(FaultsTest, ReadsArgumentsAndRefusesWhatItDoesNotKnow) {
  EXPECT_EQ(parse_fault(" cut , 3")->arguments, std::vector<std::string>{"3"});
  EXPECT_EQ(parse_fault("malformed_function_call")->name, "malformed-function-call");
  EXPECT_EQ(parse_fault("error-event,2,bad_signature")->arguments[1], "bad-signature");
  EXPECT_EQ(parse_fault("overload").error().hint, "did you mean 'overloaded'?");
  EXPECT_FALSE(parse_fault("cut,many"));
  EXPECT_FALSE(parse_fault(""));
  Client client;
  EXPECT_EQ(client.fault("no-such-thing", kFlash, kHello).status, 400);
}

TEST(FaultsTest, BrokenAnswersHaveTheShapesOfRecordedOnes) {
  const struct {
    const char* fault;
    const char* finish;  // "" without candidates
    const char* content;
  } cases[] = {
      {"empty200", "", ""},
      {"prompt-blocked", "", ""},
      {"stop-without-content", "STOP", R"({"role":"model"})"},
      {"max-tokens-empty", "MAX_TOKENS", R"({"role":"model"})"},
      {"malformed_function_call", "MALFORMED_FUNCTION_CALL", "{}"},
      {"unexpected-tool-call", "UNEXPECTED_TOOL_CALL", "{}"},
      {"finish-other", "OTHER", R"({"role":"model"})"},
      {"no-image", "NO_IMAGE", R"({"role":"model"})"},
      {"image-safety", "IMAGE_SAFETY", R"({"role":"model"})"},
      {"safety", "SAFETY", nullptr},
      {"recitation", "RECITATION", nullptr},
  };
  Client client;
  for (const auto& c : cases) {
    SCOPED_TRACE(c.fault);
    for (const char* url : {kFlash, kFlashStream}) {
      const auto script = client.fault(c.fault, url, kHello);
      EXPECT_EQ(script.status, 200);
      const Json response = script.chunked ? events_of(script).back() : json_of(script);
      EXPECT_EQ(find(response, "promptFeedback") != nullptr,
                std::string_view(c.fault) == "prompt-blocked");
      EXPECT_EQ(find(response, "candidates") != nullptr, *c.finish != 0);
      if (!*c.finish) continue;
      EXPECT_EQ(response["candidates"][0]["finishReason"], c.finish);
      if (c.content) {
        EXPECT_EQ(to_text(response["candidates"][0]["content"]), c.content);
      }
    }
  }
}

TEST(FaultsTest, DeliversBadlyAsAsked) {
  Client client;
  const auto whole = client.post(kFlashStream, kHello);
  const auto events = whole.pieces.size();
  const auto bent = [&client](const std::string& fault, const char* url = kFlashStream) {
    return client.fault(fault, url, kHello);
  };

  const auto cut = bent("cut,2");
  EXPECT_EQ(cut.pieces.size(), 2u);
  EXPECT_EQ(cut.end, End::cut);
  EXPECT_EQ(bent("cut,1000").pieces.size(), events);
  EXPECT_EQ(bent("cut,0").pieces.size(), 0u);
  EXPECT_EQ(bent("reset,1").end, End::reset);

  const auto half = bent("half,1");
  ASSERT_EQ(half.pieces.size(), 2u);
  EXPECT_FALSE(half.pieces[1].bytes.ends_with("\n"));
  EXPECT_EQ(half.end, End::cut);

  const auto brief = bent("short,1");
  EXPECT_EQ(brief.pieces.size(), 1u);
  EXPECT_EQ(brief.end, End::proper);

  const auto stalled = bent("stall,2,30s");
  EXPECT_EQ(stalled.pieces.size(), events);
  EXPECT_EQ(stalled.pieces[2].after, Milliseconds{30'000});
  EXPECT_EQ(bent("stall,1000").pieces.back().after, Milliseconds{600'000});

  const auto trickled = bent("trickle,3,1ms");
  EXPECT_EQ(trickled.pieces[0].bytes.size(), 3u);
  EXPECT_EQ(trickled.pieces[1].after, Milliseconds{1});
  EXPECT_EQ(body_of(trickled).size(), body_of(whole).size());

  EXPECT_EQ(bent("slow,2s").before_head, Milliseconds{2000});
  EXPECT_TRUE(bent("refused").refuse);
  EXPECT_TRUE(bent("garbage").raw.has_value());
  EXPECT_EQ(bent("html").status, 200);
  EXPECT_TRUE(body_of(bent("html")).starts_with("<!DOCTYPE html>"));
  EXPECT_EQ(body_of(bent("empty-body", kFlash)), "");
}

TEST(FaultsTest, CutsUnaryRepliesInTheMiddle) {
  Client client;
  const auto whole = body_of(client.post(kFlash, kHello)).size();
  const auto cut = client.fault("cut", kFlash, kHello);
  EXPECT_TRUE(cut.chunked);
  EXPECT_EQ(cut.end, End::cut);
  EXPECT_EQ(body_of(cut).size(), whole / 2);
  const auto stalled = client.fault("stall,5s", kFlash, kHello);
  ASSERT_EQ(stalled.pieces.size(), 2u);
  EXPECT_EQ(stalled.pieces[1].after, Milliseconds{5000});
  EXPECT_FALSE(json_of(stalled).is_null());
}

TEST(FaultsTest, BreaksStreamsOffWithErrors) {
  Client client;
  const auto bare = client.fault("error-bare,1", kFlashStream, kHello);
  EXPECT_EQ(bare.status, 200);
  ASSERT_EQ(bare.pieces.size(), 2u);
  EXPECT_TRUE(bare.pieces[1].bytes.starts_with("{\n  \"error\": {\n    \"code\": 503,"))
      << bare.pieces[1].bytes;
  const auto event = client.fault("error-event,2,bad499", kFlashStream, kHello);
  ASSERT_EQ(event.pieces.size(), 3u);
  EXPECT_TRUE(event.pieces[2].bytes.starts_with("data: {\"error\": {\"code\": 499,"));
  EXPECT_TRUE(event.pieces[2].bytes.ends_with("}\r\n\r\n"));
  EXPECT_EQ(client.fault("error-event", kFlash, kHello).status, 503);
  const auto in_array = client.fault(
      "error-event,1", "/v1beta/models/gemini-2.5-flash:streamGenerateContent", kHello);
  EXPECT_EQ(json_of(in_array)[1]["error"]["code"], 503);
}

TEST(FaultsTest, ErrorsNameTheProjectOfTheKey) {
  Client client(R"({"keys":[{"key":"a","project":"p"},{"key":"b","project":"p"},"c","d",
                           {"key":"e","project":"123456789012"}]})");
  const auto fault = [&client](const char* name, const char* key) {
    auto request = make_request("POST", kFlash, kHello, key);
    request.headers.emplace_back("x-sandbox-fault", name);
    return json_of(client.api.answer(request, kNoon))["error"];
  };
  const auto consumer = [&fault](const char* name, const char* key) {
    return fault(name, key)["details"][0]["metadata"]["consumer"].get<std::string>();
  };
  for (const char* name :
       {"suspended", "blocked", "blocked-referrer", "blocked-address", "blocked-android",
        "blocked-ios", "disabled-service", "nobilling", "bad429region"}) {
    SCOPED_TRACE(name);
    const std::string of_a = consumer(name, "a");
    EXPECT_EQ(of_a.size(), std::string("projects/").size() + 12) << of_a;
    EXPECT_EQ(of_a, consumer(name, "a"));
    EXPECT_EQ(of_a, consumer(name, "b"));
    EXPECT_NE(of_a, consumer(name, "c"));
    EXPECT_NE(consumer(name, "c"), consumer(name, "d"));
    EXPECT_EQ(consumer(name, "e"), "projects/123456789012");
  }
  EXPECT_NE(string_in(fault("nobilling", "e"), "message").find("#123456789012 by"),
            std::string::npos);
  EXPECT_NE(string_in(fault("disabled-service", "e"), "message").find("in project 123456789012 "),
            std::string::npos);
  EXPECT_EQ(fault("blocked", "e")["details"][0]["metadata"]["methodName"],
            "google.ai.generativelanguage.v1beta.GenerativeService.GenerateContent");
  EXPECT_EQ(find(fault("invalid", "e")["details"][0]["metadata"], "consumer"), nullptr)
      << "a key that is not known has no project";
}

TEST(FaultsTest, EveryFaultIsDocumented) {
  std::stringstream text;
  text << std::ifstream(GEMBAL_SANDBOX_DOC).rdbuf();
  for (const auto& name : fault_names()) {
    EXPECT_NE(text.str().find("`" + name), std::string::npos)
        << name << " is not in docs/sandbox.md";
  }
}

}  // namespace
}  // namespace gembal::sandbox
