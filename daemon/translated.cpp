#include "daemon/translated.hpp"

#include <algorithm>

#include "daemon/event_feed.hpp"
#include "daemon/failure.hpp"
#include "daemon/heartbeat.hpp"
#include "daemon/open_upstream.hpp"
#include "daemon/paced_feed.hpp"
#include "daemon/picture_hosting.hpp"
#include "daemon/translated_extras.hpp"
#include "lib/core/json_object.hpp"
#include "lib/core/release.hpp"
#include "lib/gemini/sources_rendering.hpp"

namespace gembal::daemon {
namespace {

using upstream::Answer;
using upstream::Form;

constexpr std::size_t kReplyBytes = 256u << 20;

using Body = std::shared_ptr<const std::string>;

/// A translation with its requests as text, ready to be sent.
struct Prepared {
  Translation translation;
  std::vector<Body> bodies;  ///< for the model that was asked for: each call's, or one for all
};

/// The requests for a model, as text.
Result<std::vector<Body>> write_bodies(const Translation& translation, const std::string& model) {
  auto body = translation.body(model);
  if (!body) return std::move(body).error();
  std::vector<Body> bodies;
  if (!translation.vary) bodies.push_back(std::make_shared<const std::string>(to_text(*body)));
  while (translation.vary && bodies.size() < translation.answers) {
    Json own = *body;
    translation.vary(own, bodies.size());
    bodies.push_back(std::make_shared<const std::string>(to_text(own)));
  }
  discard(*body);
  return bodies;
}

/// The call for whichever model answers. One that cannot be asked in its own words is asked in
/// those of the first.
CallFor call_for(RequestScope& scope, const Prepared& prepared, std::size_t number) {
  return [&scope, &prepared, number](const std::string& model) {
    const auto& translation = prepared.translation;
    const auto mine = prepared.bodies.size() > 1 ? number : 0;
    auto body = prepared.bodies[mine];
    if (model != translation.model) {
      if (const auto own = write_bodies(translation, model)) body = (*own)[mine];
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

/// Gives the pictures of an answer, or of one of its events, the addresses that they are told by.
async::Task<void> host_pictures(RequestScope& scope, gemini::Reply& reply) {
  for (auto& candidate : reply.candidates) {
    for (auto& piece : candidate.pieces) {
      const bool is_picture =
          piece.kind == gemini::Piece::Kind::media && piece.mime_type.starts_with("image/");
      if (!is_picture) continue;
      images::Picture picture{piece.mime_type, std::move(piece.data)};
      auto address = co_await host_picture(scope, picture);
      piece.data = std::move(picture.base64);
      if (address) piece.link = *std::move(address);
    }
  }
}

/// One of the whole answers, or why there is none.
struct Whole {
  std::optional<gemini::Reply> reply;
  std::optional<Failure> refusal;
  std::size_t bytes = 0;
};

async::Task<Whole> fetch_whole(RequestScope& scope, const Prepared& prepared, std::size_t number,
                               async::Interrupt* interrupt) {
  Whole whole;
  auto opened = co_await open_upstream(scope, prepared.translation.model,
                                       call_for(scope, prepared, number), interrupt);
  whole.refusal = co_await failure_in(opened);
  if (whole.refusal) co_return whole;
  auto body = co_await opened->rest(kReplyBytes);
  if (!body) {
    whole.refusal = Failure{http_status(body.error().kind), body.error()};
    co_return whole;
  }
  auto reply = co_await compute(scope, body->size(), [&body] { return gemini::read_reply(*body); });
  if (!reply) {
    whole.refusal = Failure{http_status(reply.error().kind), std::move(reply).error()};
    co_return whole;
  }
  whole.bytes = body->size();
  release(*body);  // pictures have been taken out
  number_candidates(*reply, number, prepared.translation.answers);
  if (prepared.translation.hosts_pictures) co_await host_pictures(scope, *reply);
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
  if (prepared.translation.before_end) co_await prepared.translation.before_end();
  Response response;
  response.headers = {{"content-type", rendering.content_type()}};
  response.body = *std::move(text);
  co_await answer_response(scope, std::move(response));
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
  async::Task<std::optional<Failure>> tell(Events events, std::string& out);
  async::Task<bool> end(std::optional<Failure> failure);
  async::Task<void> before_end();
  bool is_stopped() const;
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
async::Task<std::optional<Failure>> StreamedAnswer::tell(Events events, std::string& out) {
  for (auto& data : events.data) {
    auto event = gemini::read_reply(data);
    release(data);  // a picture's is large
    if (!event) co_return Failure{502, std::move(event).error()};
    number_candidates(*event, events.call, prepared_.translation.answers);
    if (prepared_.translation.hosts_pictures) co_await host_pictures(scope_, *event);
    out += rendering_.push(*std::move(event), events.call);
  }
  co_return std::move(events.failure);
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
    auto failure = co_await tell(std::move(events), out);
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

/// Whether it was given up while the client is still there.
bool StreamedAnswer::is_stopped() const {
  const auto* stop = prepared_.translation.stop;
  return stop && stop->raised() && !scope_.exchange.interrupt().raised();
}

async::Task<void> StreamedAnswer::before_end() {
  if (prepared_.translation.before_end) co_await prepared_.translation.before_end();
}

async::Task<bool> StreamedAnswer::end(std::optional<Failure> failure) {
  co_await heartbeat_.stop();
  if (failure && failure->error.kind == ErrorKind::cancelled && !is_stopped()) co_return false;
  if (!failure && !rendering_.finished()) {
    failure = Failure{
        502, {ErrorKind::upstream, "the upstream ended the stream before the answer was complete"}};
  }
  if (!scope_.exchange.begun()) begin();
  if (failure) scope_.failure = failure->error.message;
  std::string last = std::exchange(told_begin_, true) ? "" : rendering_.begin();
  last += failure ? rendering_.fail(failure->status, failure->error) : rendering_.finish();
  co_await before_end();
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
  co_await before_end();
  const bool sent = co_await scope_.exchange.write(event, Flush::later);
  if (sent) co_await scope_.exchange.finish();
  co_return false;
}

async::Task<bool> StreamedAnswer::run_one() {
  auto opened = co_await open_upstream(scope_, prepared_.translation.model,
                                       call_for(scope_, prepared_, 0), prepared_.translation.stop);
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
                                       call_for(scope_, prepared_, number), &interrupt);
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
  release(request.body);
  Prepared prepared{std::move(translation), {}};
  auto bodies = co_await compute(scope, size, [&prepared] {
    return write_bodies(prepared.translation, prepared.translation.model);
  });
  if (!bodies) {
    co_await answer_error(scope, std::move(bodies).error());
    co_return false;
  }
  prepared.bodies = *std::move(bodies);
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
