// Google's own OpenAI-compatible surface, with a pooled key. What it says passes through as it
// comes; what no OpenAI SDK can read is mended: errors, alone and inside streams, and streams that
// break off.
#include "daemon/routes_forward.hpp"

#include "daemon/heartbeat.hpp"
#include "daemon/open_upstream.hpp"
#include "daemon/relay.hpp"
#include "daemon/stream_guard.hpp"
#include "daemon/translated_extras.hpp"
#include "daemon/upstream_error.hpp"
#include "lib/core/json.hpp"
#include "lib/core/pattern.hpp"
#include "lib/gemini/error_reply.hpp"
#include "lib/gemini/model_name.hpp"
#include "lib/openai/error.hpp"
#include "lib/openai/forward.hpp"

namespace gembal::daemon {
namespace {

using upstream::Answer;
using upstream::Form;

constexpr std::size_t kErrorBodyBytes = 1 << 20;
constexpr std::size_t kListBytes = 16u << 20;

// What a stream that came to its proper end has in it.
const std::vector<std::string_view> kEnds = {"\ndata: [DONE]", "\"error\""};

bool begins_with(std::string_view path, std::string_view collection) {
  return path.starts_with(collection) &&
         (path.size() == collection.size() || path[collection.size()] == '/');
}

/// Whether replies at this path name objects that belong to the key.
bool names_objects(std::string_view path) {
  return begins_with(path, "/openai/files") || begins_with(path, "/openai/batches") ||
         begins_with(path, "/openai/videos");
}

/// What clients have in their code for OpenAI's own pictures, or for Imagen's, which are gone.
bool is_openai_image_model(std::string_view model) {
  return model.empty() || model.starts_with("dall-e") || model.starts_with("gpt-image") ||
         model.starts_with("imagen");
}

void begin_stream(RequestScope& scope) {
  auto headers = scope.headers();
  headers.emplace_back("content-type", "text/event-stream; charset=utf-8");
  headers.emplace_back("cache-control", "no-cache");
  scope.exchange.begin(200, headers, std::nullopt);
}

/// One request on its way to the surface.
class Forwarding {
 public:
  explicit Forwarding(RequestScope& scope) : scope_(scope) {}

  async::Task<void> run();

 private:
  Result<void> choose_model();
  async::Task<void> pass_models(Answer& answer);
  CallFor call_for();
  Form form() const;
  async::Task<Result<Answer>> open();
  async::Task<Result<Answer>> open_with_heartbeat();
  async::Task<void> refuse(Answer& answer);
  async::Task<void> end_with_error(int status, std::string message);
  async::Task<void> pass(Answer& answer);
  async::Task<void> pass_events(Answer& answer);
  async::Task<void> end_events(Answer& answer, StreamGuard& guard);

  RequestScope& scope_;
  openai::ForwardedFacts facts_;
};

/// Takes the model that the body names as the operator wants it called.
Result<void> Forwarding::choose_model() {
  const auto& rules = scope_.live->config.models.rules;
  const auto asked = gemini::bare_model(facts_.model);
  std::string wanted = asked;
  if (scope_.route.upstream_path == "/openai/images/generations" && !rules.image_model.empty() &&
      is_openai_image_model(asked)) {
    wanted = rules.image_model;
  } else if (!asked.empty()) {
    auto called = called_model(scope_, asked);
    if (!called) return std::move(called).error();
    // What a suffix asks for has no place in these requests.
    if (!called->asks_for_more()) wanted = std::move(called->model);
  }
  scope_.model = wanted;
  if (wanted == asked) return {};
  auto& body = scope_.exchange.request().body;
  body = openai::with_model(body, facts_, wanted);
  facts_ = openai::look_at_forwarded(body);
  return {};
}

Form Forwarding::form() const {
  if (scope_.route.upstream_path != "/openai/chat/completions") return Form::opaque;
  return facts_.streams ? Form::completion_events : Form::completion;
}

/// The call for the model that was asked for, or for one that answers for it.
CallFor Forwarding::call_for() {
  auto call = forwarded(scope_, scope_.route.upstream_path);
  call.model = scope_.model;
  call.form = form();
  call.key_header = upstream::KeyHeader::bearer;
  const auto object = object_of_openai_path(scope_.route.upstream_path);
  if (!object.empty()) {
    own_call(scope_, call, object);
  } else if (!facts_.input_file.empty()) {
    own_call(scope_, call, facts_.input_file);
  }
  const auto made = std::make_shared<const upstream::Call>(std::move(call));
  return [this, made](const std::string& model) {
    auto copy = *made;
    if (model == scope_.model || !copy.body || facts_.model_size == 0) return copy;
    copy.body = std::make_shared<const std::string>(openai::with_model(*copy.body, facts_, model));
    copy.model = model;
    return copy;
  };
}

async::Task<Result<Answer>> Forwarding::open() {
  auto make = call_for();
  if (form() != Form::opaque) {
    auto opened = co_await open_upstream(scope_, scope_.model, std::move(make));
    co_return std::move(opened);
  }
  auto opened = co_await open_upstream(scope_, make(scope_.model));
  co_return std::move(opened);
}

async::Task<Result<Answer>> Forwarding::open_with_heartbeat() {
  Heartbeat heartbeat(scope_.exchange, scope_.live->config.stream.heartbeat,
                      [this] { begin_stream(scope_); });
  auto opened = co_await open();
  co_await heartbeat.stop();
  co_return std::move(opened);
}

/// The end of a stream that a heartbeat began.
async::Task<void> Forwarding::end_with_error(int status, std::string message) {
  const auto event = openai::error_event(status, message);
  scope_.failure = std::move(message);
  const bool sent = co_await scope_.exchange.write(event, Flush::later);
  if (sent) co_await scope_.exchange.finish();
}

async::Task<void> Forwarding::refuse(Answer& answer) {
  const auto body = co_await answer.rest(kErrorBodyBytes);
  const auto text = body ? *body : std::string();
  auto message = body ? gemini::message_of(text) : body.error().message;
  if (scope_.exchange.begun()) {
    const int status = client_status(answer.status(), answer.verdict().outcome);
    co_await end_with_error(status, std::move(message));
    co_return;
  }
  scope_.failure = std::move(message);
  auto response = upstream_error(Dialect::openai, answer, text);
  co_await answer_response(scope_, std::move(response));
}

async::Task<void> Forwarding::end_events(Answer& answer, StreamGuard& guard) {
  auto& exchange = scope_.exchange;
  const bool was_broken = answer.verdict().outcome != keypool::Outcome::success;
  std::string end;
  if (answer.error()) {
    scope_.failure = answer.error()->message;
  } else if (auto broken = openai::break_off_at_error(guard.rest())) {
    scope_.failure = std::move(broken->message);
    end = std::move(broken->events);
  } else if (guard.complete() || was_broken) {
    end = guard.rest();
  } else {
    scope_.failure = "the upstream ended the stream before the answer was complete";
  }
  if (!scope_.failure.empty() && end.empty()) {
    if (!guard.between_events()) end = "\n\n";
    end += openai::error_event(502, scope_.failure);
  }
  const bool sent = co_await exchange.write(end, Flush::later);
  if (sent) co_await exchange.finish();
}

/// Passes events on up to an error, which is the end: no [DONE] follows it.
async::Task<void> Forwarding::pass_events(Answer& answer) {
  auto& exchange = scope_.exchange;
  if (!exchange.begun())
    exchange.begin(answer.status(), headers_for(scope_, answer.head()), std::nullopt);
  StreamGuard guard(kEnds);
  while (const auto piece = co_await answer.next()) {
    const auto events = guard.take(*piece);
    auto broken = openai::break_off_at_error(events);
    if (broken) {
      scope_.failure = std::move(broken->message);
      const bool sent = co_await exchange.write(broken->events, Flush::later);
      if (sent) co_await exchange.finish();
      co_return;
    }
    const bool sent = co_await exchange.write(events, answer.ready() ? Flush::later : Flush::now);
    if (!sent) co_return;
  }
  co_await end_events(answer, guard);
}

/// The list without the models that are filtered.
async::Task<void> Forwarding::pass_models(Answer& answer) {
  auto body = co_await answer.rest(kListBytes);
  if (!body) {
    co_await answer_error(scope_, std::move(body).error());
    co_return;
  }
  auto list = parse_json(*body);
  if (list && list->is_object() && list->contains("data") && (*list)["data"].is_array()) {
    const auto& filtered = scope_.live->config.models.rules.filtered;
    Json kept = Json::array();
    for (auto& model : (*list)["data"]) {
      if (!matches_any(gemini::bare_model(string_in(model, "id")), filtered))
        kept.push_back(std::move(model));
    }
    (*list)["data"] = std::move(kept);
    *body = to_text(*list);
  }
  scope_.exchange.begin(answer.status(), headers_for(scope_, answer.head()), body->size());
  const bool sent = co_await scope_.exchange.write(*body, Flush::later);
  if (sent) co_await scope_.exchange.finish();
}

async::Task<void> Forwarding::pass(Answer& answer) {
  if (answer.status() >= 400) {
    co_await refuse(answer);
    co_return;
  }
  if (is_event_stream(answer)) {
    co_await pass_events(answer);
    co_return;
  }
  const bool is_page = answer.head().header("content-type").starts_with("text/html");
  if (scope_.exchange.begun() || (is_page && form() != Form::opaque)) {
    const std::string message = "the upstream's reply is no answer to a chat";
    if (scope_.exchange.begun()) {
      co_await end_with_error(502, message);
    } else {
      co_await answer_error(scope_, 502, message);
    }
    co_return;
  }
  if (answer.status() == 200 && scope_.route.upstream_path == "/openai/models") {
    co_await pass_models(answer);
    co_return;
  }
  if (answer.status() == 200 && names_objects(scope_.route.upstream_path)) {
    co_await pass_made(scope_, answer, objects_in_openai_reply);
    co_return;
  }
  co_await pass_whole(scope_, answer);
}

async::Task<void> Forwarding::run() {
  auto& body = scope_.exchange.request().body;
  facts_ = co_await compute(scope_, body.size(), [&] { return openai::look_at_forwarded(body); });
  if (auto chosen = choose_model(); !chosen) {
    co_await answer_error(scope_, std::move(chosen).error());
    co_return;
  }
  Result<Answer> opened = Error{};
  if (form() == Form::completion_events) {
    opened = co_await open_with_heartbeat();
  } else {
    opened = co_await open();
  }
  if (!opened) {
    if (scope_.exchange.begun()) {
      const int status = http_status(opened.error().kind);
      co_await end_with_error(status, std::move(opened.error().message));
    } else {
      co_await answer_error(scope_, std::move(opened).error());
    }
    co_return;
  }
  co_await remember_found(scope_, *opened);
  co_await pass(*opened);
}

}  // namespace

async::Task<void> relay_openai(RequestScope& scope) {
  Forwarding forwarding(scope);
  co_await forwarding.run();
}

}  // namespace gembal::daemon
