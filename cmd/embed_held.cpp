#include "cmd/embed_held.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>

#include "lib/core/json.hpp"

namespace gembal::cmd {
namespace {

constexpr std::string_view kCsvHead = "index,text,";
constexpr std::size_t kPiece = 4u << 20;
constexpr std::size_t kMostTexts = 100'000'000;  // an index beyond that is none of ours

/// Tells texts apart; never 0.
std::uint64_t mark_of(std::string_view text) {
  return static_cast<std::uint64_t>(std::hash<std::string_view>{}(text)) | 1;
}

/// A record of a file: what stands before its numbers, and how many those are.
struct Record {
  std::uint64_t index = 0;
  std::string text;
  std::size_t dimensions = 0;
};

bool take(std::string_view& from, std::string_view expected) {
  if (!from.starts_with(expected)) return false;
  from.remove_prefix(expected.size());
  return true;
}

bool take_index(std::string_view& from, std::uint64_t& index) {
  const auto [end, failure] = std::from_chars(from.data(), from.data() + from.size(), index);
  from.remove_prefix(static_cast<std::size_t>(end - from.data()));
  return failure == std::errc() && index < kMostTexts;
}

std::size_t count_of(std::string_view text, char c) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), c));
}

/// Lines that append_object() wrote.
std::optional<Record> read_object(std::string_view line) {
  Record record;
  if (!take(line, "{\"index\":") || !take_index(line, record.index) || !take(line, ",\"text\":\""))
    return std::nullopt;
  std::size_t end = 0;
  while (end < line.size() && line[end] != '"') end += line[end] == '\\' ? 2 : 1;
  if (end >= line.size()) return std::nullopt;
  const auto text = parse_json('"' + std::string(line.substr(0, end)) + '"');
  if (!text) return std::nullopt;
  record.text = text->get<std::string>();
  line.remove_prefix(end + 1);
  if (!take(line, ",\"embedding\":[") || !line.ends_with("]}")) return std::nullopt;
  record.dimensions = count_of(line, ',') + 1;
  return record;
}

std::optional<Record> read_csv(std::string_view line) {
  Record record;
  if (!take_index(line, record.index) || !take(line, ",")) return std::nullopt;
  if (take(line, "\"")) {
    std::size_t at = 0;
    for (;; ++at) {
      if (at >= line.size()) return std::nullopt;
      if (line[at] == '"' && (at + 1 == line.size() || line[at + 1] != '"')) break;
      if (line[at] == '"') ++at;
      record.text += line[at];
    }
    line.remove_prefix(at + 1);
  } else {
    const auto end = std::min(line.find(','), line.size());
    record.text = line.substr(0, end);
    line.remove_prefix(end);
  }
  record.dimensions = count_of(line, ',');
  if (record.dimensions == 0) return std::nullopt;
  return record;
}

}  // namespace

/// Cuts a file into records as its pieces come.
class HeldReader {
 public:
  HeldReader(HeldVectors& held, std::string name, EmbedFormat format)
      : held_(held), format_(format) {
    held_.name_ = std::move(name);
  }

  /// Errors: usage.
  Result<void> feed(std::string_view bytes) {
    bytes_ += bytes;
    std::size_t at = 0;
    for (;;) {
      const auto end = end_of_record(at);
      if (end == std::string::npos) break;
      if (auto taken = take_record(std::string_view(bytes_).substr(at, end - at)); !taken)
        return taken;
      at = end + 1;
    }
    good_bytes_ += at;
    bytes_.erase(0, at);
    return {};
  }

  /// Up to where the file is good. Errors: usage (what follows is not of this command's writing,
  /// and so not to be cut off).
  Result<std::uint64_t> good_bytes() {
    ++line_;
    if (!is_torn_record(bytes_)) return wrong("was not written by this command");
    // Without a record there may be half a line of headings: it is written anew.
    return has_records_ ? good_bytes_ : 0;
  }

 private:
  /// Where the record that begins at `at` has its line feed; in CSV a text in quotes may have some,
  /// too.
  std::size_t end_of_record(std::size_t at) const {
    auto end = bytes_.find('\n', at);
    if (format_ != EmbedFormat::csv) return end;
    const std::string_view all = bytes_;
    // Quotes within quotes are doubled, so that they are even in number where the record ends.
    for (auto quotes = std::size_t{0}, from = at; end != std::string::npos;
         from = end + 1, end = bytes_.find('\n', from)) {
      quotes += count_of(all.substr(from, end - from), '"');
      if (quotes % 2 == 0) break;
    }
    return end;
  }

  /// Whether a record, or the headings, could begin like that.
  bool is_torn_record(std::string_view bytes) const {
    const auto begins_like = [bytes](std::string_view whole) {
      return whole.starts_with(bytes.substr(0, whole.size()));
    };
    if (format_ == EmbedFormat::jsonl) return begins_like("{\"index\":");
    return begins_like(kCsvHead) || (bytes.front() >= '0' && bytes.front() <= '9');
  }

  Result<void> take_record(std::string_view line) {
    ++line_;
    if (format_ == EmbedFormat::csv && line_ == 1 && line.starts_with(kCsvHead)) return {};
    const auto record = format_ == EmbedFormat::csv ? read_csv(line) : read_object(line);
    if (!record) return wrong("was not written by this command");
    has_records_ = true;
    if (held_.dimensions_ == 0) held_.dimensions_ = record->dimensions;
    if (record->dimensions != held_.dimensions_)
      return wrong("has another number of numbers than those before");
    if (record->index >= held_.marks_.size()) held_.marks_.resize(record->index + 1, 0);
    auto& mark = held_.marks_[record->index];
    if (mark == 0) ++held_.count_;
    mark = mark_of(record->text);
    return {};
  }

  Error wrong(std::string_view what) const {
    return {ErrorKind::usage,
            "'" + held_.name_ + "' cannot be gone on with: its line " + std::to_string(line_) +
                " " + std::string(what),
            "give another file with -o"};
  }

  HeldVectors& held_;
  const EmbedFormat format_;
  std::string bytes_;
  std::uint64_t good_bytes_ = 0;
  std::uint64_t line_ = 0;
  bool has_records_ = false;
};

Result<HeldVectors> HeldVectors::read(OutputFile& file, const std::string& name,
                                      EmbedFormat format) {
  HeldVectors held;
  HeldReader reader(held, name, format);
  for (;;) {
    const auto piece = file.read(kPiece);
    if (!piece) return piece.error();
    if (piece->empty()) break;
    if (auto fed = reader.feed(*piece); !fed) return std::move(fed).error();
  }
  const auto good = reader.good_bytes();
  if (!good) return good.error();
  if (auto cut = file.cut_to(*good); !cut) return std::move(cut).error();
  return held;
}

Result<bool> HeldVectors::has(const EmbedText& text) const {
  if (text.index >= marks_.size() || marks_[text.index] == 0) return false;
  if (marks_[text.index] == mark_of(text.text)) return true;
  return Error{ErrorKind::usage,
               "'" + name_ + "' has another text at index " + std::to_string(text.index) +
                   ": it was made of other input",
               "give the same input, or another file with -o"};
}

}  // namespace gembal::cmd
