#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "lib/store/journal.hpp"

namespace gembal::daemon {

/// Keeps what is to be remembered about requests until the store's writer takes it.
///
/// Thread-safe, and never waits for the store: of more requests than can be kept, or than are worth
/// keeping one by one, only the counts go on. Those are exact.
class Recorder {
 public:
  /// `errors`: of its calls of upstream, and its own.
  void note(store::RequestRecord request, std::vector<store::ErrorRecord> errors);

  /// What is to be written now.
  store::JournalBatch take();
  /// It could not be written: it comes again with the next take().
  void give_back(store::JournalBatch batch);
  /// Records that were not kept since the last call because the store did not take them.
  std::uint64_t take_dropped();

  /// `told` hears of each request, from any loop; it must not block, nor call the recorder. Returns
  /// what to name it by when it is to hear no more.
  std::uint64_t watch(std::function<void(const store::RequestRecord&)> told);
  void unwatch(std::uint64_t watcher);

 private:
  void count(const store::RequestRecord& request);
  bool is_worth_keeping(const store::RequestRecord& request);

  std::mutex mutex_;  // guards everything below
  std::vector<store::RequestRecord> requests_;
  std::vector<store::ErrorRecord> errors_;
  std::unordered_map<std::string, store::TrafficCount> counts_;  ///< by all that they are of
  std::uint64_t dropped_ = 0;
  std::int64_t second_ = 0;    ///< of the latest request
  std::size_t of_second_ = 0;  ///< how many of it were kept
  std::map<std::uint64_t, std::function<void(const store::RequestRecord&)>> watchers_;
  std::uint64_t next_watcher_ = 1;
};

}  // namespace gembal::daemon
