#pragma once

#include <functional>
#include <optional>
#include <string>

#include "daemon/request.hpp"

namespace gembal::daemon {

/// The limits that a call obeys: the configuration's, and what is left of the client's own
/// deadline.
upstream::Limits limits_of(const RequestScope& scope);

/// Whether another model may answer for this one.
bool has_fallback(const RequestScope& scope, std::string_view model);

/// Makes the call for a model: the one that was asked for, or one that answers for it.
using CallFor = std::function<upstream::Call(const std::string& model)>;

/// Opens the call for `model`; while that one is overloaded, or all keys are out of it for the day,
/// the calls for its fallbacks. Fills in the scope who answered. `interrupt`: gives the call up,
/// and its answer, which it must outlive; null: the request's own does. Errors: as
/// Dispatcher::open().
async::Task<Result<upstream::Answer>> open_upstream(RequestScope& scope, std::string model,
                                                    CallFor call_for,
                                                    async::Interrupt* interrupt = nullptr);

/// The same for a call that nothing stands in for.
async::Task<Result<upstream::Answer>> open_upstream(RequestScope& scope, upstream::Call call,
                                                    async::Interrupt* interrupt = nullptr);

/// JSON over this size is taken apart on a worker, lest the loop's other requests feel it.
inline constexpr std::size_t kLongComputation = 128 * 1024;

/// A token may not ask that model: see may_ask().
Error not_for_this_token(const RequestScope& scope, const std::string& model);

/// Fills in what a key is chosen by: the conversation, an estimate of the tokens, and the key that
/// owns what the request quotes. A long body is looked at on a worker. Errors: bad_request (it
/// quotes objects of different projects).
bool has_long_body(const upstream::Call& call);
Result<void> look_at_short_body(RequestScope& scope, upstream::Call& call);
async::Task<Result<void>> look_at_long_body(RequestScope& scope, upstream::Call& call);

/// Calls `work`, on a worker when what it reads is so large that the loop's other requests would
/// feel it.
template <typename Work>
auto compute(RequestScope& scope, std::size_t bytes, Work work) -> async::Task<decltype(work())> {
  if (bytes < kLongComputation) co_return work();
  auto result = co_await scope.services.workers.run(scope.exchange.loop(), std::move(work));
  co_return result;
}

}  // namespace gembal::daemon
