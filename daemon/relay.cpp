#include "daemon/relay.hpp"

#include <algorithm>
#include <charconv>

#include "daemon/owning.hpp"

namespace gembal::daemon {
namespace {

using upstream::Answer;

constexpr std::size_t kMadeBytes = 1 << 20;
constexpr auto kFoundLife = std::chrono::hours{48};

TimePoint wall_clock() { return std::chrono::system_clock::now(); }

/// False when the client left.
async::Task<bool> pass_body(RequestScope& scope, Answer& answer) {
  while (const auto piece = co_await answer.next()) {
    const bool sent =
        co_await scope.exchange.write(*piece, answer.ready() ? Flush::later : Flush::now);
    if (!sent) co_return false;
  }
  co_return true;
}

}  // namespace

upstream::Call forwarded(RequestScope& scope, const std::string& path) {
  auto& request = scope.exchange.request();
  const auto& route = scope.route;
  auto call = scope.call(scope.live->upstream.url(route.version, path, route.query));
  auto headers = forwarded_headers(request.head, scope.live->sandbox);
  std::move(headers.begin(), headers.end(), std::back_inserter(call.headers));
  call.method = request.head.method == "HEAD" ? "GET" : request.head.method;
  const bool carries = !request.body.empty() || request.head.content_length || request.head.chunked;
  if (carries) call.body = std::make_shared<const std::string>(std::move(request.body));
  call.model = route.model;
  call.form = route.form;
  return call;
}

std::optional<std::uint64_t> announced_length(const http::Head& head) {
  const auto text = head.header("content-length");
  std::uint64_t length = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (text.empty() || failure != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return length;
}

Headers headers_for(const RequestScope& scope, const http::Head& head) {
  auto headers = scope.headers();
  auto returned = returned_headers(head, scope.live->upstream);
  std::move(returned.begin(), returned.end(), std::back_inserter(headers));
  return headers;
}

async::Task<void> pass_rest(RequestScope& scope, Answer& answer) {
  const bool sent = co_await pass_body(scope, answer);
  if (!sent) co_return;
  if (answer.error()) {
    // What began as a reply cannot become an error: a cut connection is the one honest sign left.
    scope.failure = answer.error()->message;
    scope.exchange.abandon();
    co_return;
  }
  co_await scope.exchange.finish();
}

async::Task<void> pass_whole(RequestScope& scope, Answer& answer) {
  scope.exchange.begin(answer.status(), headers_for(scope, answer.head()),
                       announced_length(answer.head()));
  co_await pass_rest(scope, answer);
}

async::Task<void> pass_made(RequestScope& scope, Answer& answer, FindObjects objects) {
  std::string body;
  bool is_whole = false;
  while (body.size() < kMadeBytes) {
    const auto piece = co_await answer.next();
    if (!piece) {
      is_whole = !answer.error();
      break;
    }
    body += *piece;
  }
  if (answer.error()) {  // nothing was sent yet: it can be told properly
    co_await answer_error(scope, *answer.error());
    co_return;
  }
  if (is_whole) {
    auto made = objects(body, wall_clock());
    co_await remember_objects(scope, answer.key(), std::move(made));
  }
  scope.exchange.begin(answer.status(), headers_for(scope, answer.head()),
                       announced_length(answer.head()));
  const bool sent = co_await scope.exchange.write(body, Flush::later);
  if (!sent) co_return;
  co_await pass_rest(scope, answer);
}

void own_call(RequestScope& scope, upstream::Call& call, const std::string& object) {
  if (const auto owner = scope.services.owners.find(object, wall_clock())) {
    call.owner = upstream::OwningKey{owner->key_id, owner->project};
    return;
  }
  scope.unknown_objects.push_back(object);
  call.seeks_owner = true;
}

async::Task<void> remember_found(RequestScope& scope, const Answer& answer) {
  if (scope.unknown_objects.empty() || answer.status() >= 400) co_return;
  std::vector<MadeObject> found;
  for (auto& name : scope.unknown_objects)
    found.push_back({std::move(name), wall_clock() + kFoundLife});
  co_await remember_objects(scope, answer.key(), std::move(found));
}

bool is_event_stream(const Answer& answer) {
  return answer.head().header("content-type").starts_with("text/event-stream");
}

}  // namespace gembal::daemon
