#include "lib/http/reply_head.hpp"

#include <charconv>

#include "lib/core/text.hpp"

namespace gembal::http {
namespace {

constexpr std::size_t kLongestHead = 64 * 1024;

bool read_status(std::string_view line, ReplyHead& read) {
  if (line.size() < 12 || !(line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 ")))
    return false;
  read.keeps_connection = line[7] == '1';
  const auto digits = line.substr(9, 3);
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + 3, read.head.status);
  return failure == std::errc() && end == digits.data() + 3 && read.head.status >= 100 &&
         (line.size() == 12 || line[12] == ' ');
}

bool has_token(std::string_view list, std::string_view token) {
  for (const auto part : split(list, ',')) {
    if (iequals(trim(part), token)) return true;
  }
  return false;
}

bool read_field(std::string_view line, ReplyHead& read) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0 || line[colon - 1] == ' ' || line[0] == ' ' ||
      line[0] == '\t')
    return false;
  auto name = lower(line.substr(0, colon));
  const auto value = trim(line.substr(colon + 1));
  if (value.find('\r') != std::string_view::npos) return false;
  if (name == "content-length") {
    std::uint64_t length = 0;
    const auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), length);
    if (value.empty() || failure != std::errc() || end != value.data() + value.size()) return false;
    if (read.body == ReplyHead::Body::length && length != read.length) return false;
    if (read.body != ReplyHead::Body::chunked) read.body = ReplyHead::Body::length;
    read.length = length;
  } else if (name == "transfer-encoding") {
    if (!iequals(value, "chunked")) return false;
    read.body = ReplyHead::Body::chunked;  // wins over a length, which then means nothing
  } else if (name == "connection") {
    if (has_token(value, "close")) read.keeps_connection = false;
    if (has_token(value, "keep-alive")) read.keeps_connection = true;
  }
  read.head.headers.emplace_back(std::move(name), value);
  return true;
}

/// One head, its lines without the empty one.
bool read_lines(std::string_view text, ReplyHead& read) {
  read = {};
  read.head.headers.reserve(16);
  read.body = ReplyHead::Body::until_close;
  bool first = true;
  while (!text.empty()) {
    const auto end = text.find("\r\n");
    const auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
    if (first ? !read_status(line, read) : !read_field(line, read)) return false;
    first = false;
  }
  return !first;
}

}  // namespace

ReplyHeadProgress read_reply_head(std::string_view bytes, bool to_head, ReplyHead& read,
                                  std::size_t& consumed) {
  consumed = 0;
  for (;;) {
    const auto rest = bytes.substr(consumed);
    const auto end = rest.find("\r\n\r\n");
    if (end == std::string_view::npos) {
      // What does not begin like HTTP never will be.
      constexpr std::string_view kStart = "HTTP/1.";
      const auto seen = rest.substr(0, kStart.size());
      const bool other = seen != kStart.substr(0, seen.size());
      return other || rest.size() > kLongestHead ? ReplyHeadProgress::malformed
                                                 : ReplyHeadProgress::incomplete;
    }
    if (end > kLongestHead || !read_lines(rest.substr(0, end), read))
      return ReplyHeadProgress::malformed;
    consumed += end + 4;
    const int status = read.head.status;
    if (status == 101) return ReplyHeadProgress::malformed;  // nobody asked to switch protocols
    if (status < 200) continue;
    if (to_head || status == 204 || status == 304) read.body = ReplyHead::Body::none;
    if (read.body == ReplyHead::Body::until_close) read.keeps_connection = false;
    return ReplyHeadProgress::complete;
  }
}

}  // namespace gembal::http
