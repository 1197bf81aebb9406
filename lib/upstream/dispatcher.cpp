#include "lib/upstream/dispatcher.hpp"

#include <algorithm>
#include <random>

#include "lib/gemini/error_reply.hpp"
#include "lib/gemini/signatures.hpp"
#include "lib/upstream/hold.hpp"
#include "lib/upstream/verdict.hpp"

namespace gembal::upstream {

using async::SteadyTime;

/// What one try came to: an answer to pass on or to keep for the end, or no reply at all.
struct Try {
  std::optional<Answer> answer;
  keypool::Verdict verdict;
  Error failure;      ///< meaningful without an answer
  std::string reply;  ///< of a failed one: how its body began
  Exit exit;
  bool took_long = false;  ///< on the way through proxies

  bool was_slow() const {
    if (!answer) return failure.kind == ErrorKind::timeout || took_long;
    return answer->status() == 504 || answer->status() == 499;
  }
};

namespace {

using keypool::Lease;
using keypool::Outcome;
using keypool::Verdict;
using std::chrono::milliseconds;

constexpr std::size_t kErrorBodyBytes = 256 * 1024;
constexpr std::size_t kReplyKept = 16 * 1024;  // of a failed call's, for those who look into it
constexpr auto kLongWay = std::chrono::seconds{5};
constexpr int kMostDetours = 3;  // through other proxies, which are not counted as tries

const Error kCancelled{ErrorKind::cancelled, "the request was cancelled", ""};

TimePoint wall_clock() { return std::chrono::system_clock::now(); }

double jitter() {
  thread_local std::minstd_rand random(std::random_device{}());
  return static_cast<double>(random() % 1024) / 1024;
}

/// A body that says whether some of it was asked for: then it cannot be sent from its start again.
struct WatchedBody final : http::BodySource {
  explicit WatchedBody(std::shared_ptr<http::BodySource> its_inner) : inner(std::move(its_inner)) {
    length = inner->length;
  }
  async::Task<Result<std::optional<std::string>>> next() override {
    was_asked = true;
    auto piece = co_await inner->next();
    co_return std::move(piece);
  }
  std::shared_ptr<http::BodySource> inner;
  bool was_asked = false;
};

/// The smaller of two limits of which zero is none.
milliseconds tighter(milliseconds a, milliseconds b) {
  if (a.count() == 0 || b.count() == 0) return std::max(a, b);
  return std::min(a, b);
}

http::Request request_for(const Call& call, const Lease& key, const Limits& limits,
                          const Exit& exit) {
  http::Request request;
  request.proxy = exit.proxy;
  request.method = call.method;
  request.url = call.url;
  request.headers.reserve(call.headers.size() + 1);
  request.headers = call.headers;
  const char* name =
      call.key_header == KeyHeader::goog ? "x-goog-api-key: " : "authorization: Bearer ";
  request.headers.push_back(name + key->secret.reveal());
  request.body = call.body;
  request.body_source = call.body_source;
  request.timeouts = limits.timeouts;
  if (call.form == Form::unary || call.form == Form::completion)
    request.timeouts.total = limits.unary_total;
  return request;
}

/// Reads up to `limit` bytes of an error's body; what is missing then does not change the verdict.
async::Task<std::string> read_some(http::Reply& reply, std::size_t limit) {
  std::string body;
  while (body.size() < limit) {
    const auto piece = co_await reply.next();
    if (!piece) break;
    body += *piece;
  }
  co_return body;
}

/// `left`: how much of the client's own deadline is left; zero: it has none.
async::Task<Try> try_once(async::Loop& loop, http::Client& client, const Call& call,
                          const Lease& key, const Limits& limits, milliseconds left,
                          async::Interrupt& interrupt, Exit exit) {
  Try result;
  result.exit = exit;
  http::Reply reply = client.open(request_for(call, key, limits, exit));
  const async::Interrupt::Subscription on_interrupt(interrupt,
                                                    [&reply] { reply.abort(kCancelled); });
  async::Deadline first_token(loop, [&reply] {
    reply.abort({ErrorKind::timeout, "the upstream sent no content in time"});
  });
  first_token.set(is_stream(call.form) ? tighter(limits.first_token, left) : left);

  auto arrived = co_await reply.wait_for_head();
  if (!arrived) {
    result.failure = std::move(arrived).error();
    result.verdict = {Outcome::broken, std::nullopt, "no reply"};
    co_return result;
  }
  const int status = reply.head().status;
  if (status >= 400) {
    std::string body = co_await read_some(reply, kErrorBodyBytes);
    result.verdict = judge_error(
        status, body, call.model.empty() ? Subject::object : Subject::model, wall_clock());
    if (call.trail) result.reply = body.substr(0, kReplyKept);
    result.answer.emplace(std::move(reply), std::move(body), interrupt);
    co_return result;
  }
  if (call.form == Form::opaque || status != 200) {
    result.answer.emplace(std::move(reply), std::string(), interrupt);
    co_return result;
  }

  Hold hold(call.form);
  auto state = Hold::State::holding;
  while (state == Hold::State::holding) {
    const auto piece = co_await reply.next();
    if (!piece) break;
    state = hold.add(*piece);
  }
  if (state == Hold::State::holding) {
    if (reply.error()) {
      result.failure = *reply.error();
      result.verdict = {Outcome::broken, std::nullopt, "cut off"};
      co_return result;
    }
    if (!hold.good_at_end()) result.verdict = {Outcome::broken, std::nullopt, "empty answer"};
  } else if (state == Hold::State::failed) {
    result.verdict = judge_error(0, hold.error_body(), Subject::model, wall_clock());
    if (call.trail) result.reply = hold.error_body().substr(0, kReplyKept);
  }
  result.answer.emplace(std::move(reply), hold.take_bytes(), interrupt);
  co_return result;
}

bool is_refusal(const Verdict& verdict) {
  return verdict.outcome == Outcome::key_dead || verdict.outcome == Outcome::key_unusable;
}

/// Leaves a call that failed on the request's trail.
void leave_on_trail(const Call& call, const Try& tried, const std::string& key_id) {
  if (!call.trail) return;
  ++call.trail->calls;
  const bool failed =
      tried.verdict.outcome != Outcome::success && tried.failure.kind != ErrorKind::cancelled;
  if (!failed || call.trail->failed.size() == Trail::kMostFailed) return;
  FailedTry left;
  left.time = wall_clock();
  left.key_id = key_id;
  left.model = call.model;
  left.status = tried.answer ? tried.answer->status() : 0;
  left.kind = to_string(tried.verdict.outcome);
  if (!tried.answer) {
    left.message = tried.failure.message;
  } else if (tried.reply.empty()) {
    left.message = tried.verdict.reason;
  } else {
    left.message = gemini::message_of(tried.reply);
  }
  left.reply = tried.reply;
  if (call.trail->keeps_requests) left.request = call.body;
  call.trail->failed.push_back(std::move(left));
}

Error given_up(const Verdict& verdict) {
  if (is_refusal(verdict)) {
    Error error{ErrorKind::no_usable_key,
                "the upstream refused every key that was tried: " + verdict.reason,
                "'gembal keys check' says more"};
    error.retry_after = std::chrono::seconds{5};
    return error;
  }
  Error error{ErrorKind::keys_waiting, "the upstream limits every key that was tried",
              "try again a little later"};
  error.retry_after = std::chrono::seconds{5};
  return error;
}

SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

}  // namespace

/// What one call carries through its tries.
struct Dispatcher::Run {
  Run(Call its_call, const Limits& its_limits, async::Interrupt& its_interrupt,
      Journey& its_journey)
      : call(std::move(its_call)),
        limits(its_limits),
        interrupt(its_interrupt),
        journey(its_journey),
        plan(call.body_source ? 0 : limits.max_retries, call.seeks_owner) {}

  Call call;
  Limits limits;
  async::Interrupt& interrupt;
  Journey& journey;
  RetryPlan plan;
  std::vector<std::uint32_t> tried_exits;  ///< proxies that failed
  int detours_left = kMostDetours;
  bool only_refused = true;  ///< whether each try so far found its key refused
  const async::SteadyTime began = std::chrono::steady_clock::now();

  milliseconds elapsed() const {
    return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began);
  }
  /// Of the client's own deadline; zero: it has none. Never less than a moment.
  milliseconds left() const {
    if (limits.deadline.count() == 0) return {};
    return std::max(limits.deadline - elapsed(), milliseconds{1});
  }
  /// How long a key may be waited for from now on.
  milliseconds patience() const { return tighter(limits.max_wait, left()); }
  bool may_wait_for(const Error& error) const {
    return error.kind == ErrorKind::keys_waiting && limits.max_wait.count() > 0;
  }
  bool has_time_for(milliseconds pause) const {
    return limits.deadline.count() == 0 || elapsed() + pause < limits.deadline;
  }
};

Dispatcher::Dispatcher(async::Loop& loop, http::Client& client, keypool::KeyPool& pool,
                       Proxies& proxies, std::function<void(keypool::Report)> learned)
    : loop_(loop), client_(client), pool_(pool), proxies_(proxies), learned_(std::move(learned)) {}

/// One try with a key; where its proxy fails, a few more through others, with the same key: nothing
/// was learned of it.
async::Task<Try> Dispatcher::try_through_proxies(Run& run, const Lease& key) {
  std::shared_ptr<WatchedBody> body;
  if (run.call.body_source) {
    body = std::make_shared<WatchedBody>(run.call.body_source);
    run.call.body_source = body;
  }
  const auto began = steady_now();
  for (;;) {
    auto exit = proxies_.choose(key->id, run.tried_exits, steady_now());
    run.journey.proxy = exit.proxy ? exit.proxy->redacted() : "";
    Try made = co_await try_once(loop_, client_, run.call, key, run.limits, run.left(),
                                 run.interrupt, exit);
    const bool failed = !made.answer && made.failure.kind == ErrorKind::proxy;
    const bool refused = made.verdict.outcome == Outcome::exit_blocked;
    if (failed) {
      proxies_.failed(exit, made.failure.message, steady_now());
    } else if (refused) {
      proxies_.refused(exit, made.verdict.reason, steady_now());
    } else if (made.answer) {
      proxies_.worked(exit);
    }
    if (!failed && !refused) co_return made;
    run.tried_exits.push_back(exit.id);
    made.took_long = steady_now() - began > kLongWay;
    const bool is_gone = body && body->was_asked;
    if (is_gone || run.detours_left == 0 || run.interrupt.raised() || !run.has_time_for({}) ||
        !proxies_.has_other(run.tried_exits)) {
      co_return made;
    }
    --run.detours_left;
    run.journey.left.push_back({key->id, failed ? "proxy failed" : "proxy refused"});
  }
}

/// How the pool sees it.
keypool::Way Dispatcher::way_of(const Exit& exit) const {
  if (exit.id == 0) return {};
  return {exit.id, !proxies_.has_other({exit.id})};
}

/// Waits, in fair order, for a key to come back. `error`: why there is none now.
async::Task<Result<Lease>> Dispatcher::wait_in_line(Run& run, keypool::Wish wish, Error error) {
  const auto began = std::chrono::steady_clock::now();
  const auto patience = run.patience();
  const auto remaining = [&] {
    return patience -
           std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began);
  };
  // The pool wakes from any thread, also when this wait is over: the event stays as long as that.
  const auto woken = std::make_shared<async::Event>(loop_);
  auto place = pool_.line_up(
      wish.model, [&loop = loop_, woken] { loop.post([woken] { woken->signal(); }); },
      run.limits.most_waiting);
  if (!place) co_return std::move(place).error();
  wish.place = place->number();
  const async::Interrupt::Subscription on_interrupt(run.interrupt, [&woken] { woken->signal(); });
  async::Deadline alarm(loop_, [&woken] { woken->signal(); });
  while (remaining().count() > 0) {
    auto pause = remaining();
    if (pool_.is_first(*place) || wish.goes_on)
      pause = std::min(pause, error.retry_after.value_or(pause));
    alarm.set(std::max(pause, milliseconds{1}));
    co_await woken->wait();
    if (run.interrupt.raised()) co_return kCancelled;
    auto lease = pool_.take(wish, wall_clock());
    if (lease) co_return std::move(lease);
    error = std::move(lease).error();
    if (error.kind != ErrorKind::keys_waiting) break;
  }
  co_return error;
}

/// What the call asks of the pool now.
keypool::Wish Dispatcher::wish_of(const Run& run) const {
  keypool::Wish wish;
  wish.model = run.call.model;
  wish.conversation = run.call.conversation;
  wish.continues = run.call.continues;
  wish.tokens = run.call.tokens;
  wish.goes_on = run.plan.has_tried();
  wish.way = proxies_.sole();
  return wish;
}

Result<Lease> Dispatcher::take(Run& run) {
  auto wish = wish_of(run);
  if (run.call.owner)
    return pool_.take_owner(run.call.owner->id, run.call.owner->project, wish, wall_clock());
  wish.tried = run.plan.leave_out();
  auto lease = pool_.take(wish, wall_clock());
  if (lease || !run.plan.allow_again()) return lease;
  wish.tried = run.plan.leave_out();
  return pool_.take(wish, wall_clock());
}

/// The key that the call has to go to is waited for out of line: no other will do.
async::Task<Result<Lease>> Dispatcher::wait_for_owner(Run& run, Error error) {
  const auto began = std::chrono::steady_clock::now();
  while (error.kind == ErrorKind::keys_waiting) {
    const auto waited =
        std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began);
    const auto back = error.retry_after.value_or(milliseconds{1});
    if (waited + back > run.patience()) break;
    co_await async::sleep(loop_, back, run.interrupt);
    if (run.interrupt.raised()) co_return kCancelled;
    auto lease = take(run);
    if (lease) co_return std::move(lease);
    error = std::move(lease).error();
  }
  co_return error;
}

/// Waits for a key, as far as the configuration and the client's deadline let it. `error`: why
/// there is none now.
async::Task<Result<Lease>> Dispatcher::wait(Run& run, Error error) {
  const auto back = error.retry_after.value_or(milliseconds{0});
  if (back > run.patience()) co_return error;
  const auto began = std::chrono::steady_clock::now();
  Result<Lease> lease(error);
  if (run.call.owner) {
    lease = co_await wait_for_owner(run, error);
  } else {
    // Who was refused before may be the first who is back: nobody is left out.
    lease = co_await wait_in_line(run, wish_of(run), error);
  }
  run.journey.waiting += std::chrono::steady_clock::now() - began;
  co_return std::move(lease);
}

async::Task<Result<Answer>> Dispatcher::open(Call call, Limits limits, async::Interrupt& interrupt,
                                             Journey& journey) {
  Run run(std::move(call), limits, interrupt, journey);
  std::optional<Try> last;
  const Exit straight;

  for (;;) {
    if (interrupt.raised()) co_return kCancelled;
    auto lease = take(run);
    if (!lease && run.may_wait_for(lease.error()))
      lease = co_await wait(run, std::move(lease).error());
    if (!lease) {
      // The last outage says more than the state of the pool does.
      if (last && last->answer && !blames_key(last->verdict.outcome))
        co_return std::move(*last->answer);
      // Waiting helps nobody whose keys are all refused, although they are benched for a while
      // only.
      if (last && run.only_refused && lease.error().kind == ErrorKind::keys_waiting)
        co_return given_up(last->verdict);
      co_return std::move(lease).error();
    }

    last.reset();  // hangs up, and gives its key back
    const auto began = std::chrono::steady_clock::now();
    if (proxies_.any()) {
      last = co_await try_through_proxies(run, *lease);
    } else {
      last = co_await try_once(loop_, client_, run.call, *lease, run.limits, run.left(), interrupt,
                               straight);
    }
    journey.waiting += std::chrono::steady_clock::now() - began;
    const Verdict& verdict = last->verdict;
    run.only_refused = run.only_refused && is_refusal(verdict);
    auto report = pool_.report(*lease, verdict, wall_clock(), way_of(last->exit));
    if (report.suspended && last->exit.id != 0 && verdict.outcome != Outcome::exit_blocked)
      proxies_.refused(last->exit, verdict.reason, steady_now());
    const std::string key_id = (*lease)->id;
    leave_on_trail(run.call, *last, key_id);
    const TryOutcome outcome{
        key_id, verdict, last->was_slow(), lease->is_last_try(), report.suspended, run.call.tokens};
    if (!report.changes.empty() || !report.notices.empty()) learned_(std::move(report));
    if (last->answer) last->answer->keep(*std::move(lease), verdict, run.call.trail);
    if (!last->answer && last->failure.kind == ErrorKind::cancelled)
      co_return std::move(last->failure);

    auto step = run.plan.after(outcome, jitter());
    if (run.call.body_source && step.next == RetryPlan::Next::try_again)
      step.next = RetryPlan::Next::give_up;  // its bytes are gone
    if (step.next == RetryPlan::Next::bypass) {
      auto bypassed =
          run.call.body ? gemini::with_bypassed_signatures(*run.call.body) : std::nullopt;
      if (bypassed) {
        run.call.body = std::make_shared<const std::string>(*std::move(bypassed));
        journey.left.push_back({key_id, "thought signature refused"});
        continue;
      }
      step.next = RetryPlan::Next::pass_on;
    }
    if (step.next == RetryPlan::Next::try_again && !run.has_time_for(step.pause)) {
      step.next = blames_key(verdict.outcome) ? RetryPlan::Next::give_up : RetryPlan::Next::pass_on;
    }
    switch (step.next) {
      case RetryPlan::Next::pass_on:
        if (!last->answer) co_return std::move(last->failure);
        co_return std::move(*last->answer);
      case RetryPlan::Next::give_up: co_return given_up(verdict);
      case RetryPlan::Next::own_fault:
        co_return Error{ErrorKind::internal, "the upstream did not accept how the key was sent"};
      case RetryPlan::Next::try_again:
      case RetryPlan::Next::bypass: break;
    }
    journey.left.push_back({key_id, to_string(verdict.outcome)});
    if (step.pause.count() == 0) continue;
    co_await async::sleep(loop_, step.pause, interrupt);
    journey.waiting += step.pause;
  }
}

}  // namespace gembal::upstream
