#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "lib/keypool/key_pool.hpp"
#include "lib/store/key_store.hpp"

namespace gembal::daemon {

/// The one thread of the daemon that touches the key store: writes what the pool learned, in
/// batches, and brings what other processes changed into the pool.
///
/// Thread-safe. Requests go on when the store stalls: what does not fit into the queue is dropped
/// and counted.
class StoreWriter {
 public:
  /// Starts the thread. The pool must outlive the writer.
  StoreWriter(store::KeyStore store, keypool::KeyPool& pool);

  /// Writes what is left, for at most a few seconds, and ends.
  ~StoreWriter();

  /// Never blocks on the store.
  void remember(keypool::Change change);

  /// Enables keys that work again, here and in the store. Never blocks on the store.
  void enable(std::vector<std::string> ids);

  /// Whether the last access to the store succeeded.
  bool works() const { return works_; }

 private:
  void run();
  void write_waiting();
  void write_enabled();
  void follow_other_processes();
  void note(const Result<void>& outcome);

  store::KeyStore store_;  ///< the thread's own
  keypool::KeyPool& pool_;
  std::int64_t seen_seq_ = 0;
  std::atomic<bool> works_{true};

  std::mutex mutex_;  // guards everything below
  std::condition_variable changed_;
  std::deque<keypool::Change> waiting_;
  std::vector<std::string> enabled_;
  std::uint64_t dropped_ = 0;
  bool stopping_ = false;

  std::thread thread_;  // last: runs on everything above
};

/// Fills the pool from the store. Errors: store.
Result<void> load_pool(store::KeyStore& store, keypool::KeyPool& pool, TimePoint now);

}  // namespace gembal::daemon
