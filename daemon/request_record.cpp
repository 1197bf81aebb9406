#include "daemon/request_record.hpp"

#include <algorithm>
#include <cctype>

#include "daemon/metrics.hpp"
#include "daemon/recorder.hpp"
#include "daemon/token_limits.hpp"
#include "lib/core/text.hpp"

namespace gembal::daemon {
namespace {

constexpr int kClientLeft = 499;
constexpr std::size_t kMostOfABody = 16 * 1024;
constexpr std::size_t kShortData = 256;  // base64 of no more than that stays as it is

using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::string_view name_of(Dialect face) {
  switch (face) {
    case Dialect::gemini: return "gemini";
    case Dialect::openai: return "openai";
    case Dialect::anthropic: break;
  }
  return "anthropic";
}

std::int64_t since(steady_clock::time_point began, steady_clock::time_point ended) {
  return std::chrono::duration_cast<milliseconds>(ended - began).count();
}

store::RequestRecord describe(const RequestScope& scope, std::string_view part) {
  auto& exchange = scope.exchange;
  const auto& head = exchange.request().head;
  const auto now = steady_clock::now();
  const bool left = exchange.interrupt().raised();
  store::RequestRecord record;
  record.id = exchange.id();
  if (!part.empty()) record.id.append("-").append(part);
  record.time = std::chrono::system_clock::now() -
                std::chrono::duration_cast<TimePoint::duration>(now - exchange.started());
  record.method = head.method;
  record.path = head.path;
  record.token = scope.caller.name;
  record.key_id = scope.key_id;
  record.model = scope.answering_model.empty() ? scope.model : scope.answering_model;
  record.status = left && !exchange.begun() ? kClientLeft : exchange.status();
  record.attempts = static_cast<int>(scope.trail->calls);
  record.prompt_tokens = scope.trail->input_tokens;
  record.total_tokens = scope.trail->total_tokens;
  record.output_tokens = record.total_tokens - std::min(record.total_tokens, record.prompt_tokens);
  record.ms = since(exchange.started(), now);
  record.first_ms = exchange.begun() ? since(exchange.started(), exchange.replied()) : record.ms;
  record.failure = left && scope.failure.empty() ? "the client left" : scope.failure;
  return record;
}

/// Of the calls that failed; and of a request that was refused before there was one.
std::vector<store::ErrorRecord> errors_of(const RequestScope& scope,
                                          const store::RequestRecord& request) {
  std::vector<store::ErrorRecord> errors;
  const auto like_request = [&] {
    store::ErrorRecord error;
    error.id = request.id + "." + std::to_string(errors.size() + 1);
    error.request_id = request.id;
    error.time = request.time;
    error.model = request.model;
    error.token = request.token;
    error.path = request.path;
    return error;
  };
  for (const auto& tried : scope.trail->failed) {
    auto error = like_request();
    error.time = tried.time;
    error.key_id = tried.key_id;
    if (!tried.model.empty()) error.model = tried.model;
    error.status = tried.status;
    error.kind = tried.kind;
    error.message = tried.message;
    error.reply = redacted_body(tried.reply, kMostOfABody);
    if (tried.request) error.request = redacted_body(*tried.request, kMostOfABody);
    errors.push_back(std::move(error));
  }
  if (errors.empty() && request.status >= 400 && request.status != kClientLeft) {
    auto error = like_request();
    error.status = request.status;
    error.kind = request.status < 500 && request.status != 429 ? "refused request" : "gembal";
    error.message = request.failure;
    errors.push_back(std::move(error));
  }
  return errors;
}

bool is_base64(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '/' || c == '=' ||
         c == '-' || c == '_';
}

}  // namespace

std::string redacted_body(std::string_view body, std::size_t most) {
  std::string shown;
  std::size_t at = 0;
  while (at < body.size() && shown.size() < most) {
    const auto begin = at;
    while (at < body.size() && is_base64(body[at])) ++at;
    const auto run = body.substr(begin, at - begin);
    if (run.size() > kShortData) {
      shown.append(run.substr(0, 16)).append("… (").append(std::to_string(run.size()));
      shown.append(" characters)");
    } else {
      shown.append(run);
    }
    if (at < body.size()) shown += body[at++];
  }
  const bool was_cut = at < body.size();
  if (shown.size() > most) shown.resize(most);
  while (!shown.empty() && was_cut && (shown.back() & 0x80) != 0) shown.pop_back();
  if (!is_valid_utf8(shown)) return "(" + std::to_string(body.size()) + " bytes that are no text)";
  if (was_cut) shown += "…";
  return redact_keys(shown);
}

void record_request(const RequestScope& scope, std::string_view part) {
  auto& services = scope.services;
  auto record = describe(scope, part);
  auto errors = errors_of(scope, record);
  const auto took = steady_clock::now() - scope.exchange.started();
  services.metrics.note(record, name_of(scope.route.dialect), took - scope.journey.waiting);
  for (const auto& tried : scope.trail->failed) services.metrics.note_failed_call(tried.kind);
  if (scope.caller.token) {
    services.token_limits.count_tokens(scope.caller.token->name, record.total_tokens, record.time);
  }
  services.recorder.note(std::move(record), std::move(errors));
}

}  // namespace gembal::daemon
