#include "daemon/translated.hpp"

#include <algorithm>

#include "daemon/event_feed.hpp"
#include "daemon/heartbeat.hpp"
#include "daemon/open_upstream.hpp"
#include "daemon/paced_feed.hpp"
#include "daemon/translated_extras.hpp"
#include "lib/gemini/error_reply.hpp"
#include "lib/gemini/sources_rendering.hpp"

namespace gembal::daemon {
namespace {

using upstream::Answer;
using upstream::Form;

constexpr std::size_t kReplyBytes = 256u << 20;
constexpr std::size_t kErrorBodyBytes = 1 << 20;

/// A translation with its request as text, ready to be sent.
struct Prepared {
  Translation translation;
  std::shared_ptr<const std::string> body;  ///< for the model that was asked for
};

/// The request for a model, as text.
Result<std::string> write_body(const Translation& translation, const std::string& model) {
  auto body = translation.body(model);
  if (!body) return std::move(body).error();
  return to_text(*body);
}

/// What upstream is asked for: a stream for a client that wants one, unless it only seems to be.
Form form_of(const RequestScope& scope, const Translation& translation) {
  return translation.stream && !scope.live->config.stream.fake ? Form::sse : Form::unary;
}

/// Between two signs of life.
std::chrono::milliseconds heartbeat_of(const RequestScope& scope) {
  const auto& stream = scope.live->config.stream;
  return stream.fake ? stream.fake_interval : stream.heartbeat;
}

/// The call for whichever model answers. One that cannot be asked in its own words is asked in
/// those of the first.
CallFor call_for(RequestScope& scope, const Prepared& prepared) {
  return [&scope, &prepared](const std::string& model) {
    const auto& translation = prepared.translation;
    auto body = prepared.body;
    if (model != translation.model) {
      if (auto own = write_body(translation, model))
        body = std::make_shared<const std::string>(*std::move(own));
    }
    const auto form = form_of(scope, translation);
    const bool streams = form == Form::sse;
    const auto* method = streams ? ":streamGenerateContent" : ":generateContent";
    auto call =
        scope.call(scope.live->upstream.url("/models/" + model + method, streams ? "alt=sse" : ""));
    call.headers.emplace_back("content-type: application/json");
    call.body = std::move(body);
    call.model = model;
    call.form = form;
    return call;
  };
}

/// The reason not to go on with what was opened, read from its body; none when it is good.
async::Task<std::optional<Failure>> failure_in(Result<Answer>& opened) {
  if (!opened) co_return Failure{http_status(opened.error().kind), opened.error()};
  if (opened->status() != 200) {
    const auto body = co_await opened->rest(kErrorBodyBytes);
    const int status = opened->status() >= 400 ? opened->status() : 502;
    std::string message = body ? gemini::message_of(*body) : body.error().message;
    co_return Failure{status, {ErrorKind::upstream, std::move(message), ""}};
  }
  if (opened->verdict().outcome != keypool::Outcome::success)
    co_return Failure{502, {ErrorKind::upstream, "the model gave an empty answer", ""}};
  co_return std::nullopt;
}

async::Task<void> answer_failure(RequestScope& scope, Failure refusal) {
  if (refusal.status == http_status(refusal.error.kind)) {
    co_await answer_error(scope, std::move(refusal.error));
  } else {
    co_await answer_error(scope, refusal.status, std::move(refusal.error.message));
  }
}

/// The candidates of a call bear its number, where each call gives one.
void number_candidates(gemini::Reply& reply, std::size_t call, std::size_t answers) {
  if (answers == 1) return;
  for (auto& candidate : reply.candidates) candidate.index = static_cast<std::int64_t>(call);
}

/// Gives up what is done side by side for a request once it is not wanted any more: by the client,
/// or because one of it has failed.
struct Together {
  explicit Together(Exchange& exchange)
      : on_interrupt(exchange.interrupt(), [this] { enough.raise(); }), done(exchange.loop()) {}

  async::Interrupt enough;
  async::Interrupt::Subscription on_interrupt;
  async::Event done;  ///< all have ended
  std::size_t running = 0;
};

/// One of the whole answers, or why there is none.
struct Whole {
  std::optional<gemini::Reply> reply;
  std::optional<Failure> refusal;
  std::size_t bytes = 0;
};

async::Task<Whole> fetch_whole(RequestScope& scope, const Prepared& prepared, std::size_t number,
                               async::Interrupt* interrupt) {
  Whole whole;
  auto opened = co_await open_upstream(scope, prepared.translation.model, call_for(scope, prepared),
                                       interrupt);
  whole.refusal = co_await failure_in(opened);
  if (whole.refusal) co_return whole;
  const auto body = co_await opened->rest(kReplyBytes);
  if (!body) {
    whole.refusal = Failure{http_status(body.error().kind), body.error()};
    co_return whole;
  }
  auto reply = co_await compute(scope, body->size(), [&body] { return gemini::read_reply(*body); });
  if (!reply) {
    whole.refusal = Failure{http_status(reply.error().kind), std::move(reply).error()};
    co_return whole;
  }
  number_candidates(*reply, number, prepared.translation.answers);
  whole.bytes = body->size();
  whole.reply = *std::move(reply);
  co_return whole;
}

async::Task<std::vector<Whole>> fetch_all(RequestScope& scope, const Prepared& prepared) {
  std::vector<Whole> all(prepared.translation.answers);
  Together together(scope.exchange);
  together.running = all.size();
  // What these share outlives them: this coroutine waits for all of them.
  const auto fetch = [&](std::size_t mine) -> async::Task<void> {
    all[mine] = co_await fetch_whole(scope, prepared, mine, &together.enough);
    if (all[mine].refusal) together.enough.raise();
    if (--together.running == 0) together.done.signal();
  };
  for (std::size_t i = 0; i < all.size(); ++i) scope.exchange.loop().spawn(fetch(i));
  co_await together.done.wait();
  co_return all;
}

async::Task<bool> answer_whole(RequestScope& scope, const Prepared& prepared,
                               gemini::Rendering& rendering) {
  std::vector<Whole> all;
  if (prepared.translation.answers == 1) {
    auto only = co_await fetch_whole(scope, prepared, 0, nullptr);
    all.push_back(std::move(only));
  } else {
    all = co_await fetch_all(scope, prepared);
  }
  std::vector<gemini::Reply> replies;
  std::optional<Failure> refusal;
  std::size_t bytes = 0;
  for (auto& one : all) {
    bytes += one.bytes;
    if (one.reply) replies.push_back(*std::move(one.reply));
    // Those that were given up because of another say nothing.
    const bool says_why = one.refusal && one.refusal->error.kind != ErrorKind::cancelled;
    if (one.refusal && (!refusal || says_why)) refusal = std::move(one.refusal);
  }
  if (refusal) {
    co_await answer_failure(scope, *std::move(refusal));
    co_return false;
  }
  auto text = co_await compute(scope, bytes, [&] { return rendering.whole(std::move(replies)); });
  if (!text) {
    co_await answer_error(scope, std::move(text).error());
    co_return false;
  }
  co_await answer_json(scope, *std::move(text));
  co_return !scope.exchange.interrupt().raised();
}

/// Tells the events that one feed, or several joined ones, give.
class StreamedAnswer {
 public:
  StreamedAnswer(RequestScope& scope, const Prepared& prepared, gemini::Rendering& rendering)
      : scope_(scope),
        prepared_(prepared),
        rendering_(rendering),
        heartbeat_(
            scope.exchange, heartbeat_of(scope), [this] { begin(); }, rendering.heartbeat()) {}

  async::Task<bool> run();

 private:
  void begin();
  async::Task<bool> run_one();
  async::Task<bool> run_many();
  template <typename Feed>
  async::Task<std::optional<Failure>> relay(Feed& feed);
  template <typename Feed>
  async::Task<std::optional<Failure>> relay_paced(Feed& feed);
  async::Task<void> feed_in(JoinedFeeds& feeds, std::size_t number, async::Interrupt& interrupt);
  std::optional<Failure> tell(Events events, std::string& out);
  async::Task<bool> end(std::optional<Failure> failure);
  async::Task<bool> refuse(Failure refusal);

  RequestScope& scope_;
  const Prepared& prepared_;
  gemini::Rendering& rendering_;
  Heartbeat heartbeat_;
  bool told_begin_ = false;
};

void StreamedAnswer::begin() {
  auto headers = scope_.headers();
  headers.emplace_back("content-type", "text/event-stream; charset=utf-8");
  headers.emplace_back("cache-control", "no-cache");
  headers.emplace_back("x-accel-buffering", "no");
  scope_.exchange.begin(200, headers, std::nullopt);
}

/// Events in, the client's text out.
std::optional<Failure> StreamedAnswer::tell(Events events, std::string& out) {
  for (const auto& data : events.data) {
    auto event = gemini::read_reply(data);
    if (!event) return Failure{502, std::move(event).error()};
    number_candidates(*event, events.call, prepared_.translation.answers);
    out += rendering_.push(*std::move(event), events.call);
  }
  return std::move(events.failure);
}

/// Until every stream has ended, one has failed, or the client has left.
template <typename Feed>
async::Task<std::optional<Failure>> StreamedAnswer::relay(Feed& feed) {
  std::size_t running = prepared_.translation.answers;
  while (running > 0) {
    auto events = co_await feed.next();
    if (events.ended) --running;
    const auto flush = events.more_is_there ? Flush::later : Flush::now;
    std::string out;
    if (!std::exchange(told_begin_, true)) out = rendering_.begin();
    auto failure = tell(std::move(events), out);
    if (!out.empty()) {
      heartbeat_.hold();
      if (heartbeat_.sending()) co_await heartbeat_.pause();
      if (!scope_.exchange.begun()) begin();
      const bool sent = co_await scope_.exchange.write(out, flush);
      heartbeat_.resume();
      if (!sent) co_return Failure{499, {ErrorKind::cancelled, "the client left"}};
    }
    if (failure) co_return failure;
  }
  co_return std::nullopt;
}

/// The same, evenly in small pieces when the operator wants that.
template <typename Feed>
async::Task<std::optional<Failure>> StreamedAnswer::relay_paced(Feed& feed) {
  const auto& pacing = scope_.live->config.stream.pacing;
  auto& exchange = scope_.exchange;
  std::optional<Failure> failure;
  if (pacing.enabled) {
    PacedFeed paced(feed, exchange.loop(), exchange.interrupt(), pacing);
    failure = co_await relay(paced);
  } else {
    failure = co_await relay(feed);
  }
  co_return failure;
}

async::Task<bool> StreamedAnswer::end(std::optional<Failure> failure) {
  co_await heartbeat_.stop();
  if (failure && failure->error.kind == ErrorKind::cancelled) co_return false;
  if (!failure && !rendering_.finished()) {
    failure = Failure{
        502, {ErrorKind::upstream, "the upstream ended the stream before the answer was complete"}};
  }
  if (!scope_.exchange.begun()) begin();
  if (failure) scope_.failure = failure->error.message;
  std::string last = std::exchange(told_begin_, true) ? "" : rendering_.begin();
  last += failure ? rendering_.fail(failure->status, failure->error) : rendering_.finish();
  const bool sent = co_await scope_.exchange.write(last, Flush::later);
  if (!sent) co_return false;
  const bool finished = co_await scope_.exchange.finish();
  co_return finished && !failure;
}

async::Task<bool> StreamedAnswer::refuse(Failure refusal) {
  co_await heartbeat_.stop();
  if (!scope_.exchange.begun()) {
    co_await answer_failure(scope_, std::move(refusal));
    co_return false;
  }
  scope_.failure = refusal.error.message;
  std::string event = std::exchange(told_begin_, true) ? "" : rendering_.begin();
  event += rendering_.fail(refusal.status, refusal.error);
  const bool sent = co_await scope_.exchange.write(event, Flush::later);
  if (sent) co_await scope_.exchange.finish();
  co_return false;
}

async::Task<bool> StreamedAnswer::run_one() {
  auto opened =
      co_await open_upstream(scope_, prepared_.translation.model, call_for(scope_, prepared_));
  auto refusal = co_await failure_in(opened);
  bool done = false;
  if (refusal) {
    done = co_await refuse(*std::move(refusal));
    co_return done;
  }
  EventFeed feed(*std::move(opened), form_of(scope_, prepared_.translation));
  auto failure = co_await relay_paced(feed);
  done = co_await end(std::move(failure));
  co_return done;
}

/// Reads one of several streams to its end. An error is told as its last events.
async::Task<void> StreamedAnswer::feed_in(JoinedFeeds& feeds, std::size_t number,
                                          async::Interrupt& interrupt) {
  auto opened = co_await open_upstream(scope_, prepared_.translation.model,
                                       call_for(scope_, prepared_), &interrupt);
  auto refusal = co_await failure_in(opened);
  Events events;
  if (refusal) {
    events.call = number;
    events.ended = true;
    events.failure = std::move(refusal);
    co_await feeds.put(std::move(events));
    co_return;
  }
  EventFeed feed(*std::move(opened), form_of(scope_, prepared_.translation));
  while (!events.ended) {
    events = co_await feed.next();
    events.call = number;
    auto copy = events;
    co_await feeds.put(std::move(copy));
  }
}

async::Task<bool> StreamedAnswer::run_many() {
  auto& loop = scope_.exchange.loop();
  JoinedFeeds feeds(loop);
  Together together(scope_.exchange);
  together.running = prepared_.translation.answers;
  const auto read = [&](std::size_t number) -> async::Task<void> {
    co_await feed_in(feeds, number, together.enough);
    if (--together.running == 0) together.done.signal();
  };
  for (std::size_t i = 0; i < prepared_.translation.answers; ++i) loop.spawn(read(i));
  auto failure = co_await relay_paced(feeds);
  bool complete = false;
  if (failure && !scope_.exchange.begun()) {
    complete = co_await refuse(*std::move(failure));
  } else {
    complete = co_await end(std::move(failure));
  }
  // The readers that are left have nobody to read for.
  together.enough.raise();
  feeds.close();
  while (together.running > 0) co_await together.done.wait();
  co_return complete;
}

async::Task<bool> StreamedAnswer::run() {
  bool done = false;
  if (prepared_.translation.answers == 1) {
    done = co_await run_one();
  } else {
    done = co_await run_many();
  }
  co_return done;
}

}  // namespace

async::Task<bool> answer_translated(RequestScope& scope, Translation translation,
                                    gemini::Rendering& plain) {
  bool tells_sources = false;
  add_extras(scope, translation, tells_sources);
  gemini::SourcesRendering rendering(plain, tells_sources);
  auto& request = scope.exchange.request();
  const auto size = request.body.size();
  // From here on it is only the translation that counts: large requests are not kept twice.
  request.body = std::string();
  Prepared prepared{std::move(translation), nullptr};
  auto body = co_await compute(scope, size, [&prepared] {
    return write_body(prepared.translation, prepared.translation.model);
  });
  if (!body) {
    co_await answer_error(scope, std::move(body).error());
    co_return false;
  }
  prepared.body = std::make_shared<const std::string>(*std::move(body));
  bool done = false;
  if (prepared.translation.stream) {
    StreamedAnswer answer(scope, prepared, rendering);
    done = co_await answer.run();
  } else {
    done = co_await answer_whole(scope, prepared, rendering);
  }
  co_return done;
}

}  // namespace gembal::daemon
