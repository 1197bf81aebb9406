#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lib/async/loop.hpp"
#include "lib/core/result.hpp"
#include "lib/http/client.hpp"
#include "lib/keypool/key_pool.hpp"
#include "lib/upstream/trail.hpp"

namespace gembal::upstream {

/// A reply that is to be passed on: its head, what was held of its body, and the rest as it comes.
///
/// Lives on one loop. Destroying it hangs up, and gives its key back; so does the interrupt of the
/// request that it was opened for, which must outlive it.
class Answer {
 public:
  Answer(http::Reply reply, std::string held, async::Interrupt& interrupt);
  Answer(Answer&&) noexcept = default;
  Answer& operator=(Answer&&) noexcept = default;
  ~Answer();

  int status() const { return reply_->head().status; }
  const http::Head& head() const { return reply_->head(); }

  /// The next piece of the body, valid until the following call; nullopt at its end, or when it
  /// broke off: see error().
  async::Task<std::optional<std::string_view>> next();

  /// Everything up to the end. Errors: as Reply::error(); too_large over `limit` bytes.
  async::Task<Result<std::string>> rest(std::size_t limit);

  /// Whether next() would return at once.
  bool ready() const { return (!held_.empty() && !held_taken_) || reply_->ready(); }

  const std::optional<Error>& error() const { return reply_->error(); }
  /// The key that answered. It is in use until the answer is destroyed.
  const keypool::Key& key() const { return **lease_; }
  /// What was thought of it: success, the caller's fault, or, when tries ended, the last failure.
  const keypool::Verdict& verdict() const { return verdict_; }

  /// `trail`, which may be null, is told at the end what was used.
  void keep(keypool::Lease lease, keypool::Verdict verdict, std::shared_ptr<Trail> trail = nullptr);

 private:
  void watch_end(std::string_view piece);

  std::unique_ptr<http::Reply> reply_;  ///< the subscription names it while the answer is moved
  std::unique_ptr<async::Interrupt::Subscription> on_interrupt_;
  std::string held_;
  bool held_taken_ = false;
  std::optional<keypool::Lease> lease_;
  keypool::Verdict verdict_;
  std::shared_ptr<Trail> trail_;
  std::string end_;  ///< of the body so far: it says what was used
};

}  // namespace gembal::upstream
