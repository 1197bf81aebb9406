#include "daemon/native_stream.hpp"

#include "daemon/heartbeat.hpp"
#include "daemon/paced_feed.hpp"
#include "lib/core/json.hpp"
#include "lib/core/text.hpp"
#include "lib/gemini/error_reply.hpp"

namespace gembal::daemon {
namespace {

using upstream::Answer;
using upstream::Form;

constexpr std::size_t kErrorBodyBytes = 1 << 20;

/// Without the parameter that chooses the framing.
std::string without_alt(std::string_view query) {
  std::string kept;
  if (query.empty()) return kept;
  for (const auto part : split(query, '&')) {
    if (percent_decode(part.substr(0, part.find('='))) == "alt") continue;
    if (!kept.empty()) kept += '&';
    kept += part;
  }
  return kept;
}

/// How a stream of native answers is written.
class Framing {
 public:
  explicit Framing(bool is_array) : is_array_(is_array) {}

  const char* content_type() const {
    return is_array_ ? "application/json; charset=UTF-8" : "text/event-stream";
  }
  /// A sign of life. SDKs take events apart that have no data, or no candidates; blanks go between
  /// any two elements of an array.
  std::string beat() const {
    return is_array_ ? "\n"
                     : R"(data: {"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},)"
                       R"("index":0}]})"
                       "\r\n\r\n";
  }
  std::string event(const std::string& json) {
    if (!is_array_) return "data: " + json + "\r\n\r\n";
    return (std::exchange(is_begun_, true) ? ",\r\n" : "[") + json;
  }
  std::string end() const { return !is_array_ ? "" : is_begun_ ? "]" : "[]"; }
  std::string failure(int status, const Error& error) {
    return event(gemini::error_body(status, error.message)) + end();
  }
  std::string whole_error(std::string body) const {
    return is_array_ && body.starts_with('{') ? "[" + body + "]" : body;
  }

 private:
  bool is_array_;
  bool is_begun_ = false;
};

/// One stream on its way to the client.
class NativeTeller {
 public:
  NativeTeller(RequestScope& scope, gemini::ShownAnswer::Wishes wishes)
      : scope_(scope),
        framing_(scope.route.form == Form::array),
        shown_(wishes),
        heartbeat_(
            scope.exchange,
            scope.live->config.stream.fake ? scope.live->config.stream.fake_interval
                                           : std::chrono::milliseconds{0},
            [this] { begin(); }, framing_.beat()) {}

  async::Task<void> run(OpenNative open);

 private:
  void begin();
  void ask_for_events();
  async::Task<void> tell_all(Answer answer);
  template <typename Feed>
  async::Task<void> relay(Feed& feed);
  std::string tell(const std::string& data);
  async::Task<void> refuse(Failure failure);
  async::Task<void> refuse(Answer& answer);

  RequestScope& scope_;
  Framing framing_;
  gemini::ShownAnswer shown_;
  Heartbeat heartbeat_;
  bool is_told_ = false;  ///< an event has been: it needs no signs of life any more
  bool is_complete_ = false;
  bool was_broken_ = false;  ///< every try failed: what came last is passed on as it came
};

void NativeTeller::begin() {
  auto headers = scope_.headers();
  headers.emplace_back("content-type", framing_.content_type());
  headers.emplace_back("cache-control", "no-cache");
  scope_.exchange.begin(200, headers, std::nullopt);
}

/// Whatever the client's framing: events are what can be taken apart, or a whole reply.
void NativeTeller::ask_for_events() {
  auto& route = scope_.route;
  route.query = without_alt(route.query);
  if (scope_.live->config.stream.fake) {
    route.form = Form::unary;
    route.after_model = ":generateContent";
  } else {
    route.form = Form::sse;
    route.query += route.query.empty() ? "alt=sse" : "&alt=sse";
  }
  route.upstream_path = "/models/" + route.model + route.after_model;
}

async::Task<void> NativeTeller::refuse(Failure failure) {
  if (!scope_.exchange.begun()) {
    co_await answer_error(scope_, std::move(failure.error));
    co_return;
  }
  scope_.failure = failure.error.message;
  const auto last = framing_.failure(failure.status, failure.error);
  const bool sent = co_await scope_.exchange.write(last, Flush::later);
  if (sent) co_await scope_.exchange.finish();
}

/// Upstream's own error is passed on as it came.
async::Task<void> NativeTeller::refuse(Answer& answer) {
  const auto body = co_await answer.rest(kErrorBodyBytes);
  if (!body) {
    Failure failure{502, body.error()};
    co_await refuse(std::move(failure));
    co_return;
  }
  if (!scope_.exchange.begun()) {
    Response response;
    response.status = answer.status();
    const auto type = answer.head().header("content-type");
    response.headers = {{"content-type", std::string(type.empty() ? "application/json" : type)}};
    response.body = framing_.whole_error(*body);
    co_await answer_response(scope_, std::move(response));
    co_return;
  }
  scope_.failure = gemini::message_of(*body);
  std::string last = framing_.failure(answer.status(), {ErrorKind::upstream, scope_.failure, ""});
  const bool sent = co_await scope_.exchange.write(last, Flush::later);
  if (sent) co_await scope_.exchange.finish();
}

/// An event as the client is to see it.
std::string NativeTeller::tell(const std::string& data) {
  auto event = parse_json(data);
  if (!event) return framing_.event(data);
  shown_.show(*event);
  if (find(*event, "promptFeedback") || find(*event, "error")) is_complete_ = true;
  if (const Json* candidates = find(*event, "candidates"); candidates && candidates->is_array()) {
    for (const auto& candidate : *candidates) {
      if (find(candidate, "finishReason")) is_complete_ = true;
    }
  }
  return framing_.event(to_text(*event));
}

template <typename Feed>
async::Task<void> NativeTeller::relay(Feed& feed) {
  auto& exchange = scope_.exchange;
  std::optional<Failure> failure;
  for (bool is_ended = false; !is_ended;) {
    auto events = co_await feed.next();
    is_ended = events.ended;
    failure = std::move(events.failure);
    std::string out;
    for (const auto& data : events.data) out += tell(data);
    if (out.empty()) continue;
    if (!std::exchange(is_told_, true)) {
      co_await heartbeat_.stop();
      if (!exchange.begun()) begin();
    }
    const auto flush = is_ended || events.more_is_there ? Flush::later : Flush::now;
    const bool sent = co_await exchange.write(out, flush);
    if (!sent) co_return;
  }
  if (!failure && !is_complete_ && !was_broken_) {
    failure = Failure{
        502,
        {ErrorKind::upstream, "the upstream ended the stream before the answer was complete", ""}};
  }
  co_await heartbeat_.stop();
  if (failure) {
    co_await refuse(*std::move(failure));
    co_return;
  }
  if (!exchange.begun()) begin();
  const auto end = framing_.end();
  const bool sent = co_await exchange.write(end, Flush::later);
  if (sent) co_await exchange.finish();
}

async::Task<void> NativeTeller::tell_all(Answer answer) {
  auto& exchange = scope_.exchange;
  const auto& pacing = scope_.live->config.stream.pacing;
  EventFeed feed(std::move(answer), scope_.route.form);
  if (!pacing.enabled) {
    co_await relay(feed);
    co_return;
  }
  PacedFeed paced(feed, exchange.loop(), exchange.interrupt(), pacing);
  co_await relay(paced);
}

async::Task<void> NativeTeller::run(OpenNative open) {
  ask_for_events();
  auto opened = co_await open();
  if (!opened) {
    co_await heartbeat_.stop();
    // Not made inside the co_await: g++ 12 destroys an aggregate there twice.
    Failure failure{http_status(opened.error().kind), opened.error()};
    co_await refuse(std::move(failure));
    co_return;
  }
  auto& answer = *opened;
  if (answer.status() != 200) {
    co_await heartbeat_.stop();
    co_await refuse(answer);
    co_return;
  }
  was_broken_ = answer.verdict().outcome != keypool::Outcome::success;
  co_await tell_all(std::move(answer));
}

}  // namespace

bool tells_events(const RequestScope& scope, const gemini::ShownAnswer::Wishes& wishes) {
  if (scope.route.form != Form::sse && scope.route.form != Form::array) return false;
  const auto& stream = scope.live->config.stream;
  return wishes.any() || stream.fake || stream.pacing.enabled;
}

async::Task<void> tell_events(RequestScope& scope, gemini::ShownAnswer::Wishes wishes,
                              OpenNative open) {
  NativeTeller teller(scope, wishes);
  co_await teller.run(std::move(open));
}

}  // namespace gembal::daemon
