#include "daemon/sandbox/wire.hpp"

#include <charconv>

#include "lib/core/text.hpp"

namespace gembal::sandbox {
namespace {

void write_string(std::string& out, const std::string& text) {
  if (!is_valid_utf8(text)) {  // only what came in a URL can be so
    out += to_text(Json(text));
    return;
  }
  out += '"';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == '<' || c == '>' || c == 0x7f) {
          static const char digits[] = "0123456789abcdef";
          out += "\\u00";
          out += digits[c >> 4];
          out += digits[c & 15];
        } else if (text.compare(i, 3, "\xe2\x80\xa8") == 0 ||
                   text.compare(i, 3, "\xe2\x80\xa9") == 0) {
          out += text[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";
          i += 2;
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void write_number(std::string& out, const Json& value) {
  char buffer[40];
  char* end = nullptr;
  if (value.is_number_unsigned()) {
    end = std::to_chars(buffer, buffer + sizeof buffer, value.get<std::uint64_t>()).ptr;
  } else if (value.is_number_integer()) {
    end = std::to_chars(buffer, buffer + sizeof buffer, value.get<std::int64_t>()).ptr;
  } else {
    end = std::to_chars(buffer, buffer + sizeof buffer, value.get<double>()).ptr;
  }
  out.append(buffer, end);
}

/// `depth` below 0 writes on one line.
void write(std::string& out, const Json& value, int depth) {
  const auto new_line = [&out, depth](int more) {
    if (depth < 0) return;
    out += '\n';
    out.append(2 * static_cast<std::size_t>(depth + more), ' ');
  };
  const int inner = depth < 0 ? depth : depth + 1;
  if (value.is_object()) {
    if (value.empty()) {
      out += "{}";
      return;
    }
    out += '{';
    bool first = true;
    for (const auto& [key, member] : value.get_ref<const Json::object_t&>()) {
      if (!first) out += ',';
      first = false;
      new_line(1);
      write_string(out, key);
      out += ": ";
      write(out, member, inner);
    }
    new_line(0);
    out += '}';
  } else if (value.is_array()) {
    if (value.empty()) {
      out += "[]";
      return;
    }
    out += '[';
    bool first = true;
    for (const auto& element : value) {
      if (!first) out += ',';
      first = false;
      new_line(1);
      write(out, element, inner);
    }
    new_line(0);
    out += ']';
  } else if (value.is_string()) {
    write_string(out, value.get_ref<const std::string&>());
  } else if (value.is_number()) {
    write_number(out, value);
  } else if (value.is_boolean()) {
    out += value.get<bool>() ? "true" : "false";
  } else {
    out += "null";
  }
}

Headers usual_headers(const char* content_type) {
  return {{"content-type", content_type},
          {"vary", "Origin, X-Origin, Referer"},
          {"server-timing", "gfet4t7; dur=42"},
          {"x-content-type-options", "nosniff"}};
}

}  // namespace

std::string one_line(const Json& value) {
  std::string out;
  write(out, value, -1);
  return out;
}

std::string indented(const Json& value) {
  std::string out;
  write(out, value, 0);
  return out;
}

Reply json_reply(int status, const Json& value, bool compact) {
  Reply reply;
  reply.status = status;
  reply.headers = usual_headers("application/json; charset=UTF-8");
  reply.events.push_back((compact ? one_line(value) : indented(value)) + "\n");
  return reply;
}

Reply stream_reply(Framing framing, const std::vector<Json>& values) {
  Reply reply;
  reply.framing = framing;
  if (framing == Framing::json_array) {
    reply.headers = usual_headers("application/json; charset=UTF-8");
    for (const auto& value : values) {
      reply.events.push_back((reply.events.empty() ? "[" : ",\n") + indented(value) + "\n");
    }
    reply.events.push_back(values.empty() ? "[]" : "]");
    return reply;
  }
  reply.headers = usual_headers("text/event-stream");
  reply.headers.insert(reply.headers.begin() + 1, {"content-disposition", "attachment"});
  for (const auto& value : values) {
    // The OpenAI-compatible and Interactions servers write JSON without any blanks.
    reply.events.push_back(framing == Framing::sse_crlf ? "data: " + one_line(value) + "\r\n\r\n"
                                                        : "data: " + to_text(value) + "\n\n");
  }
  return reply;
}

}  // namespace gembal::sandbox
