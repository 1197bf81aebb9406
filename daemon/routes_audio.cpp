#include "daemon/routes_audio.hpp"

#include "daemon/event_feed.hpp"
#include "daemon/failure.hpp"
#include "daemon/heartbeat.hpp"
#include "daemon/open_upstream.hpp"
#include "daemon/translated.hpp"
#include "daemon/translated_extras.hpp"
#include "lib/core/form.hpp"
#include "lib/openai/speech.hpp"
#include "lib/openai/transcription_rendering.hpp"

namespace gembal::daemon {
namespace {

using openai::Delivery;

/// Sound on its way from upstream to the client.
class SpokenAnswer {
 public:
  SpokenAnswer(RequestScope& scope, openai::SpeechCall call)
      : scope_(scope),
        call_(std::move(call)),
        body_(std::make_shared<const std::string>(to_text(call_.body))),
        stream_(call_.format, call_.delivery),
        heartbeat_(scope.exchange, beat_interval(), [this] { begin(std::nullopt); }) {}

  async::Task<void> run();

 private:
  std::chrono::milliseconds beat_interval() const;
  CallFor call_for();
  void begin(std::optional<std::uint64_t> length);
  async::Task<void> relay(EventFeed feed);
  async::Task<Result<std::string>> told(Events events);
  async::Task<void> fail(Failure failure);

  RequestScope& scope_;
  const openai::SpeechCall call_;
  const std::shared_ptr<const std::string> body_;
  openai::SpeechStream stream_;
  Heartbeat heartbeat_;
};

/// Only events can have signs of life between them.
std::chrono::milliseconds SpokenAnswer::beat_interval() const {
  if (call_.delivery != Delivery::events) return {};
  return scope_.live->config.stream.heartbeat;
}

CallFor SpokenAnswer::call_for() {
  return [this](const std::string& model) {
    auto call = scope_.call(
        scope_.live->upstream.url("/models/" + model + ":streamGenerateContent", "alt=sse"));
    call.headers.emplace_back("content-type: application/json");
    call.body = body_;
    call.model = model;
    call.form = upstream::Form::sse;
    return call;
  };
}

void SpokenAnswer::begin(std::optional<std::uint64_t> length) {
  auto headers = scope_.headers();
  if (call_.delivery == Delivery::events) {
    headers.emplace_back("content-type", "text/event-stream; charset=utf-8");
    headers.emplace_back("cache-control", "no-cache");
    headers.emplace_back("x-accel-buffering", "no");
  } else {
    headers.emplace_back("content-type", audio::media_type_of(call_.format));
  }
  scope_.exchange.begin(200, headers, length);
}

/// What the client is sent for these events. Sound is made on a worker: it takes long.
async::Task<Result<std::string>> SpokenAnswer::told(Events events) {
  const auto work = [this, &events]() -> Result<std::string> {
    std::string out;
    for (const auto& data : events.data) {
      auto bytes = stream_.push(data);
      if (!bytes) return bytes;
      out += *bytes;
    }
    if (!events.ended) return out;
    auto end = stream_.finish();
    if (!end) return end;
    return out + *end;
  };
  if (events.data.empty() && !events.ended) co_return std::string();
  auto bytes = co_await scope_.services.workers.run(scope_.exchange.loop(), work);
  co_return std::move(bytes);
}

/// What has begun as sound is broken off, so that nobody takes it for whole.
async::Task<void> SpokenAnswer::fail(Failure failure) {
  auto& exchange = scope_.exchange;
  if (!exchange.begun()) {
    co_await answer_failure(scope_, std::move(failure));
    co_return;
  }
  scope_.failure = failure.error.message;
  if (call_.delivery != Delivery::events) {
    exchange.abandon();
    co_return;
  }
  const auto event = error_event(Dialect::openai, failure.error);
  const bool sent = co_await exchange.write(event, Flush::later);
  if (sent) co_await exchange.finish();
}

async::Task<void> SpokenAnswer::relay(EventFeed feed) {
  auto& exchange = scope_.exchange;
  for (bool ended = false; !ended;) {
    auto events = co_await feed.next();
    if (events.failure) {
      co_await fail(*std::move(events.failure));
      co_return;
    }
    ended = events.ended;
    const auto flush = ended || events.more_is_there ? Flush::later : Flush::now;
    const auto bytes = co_await told(std::move(events));
    if (!bytes) {
      Failure failure{http_status(bytes.error().kind), bytes.error()};
      co_await fail(std::move(failure));
      co_return;
    }
    if (bytes->empty() && (!ended || exchange.begun())) continue;
    // A file that comes at once has a length.
    if (!exchange.begun())
      begin(ended ? std::optional<std::uint64_t>(bytes->size()) : std::nullopt);
    const bool sent = co_await exchange.write(*bytes, flush);
    if (!sent) co_return;
  }
  co_await exchange.finish();
}

async::Task<void> SpokenAnswer::run() {
  auto opened = co_await open_upstream(scope_, call_.model, call_for());
  auto failure = co_await failure_in(opened);
  co_await heartbeat_.stop();
  if (failure) {
    co_await fail(*std::move(failure));
    co_return;
  }
  co_await relay(EventFeed(*std::move(opened), upstream::Form::sse));
}

/// A recording in, text out.
async::Task<void> write_down(RequestScope& scope, bool translates) {
  const auto& request = scope.exchange.request();
  auto call =
      co_await compute(scope, request.body.size(), [&]() -> Result<openai::TranscriptionCall> {
        const auto form = read_form(request.head.field("content-type"), request.body);
        if (!form) return form.error();
        return openai::read_transcription(*form, translates,
                                          scope.live->config.audio.transcription_model);
      });
  if (!call) {
    co_await answer_error(scope, std::move(call).error());
    co_return;
  }
  auto called = called_model(scope, call->model);
  if (!called) {
    co_await answer_error(scope, std::move(called).error());
    co_return;
  }
  scope.model = called->called;
  call->model = called->model;
  auto sound = std::exchange(call->sound, {});
  openai::TranscriptionRendering rendering(*call);
  call->sound = std::move(sound);
  const bool is_asked_once = !has_fallback(scope, call->model);
  const auto body = [&call, is_asked_once](const std::string& model) -> Result<Json> {
    if (is_asked_once) return openai::transcription_body(*std::move(call), model);
    return openai::transcription_body(*call, model);
  };
  Translation translation{call->model, call->stream, 1, body, *std::move(called), false};
  co_await answer_translated(scope, std::move(translation), rendering);
}

}  // namespace

async::Task<void> speech(RequestScope& scope) {
  const auto& config = scope.live->config.audio;
  auto call = openai::read_speech(scope.exchange.request().body,
                                  {config.tts_model, config.voice, config.speed});
  if (!call) {
    co_await answer_error(scope, std::move(call).error());
    co_return;
  }
  auto called = called_model(scope, call->model);
  if (!called) {
    co_await answer_error(scope, std::move(called).error());
    co_return;
  }
  scope.model = called->called;
  call->model = std::move(called->model);
  SpokenAnswer answer(scope, *std::move(call));
  co_await answer.run();
}

async::Task<void> transcriptions(RequestScope& scope) { co_await write_down(scope, false); }

async::Task<void> translations(RequestScope& scope) { co_await write_down(scope, true); }

}  // namespace gembal::daemon
