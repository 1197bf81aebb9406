#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cmd/command.hpp"
#include "cmd/interrupt.hpp"
#include "daemon/live.hpp"
#include "lib/async/loop.hpp"
#include "lib/keypool/key_pool.hpp"
#include "lib/upstream/dispatcher.hpp"

namespace gembal::cmd {

/// Where a command's requests go, when not straight to the API.
struct Via {
  std::string url;    ///< of a daemon, "http://host:8000"; "": client.url
  std::string token;  ///< of the daemon; "": client.token
};

/// --via and --token, for a command that can use a daemon's pool.
void add_via_options(CLI::App& command, Via& via);

/// What a command asks the Gemini API with: the keys of the store, whose states it shares with a
/// running daemon, or a daemon's pool. Not thread-safe: used from one loop.
class ApiAccess {
 public:
  /// Errors: config, store, usage (an address that is none).
  static Result<std::unique_ptr<ApiAccess>> open(const Context& context,
                                                 const config::Loaded& loaded, const Via& via);
  /// Keeps what the requests have shown about the keys.
  ~ApiAccess();

  ApiAccess(const ApiAccess&) = delete;
  ApiAccess& operator=(const ApiAccess&) = delete;

  /// Whether requests go through a daemon.
  bool is_via() const { return !via_.empty(); }

  async::Loop& loop() { return loop_; }
  /// Raised by Ctrl-C; anew for each run().
  async::Interrupt& interrupt() { return *interrupt_; }

  /// A POST of JSON about a model: "generateContent", "streamGenerateContent" (as events),
  /// "batchEmbedContents", "countTokens".
  upstream::Call model_call(const std::string& model, const std::string& method,
                            std::string body) const;
  /// Any call, to "/models", "/files/x".
  upstream::Call call(std::string method, const std::string& path,
                      const std::string& query = "") const;
  /// The same at the server's root: "/upload/v1beta/files".
  std::string root_url(const std::string& path, const std::string& query = "") const;

  /// The reply to a call, whatever its status. Errors: those of the dispatcher.
  async::Task<Result<upstream::Answer>> open(upstream::Call call);
  /// The reply to a call, a success. Errors: those of the dispatcher, and what the API answered:
  /// bad_request for 4xx, upstream for 5xx.
  async::Task<Result<upstream::Answer>> send(upstream::Call call);
  /// The whole body of such a reply.
  async::Task<Result<std::string>> fetch(upstream::Call call);

  /// Runs a coroutine to its end on the loop; Ctrl-C raises the interrupt.
  template <typename T>
  T run(async::Task<T> task) {
    interrupt_.emplace();
    loop_.context().restart();
    return run_until_done(loop_, *interrupt_, std::move(task), &signal_);
  }
  /// Whether SIGTERM came during a run(): then there is to be no other.
  bool told_to_end() const { return signal_ == SIGTERM; }

  /// Writes what was learned so far. Errors: store.
  Result<void> save();

 private:
  ApiAccess(const Context& context, config::Config config, std::shared_ptr<const daemon::Live> live,
            std::string via);

  const Context& context_;
  std::shared_ptr<const daemon::Live> live_;
  std::string via_;  ///< "" without a daemon
  std::optional<store::KeyStore> store_;
  keypool::KeyPool pool_;
  upstream::Proxies proxies_;
  std::vector<keypool::Change> changes_;
  async::Loop loop_;
  std::optional<async::Interrupt> interrupt_{std::in_place};
  int signal_ = 0;  ///< the last one that came during a run()
  http::Client client_;
  upstream::Dispatcher dispatcher_;
};

}  // namespace gembal::cmd
