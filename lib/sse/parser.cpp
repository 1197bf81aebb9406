#include "lib/sse/parser.hpp"

namespace gembal::sse {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

void Parser::feed(std::string_view bytes) {
  // What was handed out is over now. Only the event in progress is kept, and what it has so far is read again.
  if (event_start_ > 0) {
    buffer_.erase(0, event_start_);
    searched_ -= event_start_;
    event_start_ = 0;
  }
  line_start_ = 0;
  name_ = data_ = {};
  joined_.clear();
  data_lines_ = 0;
  buffer_ += bytes;
  if (at_start_ && buffer_.size() >= kByteOrderMark.size()) {
    at_start_ = false;
    if (buffer_.starts_with(kByteOrderMark)) buffer_.erase(0, kByteOrderMark.size());
  }
}

void Parser::take_line(std::string_view line) {
  const auto colon = line.find(':');
  const auto field = line.substr(0, colon);
  std::string_view value;
  if (colon != std::string_view::npos) value = line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") name_ = value;
  if (field != "data") return;
  ++data_lines_;
  if (data_lines_ == 1) {
    data_ = value;
    return;
  }
  if (data_lines_ == 2) joined_ = data_;
  joined_.append("\n").append(value);
}

std::optional<Event> Parser::next() {
  for (;;) {
    const std::string_view all = buffer_;
    // An event of a megabyte in small pieces must not be searched from its start with each of them.
    const auto end = all.find_first_of("\r\n", std::max(line_start_, searched_));
    if (end == std::string_view::npos) {
      searched_ = all.size();
      return std::nullopt;
    }
    // Whether an LF follows a final CR is not known yet. After an empty line it makes no difference: it would be another one.
    if (all[end] == '\r' && end + 1 == all.size() && end > line_start_) {
      searched_ = end;
      return std::nullopt;
    }
    const auto line = all.substr(line_start_, end - line_start_);
    line_start_ = end + (all.substr(end).starts_with("\r\n") ? 2 : 1);
    if (!line.empty()) {
      take_line(line);
      continue;
    }
    event_start_ = line_start_;
    const Event event{name_, data_lines_ > 1 ? std::string_view(joined_) : data_};
    const bool has_data = data_lines_ > 0;
    name_ = data_ = {};
    data_lines_ = 0;
    if (has_data) return event;
  }
}

}  // namespace gembal::sse
