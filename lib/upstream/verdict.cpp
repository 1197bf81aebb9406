#include "lib/upstream/verdict.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>

#include "lib/core/json.hpp"
#include "lib/core/text.hpp"

namespace gembal::upstream {
namespace {

using keypool::Outcome;
using keypool::Verdict;

constexpr auto kMinute = std::chrono::minutes{1};
constexpr auto kLongestSaneDelay = std::chrono::hours{25};
constexpr std::size_t kLongestWord = 64;  // that is kept of an error: a real one is shorter
constexpr auto kLongBench = std::chrono::hours{1};  // nobody knows when an owner pays

/// What an error body says, gathered from wherever it stands.
struct ErrorFacts {
  int code = 0;
  std::string message;
  std::string status;                ///< "RESOURCE_EXHAUSTED"
  std::vector<std::string> reasons;  ///< of ErrorInfo: "API_KEY_INVALID"
  bool has_quota_failure = false;
  bool per_day = false;
  bool per_minute = false;
  bool limit_zero = false;
  std::optional<Milliseconds> delay;
  keypool::QuotaLimits limits;
  std::string project;  ///< "projects/123"
  std::string model;    ///< that the quota is counted under

  bool says(std::string_view words) const { return message.find(words) != std::string::npos; }
  bool has_reason(std::string_view reason) const {
    return std::find(reasons.begin(), reasons.end(), reason) != reasons.end();
  }
};

void read_quota_name(ErrorFacts& facts, std::string_view id) {
  if (id.find("PerDay") != std::string_view::npos || id.find("Daily") != std::string_view::npos ||
      id.find("per_day") != std::string_view::npos) {
    facts.per_day = true;
  }
  if (id.find("PerMinute") != std::string_view::npos ||
      id.find("per_minute") != std::string_view::npos)
    facts.per_minute = true;
}

/// "quotaValue": "15" of a violation, under the kind that its id tells.
void read_limit(keypool::QuotaLimits& limits, const Json& violation) {
  const auto value = integer_in(violation, "quotaValue").value_or(0);
  if (value <= 0 || value > UINT32_MAX) return;
  std::string name(string_in(violation, "quotaId"));
  name += string_in(violation, "quotaMetric");
  const auto has = [&name](const char* word) { return name.find(word) != std::string::npos; };
  const bool of_tokens = has("Token") || has("token");
  const bool per_day = has("PerDay") || has("Daily") || has("per_day");
  if (of_tokens && per_day) return;  // nothing keeps to a day's tokens
  if (of_tokens) {
    limits.tokens_per_minute = static_cast<std::uint64_t>(value);
  } else if (per_day) {
    limits.requests_per_day = static_cast<std::uint32_t>(value);
  } else if (has("PerMinute") || has("per_minute")) {
    limits.requests_per_minute = static_cast<std::uint32_t>(value);
  }
}

/// The project's number after "project ", "project #" or "project_number:" in a message.
std::string project_in(std::string_view message) {
  constexpr std::string_view kProject = "roject";
  for (auto at = message.find(kProject); at != std::string_view::npos;
       at = message.find(kProject, at + 1)) {
    auto rest = message.substr(at + kProject.size());
    for (const std::string_view before : {" #", " ", "_number:"}) {
      if (!rest.starts_with(before)) continue;
      rest.remove_prefix(before.size());
      const auto number = rest.substr(0, rest.find_first_not_of("0123456789"));
      // A number that is blacked out says nothing.
      const bool is_known = number.find_first_not_of('0') != std::string_view::npos;
      if (is_known && number.size() >= 6 && number.size() <= 20)
        return "projects/" + std::string(number);
      break;
    }
  }
  return "";
}

void read_detail(ErrorFacts& facts, const Json& detail) {
  if (const auto reason = string_in(detail, "reason");
      !reason.empty() && reason.size() <= kLongestWord)
    facts.reasons.emplace_back(reason);
  if (const Json* metadata = find(detail, "metadata")) {
    read_quota_name(facts, string_in(*metadata, "quota_limit"));
    const auto consumer = string_in(*metadata, "consumer");
    const bool is_known = consumer.find_first_not_of('0', 9) != std::string_view::npos;
    if (consumer.starts_with("projects/") && consumer.size() <= kLongestWord && is_known)
      facts.project = consumer;
  }
  if (const auto delay = parse_duration(string_in(detail, "retryDelay")))
    facts.delay = std::max(facts.delay.value_or(*delay), *delay);
  const Json* violations = find(detail, "violations");
  if (!violations || !violations->is_array()) return;
  facts.has_quota_failure = true;
  for (const auto& violation : *violations) {
    read_quota_name(facts, string_in(violation, "quotaId"));
    read_limit(facts.limits, violation);
    if (const Json* dimensions = find(violation, "quotaDimensions"))
      facts.model = string_in(*dimensions, "model");
    if (string_in(violation, "quotaId").empty())
      read_quota_name(facts, string_in(violation, "quotaMetric"));
  }
}

/// "Please retry in 22h6m26.2s." names the delay to the fraction of a second; RetryInfo has its
/// whole seconds only.
void read_message(ErrorFacts& facts) {
  constexpr std::string_view kRetryIn = "retry in ";
  const std::string_view message = facts.message;
  if (const auto at = message.find(kRetryIn); at != std::string_view::npos) {
    auto text = message.substr(at + kRetryIn.size());
    text = text.substr(0, text.find_first_not_of("0123456789.hms"));
    while (text.ends_with('.')) text.remove_suffix(1);
    if (const auto delay = parse_duration(text))
      facts.delay = std::max(facts.delay.value_or(*delay), *delay);
  }
  for (auto at = message.find("limit: 0"); at != std::string_view::npos;
       at = message.find("limit: 0", at + 1)) {
    const auto after = at + 8 < message.size() ? message[at + 8] : ' ';
    if ((after < '0' || after > '9') && after != '.') facts.limit_zero = true;
  }
}

ErrorFacts facts_of(std::string_view body) {
  ErrorFacts facts;
  const auto parsed = parse_json(body);
  if (!parsed) return facts;
  const Json* top = &*parsed;
  if (top->is_array() && !top->empty()) top = &top->front();
  const Json* error = find(*top, "error");
  if (!error) return facts;
  facts.code = static_cast<int>(integer_in(*error, "code").value_or(0));
  facts.message = string_in(*error, "message");
  if (const auto status = string_in(*error, "status"); status.size() <= kLongestWord)
    facts.status = status;
  if (const Json* details = find(*error, "details"); details && details->is_array()) {
    for (const auto& detail : *details) read_detail(facts, detail);
  }
  read_message(facts);
  if (facts.project.empty()) facts.project = project_in(facts.message);
  return facts;
}

Verdict verdict(Outcome outcome, std::string reason,
                std::optional<Milliseconds> delay = std::nullopt) {
  Verdict made;
  made.outcome = outcome;
  made.reason = std::move(reason);
  made.delay = delay;
  return made;
}

Verdict judge_quota(const ErrorFacts& facts, TimePoint now) {
  if (facts.says("prepayment credits") || facts.says("spending cap")) {
    return verdict(Outcome::no_credit,
                   facts.says("spending cap") ? "spending cap" : "prepaid credit used up",
                   kLongBench);
  }
  // A zero limit never grows by waiting, whatever delay comes with it.
  if (facts.limit_zero) return verdict(Outcome::quota_zero, "limit 0");
  if (facts.per_day) {
    // A daily violation may come with a delay of seconds; a true one reaches to midnight or, at
    // most, a little further.
    auto delay = std::chrono::ceil<Milliseconds>(next_pacific_midnight(now) - now);
    if (facts.delay && *facts.delay <= kLongestSaneDelay) delay = std::max(delay, *facts.delay);
    return verdict(Outcome::quota_day, "PerDay", delay);
  }
  if (facts.per_minute || facts.delay) {
    return verdict(Outcome::quota_minute, facts.per_minute ? "PerMinute" : "quota",
                   facts.delay.value_or(std::chrono::duration_cast<Milliseconds>(kMinute)));
  }
  auto bare =
      verdict(Outcome::quota_minute, facts.has_quota_failure ? "quota" : "quota without details");
  bare.bare_quota = !facts.has_quota_failure;
  return bare;
}

Verdict judge_400(const ErrorFacts& facts) {
  if (facts.has_reason("API_KEY_INVALID") || facts.says("API key not valid") ||
      facts.says("API key expired") || facts.says("API Key not found")) {
    return verdict(Outcome::key_dead, facts.says("expired") ? "expired" : "API_KEY_INVALID");
  }
  if (facts.says("Multiple authentication credentials"))
    return verdict(Outcome::proxy_fault, "two credentials");
  if (facts.says("User location is not supported")) return verdict(Outcome::exit_blocked, "region");
  if (facts.says("enable billing") || facts.says("billing account"))
    return verdict(Outcome::key_unusable, "billing");
  auto made = verdict(Outcome::caller_fault, facts.status.empty() ? "bad request" : facts.status);
  made.bad_signature = facts.says("Corrupted thought signature") ||
                       facts.says("Invalid thought signature") ||
                       facts.says("missing a thought_signature");
  return made;
}

Verdict judge_403(const ErrorFacts& facts, Subject subject) {
  if (facts.says("reported as leaked")) return verdict(Outcome::key_dead, "leaked");
  if (facts.has_reason("CONSUMER_SUSPENDED") || facts.says("has been suspended"))
    return verdict(Outcome::key_dead, "suspended");
  if (facts.says("project has been denied access"))
    return verdict(Outcome::key_dead, "project banned");
  if (facts.says("unregistered callers")) return verdict(Outcome::proxy_fault, "no key was sent");
  for (const auto& reason : facts.reasons) {
    if (reason == "SERVICE_DISABLED") return verdict(Outcome::key_unusable, reason);
    if (reason.starts_with("API_KEY_") && reason.ends_with("_BLOCKED"))
      return verdict(Outcome::key_unusable, reason);
  }
  if (facts.says("has not been used in project") || facts.says("is disabled")) {
    return verdict(Outcome::key_unusable, "SERVICE_DISABLED");
  }
  if (facts.says("IP address restriction") || facts.says("are blocked") ||
      facts.says("Requests from referer")) {
    return verdict(Outcome::key_unusable, "blocked");
  }
  if (facts.says("User location is not supported")) return verdict(Outcome::exit_blocked, "region");
  if (facts.says("not found (or permission denied)") || facts.says("or it may not exist") ||
      subject == Subject::object) {
    return verdict(Outcome::wrong_object, "another key's object");
  }
  // Whatever else is denied is denied to this key's project.
  return verdict(Outcome::key_unusable, facts.status.empty() ? "403" : facts.status);
}

Verdict judge_404(const ErrorFacts& facts, Subject subject) {
  if (facts.says("no longer available to new users"))
    return verdict(Outcome::model_closed, "closed to new users");
  if (subject == Subject::object && !facts.says("is not found for API version")) {
    return verdict(Outcome::wrong_object, "another key's object");
  }
  return verdict(Outcome::caller_fault, "not found");
}

// A mistyped "key" is still one when it is understood as another kind of credential.
Verdict judge_401(const ErrorFacts& facts) {
  if (facts.has_reason("CREDENTIALS_MISSING"))
    return verdict(Outcome::proxy_fault, "CREDENTIALS_MISSING");
  const std::string reason = facts.reasons.empty() ? "UNAUTHENTICATED" : facts.reasons.front();
  return verdict(Outcome::key_unusable, reason);
}

bool is_quota(Outcome outcome) {
  return outcome == Outcome::quota_minute || outcome == Outcome::quota_day;
}

Verdict judge_status(int status, const ErrorFacts& facts, Subject subject, TimePoint now) {
  switch (status) {
    case 400: return judge_400(facts);
    case 401: return judge_401(facts);
    case 402: return verdict(Outcome::no_credit, "prepaid credit used up", kLongBench);
    case 403: return judge_403(facts, subject);
    case 404: return judge_404(facts, subject);
    case 429: return judge_quota(facts, now);
    case 499: return verdict(Outcome::broken, "cancelled upstream");
    case 503: return verdict(Outcome::model_overloaded, "overloaded");
    default: break;
  }
  if (status >= 400 && status < 500 && status != 408)
    return verdict(Outcome::caller_fault, std::to_string(status));
  return verdict(Outcome::broken, status == 0 ? "error without a status" : std::to_string(status));
}

}  // namespace

Verdict judge_error(int http_status, std::string_view body, Subject subject, TimePoint now) {
  const auto facts = facts_of(body);
  auto made = judge_status(http_status == 0 ? facts.code : http_status, facts, subject, now);
  // What a caller did wrong may quote whatever the caller wrote.
  if (made.outcome == Outcome::caller_fault || made.outcome == Outcome::wrong_object) return made;
  made.project = facts.project;
  if (is_quota(made.outcome)) {
    made.limits = facts.limits;
    made.quota_model = facts.model;
  }
  return made;
}

// ---- Content. simdjson's parser is kept per thread: its buffers are what makes it cheap.

namespace {

constexpr std::array<std::string_view, 5> kBrokenFinishes = {
    "STOP", "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "OTHER", "MALFORMED_RESPONSE"};

simdjson::dom::parser& parser() {
  thread_local simdjson::dom::parser kept;
  return kept;
}

/// A part has content unless it is an empty text without a signature: the last part of a signed
/// answer is such a text.
bool has_content(simdjson::dom::element part) {
  simdjson::dom::object object;
  if (part.get(object) != simdjson::SUCCESS) return false;
  for (const auto& [key, value] : object) {
    if (key == "thought") continue;
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS || !text.empty()) return true;
  }
  return false;
}

/// An error object, alone or in an array.
bool is_error(simdjson::dom::element root) {
  simdjson::dom::element found;
  if (root["error"].get(found) == simdjson::SUCCESS) return true;
  return root.at(0)["error"].get(found) == simdjson::SUCCESS;
}

struct Look {
  EventFacts facts;
};

Look look_at(std::string_view json) {
  Look look;
  if (trim(json).empty()) return look;
  simdjson::dom::element root;
  if (parser().parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) return look;
  simdjson::dom::element found;
  if (is_error(root)) {
    look.facts.is_error = true;
    return look;
  }
  if (root["promptFeedback"].get(found) == simdjson::SUCCESS) look.facts.has_content = true;
  simdjson::dom::array candidates;
  if (root["candidates"].get(candidates) != simdjson::SUCCESS) return look;
  for (const auto candidate : candidates) {
    simdjson::dom::array parts;
    if (candidate["content"]["parts"].get(parts) == simdjson::SUCCESS) {
      for (const auto part : parts) look.facts.has_content |= has_content(part);
    }
    std::string_view reason;
    if (candidate["finishReason"].get(reason) != simdjson::SUCCESS) continue;
    look.facts.has_finish = true;
    if (std::find(kBrokenFinishes.begin(), kBrokenFinishes.end(), reason) != kBrokenFinishes.end())
      look.facts.broken_finish = true;
  }
  return look;
}

/// A message, or the delta of one, that says or calls anything.
bool says_anything(simdjson::dom::element message) {
  std::string_view text;
  for (const auto* member : {"content", "refusal", "reasoning_content"}) {
    if (message[member].get(text) == simdjson::SUCCESS && !text.empty()) return true;
  }
  simdjson::dom::array list;
  for (const auto* member : {"content", "tool_calls", "images"}) {
    if (message[member].get(list) == simdjson::SUCCESS && list.size() > 0) return true;
  }
  simdjson::dom::object object;
  return message["audio"].get(object) == simdjson::SUCCESS;
}

// Google writes a finish that has no name in OpenAI's API behind one: "content_filter: SAFETY",
// "function_call_filter: MALFORMED_FUNCTION_CALL".
bool is_broken_finish(std::string_view reason) {
  return reason == "stop" || reason == "tool_calls" || reason.starts_with("function_call_filter");
}

EventFacts look_at_choices(std::string_view json, const char* member) {
  EventFacts facts;
  if (trim(json).empty()) return facts;
  simdjson::dom::element root;
  if (parser().parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) return facts;
  if (is_error(root)) {
    facts.is_error = true;
    return facts;
  }
  simdjson::dom::object object;
  if (root.get(object) != simdjson::SUCCESS) return facts;
  simdjson::dom::array choices;
  if (object["choices"].get(choices) != simdjson::SUCCESS) {
    std::string_view kind;
    facts.has_content = object["object"].get(kind) == simdjson::SUCCESS;
    return facts;
  }
  for (const auto choice : choices) {
    simdjson::dom::element message;
    if (choice[member].get(message) == simdjson::SUCCESS)
      facts.has_content |= says_anything(message);
    std::string_view reason;
    if (choice["finish_reason"].get(reason) != simdjson::SUCCESS) continue;
    facts.has_finish = true;
    facts.broken_finish |= is_broken_finish(reason);
  }
  return facts;
}

}  // namespace

Content judge_reply(std::string_view body) {
  const auto look = look_at(body);
  if (look.facts.has_content) return Content::good;
  return look.facts.has_finish && !look.facts.broken_finish ? Content::good : Content::broken;
}

EventFacts look_at_event(std::string_view json) { return look_at(json).facts; }

Content judge_completion(std::string_view body) {
  const auto facts = look_at_choices(body, "message");
  const bool is_good = facts.has_content || (facts.has_finish && !facts.broken_finish);
  return is_good ? Content::good : Content::broken;
}

EventFacts look_at_chunk(std::string_view json) { return look_at_choices(json, "delta"); }

}  // namespace gembal::upstream
