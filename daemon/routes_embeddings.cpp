// A list of texts becomes batches of a hundred, and the batches' vectors one reply.
//
// A hundred thousand vectors are more than a gigabyte, and a status once sent cannot be taken back.
// So up to 64 MiB of vectors are held, as packed floats, and nothing is sent before all are there:
// whatever goes wrong is told with its proper status. That is 5,000 vectors of 3072 numbers, more
// than OpenAI itself takes. A longer list's reply begins when the limit is reached and goes out
// batch by batch, a few batches ahead of the client; a failure then ends it with a cut connection.
#include "daemon/routes_embeddings.hpp"

#include <deque>

#include "daemon/open_upstream.hpp"
#include "daemon/translated_extras.hpp"
#include "daemon/upstream_error.hpp"
#include "lib/gemini/error_reply.hpp"
#include "lib/openai/embeddings.hpp"

namespace gembal::daemon {
namespace {

using openai::Vectors;

constexpr std::size_t kSideBySide = 8;        // batches asked at once
constexpr std::size_t kMostAhead = 16;        // of the one that is written, once the reply began
constexpr std::size_t kMostHeld = 64u << 20;  // bytes of vectors before the reply begins
constexpr std::size_t kReplyBytes = 64u << 20;
constexpr std::size_t kMostAttemptsTold = 16;
// A part of a list that is done is not thrown away because the keys rest for the minute.
constexpr std::chrono::milliseconds kPatience{65'000};

/// What asking for one batch came to: vectors, or why there are none.
struct Asked {
  std::optional<Vectors> vectors;
  Error error;
  std::optional<Response> refusal;  ///< of upstream's; none: the error says it
  bool may_help_again = true;
  std::size_t done_before = 0;  ///< batches that were done when this one was asked for
};

/// The batches of one request. Lives in the request's coroutine, which waits for all that it
/// started.
class Batches {
 public:
  Batches(RequestScope& scope, const openai::EmbeddingsCall& call)
      : scope_(scope),
        call_(call),
        count_((call.inputs.size() + openai::kMaxBatch - 1) / openai::kMaxBatch),
        vectors_(count_),
        tries_(count_),
        changed_(scope.exchange.loop()),
        on_leave_(scope.exchange.interrupt(), [this] { stop_.raise(); }) {}

  async::Task<void> answer();

 private:
  std::size_t size_of(std::size_t batch) const {
    return std::min(openai::kMaxBatch, call_.inputs.size() - batch * openai::kMaxBatch);
  }
  void start_some();
  void start(std::size_t batch);
  async::Task<void> run(std::size_t batch);
  async::Task<Asked> ask(std::size_t batch);
  void take(std::size_t batch, Asked asked);
  void note(const upstream::Journey& journey);
  bool may_write() const;
  async::Task<bool> write_next();
  async::Task<bool> write_end();
  async::Task<void> wait_for_all();
  async::Task<void> tell_failure();

  RequestScope& scope_;
  const openai::EmbeddingsCall& call_;
  const std::size_t count_;
  std::vector<std::optional<Vectors>> vectors_;
  std::vector<std::uint8_t> tries_;
  std::deque<std::size_t> again_;  ///< batches that failed once
  std::size_t next_ = 0;           ///< to be started for the first time
  std::size_t written_ = 0;
  std::size_t running_ = 0;
  std::size_t done_ = 0;
  std::size_t held_bytes_ = 0;
  std::int64_t tokens_ = 0;
  std::optional<Asked> failed_;
  async::SteadyTime waiting_since_{};
  async::Interrupt stop_;
  async::Event changed_;
  async::Interrupt::Subscription on_leave_;
};

void Batches::start_some() {
  while (running_ < kSideBySide && !failed_) {
    // Without any success, trying again at once would only ask for the same refusal.
    if (!again_.empty() && (done_ > 0 || running_ == 0)) {
      const auto batch = again_.front();
      again_.pop_front();
      start(batch);
      continue;
    }
    const bool has_room =
        scope_.exchange.begun() ? next_ - written_ < kMostAhead : held_bytes_ <= kMostHeld;
    if (next_ == count_ || !has_room) return;
    start(next_++);
  }
}

void Batches::start(std::size_t batch) {
  if (running_++ == 0) waiting_since_ = std::chrono::steady_clock::now();
  ++tries_[batch];
  scope_.exchange.loop().spawn(run(batch));
}

async::Task<void> Batches::run(std::size_t batch) {
  auto asked = co_await ask(batch);
  take(batch, std::move(asked));
  // The last use of anything here: whoever waits may destroy it.
  if (--running_ == 0) scope_.journey.waiting += std::chrono::steady_clock::now() - waiting_since_;
  changed_.signal();
}

async::Task<Asked> Batches::ask(std::size_t batch) {
  Asked asked;
  asked.done_before = done_;
  const auto first = batch * openai::kMaxBatch;
  auto call = scope_.call(
      scope_.live->upstream.url("/models/" + call_.gemini_model + ":batchEmbedContents"));
  call.headers.push_back("content-type: application/json");
  call.body =
      std::make_shared<const std::string>(openai::batch_request(call_, first, size_of(batch)));
  call.model = call_.gemini_model;
  call.tokens = static_cast<std::uint32_t>(openai::estimated_tokens(call_, first, size_of(batch)));
  auto limits = limits_of(scope_);
  if (done_ > 0) limits.max_wait = std::max(limits.max_wait, kPatience);
  upstream::Journey journey;
  auto answer = co_await scope_.services.dispatcher.open(std::move(call), limits, stop_, journey);
  note(journey);
  if (!answer) {
    asked.error = std::move(answer).error();
    asked.may_help_again = asked.error.kind != ErrorKind::no_usable_key;
    co_return asked;
  }
  scope_.key_id = answer->key().id;
  const auto body = co_await answer->rest(kReplyBytes);
  if (!body) {
    asked.error = body.error();
    co_return asked;
  }
  if (answer->status() != 200) {
    asked.error = {ErrorKind::upstream, gemini::message_of(*body), ""};
    asked.refusal = upstream_error(Dialect::openai, *answer, *body);
    asked.may_help_again = asked.refusal->status >= 500 || asked.refusal->status == 429;
    co_return asked;
  }
  auto read = co_await compute(scope_, body->size(), [&] { return openai::read_vectors(*body); });
  if (!read) {
    asked.error = std::move(read).error();
  } else if (read->count != size_of(batch)) {
    asked.error = {ErrorKind::upstream,
                   "the upstream returned another number of embeddings than was asked for", ""};
  } else {
    asked.vectors = *std::move(read);
  }
  co_return asked;
}

void Batches::note(const upstream::Journey& journey) {
  for (const auto& attempt : journey.left) {
    if (scope_.journey.left.size() < kMostAttemptsTold) scope_.journey.left.push_back(attempt);
  }
}

void Batches::take(std::size_t batch, Asked asked) {
  if (asked.vectors) {
    ++done_;
    held_bytes_ += asked.vectors->bytes();
    tokens_ += asked.vectors->prompt_tokens > 0
                   ? asked.vectors->prompt_tokens
                   : openai::estimated_tokens(call_, batch * openai::kMaxBatch, size_of(batch));
    vectors_[batch] = std::move(asked.vectors);
    return;
  }
  if (stop_.raised()) return;
  // Where no key is left, only what others do meanwhile can make a difference.
  const bool is_alone = running_ == 1 && done_ == 0;
  const bool waits = asked.error.kind == ErrorKind::keys_waiting;
  // As long as others come through, waiting was not in vain.
  if (waits && done_ > asked.done_before) --tries_[batch];
  if (asked.may_help_again && tries_[batch] < 2 && !(waits && is_alone)) {
    again_.push_back(batch);
    return;
  }
  failed_ = std::move(asked);
}

bool Batches::may_write() const {
  if (written_ == count_ || !vectors_[written_]) return false;
  return scope_.exchange.begun() || done_ == count_ || held_bytes_ > kMostHeld;
}

/// Writes the next batch; false when the client left.
async::Task<bool> Batches::write_next() {
  auto& exchange = scope_.exchange;
  const Vectors vectors = *std::move(vectors_[written_]);
  vectors_[written_].reset();
  held_bytes_ -= vectors.bytes();
  const auto first = written_++ * openai::kMaxBatch;
  const auto text = co_await compute(
      scope_, vectors.bytes(), [&] { return openai::embeddings_entries(call_, vectors, first); });
  if (!exchange.begun()) {
    auto headers = scope_.headers();
    headers.emplace_back("content-type", "application/json; charset=UTF-8");
    const auto begin = openai::embeddings_begin();
    std::optional<std::uint64_t> length;
    if (count_ == 1)
      length = begin.size() + text.size() + openai::embeddings_end(call_, tokens_).size();
    exchange.begin(200, headers, length);
    const bool sent = co_await exchange.write(begin, Flush::later);
    if (!sent) co_return false;
  }
  const bool sent = co_await exchange.write(text, Flush::later);
  co_return sent;
}

async::Task<bool> Batches::write_end() {
  const bool sent =
      co_await scope_.exchange.write(openai::embeddings_end(call_, tokens_), Flush::later);
  if (!sent) co_return false;
  const bool ended = co_await scope_.exchange.finish();
  co_return ended;
}

async::Task<void> Batches::wait_for_all() {
  while (running_ > 0) co_await changed_.wait();
}

async::Task<void> Batches::tell_failure() {
  scope_.failure = failed_->error.message;
  if (scope_.exchange.begun()) {
    scope_.exchange.abandon();
  } else if (failed_->refusal) {
    co_await answer_response(scope_, *std::move(failed_->refusal));
  } else {
    co_await answer_error(scope_, std::move(failed_->error));
  }
}

async::Task<void> Batches::answer() {
  while (!failed_ && !stop_.raised() && written_ < count_) {
    start_some();
    if (may_write()) {
      const bool sent = co_await write_next();
      if (!sent) stop_.raise();
    } else {
      co_await changed_.wait();
    }
  }
  if (failed_) stop_.raise();
  co_await wait_for_all();
  if (failed_) {
    co_await tell_failure();
  } else if (!stop_.raised()) {
    co_await write_end();
  }
}

}  // namespace

async::Task<void> embeddings(RequestScope& scope) {
  const auto& body = scope.exchange.request().body;
  const auto& embedding_model = scope.live->config.models.embedding;
  auto call = co_await compute(scope, body.size(),
                               [&] { return openai::read_embeddings(body, embedding_model); });
  if (!call) {
    co_await answer_error(scope, std::move(call).error());
    co_return;
  }
  auto called = called_model(scope, call->model);
  if (!called) {
    co_await answer_error(scope, std::move(called).error());
    co_return;
  }
  // An alias of the operator's wins.
  if (called->model != call->model) call->gemini_model = called->model;
  scope.model = call->model;
  if (call->gemini_model != call->model) scope.answering_model = call->gemini_model;
  if (!may_ask(scope.caller, call->gemini_model)) {
    co_await answer_error(scope, not_for_this_token(scope, call->gemini_model));
    co_return;
  }
  Batches batches(scope, *call);
  co_await batches.answer();
}

}  // namespace gembal::daemon
