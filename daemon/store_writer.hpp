#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "daemon/kept_memory.hpp"
#include "daemon/metrics.hpp"
#include "daemon/object_owners.hpp"
#include "daemon/recorder.hpp"
#include "daemon/token_limits.hpp"
#include "lib/keypool/key_pool.hpp"
#include "lib/store/key_store.hpp"

namespace gembal::daemon {

/// Fills the pool from the store, and returns what else is in force. Errors: store.
Result<store::News> load_pool(store::KeyStore& store, keypool::KeyPool& pool, TimePoint now);

/// What a writer takes from, and brings what is new to.
struct Remembered {
  keypool::KeyPool& pool;
  ObjectOwners& owners;
  KeptMemory& kept;
  Recorder& recorder;
  TokenLimits& token_limits;
  Metrics& metrics;
};

/// Who hears of what was changed in the store. Each is called from the writer's thread, must not
/// block, and may be null.
struct StoreFollowers {
  std::function<void(std::vector<std::string>)> keys_changed;  ///< those; none: any may have
  std::function<void()> settings_changed;                      ///< some were saved or taken back
  std::function<void(std::vector<store::ClientToken>)> tokens_changed;  ///< to these
};

/// The one thread of the daemon that writes to the store: what the pool learned and what requests
/// came to, in batches; and brings what other processes changed into the pool.
///
/// Thread-safe. Requests go on when the store stalls: what does not fit into the queue is dropped
/// and counted.
class StoreWriter {
 public:
  /// Starts the thread. `loaded`: what load_pool() returned. What is remembered must outlive the
  /// writer.
  StoreWriter(store::KeyStore store, store::Journal journal, Remembered remembered,
              const store::News& loaded, StoreFollowers followers);

  /// Writes what is left, for at most a few seconds, and ends.
  ~StoreWriter();

  /// Never blocks on the store.
  void remember(std::vector<keypool::Change> changes);

  /// Remembers who made objects, or, with a time that has passed, that they are gone. The owners
  /// know at once. `written`, which may be null, is called from the writer's thread once they are
  /// on disk, or cannot be for now. Never blocks on the store.
  void remember(std::vector<store::ObjectOwner> objects, std::function<void()> written);

  /// Enables keys that work again, here and in the store. Never blocks on the store.
  void enable(std::vector<std::string> ids);

  /// Looks for what was changed in the store now, not with the next round.
  void look();

  /// How long requests and errors are kept from now on.
  void keep(store::Retention retention);

  /// Whether the last access to the store succeeded.
  bool works() const { return works_; }

 private:
  void run();
  void write_waiting();
  void write_enabled();
  void write_journal();
  void share_token_days();
  void keep_for_later(store::Batch batch);
  void follow_other_processes();
  void leave_to_next_write(std::vector<keypool::Key>& keys);
  Result<void> reload(TimePoint now);
  void count_others(const std::vector<keypool::Usage>& rows, TimePoint now);
  void clean_up(TimePoint now);
  void note(const Result<void>& outcome);

  store::KeyStore store_;   ///< the thread's own
  store::Journal journal_;  ///< the same
  keypool::KeyPool& pool_;
  ObjectOwners& owners_;
  KeptMemory& kept_;
  Recorder& recorder_;
  TokenLimits& token_limits_;
  Metrics& metrics_;
  const StoreFollowers followers_;
  std::int64_t seen_seq_ = 0;
  TimePoint next_clean_up_{};
  TimePoint next_token_days_{};
  bool write_failed_ = false;  ///< the last one
  std::atomic<bool> works_{true};

  /// Of each row of usage: what this process has added to it, and what others have as far as known.
  struct Counted {
    std::uint64_t ours = 0;
    std::uint64_t others = 0;
    std::int64_t hour = 0;
  };
  std::unordered_map<std::string, Counted> counted_;  ///< by key, model and hour; the thread's own

  std::mutex mutex_;  // guards everything below
  std::condition_variable changed_;
  store::Batch waiting_;
  std::vector<std::function<void()>> when_written_;
  std::vector<std::string> enabled_;
  store::Retention retention_;
  std::uint64_t dropped_ = 0;
  bool look_ = false;
  bool stopping_ = false;

  std::thread thread_;  // last: runs on everything above
};

}  // namespace gembal::daemon
