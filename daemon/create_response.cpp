#include "daemon/create_response.hpp"

#include "daemon/asked_response.hpp"
#include "daemon/background_response.hpp"
#include "daemon/open_upstream.hpp"
#include "daemon/running_responses.hpp"
#include "daemon/translated.hpp"
#include "lib/gemini/error_reply.hpp"

namespace gembal::daemon {
namespace {

constexpr std::size_t kCountBytes = 1 << 20;

/// Keeps a streamed response cancellable for as long as it runs.
class Cancellable {
 public:
  Cancellable(RequestScope& scope, const AskedResponse& asked)
      : running_(scope.services.running),
        id_(asked.id),
        on_leave_(scope.exchange.interrupt(), [this] { stop_.raise(); }) {
    running_.begin(id_, {asked.owner, &scope.exchange.loop(), [this] { stop_.raise(); }, nullptr});
  }
  ~Cancellable() { running_.end(id_); }
  Cancellable(const Cancellable&) = delete;
  Cancellable& operator=(const Cancellable&) = delete;

  async::Interrupt* stop() { return &stop_; }

 private:
  RunningResponses& running_;
  const std::string id_;
  async::Interrupt stop_;
  async::Interrupt::Subscription on_leave_;
};

async::Task<void> answer_in_foreground(RequestScope& scope, AskedResponse& asked) {
  const auto& request = asked.request;
  auto rendering = rendering_of(asked, scope.services.kept, request.stream);
  auto translation = translation_of(scope, asked, request.stream);
  std::optional<Cancellable> cancellable;
  if (request.store) {
    translation.before_end = [&]() -> async::Task<void> {
      co_await keep_response(scope, kept_of(asked, rendering));
    };
    if (request.stream) translation.stop = cancellable.emplace(scope, asked).stop();
  }
  co_await answer_translated(scope, std::move(translation), rendering);
}

/// What countTokens is asked with.
Result<std::string> count_question(AskedResponse& asked) {
  const auto& model = asked.called.model;
  auto body = openai::translate_response(std::move(asked.request.json), model, asked.context);
  if (!body) return std::move(body).error();
  Json counted = {{"model", "models/" + model}};
  counted.update(*body);
  Json question;
  question["generateContentRequest"] = std::move(counted);
  return to_text(question);
}

}  // namespace

async::Task<void> create_response(RequestScope& scope) {
  const auto asked = std::make_shared<AskedResponse>();  // the background outlives this
  const auto read = co_await read_asked(scope, *asked);
  if (!read) {
    co_await answer_response_error(scope, read.error());
  } else if (asked->request.background) {
    co_await answer_in_background(scope, asked);
  } else {
    co_await answer_in_foreground(scope, *asked);
  }
}

async::Task<void> count_response_input(RequestScope& scope) {
  AskedResponse asked;
  const auto read = co_await read_asked(scope, asked);
  auto question = read ? count_question(asked) : Result<std::string>(read.error());
  if (!question) {
    co_await answer_response_error(scope, std::move(question).error());
    co_return;
  }
  const auto& model = asked.called.model;
  auto call = scope.call(scope.live->upstream.url("/models/" + model + ":countTokens", ""));
  call.headers.emplace_back("content-type: application/json");
  call.body = std::make_shared<const std::string>(*std::move(question));
  call.model = model;
  auto opened = co_await open_upstream(scope, std::move(call));
  if (!opened) {
    co_await answer_error(scope, std::move(opened).error());
    co_return;
  }
  const auto text = co_await opened->rest(kCountBytes);
  if (!text || opened->status() != 200) {
    const auto message = text ? gemini::message_of(*text) : text.error().message;
    co_await answer_error(scope, text ? opened->status() : 502, message);
    co_return;
  }
  const auto reply = parse_json(*text);
  const auto tokens = reply ? integer_in(*reply, "totalTokens").value_or(0) : 0;
  const Json counted = {{"object", "response.input_tokens"}, {"input_tokens", tokens}};
  co_await answer_json(scope, to_text(counted));
}

}  // namespace gembal::daemon
