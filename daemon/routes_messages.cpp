#include "daemon/routes_messages.hpp"

#include "daemon/fetch_links.hpp"
#include "daemon/kept.hpp"
#include "daemon/open_upstream.hpp"
#include "daemon/translated.hpp"
#include "daemon/translated_extras.hpp"
#include "lib/anthropic/conversation.hpp"
#include "lib/anthropic/rendering.hpp"
#include "lib/core/digest.hpp"
#include "lib/core/text.hpp"
#include "lib/gemini/error_reply.hpp"
#include "lib/gemini/model_name.hpp"

namespace gembal::daemon {
namespace {

constexpr std::size_t kReplyBytes = 1 << 20;

/// A request as it was read, and its translation.
struct Message {
  Json request;       ///< kept only where other models may have to be asked the same; else null
  std::string asked;  ///< the model, as the client calls it
  gemini::CalledModel called;
  anthropic::MessageCall call;

  const std::string& model() const { return called.model; }
};

gemini::SignatureOf kept_signatures(const RequestScope& scope) {
  return [&kept = scope.services.kept](std::string_view id) {
    return kept.find(KeptKind::signature, std::string(id)).value_or("");
  };
}

Result<Message> read_message(const RequestScope& scope, Json request) {
  Message message;
  message.asked = string_in(request, "model");
  if (message.asked.empty()) return Error{ErrorKind::bad_request, "model: it is missing", ""};
  auto called = called_model(scope, message.asked);
  if (!called) return std::move(called).error();
  message.called = *std::move(called);
  if (!gemini::is_valid_model(message.model())) {
    return Error{ErrorKind::bad_request,
                 "model: this is no model's name: it may have letters, digits, '-', '.' and '_'",
                 ""};
  }
  if (has_fallback(scope, message.model())) message.request = request;
  auto call =
      anthropic::translate_message(std::move(request), message.model(), kept_signatures(scope));
  if (!call) return std::move(call).error();
  message.call = *std::move(call);
  return message;
}

/// Reads the request, with what it links to, and translates it.
async::Task<Result<Message>> read_with_links(RequestScope& scope) {
  const auto& body = scope.exchange.request().body;
  auto request = co_await compute(scope, body.size(), [&body] { return parse_json(body); });
  if (!request) co_return std::move(request).error();
  const auto fetched = co_await fetch_links(scope, *request);
  if (!fetched) co_return fetched.error();
  auto calls = anthropic::unsigned_calls(*request);
  if (!calls.empty())
    co_await scope.services.kept.load(scope.exchange.loop(), KeptKind::signature, std::move(calls));
  auto message = co_await compute(scope, body.size() + *fetched, [&scope, &request] {
    return read_message(scope, *std::move(request));
  });
  co_return message;
}

/// The client's request, translated; nothing when the client has been told what is wrong with it.
async::Task<std::optional<Message>> take_message(RequestScope& scope) {
  auto message = co_await read_with_links(scope);
  if (!message) {
    co_await answer_error(scope, std::move(message).error());
    co_return std::nullopt;
  }
  scope.model = message->called.called;
  co_return *std::move(message);
}

/// The request for a model: the translation that is there, given away, or one made for another.
auto body_maker(Message& message, const RequestScope& scope) {
  return [&message, &scope](const std::string& model) -> Result<Json> {
    if (model == message.model()) return std::move(message.call.body);
    auto other = anthropic::translate_message(message.request, model, kept_signatures(scope));
    if (!other) return std::move(other).error();
    return std::move(other->body);
  };
}

/// What countTokens answers; nothing when the client has been told why not.
async::Task<std::optional<std::string>> fetch_count(RequestScope& scope, const std::string& model,
                                                    std::string body) {
  auto call = scope.call(scope.live->upstream.url("/models/" + model + ":countTokens"));
  call.headers.emplace_back("content-type: application/json");
  call.body = std::make_shared<const std::string>(std::move(body));
  call.model = model;
  auto opened = co_await open_upstream(scope, std::move(call));
  if (!opened) {
    co_await answer_error(scope, std::move(opened).error());
    co_return std::nullopt;
  }
  auto reply = co_await opened->rest(kReplyBytes);
  if (!reply) {
    co_await answer_error(scope, std::move(reply).error());
    co_return std::nullopt;
  }
  if (opened->status() != 200) {
    const int status = opened->status() >= 400 ? opened->status() : 502;
    co_await answer_error(scope, status, gemini::message_of(*reply));
    co_return std::nullopt;
  }
  co_return *std::move(reply);
}

}  // namespace

async::Task<void> create_message(RequestScope& scope) {
  auto message = co_await take_message(scope);
  if (!message) co_return;
  anthropic::MessageIdentity identity{"msg_" + scope.exchange.id() + random_hex(8), message->asked};
  anthropic::MessageRendering rendering(
      std::move(identity), message->call.wishes,
      [&kept = scope.services.kept](const auto& id, const auto& signature) {
        kept.remember(KeptKind::signature, id, signature);
      });
  Translation translation{message->model(), message->call.stream, 1, body_maker(*message, scope),
                          message->called};
  co_await answer_translated(scope, std::move(translation), rendering);
}

async::Task<void> count_message(RequestScope& scope) {
  auto message = co_await take_message(scope);
  if (!message) co_return;
  const auto size = scope.exchange.request().body.size();
  auto request = co_await compute(scope, size, [&message] {
    return to_text(anthropic::count_request(std::move(message->call.body), message->model()));
  });
  const auto reply = co_await fetch_count(scope, message->model(), std::move(request));
  if (!reply) co_return;
  auto count = anthropic::count_reply(*reply);
  if (!count) {
    co_await answer_error(scope, std::move(count).error());
    co_return;
  }
  co_await answer_json(scope, *std::move(count));
}

}  // namespace gembal::daemon
