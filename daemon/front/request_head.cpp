#include "daemon/front/request_head.hpp"

#include <array>
#include <charconv>
#include <cstring>

#include "lib/core/text.hpp"

namespace gembal::daemon::front {
namespace {

constexpr std::array<bool, 256> make_token_chars() {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c)
    table[static_cast<std::size_t>(c)] = table[static_cast<std::size_t>(c - 32)] = true;
  for (const char c :
       {'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'}) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}
constexpr auto kTokenChars = make_token_chars();

bool is_token(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    if (!kTokenChars[static_cast<unsigned char>(c)]) return false;
  }
  return true;
}

bool is_field_value(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && byte != '\t') || byte == 0x7f) return false;
  }
  return true;
}

bool is_target(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f) return false;
  }
  return !text.empty();
}

std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool has_token(std::string_view list, std::string_view token) {
  for (const auto part : split(list, ',')) {
    if (iequals(trim_blanks(part), token)) return true;
  }
  return false;
}

}  // namespace

std::string_view RequestHead::field(std::string_view name) const {
  for (const auto& f : fields) {
    if (iequals(f.name, name)) return f.value;
  }
  return {};
}

HeadProgress HeadReader::refuse(int status, std::string message) {
  error = {status, std::move(message)};
  return HeadProgress::refused;
}

HeadProgress HeadReader::read(std::string_view bytes) {
  std::size_t start = 0;
  // An empty line before the request line is what some clients leave behind a body (RFC 9112, 2.2).
  while (start + 1 < bytes.size() && start < 4 && bytes[start] == '\r' && bytes[start + 1] == '\n')
    start += 2;
  const auto rest = bytes.substr(start);
  const auto end = rest.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    const auto line_end = rest.find("\r\n");
    if (line_end == std::string_view::npos && rest.size() > limits_.line_bytes) {
      return refuse(
          414, "the request line is longer than " + std::to_string(limits_.line_bytes) + " bytes");
    }
    if (rest.size() > limits_.total_bytes) {
      return refuse(
          431, "the headers are longer than " + std::to_string(limits_.total_bytes) + " bytes");
    }
    // A lone LF never ends a line here: say so at once rather than wait for the time-out.
    if (rest.find("\n\n") != std::string_view::npos)
      return refuse(400, "header lines must end with CR LF");
    return HeadProgress::incomplete;
  }
  if (end + 4 > limits_.total_bytes) {
    return refuse(431,
                  "the headers are longer than " + std::to_string(limits_.total_bytes) + " bytes");
  }
  head = {};
  head.raw.reserve(64);  // on the heap even when short: moving the head must not move the bytes
                         // that its views name
  head.raw.assign(rest.substr(0, end + 2));
  consumed = start + end + 4;
  return parse();
}

HeadProgress HeadReader::parse() {
  std::string_view left = head.raw;
  bool first = true;
  while (!left.empty()) {
    const auto end = left.find("\r\n");
    const auto line = left.substr(0, end);
    left.remove_prefix(end + 2);
    if (first ? !parse_request_line(line) : !parse_field(line)) return HeadProgress::refused;
    first = false;
  }
  return finish() ? HeadProgress::complete : HeadProgress::refused;
}

bool HeadReader::parse_request_line(std::string_view line) {
  if (line.size() > limits_.line_bytes) {
    refuse(414, "the request line is longer than " + std::to_string(limits_.line_bytes) + " bytes");
    return false;
  }
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    refuse(400, "malformed request line");
    return false;
  }
  head.method = line.substr(0, first);
  auto target = line.substr(first + 1, last - first - 1);
  const auto version = line.substr(last + 1);
  if (!is_token(head.method) || !is_target(target)) {
    refuse(400, "malformed request line");
    return false;
  }
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    const bool is_http = version.starts_with("HTTP/");
    refuse(is_http ? 505 : 400,
           is_http ? "only HTTP/1.0 and HTTP/1.1 are spoken here" : "malformed request line");
    return false;
  }
  head.minor_version = version.back() - '0';
  for (const std::string_view scheme :
       {"http://", "https://"}) {  // absolute form, as sent to proxies
    if (!target.starts_with(scheme)) continue;
    const auto slash = target.find('/', scheme.size());
    target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
  }
  if (target.front() != '/' && !(target == "*" && head.method == "OPTIONS")) {
    refuse(400, "the request target must be a path");
    return false;
  }
  head.target = target;
  const auto question = target.find('?');
  head.path = target.substr(0, question);
  head.query =
      question == std::string_view::npos ? std::string_view{} : target.substr(question + 1);
  return true;
}

bool HeadReader::parse_field(std::string_view line) {
  if (head.fields.size() >= limits_.fields) {
    refuse(431, "more than " + std::to_string(limits_.fields) + " header lines");
    return false;
  }
  const auto colon = line.find(':');
  const auto name = line.substr(0, colon);
  if (colon == std::string_view::npos || !is_token(name)) {
    refuse(400, "malformed header line");
    return false;
  }
  const auto value = trim_blanks(line.substr(colon + 1));
  if (!is_field_value(value)) {
    refuse(400, "control characters in a header");
    return false;
  }
  head.fields.push_back({name, value});
  return true;
}

bool HeadReader::finish() {
  int hosts = 0;
  bool has_transfer_encoding = false;
  head.keep_alive = head.minor_version == 1;
  for (const auto& [name, value] : head.fields) {
    if (iequals(name, "content-length")) {
      if (head.content_length) {
        refuse(400, "more than one Content-Length");
        return false;
      }
      std::uint64_t length = 0;
      const auto [stop, failure] =
          std::from_chars(value.data(), value.data() + value.size(), length);
      if (value.empty() || failure != std::errc{} || stop != value.data() + value.size()) {
        refuse(400, "malformed Content-Length");
        return false;
      }
      head.content_length = length;
    } else if (iequals(name, "transfer-encoding")) {
      if (has_transfer_encoding || head.minor_version == 0) {
        refuse(400, "malformed Transfer-Encoding");
        return false;
      }
      has_transfer_encoding = true;
      if (!iequals(value, "chunked")) {
        refuse(501, "only the chunked transfer encoding is understood");
        return false;
      }
      head.chunked = true;
    } else if (iequals(name, "host")) {
      ++hosts;
    } else if (iequals(name, "connection")) {
      if (has_token(value, "close")) {
        head.keep_alive = false;
      } else if (has_token(value, "keep-alive")) {
        head.keep_alive = true;
      }
    } else if (iequals(name, "expect")) {
      if (!iequals(value, "100-continue")) {
        refuse(417, "only 'Expect: 100-continue' is understood");
        return false;
      }
      head.expects_continue = head.minor_version == 1;
    }
  }
  if (head.chunked && head.content_length) {
    refuse(400, "Content-Length together with Transfer-Encoding");
    return false;
  }
  if (hosts > 1 || (hosts == 0 && head.minor_version == 1)) {
    refuse(400, "a request needs exactly one Host header");
    return false;
  }
  return true;
}

}  // namespace gembal::daemon::front
