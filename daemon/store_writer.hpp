#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "daemon/kept_memory.hpp"
#include "daemon/object_owners.hpp"
#include "lib/keypool/key_pool.hpp"
#include "lib/store/key_store.hpp"

namespace gembal::daemon {

/// Fills the pool from the store, and returns what else is in force. Errors: store.
Result<store::News> load_pool(store::KeyStore& store, keypool::KeyPool& pool, TimePoint now);

/// The one thread of the daemon that touches the key store: writes what the pool learned, in
/// batches, and brings what other processes changed into the pool.
///
/// Thread-safe. Requests go on when the store stalls: what does not fit into the queue is dropped
/// and counted.
class StoreWriter {
 public:
  /// Starts the thread. `loaded`: what load_pool() returned. Pool, owners and what is kept must
  /// outlive the writer. `settings_changed`, which may be null, is called from the writer's thread
  /// when settings were saved in the store or taken back; it must not block.
  StoreWriter(store::KeyStore store, keypool::KeyPool& pool, ObjectOwners& owners, KeptMemory& kept,
              const store::News& loaded, std::function<void()> settings_changed);

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

  /// Whether the last access to the store succeeded.
  bool works() const { return works_; }

 private:
  void run();
  void write_waiting();
  void write_enabled();
  void keep_for_later(store::Batch batch);
  void follow_other_processes();
  void leave_to_next_write(std::vector<keypool::Key>& keys);
  Result<void> reload(TimePoint now);
  void count_others(const std::vector<keypool::Usage>& rows, TimePoint now);
  void clean_up(TimePoint now);
  void note(const Result<void>& outcome);

  store::KeyStore store_;  ///< the thread's own
  keypool::KeyPool& pool_;
  ObjectOwners& owners_;
  KeptMemory& kept_;
  const std::function<void()> settings_changed_;
  std::int64_t seen_seq_ = 0;
  TimePoint next_clean_up_{};
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
  std::uint64_t dropped_ = 0;
  bool stopping_ = false;

  std::thread thread_;  // last: runs on everything above
};

}  // namespace gembal::daemon
