#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "cmd/api_access.hpp"
#include "cmd/embed_input.hpp"
#include "cmd/embed_output.hpp"
#include "cmd/progress.hpp"
#include "lib/async/workers.hpp"

namespace gembal::cmd {

/// What is asked for with each text.
struct EmbedWish {
  std::string model;
  std::optional<int> dimensions;
  std::string task_type;  ///< "RETRIEVAL_QUERY"; "": none
  EmbedFormat format = EmbedFormat::jsonl;
  std::size_t jobs = 16;  ///< batches that are asked for at once
};

/// The task as the model wants to be told: the first generation in a field, the later ones in words
/// before the text, and then the field means nothing.
struct EmbedTask {
  std::string field;
  std::string words;
};
/// Errors: usage (no such task), with the nearest.
Result<EmbedTask> embed_task(const std::string& task_type, const std::string& model);

/// What came of all texts.
struct EmbedTally {
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  std::optional<Error> failure;  ///< the first, of a batch
  std::optional<Error> stopped;  ///< why not all texts were tried
  std::optional<Error> broken;   ///< reading or writing failed: what there is cannot be used
};

/// Turns what a feed has into vectors and hands those to a writer, in order: some batches side by
/// side, and no more of them held than is bounded. Lives on the loop of the access.
///
/// A batch that fails is named on stderr, and the others go on. Keys that rest for a minute are
/// waited for; those that rest longer end it.
class EmbedRun {
 public:
  /// All must outlive it.
  EmbedRun(ApiAccess& api, const EmbedWish& wish, EmbedTask task, EmbedWriter& writer,
           Progress& progress, bool quiet);

  /// Is to be told by the feed whenever something changes. From any thread.
  void wake();

  async::Task<EmbedTally> run(EmbedFeed& feed);

 private:
  /// A batch between being read and being written.
  struct Slot {
    EmbedFeed::Batch texts;
    bool is_done = false;
    std::optional<std::string> written;  ///< the vectors as they will be; none: it failed
    std::size_t dimensions = 0;
  };

  bool may_start() const;
  void start(EmbedFeed::Batch texts);
  async::Task<void> fill(Slot& slot);
  async::Task<Result<std::string>> ask(Slot& slot);
  async::Task<bool> wait_for_keys(const Error& error);
  Result<void> take_reply(Slot& slot, const std::string& body) const;
  upstream::Call call_for(const Slot& slot) const;
  void fail(const Slot& slot, Error error);
  async::Task<void> write_first();
  void stop(Error error);
  void break_off(Error error);

  ApiAccess& api_;
  const EmbedWish& wish_;
  const EmbedTask task_;
  EmbedWriter& writer_;
  Progress& progress_;
  const bool quiet_;
  std::deque<std::unique_ptr<Slot>> slots_;  ///< in order
  std::size_t running_ = 0;
  std::size_t held_bytes_ = 0;
  bool is_writing_ = false;
  bool has_told_waiting_ = false;
  std::uint64_t failed_batches_ = 0;
  EmbedTally tally_;
  async::Event changed_;
  async::Interrupt give_up_;  ///< ends pauses
  async::Workers workers_;
};

}  // namespace gembal::cmd
