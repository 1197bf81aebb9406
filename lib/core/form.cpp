// cpp-httplib has a parser of forms too, which this one stands in for: that one matches each header
// line with a regular expression whose time grows with the square of the line (a second for 8 KiB),
// loses the name where the filename comes first, and copies every file.

#include "lib/core/form.hpp"

#include <algorithm>
#include <optional>

#include "lib/core/text.hpp"

namespace gembal {
namespace {

constexpr std::size_t kLongestBoundary = 200;  // RFC 2046 allows 70
constexpr std::size_t kLongestPartHead = 16 * 1024;

Error malformed(std::string what) { return {ErrorKind::bad_request, std::move(what), ""}; }

/// A client's word as a message may quote it.
std::string shown(std::string_view word) {
  constexpr std::size_t kLongest = 60;
  return "'" + std::string(word.substr(0, kLongest)) + "'";
}

/// What a header's value tells: "form-data", and its parameters by their lower-case names.
struct HeaderValue {
  std::string kind;  ///< lower case
  std::vector<std::pair<std::string, std::string>> parameters;

  const std::string* find(std::string_view name) const {
    for (const auto& [its_name, value] : parameters) {
      if (its_name == name) return &value;
    }
    return nullptr;
  }
};

/// Takes a quoted string off the front of `text`, which starts after the quote. Browsers and newer
/// clients write %22 for a quote in it, older ones a backslash before it.
std::string take_quoted(std::string_view& text) {
  std::string plain;
  while (!text.empty() && text.front() != '"') {
    if (text.size() > 1 && text.front() == '\\' && (text[1] == '"' || text[1] == '\\')) {
      text.remove_prefix(1);
    } else if (text.starts_with("%22") || text.starts_with("%0D") || text.starts_with("%0A")) {
      plain += percent_decode(text.substr(0, 3));
      text.remove_prefix(3);
      continue;
    }
    plain += text.front();
    text.remove_prefix(1);
  }
  if (!text.empty()) text.remove_prefix(1);
  return plain;
}

HeaderValue read_header_value(std::string_view text) {
  HeaderValue value;
  value.kind = lower(trim(text.substr(0, text.find(';'))));
  while (text.find(';') != std::string_view::npos) {
    text = trim(text.substr(text.find(';') + 1));
    const auto equals = text.find('=');
    if (equals == std::string_view::npos || equals > text.find(';')) continue;
    auto name = lower(trim(text.substr(0, equals)));
    text = trim(text.substr(equals + 1));
    if (text.starts_with('"')) {
      text.remove_prefix(1);
      value.parameters.emplace_back(std::move(name), take_quoted(text));
    } else {
      value.parameters.emplace_back(std::move(name), trim(text.substr(0, text.find(';'))));
    }
  }
  return value;
}

/// RFC 5987's form of a name: utf-8''na%C3%AFve.mp3
std::string extended(std::string_view text) {
  const auto mark = text.rfind('\'');
  return percent_decode(mark == std::string_view::npos ? text : text.substr(mark + 1));
}

/// The filename that a part tells; a file without one, as tools send what they read from a pipe,
/// is told from a field by its content type.
std::string filename_in(const HeaderValue& disposition, std::string_view content_type) {
  if (const auto* name = disposition.find("filename*")) return extended(*name);
  if (const auto* name = disposition.find("filename"); name && !name->empty()) return *name;
  const bool is_text = content_type.empty() || lower(content_type).starts_with("text/") ||
                       lower(content_type).starts_with("application/json");
  return is_text ? "" : "file";
}

class FormReader {
 public:
  FormReader(const std::string& boundary, std::string_view body)
      : delimiter_("\r\n--" + boundary), rest_(body) {}

  Result<Form> read() {
    const auto opening = std::string_view(delimiter_).substr(2);
    if (rest_.starts_with(opening)) {
      rest_.remove_prefix(opening.size());
    } else if (!take_until_delimiter()) {
      return malformed("the form does not contain the boundary that its content-type names");
    }
    Form form;
    while (!rest_.starts_with("--")) {
      if (form.parts.size() == kMostFormParts)
        return malformed("the form has more than " + std::to_string(kMostFormParts) + " parts");
      auto part = read_part();
      if (!part) return std::move(part).error();
      form.parts.push_back(*std::move(part));
    }
    return form;
  }

 private:
  /// What comes before the next delimiter, which is passed over; nullopt when there is none.
  std::optional<std::string_view> take_until_delimiter() {
    for (auto at = rest_.find(delimiter_); at != std::string_view::npos;
         at = rest_.find(delimiter_, at + 1)) {
      const auto after = rest_.substr(at + delimiter_.size());
      // Else it is a longer word that begins like the boundary.
      const bool ends = after.starts_with("--") || after.starts_with("\r\n") ||
                        after.starts_with(' ') || after.starts_with('\t');
      if (!ends) continue;
      const auto before = rest_.substr(0, at);
      rest_ = after;
      return before;
    }
    return std::nullopt;
  }

  std::optional<std::string_view> take_line() {
    const auto end = rest_.substr(0, kLongestPartHead).find("\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    const auto line = rest_.substr(0, end);
    rest_.remove_prefix(end + 2);
    return line;
  }

  Result<FormPart> read_part() {
    const auto padding = take_line();
    if (!padding || !trim(*padding).empty())
      return malformed(
          "the form is cut short, or a boundary in it is not followed by a line's end");
    FormPart part;
    HeaderValue disposition;
    std::size_t head_bytes = 0;
    for (;;) {
      const auto line = take_line();
      if (!line || (head_bytes += line->size()) > kLongestPartHead)
        return malformed("the form is cut short, or the headers of a part are too long");
      if (line->empty()) break;
      const auto colon = std::min(line->find(':'), line->size());
      const auto name = line->substr(0, colon);
      const auto value = trim(line->substr(std::min(colon + 1, line->size())));
      if (iequals(name, "content-disposition")) disposition = read_header_value(value);
      if (iequals(name, "content-type")) part.content_type = value;
    }
    const auto* name = disposition.find("name");
    if (disposition.kind != "form-data" || !name || name->empty())
      return malformed("a part of the form has no 'Content-Disposition: form-data' with a name");
    part.name = *name;
    part.filename = filename_in(disposition, part.content_type);

    // A part without any content may leave out the line's end before the delimiter.
    const auto bare = std::string_view(delimiter_).substr(2);
    if (rest_.starts_with(bare)) {
      rest_.remove_prefix(bare.size());
      return part;
    }
    const auto bytes = take_until_delimiter();
    if (!bytes)
      return malformed("the form is cut short: no boundary ends its part " + shown(part.name));
    part.bytes = *bytes;
    return part;
  }

  std::string delimiter_;
  std::string_view rest_;
};

bool is_list_item(std::string_view written, std::string_view name) {
  if (!written.starts_with(name)) return false;
  written.remove_prefix(name.size());
  return written.empty() || (written.front() == '[' && written.back() == ']');
}

}  // namespace

const FormPart* Form::find(std::string_view name) const {
  for (const auto& part : parts) {
    if (part.name == name) return &part;
  }
  return nullptr;
}

std::string_view Form::text(std::string_view name) const {
  const auto* part = find(name);
  return part ? part->bytes : std::string_view();
}

std::vector<const FormPart*> Form::all(std::string_view name) const {
  std::vector<const FormPart*> found;
  for (const auto& part : parts) {
    if (is_list_item(part.name, name)) found.push_back(&part);
  }
  return found;
}

Result<Form> read_form(std::string_view content_type, std::string_view body) {
  const auto type = read_header_value(content_type);
  if (type.kind != "multipart/form-data") {
    return malformed("the request must be a form: its content-type has to be multipart/form-data" +
                     (type.kind.empty() ? "" : ", not " + shown(type.kind)));
  }
  const auto* boundary = type.find("boundary");
  if (!boundary || boundary->empty())
    return malformed("the content-type names no boundary (let the HTTP client set that header)");
  if (boundary->size() > kLongestBoundary)
    return malformed("the boundary that the content-type names is too long");
  return FormReader(*boundary, body).read();
}

}  // namespace gembal
