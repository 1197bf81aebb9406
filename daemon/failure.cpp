#include "daemon/failure.hpp"

#include "daemon/upstream_error.hpp"
#include "lib/gemini/error_reply.hpp"

namespace gembal::daemon {
namespace {

constexpr std::size_t kErrorBodyBytes = 1 << 20;

}  // namespace

async::Task<std::optional<Failure>> failure_in(Result<upstream::Answer>& opened) {
  if (!opened) co_return Failure{http_status(opened.error().kind), opened.error()};
  if (opened->status() != 200) {
    const auto body = co_await opened->rest(kErrorBodyBytes);
    const auto& verdict = opened->verdict();
    const int status = client_status(opened->status(), verdict.outcome);
    Error error{ErrorKind::upstream, body ? gemini::message_of(*body) : body.error().message, ""};
    if (status == 429) {
      error.kind = ErrorKind::keys_waiting;
      error.retry_after = verdict.delay.value_or(std::chrono::seconds{5});
    }
    co_return Failure{status, std::move(error)};
  }
  if (opened->verdict().outcome != keypool::Outcome::success)
    co_return Failure{502, {ErrorKind::upstream, "the model gave an empty answer", ""}};
  co_return std::nullopt;
}

async::Task<void> answer_failure(RequestScope& scope, Failure failure) {
  if (failure.status == http_status(failure.error.kind)) {
    co_await answer_error(scope, std::move(failure.error));
  } else {
    co_await answer_error(scope, failure.status, std::move(failure.error.message));
  }
}

}  // namespace gembal::daemon
