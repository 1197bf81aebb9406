#include "daemon/response_store.hpp"

#include "daemon/kept.hpp"
#include "daemon/open_upstream.hpp"
#include "daemon/store_writer.hpp"
#include "lib/openai/error.hpp"

namespace gembal::daemon {
namespace {

constexpr auto kPatience = std::chrono::seconds{2};
constexpr std::size_t kMostBefore = 1'000;

/// Returns once what was remembered is on disk.
async::Task<void> wait_until_written(RequestScope& scope) {
  // The writer may answer after this wait is over: the event stays as long as that.
  auto& loop = scope.exchange.loop();
  const auto written = std::make_shared<async::Event>(loop);
  scope.services.writer.remember(std::vector<store::ObjectOwner>(),
                                 [&loop, written] { loop.post([written] { written->signal(); }); });
  async::Deadline patience(loop, [written] { written->signal(); });
  patience.set(kPatience);
  co_await written->wait();
}

Error not_found(const std::string& id) {
  return {ErrorKind::not_found, "Response with id '" + id + "' not found.", ""};
}

}  // namespace

std::string client_of(const RequestScope& scope) { return scope.caller.id; }

async::Task<Result<SharedResponse>> find_response(RequestScope& scope, std::string id) {
  auto text = co_await scope.services.kept.read(scope.exchange.loop(), KeptKind::response, id);
  if (!text) co_return std::move(text).error();
  if (!*text) co_return not_found(id);
  auto kept = co_await compute(scope, (*text)->size(),
                               [&text] { return openai::read_kept_response(**text); });
  if (!kept || kept->owner != client_of(scope)) co_return not_found(id);
  co_return SharedResponse(std::make_shared<const openai::KeptResponse>(*std::move(kept)));
}

async::Task<void> keep_response(RequestScope& scope, openai::KeptResponse kept) {
  const std::string id(string_in(kept.response, "id"));
  auto text = co_await compute(scope, kLongComputation,
                               [&kept] { return openai::write_kept_response(kept); });
  scope.services.kept.remember(KeptKind::response, id, std::move(text));
  co_await wait_until_written(scope);
}

async::Task<void> forget_response(RequestScope& scope, std::string id) {
  scope.services.kept.forget(KeptKind::response, std::move(id));
  co_await wait_until_written(scope);
}

async::Task<Result<EarlierResponses>> earlier_responses(RequestScope& scope, std::string previous,
                                                        std::vector<std::string> referred_to) {
  EarlierResponses earlier;
  std::string id = std::move(previous);
  while (!id.empty()) {
    if (earlier.before.size() == kMostBefore) {
      Error error{ErrorKind::bad_request, "the chain of previous responses is too long", ""};
      error.param = "previous_response_id";
      co_return error;
    }
    auto found = co_await find_response(scope, id);
    if (!found && found.error().kind == ErrorKind::not_found) {
      Error error{ErrorKind::not_found, "Previous response with id '" + id + "' not found.", ""};
      error.param = "previous_response_id";
      co_return error;
    }
    if (!found) co_return std::move(found).error();
    id = (*found)->previous();
    earlier.before.push_back(*std::move(found));
  }
  for (auto& one : referred_to) {
    auto found = co_await find_response(scope, one);
    if (found) earlier.referred_to.emplace(std::move(one), *std::move(found));
  }
  co_return earlier;
}

async::Task<void> answer_response_error(RequestScope& scope, Error error) {
  const bool is_before = error.param == "previous_response_id";
  if (error.kind != ErrorKind::not_found || (!error.param.empty() && !is_before)) {
    co_await answer_error(scope, std::move(error));
    co_return;
  }
  scope.failure = error.message;
  // OpenAI's own words, which its clients know.
  Response response;
  response.status = is_before ? 400 : 404;
  response.headers = {{"content-type", "application/json; charset=UTF-8"}};
  response.body = openai::error_body(response.status, error.message,
                                     is_before ? "previous_response_not_found" : "not_found",
                                     is_before ? std::string_view(error.param) : "id");
  co_await answer_response(scope, std::move(response));
}

}  // namespace gembal::daemon
