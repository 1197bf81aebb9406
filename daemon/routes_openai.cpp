#include "daemon/routes_openai.hpp"

#include "daemon/heartbeat.hpp"
#include "daemon/open_upstream.hpp"
#include "lib/core/digest.hpp"
#include "lib/core/json.hpp"
#include "lib/core/text.hpp"
#include "lib/core/time.hpp"
#include "lib/gemini/error_reply.hpp"
#include "lib/gemini/model_name.hpp"
#include "lib/openai/chat.hpp"
#include "lib/openai/chat_stream.hpp"
#include "lib/openai/embeddings.hpp"
#include "lib/openai/error.hpp"
#include "lib/openai/models.hpp"
#include "lib/sse/parser.hpp"

namespace gembal::daemon {
namespace {

using upstream::Answer;
using upstream::Form;

constexpr std::size_t kReplyBytes = 256u << 20;
constexpr std::size_t kErrorBodyBytes = 1 << 20;

std::int64_t now_in_seconds() { return to_unix_seconds(std::chrono::system_clock::now()); }

upstream::Call post(const RequestScope& scope, std::string model, std::string url, std::string body,
                    Form form) {
  auto call = scope.call(std::move(url));
  call.headers.push_back("content-type: application/json");
  call.body = std::make_shared<const std::string>(std::move(body));
  call.model = std::move(model);
  call.form = form;
  return call;
}

std::string model_url(const RequestScope& scope, const std::string& model, std::string_view method,
                      std::string_view query = {}) {
  return scope.live->upstream.url("/models/" + model + ":" + std::string(method), query);
}

/// What keeps a reply from being gone on with.
struct Refusal {
  int status = 502;
  Error error;
};

/// The reason not to go on with what was opened, read from its body; none when it is good.
async::Task<std::optional<Refusal>> refusal_in(Result<Answer>& opened) {
  if (!opened) co_return Refusal{http_status(opened.error().kind), opened.error()};
  if (opened->status() != 200) {
    const auto body = co_await opened->rest(kErrorBodyBytes);
    const int status = opened->status() >= 400 ? opened->status() : 502;
    std::string message = body ? gemini::message_of(*body) : body.error().message;
    co_return Refusal{status, {ErrorKind::upstream, std::move(message), ""}};
  }
  co_return std::nullopt;
}

async::Task<void> answer_refusal(RequestScope& scope, Refusal refusal) {
  if (refusal.status == http_status(refusal.error.kind)) {
    co_await answer_error(scope, std::move(refusal.error));
  } else {
    co_await answer_error(scope, refusal.status, std::move(refusal.error.message));
  }
}

/// Opens the call; answers the client itself, and returns nothing, when there is no good reply to
/// go on with.
async::Task<std::optional<Answer>> open(RequestScope& scope, upstream::Call call) {
  auto opened = co_await open_upstream(scope, std::move(call));
  auto refusal = co_await refusal_in(opened);
  if (refusal) {
    co_await answer_refusal(scope, *std::move(refusal));
    co_return std::nullopt;
  }
  co_return *std::move(opened);
}

/// The same, up to the end of the reply.
async::Task<std::optional<std::string>> fetch(RequestScope& scope, upstream::Call call) {
  auto answer = co_await open(scope, std::move(call));
  if (!answer) co_return std::nullopt;
  auto body = co_await answer->rest(kReplyBytes);
  if (!body) {
    co_await answer_error(scope, std::move(body).error());
    co_return std::nullopt;
  }
  co_return *std::move(body);
}

openai::ReplyIdentity identity_of(const RequestScope& scope) {
  return {"chatcmpl-" + scope.exchange.id() + random_hex(8), now_in_seconds(), scope.model};
}

/// The call that a chat becomes, translated for whichever model answers it.
CallFor call_for(RequestScope& scope, const openai::ChatCall& chat) {
  return [&scope, &chat](const std::string& model) {
    auto body = chat.body;
    if (model != chat.model) {
      if (auto again = openai::read_chat(scope.exchange.request().body, model))
        body = std::move(again->body);
    }
    const auto* method = chat.stream ? "streamGenerateContent" : "generateContent";
    return post(scope, model, model_url(scope, model, method, chat.stream ? "alt=sse" : ""),
                std::move(body), chat.stream ? Form::sse : Form::unary);
  };
}

async::Task<void> whole_chat(RequestScope& scope, openai::ChatCall chat) {
  auto answer = co_await open_upstream(scope, chat.model, call_for(scope, chat));
  auto refusal = co_await refusal_in(answer);
  if (refusal) {
    co_await answer_refusal(scope, *std::move(refusal));
    co_return;
  }
  if (answer->verdict().outcome != keypool::Outcome::success) {
    co_await answer_error(scope, 502, "the model gave an empty answer");
    co_return;
  }
  const auto reply = co_await answer->rest(kReplyBytes);
  if (!reply) {
    co_await answer_error(scope, reply.error());
    co_return;
  }
  auto translated = co_await compute(
      scope, reply->size(), [&] { return openai::chat_reply(*reply, identity_of(scope)); });
  if (!translated) {
    co_await answer_error(scope, std::move(translated).error());
    co_return;
  }
  co_await answer_json(scope, *std::move(translated));
}

void begin_stream(RequestScope& scope) {
  auto headers = scope.headers();
  headers.emplace_back("content-type", "text/event-stream; charset=utf-8");
  headers.emplace_back("cache-control", "no-cache");
  scope.exchange.begin(200, headers, std::nullopt);
}

/// Events of upstream in, chunks out. What could not be finished ends with an error event and
/// without [DONE].
async::Task<void> streamed_chat(RequestScope& scope, openai::ChatCall chat) {
  auto& exchange = scope.exchange;
  Heartbeat heartbeat(exchange, scope.live->config.stream.heartbeat,
                      [&scope] { begin_stream(scope); });
  auto answer = co_await open_upstream(scope, chat.model, call_for(scope, chat));
  co_await heartbeat.stop();
  auto refusal = co_await refusal_in(answer);
  if (!refusal && answer->verdict().outcome != keypool::Outcome::success)
    refusal = Refusal{502, {ErrorKind::upstream, "the model gave an empty answer", ""}};
  if (refusal && !exchange.begun()) {
    co_await answer_refusal(scope, *std::move(refusal));
    co_return;
  }
  if (refusal) {
    scope.failure = refusal->error.message;
    const std::string event = openai::error_event(refusal->status, refusal->error.message);
    const bool sent = co_await exchange.write(event, Flush::later);
    if (sent) co_await exchange.finish();
    co_return;
  }
  if (!exchange.begun()) begin_stream(scope);

  sse::Parser events;
  openai::ChatStream stream(identity_of(scope), chat.include_usage);
  std::optional<Error> failure;
  while (!failure) {
    const auto piece = co_await answer->next();
    if (!piece) break;
    events.feed(*piece);
    std::string chunks;
    while (const auto event = events.next()) {
      auto translated = stream.push(event->data);
      if (!translated) {
        failure = std::move(translated).error();
        break;
      }
      chunks += *translated;
    }
    const bool sent = co_await exchange.write(chunks, answer->ready() ? Flush::later : Flush::now);
    if (!sent) co_return;
  }
  if (!failure && answer->error()) failure = *answer->error();
  // Upstream writes an error in mid-stream without the frame of an event.
  if (!failure && !trim(events.tail()).empty()) {
    failure = Error{ErrorKind::upstream, gemini::message_of(events.tail())};
  }
  if (!failure && !stream.finished()) {
    failure =
        Error{ErrorKind::upstream, "the upstream ended the stream before the answer was complete"};
  }
  if (failure) scope.failure = failure->message;
  // Not inside the co_await: g++ 12 destroys what a conditional makes there twice.
  const std::string end = failure ? error_event(Dialect::openai, *failure) : stream.finish();
  const bool sent = co_await exchange.write(end, Flush::later);
  if (!sent) co_return;
  co_await exchange.finish();
}

}  // namespace

async::Task<void> chat_completions(RequestScope& scope) {
  const auto& body = scope.exchange.request().body;
  auto chat = co_await compute(scope, body.size(), [&] { return openai::read_chat(body); });
  if (!chat) {
    co_await answer_error(scope, std::move(chat).error());
    co_return;
  }
  scope.model = chat->model;
  if (chat->stream) {
    co_await streamed_chat(scope, *std::move(chat));
    co_return;
  }
  co_await whole_chat(scope, *std::move(chat));
}

async::Task<void> embeddings(RequestScope& scope) {
  const auto& body = scope.exchange.request().body;
  auto call = co_await compute(scope, body.size(), [&] { return openai::read_embeddings(body); });
  if (!call) {
    co_await answer_error(scope, std::move(call).error());
    co_return;
  }
  scope.model = call->model;

  std::vector<std::vector<float>> vectors;
  std::int64_t tokens = 0;
  for (std::size_t first = 0; first < call->inputs.size(); first += openai::kMaxBatch) {
    const auto count = std::min(openai::kMaxBatch, call->inputs.size() - first);
    auto batch = openai::batch_request(*call, first, count);
    const auto reply = co_await fetch(
        scope, post(scope, scope.model, model_url(scope, scope.model, "batchEmbedContents"),
                    std::move(batch), Form::opaque));
    if (!reply) co_return;
    auto read =
        co_await compute(scope, reply->size(), [&] { return openai::read_vectors(*reply); });
    if (!read) {
      co_await answer_error(scope, std::move(read).error());
      co_return;
    }
    if (read->vectors.size() != count) {
      co_await answer_error(
          scope, 502, "the upstream returned another number of embeddings than was asked for");
      co_return;
    }
    std::move(read->vectors.begin(), read->vectors.end(), std::back_inserter(vectors));
    tokens += read->prompt_tokens;
  }
  auto reply = co_await compute(scope, vectors.size() * 16 * 1024,
                                [&] { return openai::embeddings_reply(*call, vectors, tokens); });
  co_await answer_json(scope, std::move(reply));
}

async::Task<void> list_models(RequestScope& scope) {
  std::vector<Json> models;
  std::string page;
  do {
    std::string query = "pageSize=1000";
    if (!page.empty()) query += "&pageToken=" + percent_encode(page);
    auto call = scope.call(scope.live->upstream.url("/models", query));
    call.method = "GET";
    const auto body = co_await fetch(scope, std::move(call));
    if (!body) co_return;
    auto list = parse_json(*body);
    const Json* found = list ? find(*list, "models") : nullptr;
    if (!found || !found->is_array()) {
      co_await answer_error(scope, 502, "the upstream's list of models cannot be read");
      co_return;
    }
    for (const auto& model : *found) models.push_back(model);
    page = string_in(*list, "nextPageToken");
  } while (!page.empty() && models.size() < 100'000);
  co_await answer_json(scope, openai::models_reply(models, now_in_seconds()));
}

async::Task<void> show_model(RequestScope& scope) {
  if (!gemini::is_valid_model(scope.route.model)) {
    co_await answer_error(scope, 404, "there is no model of this name");
    co_return;
  }
  scope.model = scope.route.model;
  auto call = scope.call(scope.live->upstream.url("/models/" + scope.model));
  call.method = "GET";
  call.model = scope.model;
  const auto body = co_await fetch(scope, std::move(call));
  if (!body) co_return;
  auto model = parse_json(*body);
  if (!model) {
    co_await answer_error(scope, 502, "the upstream's model cannot be read");
    co_return;
  }
  co_await answer_json(scope, openai::model_reply(*model, now_in_seconds()));
}

}  // namespace gembal::daemon
