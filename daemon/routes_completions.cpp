#include "daemon/routes_completions.hpp"

#include "daemon/open_upstream.hpp"
#include "daemon/translated.hpp"
#include "daemon/translated_extras.hpp"
#include "lib/core/digest.hpp"
#include "lib/core/time.hpp"
#include "lib/openai/completions.hpp"

namespace gembal::daemon {

namespace {

/// A request as it was read, and its translation.
struct Completion {
  Json request;
  openai::CompletionCall call;
  gemini::CalledModel called;
};

Result<Completion> read_completion(const RequestScope& scope, Json request) {
  Completion completion;
  auto called = called_model(scope, string_in(request, "model"));
  if (!called) return std::move(called).error();
  completion.called = *std::move(called);
  auto call = openai::translate_completion(request, completion.called.model);
  if (!call) return std::move(call).error();
  completion.call = *std::move(call);
  completion.request = std::move(request);
  return completion;
}

Translation translation_of(const Completion& completion) {
  const auto& call = completion.call;
  Translation translation;
  translation.model = call.model;
  translation.stream = call.stream;
  translation.answers = call.calls();
  translation.called = completion.called;
  translation.body = [&completion](const std::string& model) -> Result<Json> {
    if (model == completion.call.model) return completion.call.body;
    auto other = openai::translate_completion(completion.request, model);
    if (!other) return std::move(other).error();
    return std::move(other->body);
  };
  translation.vary = [&call](Json& body, std::size_t number) {
    openai::put_prompt(call, number, body);
  };
  return translation;
}

}  // namespace

async::Task<void> completions(RequestScope& scope) {
  const auto& body = scope.exchange.request().body;
  auto completion = co_await compute(scope, body.size(), [&scope, &body]() -> Result<Completion> {
    auto request = parse_json(body);
    if (!request) return std::move(request).error();
    return read_completion(scope, *std::move(request));
  });
  if (!completion) {
    co_await answer_error(scope, std::move(completion).error());
    co_return;
  }
  scope.model = completion->called.called;
  openai::ReplyIdentity identity{"cmpl-" + scope.exchange.id() + random_hex(8),
                                 to_unix_seconds(std::chrono::system_clock::now()), scope.model};
  openai::CompletionRendering rendering(std::move(identity), completion->call);
  auto translation = translation_of(*completion);
  co_await answer_translated(scope, std::move(translation), rendering);
}

}  // namespace gembal::daemon
