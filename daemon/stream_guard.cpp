#include "daemon/stream_guard.hpp"

#include <algorithm>

namespace gembal::daemon {
namespace {

constexpr std::size_t kLongestHeld = 64 * 1024;
constexpr std::size_t kLongestMark = 32;

/// Where the last whole event in `bytes` ends; 0 when none does. An empty line ends it, in any of
/// the three kinds of line end.
std::size_t end_of_events(std::string_view bytes) {
  for (auto at = bytes.find_last_of("\r\n"); at != std::string_view::npos && at > 0;
       at = bytes.find_last_of("\r\n", at - 1)) {
    const char before = bytes[at - 1];
    const bool lone_cr = bytes[at] == '\r' && (at + 1 == bytes.size() || bytes[at + 1] != '\n');
    if (bytes[at] == '\n' && before == '\n') return at + 1;
    if (bytes[at] == '\n' && before == '\r' && at >= 2 &&
        (bytes[at - 2] == '\n' || bytes[at - 2] == '\r'))
      return at + 1;
    if (lone_cr && before == '\r') return at + 1;
  }
  return 0;
}

}  // namespace

// Only keys and bare words of a stream are searched for: inside a JSON string their quotes would be
// escaped.
void StreamGuard::look(std::string_view bytes) {
  if (complete_) return;
  const auto has_mark = [this](std::string_view text) {
    return std::any_of(marks_.begin(), marks_.end(),
                       [text](auto mark) { return text.find(mark) != std::string_view::npos; });
  };
  if (has_mark(bytes)) {
    complete_ = true;
    return;
  }
  seen_.append(bytes.substr(0, kLongestMark));
  complete_ = has_mark(seen_);
  if (bytes.size() >= kLongestMark) {
    seen_ = bytes.substr(bytes.size() - kLongestMark);
  } else if (seen_.size() > kLongestMark) {
    seen_.erase(0, seen_.size() - kLongestMark);
  }
}

std::string_view StreamGuard::take(std::string_view piece) {
  look(piece);
  if (held_.empty()) {
    const auto end = end_of_events(piece);
    if (end == piece.size()) {
      between_events_ = true;
      return piece;
    }
    if (piece.size() - end <= kLongestHeld) {
      held_ = piece.substr(end);
      if (end > 0) between_events_ = true;
      return piece.substr(0, end);
    }
    between_events_ = false;
    return piece;
  }
  // An empty line has at most four bytes: what was held has none, so it need not be searched again.
  const auto searched = held_.size() - std::min<std::size_t>(held_.size(), 3);
  held_ += piece;
  auto end = end_of_events(std::string_view(held_).substr(searched));
  if (end > 0) end += searched;
  if (held_.size() - end > kLongestHeld) {
    between_events_ = false;
    ready_ = std::move(held_);
    held_.clear();
    return ready_;
  }
  ready_.assign(held_, 0, end);
  held_.erase(0, end);
  if (end > 0) between_events_ = true;
  return ready_;
}

}  // namespace gembal::daemon
