#include "daemon/routes_openai.hpp"

#include "daemon/open_upstream.hpp"
#include "lib/gemini/error_reply.hpp"
#include "lib/openai/embeddings.hpp"

namespace gembal::daemon {
namespace {

using upstream::Answer;
using upstream::Form;

constexpr std::size_t kReplyBytes = 256u << 20;
constexpr std::size_t kErrorBodyBytes = 1 << 20;

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

}  // namespace

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

}  // namespace gembal::daemon
