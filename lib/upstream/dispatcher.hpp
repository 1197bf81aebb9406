#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/async/loop.hpp"
#include "lib/core/result.hpp"
#include "lib/http/client.hpp"
#include "lib/keypool/key_pool.hpp"
#include "lib/upstream/form.hpp"

namespace gembal::upstream {

/// How the key is sent.
enum class KeyHeader {
  goog,    ///< x-goog-api-key: native paths
  bearer,  ///< Authorization: Bearer: Google's OpenAI-compatible surface
};

/// One request to make with some key of the pool.
struct Call {
  std::string method = "POST";
  std::string url;                          ///< absolute, with query; no credentials
  std::vector<std::string> headers;         ///< "name: value" lines to send besides the key
  std::shared_ptr<const std::string> body;  ///< none: no body
  std::string model;  ///< the id that quotas are counted under; "" when it is not about a model
  Form form = Form::opaque;
  KeyHeader key_header = KeyHeader::goog;
};

/// The settings that a dispatch obeys: part of the caller's snapshot of the configuration.
struct Limits {
  int max_retries = 3;  ///< further tries after failures that are not the key's
  http::Timeouts timeouts;
  std::chrono::milliseconds first_token{
      300'000};  ///< from the request to the first content of a stream; zero: no limit
  std::chrono::milliseconds unary_total{
      300'000};  ///< from the request to the end of a reply that is no stream; zero: no limit
};

/// A try that was left, for the x-gembal-attempts header and the log: "3f2a…: quota_day".
struct Attempt {
  std::string key_id;
  std::string why;
};

/// How a call came to its answer.
struct Journey {
  std::vector<Attempt> left;  ///< the tries before the last
  std::chrono::nanoseconds
      waiting{};  ///< time spent on upstream and on back-offs, not on our own work
};

/// A reply that is to be passed on: its head, what was held of its body, and the rest as it comes.
///
/// Lives on one loop. Destroying it hangs up; so does the interrupt of the request that it was
/// opened for, which must outlive it.
class Answer {
 public:
  Answer(http::Reply reply, std::string held, keypool::Lease key, async::Interrupt& interrupt);

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
  const std::string& key_id() const { return key_->id; }
  /// What was thought of it: success, the caller's fault, or, when tries ended, the last failure.
  const keypool::Verdict& verdict() const { return verdict_; }
  void set_verdict(keypool::Verdict verdict) { verdict_ = std::move(verdict); }

 private:
  std::unique_ptr<http::Reply> reply_;  ///< the subscription names it while the answer is moved
  std::unique_ptr<async::Interrupt::Subscription> on_interrupt_;
  std::string held_;
  bool held_taken_ = false;
  keypool::Lease key_;
  keypool::Verdict verdict_;
};

/// Makes calls with keys of the pool: takes one, judges the reply, tries again with another key
/// while nothing has been passed on.
///
/// One per loop; not thread-safe. The client, the pool and `remember` must outlive it.
class Dispatcher {
 public:
  /// `remember` is told what the store should keep; called on the loop, it must not block.
  Dispatcher(async::Loop& loop, http::Client& client, keypool::KeyPool& pool,
             std::function<void(keypool::Change)> remember);

  /// The reply to pass on: a success, or an upstream answer that no other key would change (a
  /// caller's mistake), or the last failure when tries ended. An upstream answer that blames a key
  /// is never passed on. Errors: no_usable_key, keys_waiting, upstream, timeout, cancelled (the
  /// interrupt was raised). `journey` is filled also when there is no answer.
  async::Task<Result<Answer>> open(Call call, const Limits& limits, async::Interrupt& interrupt,
                                   Journey& journey);

 private:
  async::Loop& loop_;
  http::Client& client_;
  keypool::KeyPool& pool_;
  std::function<void(keypool::Change)> remember_;
};

}  // namespace gembal::upstream
