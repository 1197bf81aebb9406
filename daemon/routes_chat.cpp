#include "daemon/routes_chat.hpp"

#include "daemon/fetch_links.hpp"
#include "daemon/kept.hpp"
#include "daemon/open_upstream.hpp"
#include "daemon/translated.hpp"
#include "daemon/translated_extras.hpp"
#include "lib/core/digest.hpp"
#include "lib/core/time.hpp"
#include "lib/openai/chat_messages.hpp"
#include "lib/openai/chat_rendering.hpp"

namespace gembal::daemon {
namespace {

openai::ReplyIdentity identity_of(const RequestScope& scope) {
  return {"chatcmpl-" + scope.exchange.id() + random_hex(8),
          to_unix_seconds(std::chrono::system_clock::now()), scope.model};
}

/// A chat request as it was read, and its translation.
struct Chat {
  Json request;  ///< kept only where other models may have to be asked the same; else null
  openai::ChatCall call;
  gemini::CalledModel called;
};

/// What was kept of the signatures that clients drop.
gemini::SignatureOf kept_signatures(const RequestScope& scope) {
  return [&kept = scope.services.kept](std::string_view id) {
    return kept.find(KeptKind::signature, std::string(id)).value_or("");
  };
}

Result<Chat> read_chat(const RequestScope& scope, Json request) {
  Chat chat;
  auto called = called_model(scope, string_in(request, "model"));
  if (!called) return std::move(called).error();
  chat.called = *std::move(called);
  if (has_fallback(scope, chat.called.model)) chat.request = request;
  auto call = openai::translate_chat(std::move(request), chat.called.model, kept_signatures(scope));
  if (!call) return std::move(call).error();
  chat.call = *std::move(call);
  return chat;
}

/// Reads the request, with what it links to, and translates it.
async::Task<Result<Chat>> take_chat(RequestScope& scope) {
  const auto& body = scope.exchange.request().body;
  auto request = co_await compute(scope, body.size(), [&body] { return parse_json(body); });
  if (!request) co_return std::move(request).error();
  const auto fetched = co_await fetch_links(scope, *request);
  if (!fetched) co_return fetched.error();
  if (const Json* messages = find(*request, "messages")) {
    auto calls = openai::unsigned_calls(*messages);
    co_await scope.services.kept.load(scope.exchange.loop(), KeptKind::signature, std::move(calls));
  }
  auto chat = co_await compute(scope, body.size() + *fetched, [&scope, &request] {
    return read_chat(scope, *std::move(request));
  });
  co_return chat;
}

/// The request for a model: the translation that is there, given away, or one made for another.
auto body_maker(Chat& chat, const RequestScope& scope) {
  return [&chat, &scope](const std::string& model) -> Result<Json> {
    if (model == chat.call.model) return std::move(chat.call.body);
    auto other = openai::translate_chat(chat.request, model, kept_signatures(scope));
    if (!other) return std::move(other).error();
    return std::move(other->body);
  };
}

}  // namespace

async::Task<void> chat_completions(RequestScope& scope) {
  auto chat = co_await take_chat(scope);
  if (!chat) {
    co_await answer_error(scope, std::move(chat).error());
    co_return;
  }
  auto& call = chat->call;
  scope.model = chat->called.called;
  openai::ChatRendering rendering(identity_of(scope), call.wishes, call.answers,
                                  [&kept = scope.services.kept](const auto& id, const auto& text) {
                                    kept.remember(KeptKind::signature, id, text);
                                  });
  Translation translation{call.model, call.stream, call.answers, body_maker(*chat, scope),
                          chat->called};
  translation.hosts_pictures = true;
  co_await answer_translated(scope, std::move(translation), rendering);
}

}  // namespace gembal::daemon
