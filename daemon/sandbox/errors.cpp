#include "daemon/sandbox/errors.hpp"

#include <algorithm>
#include <cstdio>

#include "daemon/sandbox/dice.hpp"

namespace gembal::sandbox {
namespace {

/// What an error carries beside its message.
enum class Detail {
  none,
  info,
  info_and_text,  ///< ErrorInfo, and the message again as a LocalizedMessage
  info_text_and_help,
  info_and_help,
  quota,
  html
};

struct Row {
  const char* name;
  int status;
  Scope scope;
  const char* canonical;
  const char* message;  ///< {key}, {model}, {project} are filled in
  const char* reason;   ///< of the ErrorInfo; "" when there is none
  Detail detail;
};

constexpr Row kRows[] = {
    {"invalid", 400, Scope::key, "INVALID_ARGUMENT",
     "API key not valid. Please pass a valid API key.", "API_KEY_INVALID", Detail::info_and_text},
    {"expired", 400, Scope::key, "INVALID_ARGUMENT", "API key expired. Please renew the API key.",
     "API_KEY_INVALID", Detail::info_and_text},
    {"unknown-key", 400, Scope::key, "INVALID_ARGUMENT",
     "API Key not found. Please pass a valid API key.", "API_KEY_INVALID", Detail::info_and_text},
    {"region", 400, Scope::calls, "FAILED_PRECONDITION",
     "User location is not supported for the API use.", "", Detail::none},
    {"region-without-billing", 400, Scope::calls, "FAILED_PRECONDITION",
     "User location is not supported for the API use without a billing account linked.", "",
     Detail::none},
    {"nobilling", 400, Scope::key, "FAILED_PRECONDITION",
     "Please enable billing on project #{project} by visiting "
     "https://console.developers.google.com/billing/enable?project={project}.",
     "BILLING_DISABLED", Detail::info},
    {"precondition", 400, Scope::calls, "FAILED_PRECONDITION", "Precondition check failed.", "",
     Detail::none},
    {"two-credentials", 400, Scope::key, "INVALID_ARGUMENT",
     "Multiple authentication credentials received. Please pass only one.", "", Detail::none},
    {"bad-argument", 400, Scope::calls, "INVALID_ARGUMENT", "Request contains an invalid argument.",
     "", Detail::none},
    {"too-many-tokens", 400, Scope::calls, "INVALID_ARGUMENT",
     "The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).", "",
     Detail::none},
    {"missing-signature", 400, Scope::calls, "INVALID_ARGUMENT",
     "Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, "
     "and missing thought_signature may lead to degraded model performance. Please refer to "
     "https://ai.google.dev/gemini-api/docs/thought-signatures for more details.",
     "", Detail::none},
    {"bad-signature", 400, Scope::calls, "INVALID_ARGUMENT", "Corrupted thought signature.", "",
     Detail::none},
    {"invalid-signature", 400, Scope::calls, "INVALID_ARGUMENT", "Invalid thought signature.", "",
     Detail::none},
    {"bad401", 401, Scope::key, "UNAUTHENTICATED",
     "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
     "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
     "ACCESS_TOKEN_TYPE_UNSUPPORTED", Detail::info},
    {"bad401missing", 401, Scope::key, "UNAUTHENTICATED",
     "API keys are not supported by this API. Expected OAuth2 access token or other authentication credentials that "
     "assert a principal. See https://cloud.google.com/docs/authentication",
     "CREDENTIALS_MISSING", Detail::info},
    {"leaked", 403, Scope::key, "PERMISSION_DENIED",
     "Your API key was reported as leaked. Please use another API key.", "", Detail::none},
    {"suspended", 403, Scope::key, "PERMISSION_DENIED",
     "Permission denied: Consumer 'api_key:{key}' has been suspended.", "CONSUMER_SUSPENDED",
     Detail::info_and_text},
    {"blocked", 403, Scope::key, "PERMISSION_DENIED",
     "Requests to this API generativelanguage.googleapis.com method "
     "google.ai.generativelanguage.{version}.GenerativeService.{method} are blocked.",
     "API_KEY_SERVICE_BLOCKED", Detail::info_and_text},
    {"blocked-referrer", 403, Scope::key, "PERMISSION_DENIED",
     "Requests from referer <empty> are blocked.", "API_KEY_HTTP_REFERRER_BLOCKED", Detail::info},
    {"blocked-address", 403, Scope::key, "PERMISSION_DENIED",
     "The provided API key has an IP address restriction. The originating IP address of the call (192.0.2.1) violates "
     "this restriction.",
     "API_KEY_IP_ADDRESS_BLOCKED", Detail::info},
    {"blocked-android", 403, Scope::key, "PERMISSION_DENIED",
     "Requests from this Android client application <empty> are blocked.",
     "API_KEY_ANDROID_APP_BLOCKED", Detail::info},
    {"blocked-ios", 403, Scope::key, "PERMISSION_DENIED",
     "Requests from this iOS client application <empty> are blocked.", "API_KEY_IOS_APP_BLOCKED",
     Detail::info},
    {"disabled-service", 403, Scope::key, "PERMISSION_DENIED",
     "Generative Language API has not been used in project {project} before or it is disabled. Enable it by visiting "
     "https://console.developers.google.com/apis/api/generativelanguage.googleapis.com/overview?project={project} then "
     "retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry.",
     "SERVICE_DISABLED", Detail::info_text_and_help},
    {"denied", 403, Scope::key, "PERMISSION_DENIED",
     "Your project has been denied access. Please contact support.", "", Detail::none},
    {"unregistered", 403, Scope::key, "PERMISSION_DENIED",
     "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form "
     "of API consumer identity to call this API.",
     "", Detail::none},
    {"wrong-cache", 403, Scope::calls, "PERMISSION_DENIED",
     "CachedContent not found (or permission denied)", "", Detail::none},
    {"no-model", 404, Scope::calls, "NOT_FOUND",
     "models/{model} is not found for API version {version}, or is not supported for generateContent. Call ListModels to "
     "see the list of available models and their supported methods.",
     "", Detail::none},
    {"new-users", 404, Scope::calls, "NOT_FOUND",
     "This model models/{model} is no longer available to new users. Please update your code to use a newer model for the "
     "latest features and improvements.",
     "", Detail::none},
    {"bad404html", 404, Scope::calls, "", "Error 404 (Not Found)", "", Detail::html},
    {"bad413", 413, Scope::calls, "", "Error 413 (Request Entity Too Large)", "", Detail::html},
    {"bad429minute", 429, Scope::calls, "RESOURCE_EXHAUSTED", "", "", Detail::quota},
    {"bad429tokens", 429, Scope::calls, "RESOURCE_EXHAUSTED", "", "", Detail::quota},
    {"bad429day", 429, Scope::calls, "RESOURCE_EXHAUSTED", "", "", Detail::quota},
    {"bad429zero", 429, Scope::calls, "RESOURCE_EXHAUSTED", "", "", Detail::quota},
    {"bad429bare", 429, Scope::calls, "RESOURCE_EXHAUSTED",
     "Resource has been exhausted (e.g. check quota).", "", Detail::none},
    {"bad429later", 429, Scope::calls, "RESOURCE_EXHAUSTED",
     "Resource exhausted. Please try again later. Please refer to "
     "https://cloud.google.com/vertex-ai/generative-ai/docs/error-code-429 for more details.",
     "", Detail::none},
    {"bad429region", 429, Scope::calls, "RESOURCE_EXHAUSTED",
     "Quota exceeded for quota metric 'Generate Content API requests per minute' and limit 'GenerateContent request "
     "limit per minute for a region' of service 'generativelanguage.googleapis.com' for consumer "
     "'project_number:{project}'.",
     "RATE_LIMIT_EXCEEDED", Detail::info_and_help},
    {"bad429sorry", 429, Scope::calls, "",
     "Sorry... your computer or network may be sending automated queries", "", Detail::html},
    {"nocredit", 429, Scope::calls, "RESOURCE_EXHAUSTED",
     "Your prepayment credits are depleted. Please go to AI Studio at https://ai.studio/projects to manage your project "
     "and billing. Learn more at https://ai.google.dev/gemini-api/docs/billing",
     "", Detail::none},
    {"spending-cap", 429, Scope::calls, "RESOURCE_EXHAUSTED",
     "Your project has exceeded its monthly spending cap. Please go to AI Studio at https://ai.studio/spend to manage your "
     "project spend cap.",
     "", Detail::none},
    {"bad499", 499, Scope::calls, "CANCELLED", "The operation was cancelled.", "", Detail::none},
    {"bad500", 500, Scope::calls, "INTERNAL", "Internal error encountered.", "", Detail::none},
    {"bad500retry", 500, Scope::calls, "INTERNAL",
     "An internal error has occurred. Please retry or report in "
     "https://developers.generativeai.google/guide/troubleshooting",
     "", Detail::none},
    {"bad502html", 502, Scope::calls, "", "Error 502 (Server Error)", "", Detail::html},
    {"overloaded", 503, Scope::calls, "UNAVAILABLE",
     "The model is overloaded. Please try again later.", "", Detail::none},
    {"high-demand", 503, Scope::calls, "UNAVAILABLE",
     "This model is currently experiencing high demand. Spikes in demand are usually temporary. Please try again later.",
     "", Detail::none},
    {"bad503deadline", 503, Scope::calls, "UNAVAILABLE",
     "Deadline expired before operation could complete.", "", Detail::none},
    {"bad504", 504, Scope::calls, "DEADLINE_EXCEEDED",
     "Deadline expired before operation could complete.", "", Detail::none},
    {"bad504timeout", 504, Scope::calls, "DEADLINE_EXCEEDED",
     "The request timed out. Please try again.", "", Detail::none},
};

const Row* row_named(std::string_view name) {
  for (const auto& row : kRows) {
    if (name == row.name) return &row;
  }
  return nullptr;
}

void fill_in(std::string& text, std::string_view what, std::string_view with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

/// As Go writes a duration: "850ms", "48.939s", "22h6m26.2s".
std::string go_duration(Milliseconds duration) {
  const auto total = duration.count();
  if (total < 1000) return std::to_string(total) + "ms";
  std::string text;
  const auto hours = total / 3'600'000;
  const auto minutes = total / 60'000 % 60;
  if (hours) text += std::to_string(hours) + "h";
  if (hours || minutes) text += std::to_string(minutes) + "m";
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%d.%03d", static_cast<int>(total / 1000 % 60),
                static_cast<int>(total % 1000));
  std::string number = seconds;
  while (number.back() == '0') number.pop_back();
  if (number.back() == '.') number.pop_back();
  return text + number + "s";
}

std::string page(int status, std::string_view title) {
  return "<!DOCTYPE html>\n<html lang=en>\n  <meta charset=utf-8>\n  <title>" + std::string(title) +
         "</title>\n  <h1>" + std::to_string(status) + "</h1>\n  <p>" + std::string(title) +
         ".</p>\n</html>\n";
}

ApiError canned_quota(std::string_view name, const std::string& argument,
                      const ErrorContext& context) {
  const auto asked = parse_duration(argument);
  if (name == "bad429day") {
    const auto midnight =
        std::chrono::duration_cast<Milliseconds>(next_pacific_midnight(context.now) - context.now);
    return quota_error({{"generate_content_free_tier_requests",
                         "GenerateRequestsPerDayPerProjectPerModel-FreeTier", 20}},
                       asked.value_or(midnight), context.model);
  }
  if (name == "bad429tokens") {
    return quota_error({{"generate_content_free_tier_input_token_count",
                         "GenerateContentInputTokensPerModelPerMinute-FreeTier", 250'000}},
                       asked.value_or(Milliseconds{34'400}), context.model);
  }
  if (name == "bad429zero") {
    return quota_error({{"generate_content_free_tier_input_token_count",
                         "GenerateContentInputTokensPerModelPerMinute-FreeTier", 0},
                        {"generate_content_free_tier_requests",
                         "GenerateRequestsPerMinutePerProjectPerModel-FreeTier", 0},
                        {"generate_content_free_tier_requests",
                         "GenerateRequestsPerDayPerProjectPerModel-FreeTier", 0}},
                       asked.value_or(Milliseconds{57'219}), context.model);
  }
  return quota_error({{"generate_content_free_tier_requests",
                       "GenerateRequestsPerMinutePerProjectPerModel-FreeTier", 15}},
                     asked.value_or(Milliseconds{48'939}), context.model);
}

std::string method_in(const ErrorContext& context) {
  return context.method.empty() ? "ListModels" : context.method;
}

std::string activation_url(const ErrorContext& context) {
  return "https://console.developers.google.com/apis/api/generativelanguage.googleapis.com/"
         "overview?project=" +
         context.project;
}

Json error_info(const Row& row, const ErrorContext& context) {
  const std::string service = "generativelanguage.googleapis.com";
  const std::string method =
      "google.ai.generativelanguage." + context.version + ".GenerativeService.";
  const std::string_view reason = row.reason;
  const std::string consumer = "projects/" + context.project;
  Json metadata;
  if (row.status == 401) {
    metadata = {{"method", method + context.method}, {"service", service}};
  } else if (reason == "API_KEY_INVALID") {  // a key that is not known has no project
    metadata = {{"service", service}};
  } else if (reason == "CONSUMER_SUSPENDED") {
    metadata = {
        {"consumer", consumer}, {"service", service}, {"containerInfo", "api_key:" + context.key}};
  } else if (reason == "API_KEY_SERVICE_BLOCKED") {
    metadata = {{"consumer", consumer},
                {"service", service},
                {"apiName", service},
                {"methodName", method + method_in(context)}};
  } else if (reason == "SERVICE_DISABLED") {
    metadata = {{"serviceTitle", "Generative Language API"},
                {"consumer", consumer},
                {"containerInfo", context.project},
                {"service", service},
                {"activationUrl", activation_url(context)}};
  } else if (reason == "RATE_LIMIT_EXCEEDED") {
    metadata = {{"service", service},
                {"consumer", consumer},
                {"quota_limit_value", "0"},
                {"quota_limit", "GenerateContentRequestsPerMinutePerProjectPerRegion"},
                {"quota_location", "us-east2"},
                {"quota_metric", service + "/generate_content_requests"}};
  } else {
    metadata = {{"consumer", consumer}, {"service", service}};
  }
  return {{"@type", "type.googleapis.com/google.rpc.ErrorInfo"},
          {"reason", row.reason},
          {"domain", "googleapis.com"},
          {"metadata", std::move(metadata)}};
}

Json help_for(const Row& row, const ErrorContext& context) {
  const bool quota = row.status == 429;
  return {
      {"@type", "type.googleapis.com/google.rpc.Help"},
      {"links",
       Json::array({{{"description", quota ? "Request a higher quota limit."
                                           : "Google developers console API activation"},
                     {"url", quota ? "https://cloud.google.com/docs/quota#requesting_higher_quota"
                                   : activation_url(context)}}})}};
}

}  // namespace

std::string project_number(std::string_view name) {
  const bool number = !name.empty() && std::all_of(name.begin(), name.end(),
                                                   [](char c) { return c >= '0' && c <= '9'; });
  if (number) return std::string(name);
  return std::to_string(100'000'000'000 + Dice(0, name).below(900'000'000'000));
}

std::vector<std::string> error_names() {
  std::vector<std::string> names;
  for (const auto& row : kRows) names.emplace_back(row.name);
  return names;
}

std::optional<Scope> error_scope(std::string_view name) {
  const Row* row = row_named(name);
  if (!row) return std::nullopt;
  return row->scope;
}

std::optional<ApiError> error_named(std::string_view name, const std::string& argument,
                                    const ErrorContext& context) {
  const Row* row = row_named(name);
  if (!row) return std::nullopt;
  if (row->detail == Detail::quota) return canned_quota(name, argument, context);
  if (row->detail == Detail::html)
    return ApiError{row->status, Json(), page(row->status, row->message)};

  std::string message = row->message;
  fill_in(message, "{key}", context.key);
  fill_in(message, "{model}", context.model);
  fill_in(message, "{project}", context.project);
  fill_in(message, "{version}", context.version);
  fill_in(message, "{method}", method_in(context));
  auto error = plain_error(row->status, row->canonical, message);
  if (row->detail == Detail::none) return error;
  Json details = Json::array({error_info(*row, context)});
  if (row->detail == Detail::info_and_text || row->detail == Detail::info_text_and_help) {
    details.push_back({{"@type", "type.googleapis.com/google.rpc.LocalizedMessage"},
                       {"locale", "en-US"},
                       {"message", message}});
  }
  if (row->detail == Detail::info_and_help || row->detail == Detail::info_text_and_help)
    details.push_back(help_for(*row, context));
  error.body["error"]["details"] = std::move(details);
  return error;
}

ApiError quota_error(const std::vector<Violation>& violations, Milliseconds retry_after,
                     std::string_view model) {
  const std::string service = "generativelanguage.googleapis.com/";
  std::string message =
      "You exceeded your current quota, please check your plan and billing details. For more information on this error, "
      "head to: https://ai.google.dev/gemini-api/docs/rate-limits. To monitor your current usage, head to: "
      "https://ai.dev/rate-limit. ";
  Json list = Json::array();
  for (const auto& violation : violations) {
    message += "\n* Quota exceeded for metric: " + service + violation.metric +
               ", limit: " + std::to_string(violation.limit) + ", model: " + std::string(model);
    Json entry = {{"quotaMetric", service + violation.metric},
                  {"quotaId", violation.quota_id},
                  {"quotaDimensions", {{"location", "global"}, {"model", model}}}};
    if (violation.limit > 0) entry["quotaValue"] = std::to_string(violation.limit);
    list.push_back(std::move(entry));
  }
  message += "\nPlease retry in " + go_duration(retry_after) + ".";
  auto error = plain_error(429, "RESOURCE_EXHAUSTED", message);
  error.body["error"]["details"] = Json::array(
      {{{"@type", "type.googleapis.com/google.rpc.Help"},
        {"links", Json::array({{{"description", "Learn more about Gemini API quotas"},
                                {"url", "https://ai.google.dev/gemini-api/docs/rate-limits"}}})}},
       {{"@type", "type.googleapis.com/google.rpc.QuotaFailure"}, {"violations", std::move(list)}},
       // As there: the whole seconds only, which is a little less than the message says.
       {{"@type", "type.googleapis.com/google.rpc.RetryInfo"},
        {"retryDelay", std::to_string(retry_after.count() / 1000) + "s"}}});
  return error;
}

ApiError plain_error(int status, std::string_view canonical, std::string_view message) {
  return {status, {{"error", {{"code", status}, {"message", message}, {"status", canonical}}}}, ""};
}

ApiError invalid_argument(std::string_view message) {
  return plain_error(400, "INVALID_ARGUMENT", message);
}

ApiError no_such_model(std::string_view model, std::string_view version) {
  ErrorContext context;
  context.model = model;
  context.version = version;
  return *error_named("no-model", "", context);
}

ApiError no_such_page() { return {404, Json(), page(404, "Error 404 (Not Found)")}; }

ApiError bad_fields(const std::vector<FieldViolation>& violations) {
  std::string message;
  Json list = Json::array();
  for (const auto& violation : violations) {
    if (!message.empty()) message += '\n';
    message += violation.description;
    Json entry = Json::object();
    if (!violation.field.empty()) entry["field"] = violation.field;
    entry["description"] = violation.description;
    list.push_back(std::move(entry));
  }
  auto error = invalid_argument(message);
  error.body["error"]["details"] =
      Json::array({{{"@type", "type.googleapis.com/google.rpc.BadRequest"},
                    {"fieldViolations", std::move(list)}}});
  return error;
}

}  // namespace gembal::sandbox
