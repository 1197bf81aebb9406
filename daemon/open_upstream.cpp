#include "daemon/open_upstream.hpp"

#include <algorithm>
#include <charconv>

#include "lib/core/text.hpp"
#include "lib/upstream/request_facts.hpp"

namespace gembal::daemon {
namespace {

using upstream::Answer;

TimePoint wall_clock() { return std::chrono::system_clock::now(); }

bool is_deadline(std::string_view name) {
  constexpr std::size_t kLeast = std::string_view("x-server-timeout").size();
  if (name.size() < kLeast || (name[0] | 0x20) != 'x') return false;
  return iequals(name, "x-server-timeout") || iequals(name, "x-stainless-timeout") ||
         iequals(name, "x-stainless-read-timeout");
}

/// The client's own deadline, in the headers by which SDKs tell it; zero: none.
std::chrono::milliseconds deadline_of(const front::RequestHead& head) {
  std::chrono::milliseconds least{};
  for (const auto& [name, text] : head.fields) {
    if (!is_deadline(name)) continue;
    double seconds = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (text.empty() || failure != std::errc() || !(seconds > 0) || seconds > 1e6) continue;
    const auto time = std::chrono::milliseconds{static_cast<std::int64_t>(seconds * 1000)};
    least = least.count() == 0 ? time : std::min(least, time);
  }
  return least;
}

/// `model`, and those that may answer for it.
std::vector<std::string> candidates(const RequestScope& scope, const std::string& model) {
  std::vector<std::string> all = {model};
  for (const auto& [from, to] : scope.live->config.models.fallbacks) {
    if (from == model && std::find(all.begin(), all.end(), to) == all.end()) all.push_back(to);
  }
  return all;
}

}  // namespace

upstream::Limits limits_of(const RequestScope& scope) {
  auto limits = scope.live->limits;
  const auto deadline = deadline_of(scope.exchange.request().head);
  if (deadline.count() == 0) return limits;
  const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - scope.exchange.started());
  limits.deadline = std::max(deadline - passed, std::chrono::milliseconds{1});
  return limits;
}

bool has_fallback(const RequestScope& scope, std::string_view model) {
  const auto& fallbacks = scope.live->config.models.fallbacks;
  return std::any_of(fallbacks.begin(), fallbacks.end(),
                     [model](const auto& one) { return one.first == model; });
}

Error not_for_this_token(const RequestScope& scope, const std::string& model) {
  return {ErrorKind::forbidden,
          "the client token '" + scope.caller.name + "' may not ask the model " + model,
          "it may ask: " + join(scope.caller.token->models, ", ")};
}

namespace {

upstream::RequestFacts facts_of(const upstream::Call& call) {
  const bool converses = call.form != upstream::Form::opaque;
  return upstream::look_at_request(*call.body, converses ? call.model : std::string_view());
}

Result<void> take_facts(RequestScope& scope, upstream::Call& call,
                        const upstream::RequestFacts& facts) {
  call.conversation = facts.conversation;
  call.continues = facts.continues;
  call.tokens = facts.tokens;
  std::string first;
  for (const auto& name : facts.objects) {
    const auto owner = scope.services.owners.find(name, wall_clock());
    if (!owner) {
      scope.unknown_objects.push_back(name);
      continue;
    }
    const bool same =
        call.owner && (owner->key_id == call.owner->id ||
                       (!owner->project.empty() && owner->project == call.owner->project));
    if (call.owner && !same) {
      return Error{ErrorKind::bad_request, first + " and " + name + " belong to different projects",
                   "make one of them again: requests that quote the other go to its project"};
    }
    call.owner = upstream::OwningKey{owner->key_id, owner->project};
    first = name;
  }
  call.seeks_owner = !call.owner && !scope.unknown_objects.empty();
  return {};
}

}  // namespace

bool has_long_body(const upstream::Call& call) {
  return call.body && call.body->size() >= kLongComputation;
}

Result<void> look_at_short_body(RequestScope& scope, upstream::Call& call) {
  if (!call.body || call.body->empty()) return {};
  return take_facts(scope, call, facts_of(call));
}

async::Task<Result<void>> look_at_long_body(RequestScope& scope, upstream::Call& call) {
  const auto facts = co_await compute(scope, call.body->size(), [&call] { return facts_of(call); });
  co_return take_facts(scope, call, facts);
}

async::Task<Result<Answer>> open_upstream(RequestScope& scope, upstream::Call call,
                                          async::Interrupt* interrupt) {
  if (!may_ask(scope.caller, call.model)) co_return not_for_this_token(scope, call.model);
  auto limits = limits_of(scope);
  if (call.body_source) limits.deadline = {};  // an upload takes its time
  auto& gives_up = interrupt ? *interrupt : scope.exchange.interrupt();
  auto opened =
      co_await scope.services.dispatcher.open(std::move(call), limits, gives_up, scope.journey);
  if (opened) scope.key_id = opened->key().id;
  co_return std::move(opened);
}

async::Task<Result<Answer>> open_upstream(RequestScope& scope, std::string model, CallFor call_for,
                                          async::Interrupt* interrupt) {
  auto& pool = scope.services.dispatcher.pool();
  const auto models = candidates(scope, model);
  for (std::size_t i = 0;; ++i) {
    const auto& candidate = models[i];
    const bool is_last = i + 1 == models.size();
    if (!is_last && pool.overloaded_until(candidate, wall_clock())) {
      scope.journey.left.push_back({candidate, "overloaded"});
      continue;
    }
    auto call = call_for(candidate);
    Result<void> looked;
    if (has_long_body(call)) {
      looked = co_await look_at_long_body(scope, call);
    } else {
      looked = look_at_short_body(scope, call);
    }
    if (!looked) co_return std::move(looked).error();
    scope.answering_model = i == 0 ? "" : candidate;
    auto opened = co_await open_upstream(scope, std::move(call), interrupt);
    if (is_last) co_return std::move(opened);
    const bool is_out = !opened && opened.error().kind == ErrorKind::keys_waiting &&
                        pool.is_spent(candidate, wall_clock());
    const bool is_overloaded =
        opened && opened->verdict().outcome == keypool::Outcome::model_overloaded;
    if (!is_out && !is_overloaded) co_return std::move(opened);
    if (is_out) scope.journey.left.push_back({candidate, "out for the day"});
    if (is_overloaded) scope.journey.left.push_back({opened->key().id, "model overloaded"});
  }
}

}  // namespace gembal::daemon
