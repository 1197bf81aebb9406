#include "daemon/routes_gemini.hpp"

#include <algorithm>

#include "daemon/native_request.hpp"
#include "daemon/native_stream.hpp"
#include "daemon/open_upstream.hpp"
#include "daemon/owning.hpp"
#include "daemon/relay.hpp"
#include "daemon/routes_lists.hpp"
#include "daemon/routes_models.hpp"
#include "daemon/stream_guard.hpp"
#include "lib/core/json.hpp"

namespace gembal::daemon {
namespace {

using upstream::Answer;
using upstream::Form;

constexpr std::size_t kReplyBytes = 256u << 20;
constexpr std::size_t kMadeStart = 64 * 1024;  // of a stream: the name comes in its first event

TimePoint wall_clock() { return std::chrono::system_clock::now(); }

// What a stream that came to its proper end has in it. Inside a JSON text the quotes would be
// escaped, and a line end, too.
const std::vector<std::string_view> kGeminiEnds = {"\"finishReason\"", "\"promptFeedback\"",
                                                   "\"error\""};

/// Passes an event stream on. One that does not come to a proper end gets an error event of the
/// dialect, never a silent end.
async::Task<void> pass_events(RequestScope& scope, Answer& answer, StreamGuard guard) {
  auto& exchange = scope.exchange;
  const bool was_broken = answer.verdict().outcome != keypool::Outcome::success;
  exchange.begin(answer.status(), headers_for(scope, answer.head()), std::nullopt);
  while (const auto piece = co_await answer.next()) {
    const auto events = guard.take(*piece);
    const bool sent = co_await exchange.write(events, answer.ready() ? Flush::later : Flush::now);
    if (!sent) co_return;
  }
  const bool cut_off = answer.error().has_value();
  if (!cut_off) {
    const bool sent = co_await exchange.write(guard.rest(), Flush::later);
    if (!sent) co_return;
  }
  // What failed every try is passed on as it came.
  if (cut_off || (!guard.complete() && !was_broken)) {
    const Error why = cut_off
                          ? *answer.error()
                          : Error{ErrorKind::upstream,
                                  "the upstream ended the stream before the answer was complete"};
    scope.failure = why.message;
    std::string end = guard.between_events() && (cut_off || guard.rest().empty()) ? "" : "\r\n\r\n";
    end += error_event(scope.route.dialect, why);
    const bool sent = co_await exchange.write(end, Flush::later);
    if (!sent) co_return;
  }
  co_await exchange.finish();
}

/// The call for the path's own model, or for one that answers for it.
CallFor native_call_for(RequestScope& scope, const NativeRequest& request) {
  const auto call =
      std::make_shared<const upstream::Call>(forwarded(scope, scope.route.upstream_path));
  return [&scope, &request, call](const std::string& model) {
    auto made = *call;
    const auto& route = scope.route;
    if (model == route.model) return made;
    made.url = scope.live->upstream.url(route.version, "/models/" + model + route.after_model,
                                        route.query);
    made.model = model;
    if (request.original)
      made.body = std::make_shared<const std::string>(body_for_other(scope, request, model));
    return made;
  };
}

async::Task<Result<Answer>> open_native(RequestScope& scope, const NativeRequest& request) {
  // Nothing stands in for a model whose answer is more than words, or is about its own tokens.
  if (scope.route.form != Form::opaque && has_fallback(scope, scope.route.model)) {
    auto opened = co_await open_upstream(scope, scope.route.model, native_call_for(scope, request));
    co_return std::move(opened);
  }
  auto call = forwarded(scope, scope.route.upstream_path);
  const auto object =
      scope.route.form == Form::opaque ? object_of_path(scope.route.upstream_path) : std::string();
  if (!object.empty()) own_call(scope, call, object);
  if (!call.owner) {
    Result<void> looked;
    if (has_long_body(call)) {
      looked = co_await look_at_long_body(scope, call);
    } else {
      looked = look_at_short_body(scope, call);
    }
    if (!looked) co_return std::move(looked).error();
  }
  auto opened = co_await open_upstream(scope, std::move(call));
  co_return std::move(opened);
}

async::Task<Result<Answer>> open_remembering(RequestScope& scope, const NativeRequest& request) {
  auto opened = co_await open_native(scope, request);
  if (opened) co_await remember_found(scope, *opened);
  co_return std::move(opened);
}

/// Passes a whole answer on with what its client does not know shown as text.
async::Task<void> pass_shown(RequestScope& scope, Answer& answer,
                             gemini::ShownAnswer::Wishes wishes) {
  auto body = co_await answer.rest(kReplyBytes);
  if (!body) {
    co_await answer_error(scope, std::move(body).error());
    co_return;
  }
  auto text = co_await compute(scope, body->size(), [&body, wishes] {
    auto json = parse_json(*body);
    return json && gemini::ShownAnswer(wishes).show(*json) ? to_text(*json) : *std::move(body);
  });
  scope.exchange.begin(200, headers_for(scope, answer.head()), text.size());
  const bool sent = co_await scope.exchange.write(text, Flush::later);
  if (sent) co_await scope.exchange.finish();
}

/// Passes an interaction's events; the first of them has its name.
async::Task<void> pass_made_events(RequestScope& scope, Answer& answer) {
  scope.exchange.begin(answer.status(), headers_for(scope, answer.head()), std::nullopt);
  std::string start;
  bool is_known = false;
  while (const auto piece = co_await answer.next()) {
    if (!is_known && start.size() < kMadeStart) {
      start += *piece;
      auto made = interaction_in_events(start, wall_clock());
      if (made) {
        is_known = true;
        std::vector<MadeObject> objects = {*std::move(made)};
        co_await remember_objects(scope, answer.key(), std::move(objects));
      }
    }
    const bool sent =
        co_await scope.exchange.write(*piece, answer.ready() ? Flush::later : Flush::now);
    if (!sent) co_return;
  }
  co_await pass_rest(scope, answer);
}

/// Answers what gembal knows of all keys itself. False: it is for one key to answer.
async::Task<bool> tell_known(RequestScope& scope) {
  const auto& method = scope.exchange.request().head.method;
  const auto& path = scope.route.upstream_path;
  bool is_told = false;
  if (is_merged_list(method, path)) {
    co_await list_merged(scope);
    is_told = true;
  } else if (is_about_models(method, scope.route)) {
    is_told = path == "/models";
    if (is_told) {
      co_await list_models(scope);
    } else {
      is_told = co_await show_known_model(scope);
    }
  }
  co_return is_told;
}

}  // namespace

async::Task<void> relay_native(RequestScope& scope) {
  scope.model = scope.route.model;
  const auto& method = scope.exchange.request().head.method;
  if (method == "GET" || method == "HEAD") {
    const bool is_told = co_await tell_known(scope);
    if (is_told) co_return;
  }
  auto read = read_native_request(scope);
  if (!read) {
    co_await answer_error(scope, std::move(read).error());
    co_return;
  }
  auto& request = *read;
  if (request.changes()) co_await change_body(scope, request);
  const auto shown = request.shown(scope);
  if (tells_events(scope, shown)) {
    co_await tell_events(scope, shown,
                         [&scope, &request] { return open_remembering(scope, request); });
    co_return;
  }
  auto opened = co_await open_remembering(scope, request);
  if (!opened) {
    co_await answer_error(scope, std::move(opened).error());
    co_return;
  }
  auto& answer = *opened;
  const auto& path = scope.route.upstream_path;
  if (answer.status() == 200 && shown.any()) {
    co_await pass_shown(scope, answer, shown);
    co_return;
  }
  if (answer.status() == 200 && scope.route.form == Form::sse) {
    co_await pass_events(scope, answer, StreamGuard(kGeminiEnds));
    co_return;
  }
  const bool makes = makes_object(method, path) ||
                     (method == "GET" && path.find("/operations/") != std::string::npos) ||
                     (method == "GET" && path.starts_with("/batches/"));
  if (answer.status() == 200 && makes) {
    if (is_event_stream(answer)) {
      co_await pass_made_events(scope, answer);
    } else {
      co_await pass_made(scope, answer, objects_in_reply);
    }
    co_return;
  }
  if (method == "DELETE" && answer.status() == 200) {
    const auto object = object_of_path(path);
    const auto parts = std::count(path.begin(), path.end(), '/');
    if (parts == 2) forget_object(scope, object);
  }
  co_await pass_whole(scope, answer);
}

}  // namespace gembal::daemon
