#include "daemon/gateway.hpp"

#include "daemon/front/pages.hpp"
#include "daemon/metrics.hpp"
#include "daemon/picture_hosting.hpp"
#include "daemon/request_record.hpp"
#include "daemon/routes_admin.hpp"
#include "daemon/routes_audio.hpp"
#include "daemon/routes_chat.hpp"
#include "daemon/routes_completions.hpp"
#include "daemon/routes_embeddings.hpp"
#include "daemon/routes_files.hpp"
#include "daemon/routes_forward.hpp"
#include "daemon/routes_gemini.hpp"
#include "daemon/routes_images.hpp"
#include "daemon/routes_messages.hpp"
#include "daemon/routes_models.hpp"
#include "daemon/routes_responses.hpp"
#include "daemon/token_limits.hpp"
#include "lib/log/log.hpp"

namespace gembal::daemon {
namespace {

constexpr int kClientLeft = 499;

/// What a browser asks before it lets a page of another origin ask us.
Response preflight(const RequestScope& scope) {
  const auto& head = scope.exchange.request().head;
  Response response;
  response.status = 204;
  const auto origin = head.field("origin");
  if (origin.empty() || !allows_origin(*scope.live, origin)) {
    response.headers = {{"allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"}};
    return response;
  }
  response.headers = {
      {"access-control-allow-methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"},
      {"access-control-max-age", "86400"}};
  const auto wanted = head.field("access-control-request-headers");
  if (!wanted.empty()) response.headers.emplace_back("access-control-allow-headers", wanted);
  return response;
}

bool takes_post_only(Target target) {
  return target == Target::openai_chat || target == Target::openai_completions ||
         target == Target::openai_embeddings || target == Target::openai_images ||
         target == Target::openai_edits || target == Target::openai_speech ||
         target == Target::openai_transcripts || target == Target::openai_translations ||
         target == Target::anthropic_messages || target == Target::anthropic_count;
}

/// Finds out who asks, and whether they may. Errors: unauthorized; keys_waiting (over a limit of
/// the token's).
Result<void> admit(RequestScope& scope) {
  const auto now = std::chrono::system_clock::now();
  auto caller = scope.live->access.caller_of(scope.exchange.request().head, now);
  if (caller) {
    scope.caller = *std::move(caller);
  } else if (auto logged_in = logged_in_caller(scope)) {
    scope.caller = *std::move(logged_in);
  } else {
    return std::move(caller).error();
  }
  if (!scope.caller.token) return {};
  return scope.services.token_limits.take(*scope.caller.token, now);
}

void log_request(const RequestScope& scope) {
  if (!scope.live->config.logs.requests) return;
  const auto& exchange = scope.exchange;
  const auto& head = scope.exchange.request().head;
  const auto elapsed = std::chrono::steady_clock::now() - exchange.started();
  const bool left = scope.exchange.interrupt().raised();
  const auto milliseconds = std::chrono::duration<double, std::milli>(elapsed).count();
  log::info("request",
            {{"id", exchange.id()},
             {"method", head.method},
             {"path", head.path},
             {"status", left && !exchange.begun() ? kClientLeft : exchange.status()},
             {"ms", milliseconds},
             {"bytes", exchange.body_bytes()},
             {"model", scope.model},
             {"token", scope.caller.name},
             {"key", scope.key_id},
             {"proxy", scope.journey.proxy},
             {"attempts", scope.journey.left.size() + (scope.key_id.empty() ? 0 : 1)},
             {"failure", left && scope.failure.empty() ? std::string_view("the client left")
                                                       : scope.failure}});
}

}  // namespace

Gateway::Gateway(Services& services, std::shared_ptr<const Live> live)
    : services_(services), live_(std::move(live)) {}

front::Service Gateway::service() {
  front::Service service;
  service.handle = [this](Exchange& exchange) { return handle(exchange); };
  service.refuse = [](const front::RequestHead& head, int status, const std::string& message) {
    const auto route = find_route(head);
    return error_response(route ? route->dialect : Dialect::gemini, status, message);
  };
  service.limits = [this] { return live_->front; };
  service.streams_body = [](const front::RequestHead& head) {
    if (head.path.find("/upload/") == std::string_view::npos) return false;
    const auto route = find_route(head);
    return route && route->target == Target::upload;
  };
  return service;
}

async::Task<void> Gateway::handle(Exchange& exchange) {
  RequestScope scope{exchange, services_, live_};
  scope.trail->keeps_requests = live_->config.records.bodies;
  services_.metrics.request_began();
  auto route = find_route(exchange.request().head);
  if (route) {
    scope.route = *std::move(route);
    co_await serve(scope);
  } else {
    co_await answer_error(scope, std::move(route).error());
  }
  services_.metrics.request_ended();
  if (scope.route.needs_token) record_request(scope);
  log_request(scope);
}

async::Task<void> Gateway::serve(RequestScope& scope) {
  const auto& head = scope.exchange.request().head;
  if (head.method == "OPTIONS") {
    co_await answer_response(scope, preflight(scope));
    co_return;
  }
  if (scope.route.needs_token) {
    auto admitted = admit(scope);
    if (!admitted) {
      co_await answer_error(scope, std::move(admitted).error());
      co_return;
    }
  }
  const auto target = scope.route.target;
  if (takes_post_only(target) && head.method != "POST") {
    co_await answer_error(scope, 405, "this address takes POST only");
    co_return;
  }
  switch (target) {
    case Target::native: co_await relay_native(scope); break;
    case Target::upload: co_await relay_upload(scope); break;
    case Target::openai_forward: co_await relay_openai(scope); break;
    case Target::openai_chat: co_await chat_completions(scope); break;
    case Target::openai_completions: co_await completions(scope); break;
    case Target::anthropic_messages: co_await create_message(scope); break;
    case Target::anthropic_count: co_await count_message(scope); break;
    case Target::openai_embeddings: co_await embeddings(scope); break;
    case Target::openai_speech: co_await speech(scope); break;
    case Target::openai_transcripts: co_await transcriptions(scope); break;
    case Target::openai_translations: co_await translations(scope); break;
    case Target::openai_responses: co_await responses(scope); break;
    case Target::openai_models: co_await list_models(scope); break;
    case Target::openai_model: co_await show_model(scope); break;
    case Target::openai_images: co_await image_generations(scope); break;
    case Target::openai_edits: co_await image_edits(scope); break;
    case Target::picture: co_await show_picture(scope); break;
    case Target::admin: co_await admin_request(scope); break;
    case Target::metrics: co_await show_metrics(scope); break;
    case Target::page:
      co_await answer_response(scope, services_.pages.serve(scope.exchange.request()));
      break;
    case Target::unsupported: {
      Error error{ErrorKind::unsupported,
                  "this method is not offered here: " + std::string(head.path)};
      co_await answer_error(scope, std::move(error));
      break;
    }
  }
}

}  // namespace gembal::daemon
