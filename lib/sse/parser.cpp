#include "lib/sse/parser.hpp"

#include <algorithm>

#include "lib/core/release.hpp"

namespace gembal::sse {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

void Parser::feed(std::string_view bytes) {
  // What was handed out is over now: only the event in progress is kept.
  if (event_start_ > 0) {
    buffer_.erase(0, event_start_);
    line_start_ -= event_start_;
    searched_ -= std::min(searched_, event_start_);
    name_.at -= std::min(name_.at, event_start_);
    data_.at -= std::min(data_.at, event_start_);
    event_start_ = 0;
    at_start_ = false;
  }
  buffer_ += bytes;
  if (at_start_ && buffer_.size() >= kByteOrderMark.size()) {
    at_start_ = false;
    if (buffer_.starts_with(kByteOrderMark)) line_start_ = kByteOrderMark.size();
  }
}

std::string_view Parser::text(Span span) const {
  return std::string_view(buffer_).substr(span.at, span.length);
}

void Parser::take_line(Span line) {
  const auto all = text(line);
  const auto colon = all.find(':');
  const auto field = all.substr(0, colon);
  auto start = colon == std::string_view::npos ? all.size() : colon + 1;
  if (start < all.size() && all[start] == ' ') ++start;
  const Span value{line.at + start, line.length - start};
  if (field == "event") name_ = value;
  if (field != "data") return;
  ++data_lines_;
  if (data_lines_ == 1) {
    data_ = value;
    return;
  }
  if (data_lines_ == 2) joined_ = text(data_);
  joined_.append("\n").append(text(value));
}

std::optional<Event> Parser::next() {
  // A picture's event is not kept beside what is made of it.
  constexpr std::size_t kLarge = 1024 * 1024;
  if (event_start_ == buffer_.size() && buffer_.capacity() > kLarge) {
    release(buffer_);
    release(joined_);
    event_start_ = line_start_ = searched_ = 0;
    name_ = data_ = {};
    at_start_ = false;
    return std::nullopt;
  }
  for (;;) {
    const std::string_view all = buffer_;
    // An event of a megabyte in small pieces must not be searched from its start with each of them.
    const auto end = all.find_first_of("\r\n", std::max(line_start_, searched_));
    if (end == std::string_view::npos) {
      searched_ = all.size();
      return std::nullopt;
    }
    // Whether an LF follows a final CR is not known yet. After an empty line it makes no
    // difference: it would be another one.
    if (all[end] == '\r' && end + 1 == all.size() && end > line_start_) {
      searched_ = end;
      return std::nullopt;
    }
    const Span line{line_start_, end - line_start_};
    line_start_ = end + (all.substr(end).starts_with("\r\n") ? 2 : 1);
    if (line.length > 0) {
      take_line(line);
      continue;
    }
    event_start_ = line_start_;
    const std::string& holder = data_lines_ > 1 ? joined_ : buffer_;
    const auto data = data_lines_ > 1 ? std::string_view(joined_) : text(data_);
    const auto end_of_data = static_cast<std::size_t>(data.data() - holder.data()) + data.size();
    const Event event{text(name_), data, holder.capacity() - end_of_data};
    const bool has_data = data_lines_ > 0;
    name_ = data_ = {line_start_, 0};
    data_lines_ = 0;
    if (has_data) return event;
  }
}

}  // namespace gembal::sse
