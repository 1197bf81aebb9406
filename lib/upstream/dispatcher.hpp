#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/async/loop.hpp"
#include "lib/core/result.hpp"
#include "lib/http/client.hpp"
#include "lib/keypool/key_pool.hpp"
#include "lib/upstream/answer.hpp"
#include "lib/upstream/form.hpp"
#include "lib/upstream/proxies.hpp"
#include "lib/upstream/retry_plan.hpp"
#include "lib/upstream/trail.hpp"

namespace gembal::upstream {

/// How the key is sent.
enum class KeyHeader {
  goog,    ///< x-goog-api-key: native paths
  bearer,  ///< Authorization: Bearer: Google's OpenAI-compatible surface
};

/// The key that a call has to go to, because it names an object that the key made.
struct OwningKey {
  std::string id;
  std::string project;  ///< "" when unknown; else any key of it serves
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
  std::uint64_t conversation = 0;  ///< see keypool::Wish
  bool continues = false;
  std::uint32_t tokens = 0;        ///< of input, an estimate
  std::optional<OwningKey> owner;  ///< none: any key
  bool seeks_owner = false;        ///< it names an object that nobody knows: keys are asked for it
  std::shared_ptr<http::BodySource> body_source;  ///< in place of `body`: sent once at most
  std::shared_ptr<Trail> trail;  ///< where it leaves what it used and what failed; may be null
};

/// The settings that a dispatch obeys: part of the caller's snapshot of the configuration.
struct Limits {
  int max_retries = 3;  ///< further tries after failures that are not the key's
  http::Timeouts timeouts;
  std::chrono::milliseconds first_token{
      300'000};  ///< from the request to the first content of a stream; zero: no limit
  std::chrono::milliseconds unary_total{
      300'000};  ///< from the request to the end of a reply that is no stream; zero: no limit
  std::chrono::milliseconds max_wait{};  ///< for a key to come back; zero: does not wait
  std::size_t most_waiting = 1000;       ///< requests that wait at once
  std::chrono::milliseconds deadline{};  ///< the client's own, for the whole; zero: none
};

/// A try that was left, for the x-gembal-attempts header and the log: "3f2a…: quota per day".
struct Attempt {
  std::string key_id;
  std::string why;
};

/// How a call came to its answer.
struct Journey {
  std::vector<Attempt> left;  ///< the tries before the last
  std::string proxy;          ///< that the last try went through, for people; "": through none
  std::chrono::nanoseconds
      waiting{};  ///< time spent on upstream, for keys and on back-offs, not on our own work
};

struct Try;

/// Makes calls with keys of the pool: takes one, judges the reply, tries again with another key
/// while nothing has been passed on. Each key goes through its own proxy, when there are any; where
/// that one fails, the same key is tried through others.
///
/// One per loop; not thread-safe. The client, the pool, the proxies and `learned` must outlive it.
class Dispatcher {
 public:
  /// `learned` is told what changed in the pool: for the store and the operator. Called on the
  /// loop; it must not block.
  Dispatcher(async::Loop& loop, http::Client& client, keypool::KeyPool& pool, Proxies& proxies,
             std::function<void(keypool::Report)> learned);

  /// The reply to pass on: a success, or an upstream answer that no other key would change (a
  /// caller's mistake), or the last failure when tries ended. An upstream answer that blames a key
  /// is never passed on. Errors: no_usable_key, keys_waiting, upstream, proxy, timeout, cancelled
  /// (the interrupt was raised). `journey` is filled also when there is no answer.
  async::Task<Result<Answer>> open(Call call, Limits limits, async::Interrupt& interrupt,
                                   Journey& journey);

  keypool::KeyPool& pool() { return pool_; }

 private:
  struct Run;
  keypool::Wish wish_of(const Run& run) const;
  Result<keypool::Lease> take(Run& run);
  async::Task<Try> try_through_proxies(Run& run, const keypool::Lease& key);
  keypool::Way way_of(const Exit& exit) const;
  async::Task<Result<keypool::Lease>> wait(Run& run, Error error);
  async::Task<Result<keypool::Lease>> wait_for_owner(Run& run, Error error);
  async::Task<Result<keypool::Lease>> wait_in_line(Run& run, keypool::Wish wish, Error error);

  async::Loop& loop_;
  http::Client& client_;
  keypool::KeyPool& pool_;
  Proxies& proxies_;
  std::function<void(keypool::Report)> learned_;
};

}  // namespace gembal::upstream
