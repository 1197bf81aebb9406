#include "lib/upstream/dispatcher.hpp"

#include <algorithm>
#include <random>

#include "lib/upstream/hold.hpp"
#include "lib/upstream/verdict.hpp"

namespace gembal::upstream {
namespace {

using keypool::Lease;
using keypool::Outcome;
using keypool::Verdict;

constexpr std::size_t kErrorBodyBytes = 256 * 1024;
constexpr auto kFirstBackOff = std::chrono::milliseconds{200};
constexpr auto kLongestBackOff = std::chrono::milliseconds{4000};

const Error kCancelled{ErrorKind::cancelled, "the request was cancelled", ""};

TimePoint wall_clock() { return std::chrono::system_clock::now(); }

/// Doubles with each failure; the jitter keeps requests that failed together from coming back
/// together.
std::chrono::milliseconds back_off(int failures) {
  thread_local std::minstd_rand random(std::random_device{}());
  const auto full = std::min(kFirstBackOff * (1 << std::min(failures - 1, 8)), kLongestBackOff);
  return full / 2 + full * static_cast<int>(random() % 512) / 1024;
}

bool blames_key(Outcome outcome) {
  switch (outcome) {
    case Outcome::key_dead:
    case Outcome::key_unusable:
    case Outcome::quota_minute:
    case Outcome::quota_day:
    case Outcome::quota_zero:
    case Outcome::model_closed:
    case Outcome::no_credit: return true;
    default: return false;
  }
}

/// What one try came to: an answer to pass on or to keep for the end, or no reply at all.
struct Try {
  std::optional<Answer> answer;
  Verdict verdict;
  Error failure;  ///< meaningful without an answer
};

bool was_slow(const Try& attempt) {
  if (!attempt.answer) return attempt.failure.kind == ErrorKind::timeout;
  return attempt.answer->status() == 504 || attempt.answer->status() == 499;
}

http::Request request_for(const Call& call, const Lease& key, const Limits& limits) {
  http::Request request;
  request.method = call.method;
  request.url = call.url;
  request.headers.reserve(call.headers.size() + 1);
  request.headers = call.headers;
  const char* name =
      call.key_header == KeyHeader::goog ? "x-goog-api-key: " : "authorization: Bearer ";
  request.headers.push_back(name + key->secret.reveal());
  request.body = call.body;
  request.timeouts = limits.timeouts;
  if (call.form == Form::unary) request.timeouts.total = limits.unary_total;
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

async::Task<Try> try_once(async::Loop& loop, http::Client& client, const Call& call, Lease key,
                          const Limits& limits, async::Interrupt& interrupt) {
  Try result;
  http::Reply reply = client.open(request_for(call, key, limits));
  const async::Interrupt::Subscription on_interrupt(interrupt,
                                                    [&reply] { reply.abort(kCancelled); });
  async::Deadline first_token(loop, [&reply] {
    reply.abort({ErrorKind::timeout, "the upstream sent no content in time"});
  });
  const bool streams = call.form == Form::sse || call.form == Form::array;
  if (streams) first_token.set(limits.first_token);

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
    result.answer.emplace(std::move(reply), std::move(body), std::move(key), interrupt);
    co_return result;
  }
  if (call.form == Form::opaque || status != 200) {
    result.answer.emplace(std::move(reply), std::string(), std::move(key), interrupt);
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
  }
  result.answer.emplace(std::move(reply), hold.take_bytes(), std::move(key), interrupt);
  co_return result;
}

}  // namespace

Answer::Answer(http::Reply reply, std::string held, keypool::Lease key, async::Interrupt& interrupt)
    : reply_(std::make_unique<http::Reply>(std::move(reply))),
      on_interrupt_(std::make_unique<async::Interrupt::Subscription>(
          interrupt, [reply = reply_.get()] { reply->abort(kCancelled); })),
      held_(std::move(held)),
      key_(std::move(key)) {}

async::Task<std::optional<std::string_view>> Answer::next() {
  if (!held_taken_) {
    held_taken_ = true;
    if (!held_.empty()) co_return std::string_view(held_);
  }
  if (!held_.empty()) {
    held_.clear();
    held_.shrink_to_fit();
  }
  const auto piece = co_await reply_->next();
  co_return piece;
}

async::Task<Result<std::string>> Answer::rest(std::size_t limit) {
  std::string body;
  while (const auto piece = co_await next()) {
    if (body.size() + piece->size() > limit) {
      co_return Error{ErrorKind::too_large,
                      "the upstream's reply is larger than " + std::to_string(limit) + " bytes"};
    }
    body += *piece;
  }
  if (error()) co_return *error();
  co_return body;
}

Dispatcher::Dispatcher(async::Loop& loop, http::Client& client, keypool::KeyPool& pool,
                       std::function<void(keypool::Change)> remember)
    : loop_(loop), client_(client), pool_(pool), remember_(std::move(remember)) {}

async::Task<Result<Answer>> Dispatcher::open(Call call, const Limits& limits,
                                             async::Interrupt& interrupt, Journey& journey) {
  std::vector<std::string> blamed;   // never asked again for this request
  std::vector<std::string> unlucky;  // met with an outage: asked again when no other key is ready
  int failures = 0;                  // tries that failed for reasons that are not the key's
  std::optional<Try> last;

  for (;;) {
    if (interrupt.raised()) co_return kCancelled;
    std::vector<std::string> leave_out = blamed;
    leave_out.insert(leave_out.end(), unlucky.begin(), unlucky.end());
    auto key = pool_.take(call.model, leave_out, wall_clock());
    if (!key && !unlucky.empty()) {
      unlucky.clear();
      key = pool_.take(call.model, blamed, wall_clock());
    }
    if (!key) {
      // The last outage says more than the state of the pool does.
      if (last && last->answer && !blames_key(last->verdict.outcome))
        co_return std::move(*last->answer);
      co_return std::move(key).error();
    }

    const auto began = std::chrono::steady_clock::now();
    last = co_await try_once(loop_, client_, call, *key, limits, interrupt);
    journey.waiting += std::chrono::steady_clock::now() - began;
    const Verdict& verdict = last->verdict;
    if (last->answer) last->answer->set_verdict(verdict);
    for (auto& change : pool_.report(*key, call.model, verdict, wall_clock()))
      remember_(std::move(change));

    const auto pass_on = [&]() -> Result<Answer> {
      if (!last->answer) return std::move(last->failure);
      return std::move(*last->answer);
    };
    if (verdict.outcome == Outcome::success || verdict.outcome == Outcome::caller_fault ||
        verdict.outcome == Outcome::wrong_object) {
      co_return pass_on();
    }
    if (!last->answer && last->failure.kind == ErrorKind::cancelled)
      co_return std::move(last->failure);
    if (verdict.outcome == Outcome::proxy_fault) {
      co_return Error{ErrorKind::internal, "the upstream did not accept how the key was sent"};
    }

    journey.left.push_back({(*key)->id, to_string(verdict.outcome)});
    if (blames_key(verdict.outcome)) {
      blamed.push_back((*key)->id);
      // A bare refusal may be the model's trouble rather than the key's: it must not walk through
      // the whole pool.
      if (!verdict.bare_quota) continue;
    } else {
      unlucky.push_back((*key)->id);
    }
    // What took too long once may be too large: one more try, not a row of them.
    if (was_slow(*last)) failures = std::max(failures, limits.max_retries - 1);
    if (++failures > limits.max_retries) {
      if (!blames_key(verdict.outcome)) co_return pass_on();
      co_return Error{ErrorKind::keys_waiting, "the upstream limits every key that was tried",
                      "try again a little later", std::chrono::seconds{5}};
    }
    const auto pause = back_off(failures);
    co_await async::sleep(loop_, pause, interrupt);
    journey.waiting += pause;
  }
}

}  // namespace gembal::upstream
