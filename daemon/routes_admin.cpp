#include "daemon/routes_admin.hpp"

#include <algorithm>

#include "daemon/admin/api.hpp"
#include "daemon/admin/desk.hpp"
#include "daemon/front/pages.hpp"
#include "daemon/web/assets.hpp"
#include "lib/core/json.hpp"
#include "lib/core/text.hpp"
#include "lib/log/log.hpp"

namespace gembal::daemon {
namespace {

using std::chrono::steady_clock;

constexpr auto kHeartbeat = std::chrono::seconds{15};
constexpr auto kOverview = std::chrono::seconds{2};

constexpr const char* kContentPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;"
    " connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'";

async::Task<void> answer(RequestScope& scope, int status, const Json& json, Headers headers = {}) {
  Response response;
  response.status = status;
  response.headers = std::move(headers);
  response.headers.emplace_back("content-type", "application/json; charset=utf-8");
  response.headers.emplace_back("cache-control", "no-store");
  response.body = to_text(json);
  co_await scope.exchange.answer(std::move(response));
}

async::Task<void> refuse(RequestScope& scope, Error error, int status = 0) {
  Headers headers;
  if (error.retry_after) {
    const auto wait = std::chrono::ceil<std::chrono::seconds>(*error.retry_after).count();
    headers.emplace_back("retry-after", std::to_string(wait));
  }
  scope.failure = error.message;
  const auto json = admin::error_json(error);
  if (status == 0) status = http_status(error.kind);
  co_await answer(scope, status, json, std::move(headers));
}

bool is_secure(const front::RequestHead& head) { return own_origin(head).starts_with("https://"); }

/// `value` "" takes the cookie away.
std::pair<std::string, std::string> session_cookie(const front::RequestHead& head,
                                                   const std::string& value,
                                                   std::chrono::milliseconds lasts) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(lasts).count();
  std::string text = std::string(admin::kSessionCookie) + "=" + value + "; Path=/; HttpOnly" +
                     "; SameSite=Strict; Max-Age=" + std::to_string(value.empty() ? 0 : seconds);
  if (is_secure(head)) text += "; Secure";
  return {"set-cookie", std::move(text)};
}

Error too_many_attempts(std::chrono::seconds wait) {
  Error error{ErrorKind::keys_waiting, "too many wrong tokens were sent",
              "try again in " + std::to_string(wait.count()) + " s"};
  error.retry_after = wait;
  return error;
}

Json as_json(const admin::Sessions::Session& session) {
  const auto left = session.ends - steady_clock::now();
  const auto ends =
      std::chrono::system_clock::now() + std::chrono::duration_cast<TimePoint::duration>(left);
  return {{"csrf", session.csrf}, {"expires_at", to_iso8601(ends)}, {"version", GEMBAL_VERSION}};
}

async::Task<void> log_in(RequestScope& scope) {
  auto& desk = scope.services.desk;
  const auto address = scope.exchange.peer();
  const auto wait = desk.attempts().wait(address, steady_clock::now());
  if (wait.count() > 0) {
    co_await refuse(scope, too_many_attempts(wait));
    co_return;
  }
  const auto body = parse_json(scope.exchange.request().body);
  const auto token = body ? trim(string_in(*body, "token")) : std::string_view();
  if (!scope.live->access.is_admin(token)) {
    desk.attempts().failed(address, steady_clock::now());
    log::warn("a log-in to the admin pages was refused", {{"from", address}});
    Error error{ErrorKind::unauthorized, "this is not the admin token",
                "it is auth.admin_token, or else the first of auth.tokens"};
    co_await refuse(scope, std::move(error));
    co_return;
  }
  desk.attempts().succeeded(address);
  const auto lasts = scope.live->config.web.session;
  const auto session = desk.sessions().begin(lasts, steady_clock::now());
  log::info("the administrator logged in", {{"from", address}});
  Headers headers = {session_cookie(scope.exchange.request().head, session.cookie, lasts)};
  const auto json = as_json(session);
  co_await answer(scope, 200, json, std::move(headers));
}

async::Task<void> log_out(RequestScope& scope) {
  const auto& request = scope.exchange.request();
  const auto body = parse_json(request.body);
  auto& sessions = scope.services.desk.sessions();
  const auto session =
      sessions.find(request.head, false, scope.live->config.web.session, steady_clock::now());
  if (!session) {
    Error error{ErrorKind::unauthorized, "nobody is logged in here", ""};
    co_await refuse(scope, std::move(error));
    co_return;
  }
  if (body && bool_in(*body, "everywhere").value_or(false)) {
    sessions.end_all();
  } else {
    sessions.end(session->cookie);
  }
  Headers headers = {session_cookie(request.head, "", {})};
  const Json nothing = Json::object();
  co_await answer(scope, 200, nothing, std::move(headers));
}

bool reads_only(const front::RequestHead& head) {
  return head.method == "GET" || head.method == "HEAD";
}

/// Why a request to the API is not the administrator's; nullopt when it is.
std::optional<Error> not_the_administrator(RequestScope& scope) {
  const auto& head = scope.exchange.request().head;
  auto& desk = scope.services.desk;
  const auto authorization = head.field("authorization");
  if (authorization.empty()) {
    const auto session = desk.sessions().find(head, reads_only(head),
                                              scope.live->config.web.session, steady_clock::now());
    if (session) return std::nullopt;
    return Error{ErrorKind::unauthorized, "this needs the admin token, or a session",
                 "send it as 'Authorization: Bearer'; a session's requests that change something "
                 "need its x-csrf-token"};
  }
  const auto address = scope.exchange.peer();
  const auto wait = desk.attempts().wait(address, steady_clock::now());
  if (wait.count() > 0) return too_many_attempts(wait);
  const auto space = authorization.find(' ');
  const bool is_bearer =
      space != std::string_view::npos && iequals(authorization.substr(0, space), "bearer");
  if (is_bearer && scope.live->access.is_admin(trim(authorization.substr(space + 1)))) {
    desk.attempts().succeeded(address);
    return std::nullopt;
  }
  desk.attempts().failed(address, steady_clock::now());
  return Error{ErrorKind::unauthorized, "this is not the admin token",
               "it is auth.admin_token, or else the first of auth.tokens"};
}

/// Tells what happens until the client leaves, the daemon drains, or the session has ended.
async::Task<void> stream_events(RequestScope& scope) {
  auto& exchange = scope.exchange;
  auto& desk = scope.services.desk;
  auto& loop = exchange.loop();
  auto headers = scope.headers();
  headers.emplace_back("content-type", "text/event-stream; charset=utf-8");
  headers.emplace_back("cache-control", "no-store");
  headers.emplace_back("x-accel-buffering", "no");
  exchange.begin(200, headers, std::nullopt);
  // Whoever tells may do so after this has ended: the event stays as long as that.
  const auto more = std::make_shared<async::Event>(loop);
  const auto listener =
      desk.feed().listen([&loop, more] { loop.post([more] { more->signal(); }); });
  const async::Interrupt::Subscription on_leave(exchange.interrupt(), [more] { more->signal(); });
  async::Deadline tick(loop, [more] { more->signal(); });
  std::string last_overview;
  auto overview_due = steady_clock::now();
  auto heartbeat_due = steady_clock::now() + kHeartbeat;
  while (!exchange.interrupt().raised() && !desk.feed().is_closed()) {
    auto text = listener->take();
    const auto now = steady_clock::now();
    if (now >= overview_due) {
      overview_due = now + kOverview;
      auto overview = co_await desk.workers().run(loop, [&desk] { return desk.overview(); });
      auto told = overview ? to_text(*overview) : std::string();
      if (!told.empty() && told != last_overview) {
        last_overview = told;
        text += "event: overview\ndata: " + told + "\n\n";
      }
    }
    if (text.empty() && now >= heartbeat_due) text = ": still here\n\n";
    if (!text.empty()) {
      heartbeat_due = now + kHeartbeat;
      const bool sent = co_await exchange.write(text, Flush::now);
      if (!sent) break;
    }
    tick.set(kOverview);
    co_await more->wait();
  }
  desk.feed().leave(listener);
  co_await exchange.finish();
}

async::Task<void> answer_api(RequestScope& scope) {
  const auto& head = scope.exchange.request().head;
  if (auto error = not_the_administrator(scope)) {
    co_await refuse(scope, *std::move(error));
    co_return;
  }
  auto& desk = scope.services.desk;
  if (head.path == "/api/admin/events" && head.method == "GET") {
    co_await stream_events(scope);
    co_return;
  }
  if (head.path == "/api/admin/session" && head.method == "GET") {
    const auto session =
        desk.sessions().find(head, true, scope.live->config.web.session, steady_clock::now());
    if (session) {
      const auto json = as_json(*session);
      co_await answer(scope, 200, json);
      co_return;
    }
    Error error{ErrorKind::unauthorized, "nobody is logged in here", "POST /login"};
    co_await refuse(scope, std::move(error));
    co_return;
  }
  const auto& request = scope.exchange.request();
  auto response =
      co_await desk.workers().run(scope.exchange.loop(), [&] { return desk.serve(request); });
  co_await scope.exchange.answer(std::move(response));
}

Headers page_headers(const web::Asset& asset) {
  return {{"content-type", std::string(asset.content_type)},
          {"etag", std::string(asset.etag)},
          {"cache-control", asset.immutable ? "public, max-age=31536000, immutable" : "no-cache"},
          {"content-security-policy", kContentPolicy},
          {"x-content-type-options", "nosniff"},
          {"x-frame-options", "DENY"},
          {"referrer-policy", "no-referrer"},
          {"cross-origin-opener-policy", "same-origin"},
          {"vary", "accept-encoding"}};
}

async::Task<void> answer_page(RequestScope& scope) {
  const auto& head = scope.exchange.request().head;
  if (!reads_only(head)) {
    Error error{ErrorKind::bad_request, "a page is read, not written to", ""};
    co_await refuse(scope, std::move(error), 405);
    co_return;
  }
  constexpr std::string_view kAssets = "/assets/";
  const bool is_asset = head.path.starts_with(kAssets);
  const auto* asset =
      web::find(is_asset ? head.path.substr(kAssets.size()) : std::string_view("index.html"));
  if (!asset) {
    Error error{ErrorKind::not_found, "there is nothing at " + std::string(head.path), ""};
    co_await refuse(scope, std::move(error));
    co_return;
  }
  Response response;
  response.headers = page_headers(*asset);
  if (head.field("if-none-match") == asset->etag) {
    response.status = 304;
  } else if (head.field("accept-encoding").find("gzip") != std::string_view::npos) {
    response.headers.emplace_back("content-encoding", "gzip");
    response.body = asset->bytes;
  } else {
    response.body = asset->plain;
  }
  co_await scope.exchange.answer(std::move(response));
}

/// Host without its port, and IPv6 addresses without their brackets.
std::string_view name_of(std::string_view host) {
  if (host.starts_with('[')) {
    const auto end = host.find(']');
    return end == std::string_view::npos ? host : host.substr(1, end - 1);
  }
  const auto colon = host.rfind(':');
  return colon != std::string_view::npos && host.find(':') == colon ? host.substr(0, colon) : host;
}

bool is_address(std::string_view name) {
  std::error_code failed;
  asio::ip::make_address(std::string(name), failed);
  return !failed;
}

}  // namespace

bool is_own_host(std::string_view host, const std::vector<std::string>& more) {
  const auto name = name_of(host);
  if (name.empty()) return true;  // no browser leaves it out
  if (iequals(name, "localhost") || lower(name).ends_with(".localhost") || is_address(name))
    return true;
  return std::any_of(more.begin(), more.end(), [&](const auto& one) {
    return one == "*" || iequals(one, name) || iequals(one, host);
  });
}

std::optional<Caller> logged_in_caller(RequestScope& scope) {
  const auto& head = scope.exchange.request().head;
  if (head.field("cookie").empty() ||
      !is_own_host(head.field("host"), scope.live->config.web.hosts))
    return std::nullopt;
  const auto session = scope.services.desk.sessions().find(
      head, false, scope.live->config.web.session, steady_clock::now());
  if (!session) return std::nullopt;
  return Caller{"admin", scope.live->access.admin().id(), true, nullptr};
}

async::Task<void> admin_request(RequestScope& scope) {
  const auto& head = scope.exchange.request().head;
  // Whoever sends the token itself is no page of anybody else's.
  const bool may_be_another_page = head.field("authorization").empty();
  if (may_be_another_page && !is_own_host(head.field("host"), scope.live->config.web.hosts)) {
    Error error{ErrorKind::forbidden,
                "the admin pages are not shown under the name '" +
                    std::string(name_of(head.field("host"))) + "'",
                "add it to web.hosts"};
    co_await refuse(scope, std::move(error), 421);
  } else if (head.path == "/login" && head.method == "POST") {
    co_await log_in(scope);
  } else if (head.path == "/logout") {
    co_await log_out(scope);
  } else if (head.path.starts_with("/api/")) {
    co_await answer_api(scope);
  } else {
    co_await answer_page(scope);
  }
}

async::Task<void> show_metrics(RequestScope& scope) {
  const auto& request = scope.exchange.request();
  // Who comes through a proxy on this machine is not of this machine.
  const bool is_near = scope.exchange.is_local() && request.head.field("x-forwarded-for").empty();
  const bool is_open = scope.live->config.web.public_metrics || is_near;
  if (!is_open) {
    if (auto error = not_the_administrator(scope)) {
      co_await refuse(scope, *std::move(error));
      co_return;
    }
  }
  co_await answer_response(scope, scope.services.pages.serve(request));
}

}  // namespace gembal::daemon
