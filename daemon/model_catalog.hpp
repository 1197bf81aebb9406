#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "daemon/live.hpp"
#include "lib/async/loop.hpp"
#include "lib/core/json.hpp"
#include "lib/core/time.hpp"
#include "lib/http/client.hpp"
#include "lib/keypool/key_pool.hpp"
#include "lib/upstream/dispatcher.hpp"

namespace gembal::daemon {

/// The models that the pool's keys can use: asked of upstream with one key of each project, a few
/// at a time, kept for a day, and asked for anew when the keys have changed. Whoever asks meanwhile
/// gets what was known before, or, when nothing was, waits for the first answers together with all
/// others. A thread of its own does the asking, and only when somebody wants the list.
///
/// Thread-safe.
class ModelCatalog {
 public:
  using Learned = std::function<void(keypool::Report)>;

  /// `learned`: as a Dispatcher's.
  ModelCatalog(keypool::KeyPool& pool, upstream::Proxies& proxies, Learned learned,
               std::shared_ptr<const Live> live);
  /// Whoever still waits is not resumed: the loops have stopped by then.
  ~ModelCatalog();
  void set_live(std::shared_ptr<const Live> live);

  /// Upstream's models, as it describes them, in no other order than its own.
  using Models = std::shared_ptr<const std::vector<Json>>;

  /// Errors: no_usable_key; cancelled (the interrupt was raised); else why no key got an answer.
  async::Task<Result<Models>> models(async::Loop& loop, async::Interrupt& interrupt);

 private:
  struct Waiter;
  /// What one project has told.
  struct Told {
    std::vector<Json> models;
    std::optional<Error> error;
  };

  void look();
  bool is_known();
  async::Task<void> refresh(std::vector<keypool::Key> keys);
  async::Task<std::vector<Told>> ask_some(const std::vector<keypool::Key>& keys, std::size_t first);
  async::Task<Told> ask(keypool::Key key);
  void publish(Result<Models> result);

  // Used on loop_ alone, but for posting to it.
  keypool::KeyPool& pool_;
  async::Loop loop_;
  async::Interrupt interrupt_;
  http::Client client_;
  upstream::Dispatcher dispatcher_;
  std::shared_ptr<const Live> live_;
  bool refreshing_ = false;
  bool stopping_ = false;
  std::vector<std::string> ids_;  ///< of the keys that known_ is the list of
  std::chrono::steady_clock::time_point good_until_{};

  std::mutex mutex_;  // guards what follows; nothing is called while it is held
  Models known_;      ///< null before the first answer
  std::vector<std::shared_ptr<Waiter>> waiting_;
  std::chrono::steady_clock::time_point looked_{};

  std::thread thread_;
};

}  // namespace gembal::daemon
