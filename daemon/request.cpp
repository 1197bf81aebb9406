#include "daemon/request.hpp"

#include <algorithm>
#include <cstdio>

#include "lib/core/text.hpp"

namespace gembal::daemon {
namespace {

/// "0.08": milliseconds that were spent here rather than upstream.
std::string overhead(const RequestScope& scope) {
  const auto total = std::chrono::steady_clock::now() - scope.exchange.started();
  const auto own = std::chrono::duration<double, std::milli>(total - scope.journey.waiting).count();
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", std::max(own, 0.0));
  return text;
}

std::string list_attempts(const upstream::Journey& journey) {
  std::string list;
  for (const auto& attempt : journey.left) {
    if (!list.empty()) list += ", ";
    list.append(attempt.key_id).append(": ").append(attempt.why);
  }
  return list;
}

}  // namespace

upstream::Call RequestScope::call(std::string url) const {
  upstream::Call made;
  made.url = std::move(url);
  made.headers = live->extra_headers;
  made.trail = trail;
  return made;
}

Headers RequestScope::headers() const {
  Headers made;
  made.reserve(16);
  made.emplace_back("x-gembal-request-id", exchange.id());
  if (route.dialect == Dialect::anthropic) made.emplace_back("request-id", exchange.id());
  if (!key_id.empty()) {
    made.emplace_back("x-gembal-key", key_id);
    made.emplace_back("x-gembal-overhead", overhead(*this));
  }
  if (!answering_model.empty()) made.emplace_back("x-gembal-model", answering_model);
  if (!journey.left.empty()) made.emplace_back("x-gembal-attempts", list_attempts(journey));
  const auto origin = exchange.request().head.field("origin");
  if (!origin.empty() && allows_origin(*live, origin)) {
    made.emplace_back("access-control-allow-origin", origin);
    made.emplace_back("access-control-expose-headers", "*");
    made.emplace_back("vary", "Origin");
  }
  return made;
}

std::string own_origin(const front::RequestHead& head) {
  const auto forwarded = head.field("x-forwarded-proto");
  const bool is_secure = iequals(forwarded.substr(0, forwarded.find(',')), "https");
  const auto host = head.field("host");
  return (is_secure ? "https://" : "http://") +
         (host.empty() ? std::string("localhost") : std::string(host));
}

bool allows_origin(const Live& live, std::string_view origin) {
  const auto& allowed = live.config.server.cors_origins;
  return std::any_of(allowed.begin(), allowed.end(),
                     [origin](const auto& one) { return one == "*" || iequals(one, origin); });
}

async::Task<void> answer_response(RequestScope& scope, Response response) {
  auto headers = scope.headers();
  std::move(response.headers.begin(), response.headers.end(), std::back_inserter(headers));
  response.headers = std::move(headers);
  co_await scope.exchange.answer(std::move(response));
}

async::Task<void> answer_error(RequestScope& scope, Error error) {
  scope.failure = error.message;
  co_await answer_response(scope, error_response(scope.route.dialect, error, scope.exchange.id()));
}

async::Task<void> answer_error(RequestScope& scope, int status, std::string message) {
  scope.failure = message;
  co_await answer_response(
      scope, error_response(scope.route.dialect, status, message, scope.exchange.id()));
}

async::Task<void> answer_json(RequestScope& scope, std::string body) {
  Response response;
  response.headers = {{"content-type", "application/json; charset=UTF-8"}};
  response.body = std::move(body);
  co_await answer_response(scope, std::move(response));
}

}  // namespace gembal::daemon
