#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "lib/core/result.hpp"

namespace gembal::cmd {

/// A text that wants a vector.
struct EmbedText {
  std::uint64_t index = 0;  ///< among all texts of the command, from 0
  std::string text;
};

/// Takes a source of texts apart: a text a line, or a JSON object a line with the text as its
/// "text" or "input". It is JSON when its name ends in .jsonl or .ndjson, or when its first line is
/// such an object. Empty lines are passed over. Pure.
class TextParser {
 public:
  /// `name`: of a file, or "standard input", for errors.
  explicit TextParser(std::string name);

  void feed(std::string_view bytes);
  /// Nothing more comes: what there is of a last line counts.
  void end() { ended_ = true; }

  /// The next text; nullopt when there is none before more is fed. Errors: usage (no text, not
  /// UTF-8, not such JSON), naming the line.
  Result<std::optional<std::string>> next();

  std::uint64_t empty_lines() const { return empty_lines_; }

 private:
  std::optional<std::string_view> next_line();
  Error wrong(std::string_view what, std::string hint = "") const;
  Result<std::string> text_in(std::string_view line);

  const std::string name_;
  std::string bytes_;
  std::size_t at_ = 0;        ///< what was taken of them
  std::size_t searched_ = 0;  ///< up to there is no end of a line
  bool ended_ = false;
  std::optional<bool> is_json_;  ///< none: the first line will tell
  std::uint64_t line_ = 0;
  std::uint64_t empty_lines_ = 0;
};

/// Where texts come from: those of the command line, or a file, "-" being standard input.
struct EmbedSource {
  std::vector<std::string> texts;
  std::string path;  ///< "": the texts above
};

/// Opens what is to be read, and looks through all files: how many texts there are, nullopt when
/// that cannot be known beforehand (a pipe). Errors: io, usage, as those that reading them has.
Result<std::optional<std::uint64_t>> count_texts(const std::vector<EmbedSource>& sources);

/// Reads texts on a thread of its own, in batches, a few ahead of who takes them.
///
/// A pipe that pauses does not hold back what has come of a batch. Thread-safe.
class EmbedFeed {
 public:
  struct Options {
    std::size_t batch = 100;             ///< texts
    std::size_t batch_bytes = 4u << 20;  ///< of one batch, unless a single text has more
    std::size_t ahead = 32;              ///< batches that are kept ready
    /// Whether a text need not be embedded. Called on the thread. Errors: usage.
    std::function<Result<bool>(const EmbedText&)> skips;
    /// Something changed: a batch is there, or the end. Called on the thread.
    std::function<void()> changed;
  };

  EmbedFeed(std::vector<EmbedSource> sources, Options options);
  /// Ends the thread, also when it waits for input.
  ~EmbedFeed();
  EmbedFeed(const EmbedFeed&) = delete;
  EmbedFeed& operator=(const EmbedFeed&) = delete;

  using Batch = std::vector<EmbedText>;

  /// The next batch, when there is one already.
  std::optional<Batch> take();
  /// Nothing will come any more.
  bool is_over() const;

  // Once it is over:

  /// Why it ended early. Kinds: io, usage.
  std::optional<Error> error() const;
  std::uint64_t empty_lines() const;
  std::uint64_t texts() const;  ///< that were read

 private:
  enum class Wait { ready, paused, stopped };
  void run();
  Result<void> read_all();
  Result<void> read_source(const EmbedSource& source);
  Result<void> take_texts(TextParser& parser);
  Result<void> add(std::string text);
  void hand_over();
  Wait wait_for(int descriptor) const;
  bool is_stopped() const;

  const std::vector<EmbedSource> sources_;
  const Options options_;
  int stop_read_ = -1;  ///< a pipe whose other end is closed to end the thread
  int stop_write_ = -1;
  Batch batch_;  ///< the thread's own, as are the next two
  std::size_t batch_bytes_ = 0;
  std::uint64_t next_index_ = 0;

  mutable std::mutex mutex_;  // guards what follows; nothing is called while it is held
  std::condition_variable room_;
  std::deque<Batch> ready_;
  bool stopped_ = false;
  bool over_ = false;
  std::optional<Error> error_;
  std::uint64_t empty_lines_ = 0;

  std::thread thread_;
};

}  // namespace gembal::cmd
