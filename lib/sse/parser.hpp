#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gembal::sse {

/// One server-sent event. The views are valid until the parser's next feed() or next().
struct Event {
  std::string_view name;  ///< of the `event:` line; "" for none
  std::string_view data;  ///< the `data:` lines, joined by a newline
  std::size_t room = 0;   ///< bytes behind `data` that may be read, whatever they hold
};

/// Turns the bytes of an event stream, in any cut, into events. Lines may end in LF, CR LF or CR;
/// an event may be of any size. Events without any data (comments, heartbeats) are passed over.
/// Pure.
class Parser {
 public:
  void feed(std::string_view bytes);

  /// The next whole event of what was fed so far.
  std::optional<Event> next();

  /// The bytes after the last whole event: upstream writes an error in mid-stream without any
  /// frame. "" when there are none.
  std::string_view tail() const { return std::string_view(buffer_).substr(event_start_); }

 private:
  /// A part of the buffer; a view would not survive the buffer's growth.
  struct Span {
    std::size_t at = 0;
    std::size_t length = 0;
  };

  void take_line(Span line);
  std::string_view text(Span span) const;

  std::string buffer_;
  std::size_t event_start_ = 0;  ///< where the event in progress begins
  std::size_t line_start_ = 0;   ///< where its first unread line begins
  std::size_t searched_ = 0;     ///< no line end before this
  bool at_start_ = true;         ///< of the stream: a byte order mark may follow

  Span name_;
  Span data_;           ///< the first data line
  std::string joined_;  ///< several data lines
  int data_lines_ = 0;
};

}  // namespace gembal::sse
