#include "cmd/embed_input.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "lib/core/json.hpp"
#include "lib/core/text.hpp"

namespace gembal::cmd {
namespace {

constexpr std::size_t kPiece = 256 * 1024;
// No model takes more than some ten thousand words.
constexpr std::size_t kLongestLine = 4u << 20;
constexpr int kPauseMilliseconds = 200;  // of a pipe, before an incomplete batch goes ahead

/// A descriptor of a source; standard input stays open.
class Opened {
 public:
  explicit Opened(int descriptor) : descriptor_(descriptor) {}
  Opened(Opened&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Opened& operator=(Opened&&) = delete;
  ~Opened() {
    if (descriptor_ > STDERR_FILENO) ::close(descriptor_);
  }
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

std::string shown_name(const EmbedSource& source) {
  return source.path == "-" ? "standard input" : "'" + source.path + "'";
}

Error cannot_read(const EmbedSource& source, std::string_view why) {
  return {ErrorKind::io, "cannot read " + shown_name(source) + ": " + std::string(why), ""};
}

Result<Opened> open_source(const EmbedSource& source) {
  Opened opened(source.path == "-" ? STDIN_FILENO
                                   : ::open(source.path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat found {};
  if (opened.get() < 0 || ::fstat(opened.get(), &found) != 0)
    return cannot_read(source, std::strerror(errno));
  if (S_ISDIR(found.st_mode)) return cannot_read(source, "it is a folder");
  return opened;
}

/// Whether it can be read twice. A pipe is not even opened for it: its writer would be told that
/// its reader has left.
Result<bool> is_plain_file(const EmbedSource& source) {
  struct stat found {};
  const bool is_found = source.path == "-" ? ::fstat(STDIN_FILENO, &found) == 0
                                           : ::stat(source.path.c_str(), &found) == 0;
  if (!is_found) return cannot_read(source, std::strerror(errno));
  if (S_ISDIR(found.st_mode)) return cannot_read(source, "it is a folder");
  return S_ISREG(found.st_mode);
}

/// The bytes that come next; "" at the end.
Result<std::string_view> read_piece(int descriptor, std::string& buffer,
                                    const EmbedSource& source) {
  ssize_t count = 0;
  do {
    count = ::read(descriptor, buffer.data(), buffer.size());
  } while (count < 0 && errno == EINTR);
  if (count < 0) return cannot_read(source, std::strerror(errno));
  return std::string_view(buffer.data(), static_cast<std::size_t>(count));
}

/// The text of a line that is an object; null when it is none or has no text.
const Json* text_member(const Json& line) {
  const Json* text = find(line, "text");
  return text ? text : find(line, "input");
}

}  // namespace

TextParser::TextParser(std::string name) : name_(std::move(name)) {
  const auto ending = lower(trim(name_));
  for (const char* known : {".jsonl", ".ndjson", ".jsonl'", ".ndjson'"}) {
    if (ending.ends_with(known)) is_json_ = true;
  }
}

void TextParser::feed(std::string_view bytes) {
  // What was taken goes first, once it is more than half.
  if (at_ > bytes_.size() / 2) {
    bytes_.erase(0, at_);
    searched_ -= std::min(searched_, at_);
    at_ = 0;
  }
  bytes_ += bytes;
}

std::optional<std::string_view> TextParser::next_line() {
  const auto end = bytes_.find('\n', std::max(at_, searched_));
  if (end == std::string::npos && (!ended_ || at_ == bytes_.size())) {
    searched_ = bytes_.size();
    return std::nullopt;
  }
  const auto stop = std::min(end, bytes_.size());
  auto line = std::string_view(bytes_).substr(at_, stop - at_);
  at_ = std::min(stop + 1, bytes_.size());
  if (line_++ == 0 && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

Error TextParser::wrong(std::string_view what, std::string hint) const {
  return {ErrorKind::usage, name_ + ", line " + std::to_string(line_) + ": " + std::string(what),
          std::move(hint)};
}

Result<std::string> TextParser::text_in(std::string_view line) {
  if (line.find('\0') != std::string_view::npos) return wrong("this is no text");
  if (!is_valid_utf8(line)) return wrong("this is not valid UTF-8", "convert it with iconv first");
  if (!is_json_) {
    const auto first = line.starts_with('{') ? parse_json(line) : Result<Json>(Error{});
    is_json_ = first && text_member(*first);
  }
  if (!*is_json_) return std::string(line);
  const auto json = parse_json(line);
  if (!json) return wrong(json.error().message, "each line is to be a JSON object");
  const Json* text = text_member(*json);
  if (!text || !text->is_string())
    return wrong("there is no text in it",
                 "each line is to be an object with a 'text' or an 'input'");
  if (text->get_ref<const std::string&>().empty()) return wrong("its text is empty");
  return text->get<std::string>();
}

Result<std::optional<std::string>> TextParser::next() {
  while (const auto line = next_line()) {
    if (trim(*line).empty()) {
      ++empty_lines_;
      continue;
    }
    auto text = text_in(*line);
    if (!text) return std::move(text).error();
    return std::optional(*std::move(text));
  }
  if (bytes_.size() - at_ > kLongestLine) {
    ++line_;
    return wrong("this line is too long for a text");
  }
  return std::optional<std::string>();
}

Result<std::optional<std::uint64_t>> count_texts(const std::vector<EmbedSource>& sources) {
  std::uint64_t count = 0;
  bool is_known = true;
  std::string buffer(kPiece, '\0');
  for (const auto& source : sources) {
    count += source.texts.size();
    if (source.path.empty()) continue;
    const auto is_file = is_plain_file(source);
    if (!is_file) return is_file.error();
    if (!*is_file) {
      is_known = false;
      continue;
    }
    const auto opened = open_source(source);
    if (!opened) return opened.error();
    const auto start = ::lseek(opened->get(), 0, SEEK_CUR);
    TextParser parser(shown_name(source));
    for (;;) {
      const auto piece = read_piece(opened->get(), buffer, source);
      if (!piece) return piece.error();
      if (piece->empty()) parser.end();
      parser.feed(*piece);
      for (;;) {
        const auto text = parser.next();
        if (!text) return text.error();
        if (!*text) break;
        ++count;
      }
      if (piece->empty()) break;
    }
    // Standard input is read from the same place again.
    ::lseek(opened->get(), start, SEEK_SET);
  }
  if (!is_known) return std::optional<std::uint64_t>();
  return std::optional(count);
}

EmbedFeed::EmbedFeed(std::vector<EmbedSource> sources, Options options)
    : sources_(std::move(sources)), options_(std::move(options)) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) == 0) {
    stop_read_ = ends[0];
    stop_write_ = ends[1];
  }
  thread_ = std::thread([this] { run(); });
}

EmbedFeed::~EmbedFeed() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  room_.notify_all();
  ::close(stop_write_);
  thread_.join();
  ::close(stop_read_);
}

std::optional<EmbedFeed::Batch> EmbedFeed::take() {
  std::optional<Batch> batch;
  {
    const std::lock_guard lock(mutex_);
    if (ready_.empty()) return batch;
    batch = std::move(ready_.front());
    ready_.pop_front();
  }
  room_.notify_all();
  return batch;
}

bool EmbedFeed::is_over() const {
  const std::lock_guard lock(mutex_);
  return over_ && ready_.empty();
}

std::optional<Error> EmbedFeed::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

std::uint64_t EmbedFeed::empty_lines() const {
  const std::lock_guard lock(mutex_);
  return empty_lines_;
}

std::uint64_t EmbedFeed::texts() const { return next_index_; }

bool EmbedFeed::is_stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

void EmbedFeed::run() {
  auto read = read_all();
  {
    const std::lock_guard lock(mutex_);
    if (!read) error_ = std::move(read).error();
    over_ = true;
  }
  options_.changed();
}

Result<void> EmbedFeed::read_all() {
  for (const auto& source : sources_) {
    for (const auto& text : source.texts) {
      if (auto added = add(text); !added) return added;
    }
    if (source.path.empty()) continue;
    if (auto read = read_source(source); !read) return read;
    if (is_stopped()) return {};
  }
  hand_over();
  return {};
}

Result<void> EmbedFeed::read_source(const EmbedSource& source) {
  const auto opened = open_source(source);
  if (!opened) return opened.error();
  TextParser parser(shown_name(source));
  std::string buffer(kPiece, '\0');
  for (;;) {
    const auto waited = wait_for(opened->get());
    if (waited == Wait::stopped) return {};
    if (waited == Wait::paused) {
      hand_over();
      continue;
    }
    const auto piece = read_piece(opened->get(), buffer, source);
    if (!piece) return piece.error();
    if (piece->empty()) parser.end();
    parser.feed(*piece);
    if (auto taken = take_texts(parser); !taken) return taken;
    if (piece->empty()) break;
  }
  const std::lock_guard lock(mutex_);
  empty_lines_ += parser.empty_lines();
  return {};
}

Result<void> EmbedFeed::take_texts(TextParser& parser) {
  for (;;) {
    auto text = parser.next();
    if (!text) return std::move(text).error();
    if (!*text) return {};
    if (auto added = add(**std::move(text)); !added) return added;
  }
}

/// Waits until something can be read, or the pipe has paused with a batch begun.
EmbedFeed::Wait EmbedFeed::wait_for(int descriptor) const {
  pollfd waits[2] = {{descriptor, POLLIN, 0}, {stop_read_, POLLIN, 0}};
  const int count = ::poll(waits, 2, batch_.empty() ? -1 : kPauseMilliseconds);
  if (is_stopped()) return Wait::stopped;
  return count == 0 ? Wait::paused : Wait::ready;
}

Result<void> EmbedFeed::add(std::string text) {
  EmbedText one{next_index_++, std::move(text)};
  if (options_.skips) {
    const auto skips = options_.skips(one);
    if (!skips) return skips.error();
    if (*skips) return {};
  }
  if (batch_bytes_ + one.text.size() > options_.batch_bytes) hand_over();
  batch_bytes_ += one.text.size();
  batch_.push_back(std::move(one));
  if (batch_.size() == options_.batch) hand_over();
  return {};
}

void EmbedFeed::hand_over() {
  if (batch_.empty()) return;
  {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return stopped_ || ready_.size() < options_.ahead; });
    if (!stopped_) ready_.push_back(std::exchange(batch_, {}));
  }
  batch_.clear();
  batch_bytes_ = 0;
  options_.changed();
}

}  // namespace gembal::cmd
