#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "daemon/admin/live_feed.hpp"
#include "daemon/admin/sessions.hpp"
#include "daemon/live.hpp"
#include "daemon/message.hpp"
#include "daemon/recorder.hpp"
#include "daemon/store_writer.hpp"
#include "lib/async/workers.hpp"
#include "lib/config/load.hpp"
#include "lib/store/journal.hpp"
#include "lib/upstream/key_check.hpp"

namespace gembal::daemon {
class ModelCatalog;
}

namespace gembal::daemon::admin {

/// What the desk works with. All of it outlives the desk.
struct DeskParts {
  keypool::KeyPool& pool;
  upstream::Proxies& proxies;
  Recorder& recorder;
  std::function<Result<config::Loaded>()> load;  ///< the configuration, anew
  store::Url store_url;
  bool sandbox = false;
};

/// Where the daemon is watched and steered: the admin API, its sessions and what it tells by
/// itself.
///
/// Thread-safe. What answers API requests may wait for the store: it runs on the desk's workers.
class Desk {
 public:
  explicit Desk(DeskParts parts);
  ~Desk();

  /// Answers a request to the admin API whose sender was found to be the administrator. On a
  /// worker.
  Response serve(const Request& request);

  async::Workers& workers() { return *workers_; }
  Sessions& sessions() { return sessions_; }
  Attempts& attempts() { return attempts_; }
  LiveFeed& feed() { return feed_; }

  /// Those who listen leave, and what is under way is to end.
  void close();
  bool is_closing() const { return feed_.is_closed(); }
  /// Waits for what is under way. After close(), when no loop asks any more.
  void stop() { workers_.reset(); }

  /// The configuration in force from now on.
  void set_live(std::shared_ptr<const Live> live);
  std::shared_ptr<const Live> live() const;
  /// Who has to hear of what is done here; until then, nobody. They end after stop().
  void connect(StoreWriter* writer, ModelCatalog* catalog);

  // ---- For the routes.

  keypool::KeyPool& pool() { return parts_.pool; }
  upstream::Proxies& proxies() { return parts_.proxies; }
  Result<config::Loaded> load() const { return parts_.load(); }
  const store::Url& store_url() const { return parts_.store_url; }
  bool is_sandbox() const { return parts_.sandbox; }
  TimePoint started() const { return started_; }

  /// Runs `work` with the store, one at a time. Errors: store; those of `work`.
  template <typename Work>
  auto with_store(const Work& work)
      -> decltype(work(std::declval<store::KeyStore&>(), std::declval<store::Journal&>())) {
    const std::lock_guard lock(store_mutex_);
    if (auto opened = open_store(); !opened) return std::move(opened).error();
    return work(*store_, *journal_);
  }

  /// Something was written to the store: the daemon looks at once, not with its next round.
  void written();
  /// What keys were found to be by a check: the pool learns it.
  void learn_checks(const std::string& model, const std::vector<keypool::Key>& keys,
                    const std::vector<upstream::KeyCheck>& checks);
  /// An owner's doing, for the log.
  static void audit(const std::string& what, const std::string& about);

  /// What the first page shows; kept for a moment, because many may ask. Errors: store.
  Result<Json> overview();

  ModelCatalog* catalog();

 private:
  Result<void> open_store();

  const DeskParts parts_;
  const TimePoint started_ = std::chrono::system_clock::now();
  Sessions sessions_;
  Attempts attempts_;
  LiveFeed feed_;
  std::uint64_t watcher_ = 0;

  std::mutex store_mutex_;  // guards the next two
  std::optional<store::KeyStore> store_;
  std::optional<store::Journal> journal_;

  mutable std::mutex mutex_;  // guards what follows
  std::shared_ptr<const Live> live_;
  StoreWriter* writer_ = nullptr;
  ModelCatalog* catalog_ = nullptr;
  Json overview_;
  std::chrono::steady_clock::time_point overview_made_{};

  class Site;
  std::unique_ptr<Site> site_;
  std::unique_ptr<async::Workers> workers_;  // last: what runs on them uses everything above
};

}  // namespace gembal::daemon::admin
