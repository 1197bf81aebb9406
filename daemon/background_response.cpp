#include "daemon/background_response.hpp"

#include "daemon/background.hpp"
#include "daemon/kept.hpp"
#include "daemon/request_record.hpp"
#include "daemon/running_responses.hpp"
#include "daemon/translated.hpp"
#include "lib/core/time.hpp"
#include "lib/log/log.hpp"

namespace gembal::daemon {
namespace {

/// How often a running response says that it is alive, and for how long that is good.
constexpr auto kSignOfLife = std::chrono::seconds{20};
constexpr std::int64_t kGoodFor = 90;

std::int64_t now_in_seconds() { return to_unix_seconds(std::chrono::system_clock::now()); }

/// One response on its way. Lives in the coroutine that runs it.
class Run {
 public:
  Run(DetachedExchange& exchange, Services& services, std::shared_ptr<const Live> live,
      Caller caller, std::shared_ptr<AskedResponse> asked, async::Interrupt& stop)
      : asked_(std::move(asked)),
        log_(exchange.log()),
        scope_{exchange, services, std::move(live)},
        rendering_(rendering_of(*asked_, services.kept, true)),
        stop_(stop),
        alive_ended_(exchange.loop()),
        on_cut_(exchange.interrupt(), [this] { stop_.raise(); }) {
    scope_.model = asked_->called.called;
    scope_.route.dialect = Dialect::openai;
    scope_.caller = std::move(caller);
    scope_.trail->keeps_requests = scope_.live->config.records.bodies;
  }

  async::Task<void> run();

 private:
  async::Task<void> end();
  async::Task<void> stay_alive();
  void note();

  const std::shared_ptr<AskedResponse> asked_;
  EventLog& log_;
  RequestScope scope_;
  openai::ResponseRendering rendering_;
  async::Interrupt& stop_;
  async::Interrupt over_;
  async::Event alive_ended_;
  async::Interrupt::Subscription on_cut_;
  bool kept_ = false;  ///< as it ended
};

/// Other processes see that it runs, and may cancel it.
async::Task<void> Run::stay_alive() {
  auto& loop = scope_.exchange.loop();
  for (;;) {
    co_await async::sleep(loop, kSignOfLife, over_);
    if (over_.raised()) break;
    const auto found = co_await find_response(scope_, asked_->id);
    if (over_.raised()) break;
    if (found && (*found)->status() == "cancelled") stop_.raise();
    if (!found || (*found)->status() != "in_progress") continue;
    auto kept = **found;
    kept.alive = now_in_seconds() + kGoodFor;
    co_await keep_response(scope_, std::move(kept));
  }
  alive_ended_.signal();
}

/// An answer that did not come to its end tells why.
async::Task<void> Run::end() {
  if (kept_) co_return;
  const int status = scope_.exchange.status();
  Error error{ErrorKind::upstream, scope_.failure, ""};
  if (stop_.raised() && !scope_.exchange.interrupt().raised()) error.kind = ErrorKind::cancelled;
  if (scope_.exchange.interrupt().raised()) error.message = "the server was stopped";
  if (error.message.empty()) error.message = "the answer did not come to its end";
  if (log_.bytes() == 0) log_.append(rendering_.begin());
  log_.append(rendering_.fail(status >= 400 ? status : 502, error));
  co_await keep_response(scope_, kept_of(*asked_, rendering_));
}

async::Task<void> Run::run() {
  auto translation = translation_of(scope_, *asked_, true);
  translation.stop = &stop_;
  translation.before_end = [this]() -> async::Task<void> {
    over_.raise();
    co_await alive_ended_.wait();
    alive_ended_.signal();  // run() waits, too
    co_await keep_response(scope_, kept_of(*asked_, rendering_));
    kept_ = true;
  };
  scope_.exchange.loop().spawn(stay_alive());
  co_await answer_translated(scope_, std::move(translation), rendering_);
  over_.raise();
  co_await alive_ended_.wait();
  co_await end();
  note();
}

void Run::note() {
  record_request(scope_, "background");
  if (!scope_.live->config.logs.requests) return;
  const auto elapsed = std::chrono::steady_clock::now() - scope_.exchange.started();
  log::info("background response",
            {{"id", scope_.exchange.id()},
             {"response", asked_->id},
             {"ms", std::chrono::duration<double, std::milli>(elapsed).count()},
             {"model", scope_.model},
             {"key", scope_.key_id},
             {"failure", scope_.failure}});
}

}  // namespace

async::Task<void> answer_in_background(RequestScope& scope, std::shared_ptr<AskedResponse> asked) {
  auto& services = scope.services;
  const auto rendering = rendering_of(*asked, services.kept, false);
  auto kept = kept_of(*asked, rendering);
  kept.alive = now_in_seconds() + kGoodFor;
  const auto shown = openai::shown(kept);
  const bool stream = asked->request.stream;
  co_await keep_response(scope, std::move(kept));
  const auto log = std::make_shared<EventLog>();
  const auto stop = std::make_shared<async::Interrupt>();  // the run's, and of who may cancel it
  services.running.begin(asked->id,
                         {asked->owner, &scope.exchange.loop(), [stop] { stop->raise(); }, log});
  services.background.start(std::make_unique<DetachedExchange>(scope.exchange, log),
                            [&services, live = scope.live, caller = scope.caller, asked,
                             stop](DetachedExchange& own) -> async::Task<void> {
                              const auto id = asked->id;
                              {
                                Run run(own, services, live, caller, asked, *stop);
                                co_await run.run();
                              }
                              own.log().end();
                              services.running.end(id);
                            });
  if (stream) {
    co_await follow_response(scope, log, 0);
  } else {
    co_await answer_json(scope, to_text(shown));
  }
}

async::Task<void> follow_response(RequestScope& scope, std::shared_ptr<EventLog> log,
                                  std::size_t bytes) {
  auto& exchange = scope.exchange;
  auto& loop = exchange.loop();
  auto headers = scope.headers();
  headers.emplace_back("content-type", "text/event-stream; charset=utf-8");
  headers.emplace_back("cache-control", "no-cache");
  headers.emplace_back("x-accel-buffering", "no");
  exchange.begin(200, headers, std::nullopt);
  // Whoever writes the log may call after this has ended: the event stays as long as that.
  const auto more = std::make_shared<async::Event>(loop);
  const async::Interrupt::Subscription on_leave(exchange.interrupt(), [more] { more->signal(); });
  bool is_silent = false;
  async::Deadline silence(loop, [&is_silent, more] {
    is_silent = true;
    more->signal();
  });
  for (;;) {
    auto share = log->from(bytes);
    if (exchange.interrupt().raised()) co_return;
    if (share.text.empty() && share.ended) break;
    bytes += share.text.size();
    if (share.text.empty() && is_silent) share.text = ": waiting\n\n";
    if (!share.text.empty()) {
      const bool sent = co_await exchange.write(share.text, Flush::now);
      if (!sent) co_return;
    }
    is_silent = false;
    silence.set(scope.live->config.stream.heartbeat);
    log->when_more(bytes, [&loop, more] { loop.post([more] { more->signal(); }); });
    co_await more->wait();
  }
  co_await exchange.finish();
}

}  // namespace gembal::daemon
