#include "lib/core/json.hpp"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <utility>
#include <vector>

#include "lib/core/json_object.hpp"
#include "lib/core/text.hpp"

namespace gembal {
namespace {

/// Finding a member walks over all before it: an object of millions would never be done.
constexpr std::size_t kMostMembers = 20'000;

/// To begin a text with: what it has to grow by is copied each time.
constexpr std::size_t kUsualRoom = 500;

/// Texts up to this size are copied by simdjson's parsers, which is nothing to them.
constexpr std::size_t kSmall = 256 * 1024;

/// The same value as nlohmann's; false where nlohmann's parser had better look at it: what is
/// nested too deep, too wide, or a number out of range.
bool copy(const simdjson::dom::element& from, Json& to, int depth) {
  using simdjson::dom::element_type;
  switch (from.type()) {
    case element_type::STRING: to = std::string(std::string_view(from)); return true;
    case element_type::INT64: {
      // nlohmann's parser makes only negative numbers signed.
      const auto number = std::int64_t(from);
      to = number < 0 ? Json(number) : Json(static_cast<std::uint64_t>(number));
      return true;
    }
    case element_type::UINT64: to = std::uint64_t(from); return true;
    case element_type::DOUBLE: to = double(from); return true;
    case element_type::BOOL: to = bool(from); return true;
    case element_type::NULL_VALUE: to = nullptr; return true;
    case element_type::ARRAY: break;
    case element_type::OBJECT: break;
  }
  if (depth == kMaxJsonDepth) return false;
  if (from.type() == element_type::ARRAY) {
    const simdjson::dom::array array(from);
    to = Json::array();
    auto& values = to.get_ref<Json::array_t&>();
    values.reserve(array.size());
    for (const auto& one : array) {
      if (!copy(one, values.emplace_back(), depth + 1)) return false;
    }
    return true;
  }
  const simdjson::dom::object object(from);
  if (object.size() > kMostMembers) return false;
  to = Json::object();
  auto& members = to.get_ref<Json::object_t&>();
  members.reserve(object.size());
  for (const auto& [name, value] : object) {
    if (!copy(value, members[std::string(name)], depth + 1)) return false;
  }
  return true;
}

/// Makes room for more members without copying those that are there, which the object's own growth
/// would do, because its names are constant.
void grow(Json::object_t& object) {
  Json::object_t larger;
  larger.reserve(std::max<std::size_t>(4, object.size() * 2));
  for (auto& [name, value] : object) larger.emplace_back(name, std::move(value));
  object = std::move(larger);
}

bool read_small(std::string_view text, Json& value) {
  static thread_local simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS) return false;
  return copy(root, value, 0);
}

/// A large text, whose strings are taken out of it without another copy on the way. As copy() does,
/// it leaves to nlohmann's parser what that had better look at.
class LargeText {
 public:
  /// kJsonRoom bytes behind the text may be read.
  explicit LargeText(std::string_view text) : text_(text) {}

  bool read(Json& to) {
    simdjson::ondemand::document document;
    simdjson::ondemand::value root;
    const simdjson::padded_string_view padded(text_.data(), text_.size(), text_.size() + kJsonRoom);
    return parser_.iterate(padded).get(document) == simdjson::SUCCESS &&
           document.get_value().get(root) == simdjson::SUCCESS && take(root, to, 0) &&
           document.current_location().error() == simdjson::OUT_OF_BOUNDS;  // nothing follows
  }

 private:
  using Value = simdjson::ondemand::value;

  bool take(Value from, Json& to, int depth) {
    simdjson::ondemand::json_type type;
    if (from.type().get(type) != simdjson::SUCCESS) return false;
    switch (type) {
      case simdjson::ondemand::json_type::object: return take_object(from, to, depth);
      case simdjson::ondemand::json_type::array: return take_array(from, to, depth);
      case simdjson::ondemand::json_type::string: return take_string(from, to);
      case simdjson::ondemand::json_type::number: return take_number(from, to);
      case simdjson::ondemand::json_type::boolean: {
        bool value = false;
        if (from.get_bool().get(value) != simdjson::SUCCESS) return false;
        to = value;
        return true;
      }
      case simdjson::ondemand::json_type::null: {
        bool is_null = false;
        if (from.is_null().get(is_null) != simdjson::SUCCESS || !is_null) return false;
        to = nullptr;
        return true;
      }
    }
    return false;
  }

  bool take_object(Value from, Json& to, int depth) {
    simdjson::ondemand::object object;
    if (depth == kMaxJsonDepth || from.get_object().get(object) != simdjson::SUCCESS) return false;
    to = Json::object();
    auto& members = to.get_ref<Json::object_t&>();
    for (auto field : object) {
      std::string_view name;
      Value value;
      if (field.unescaped_key().get(name) != simdjson::SUCCESS ||
          field.value().get(value) != simdjson::SUCCESS || members.size() >= kMostMembers)
        return false;
      if (members.size() == members.capacity()) grow(members);
      if (!take(value, members[std::string(name)], depth + 1)) return false;
    }
    return true;
  }

  bool take_array(Value from, Json& to, int depth) {
    simdjson::ondemand::array array;
    if (depth == kMaxJsonDepth || from.get_array().get(array) != simdjson::SUCCESS) return false;
    to = Json::array();
    auto& values = to.get_ref<Json::array_t&>();
    for (auto one : array) {
      Value value;
      if (one.get(value) != simdjson::SUCCESS) return false;
      if (!take(value, values.emplace_back(), depth + 1)) return false;
    }
    return true;
  }

  /// Straight out of the text when it is written as it is.
  bool take_string(Value from, Json& to) {
    const auto written = trim(from.raw_json_token());
    const auto inner = written.substr(1, written.size() - 2);
    std::string_view plain;
    // What is unescaped is kept by the parser until the end, once more.
    if (inner.find('\\') == std::string_view::npos) {
      plain = inner;
    } else if (from.get_string().get(plain) != simdjson::SUCCESS) {
      return false;
    }
    to = std::string(plain);
    return true;
  }

  static bool take_number(Value from, Json& to) {
    simdjson::ondemand::number number;
    if (from.get_number().get(number) != simdjson::SUCCESS) return false;
    if (number.is_double()) {
      to = number.get_double();
    } else if (number.is_uint64()) {
      to = number.get_uint64();
    } else if (const auto value = number.get_int64(); value < 0) {
      to = value;
    } else {
      to = static_cast<std::uint64_t>(value);
    }
    return true;
  }

  std::string_view text_;
  simdjson::ondemand::parser parser_;
};

/// Builds a value of what nlohmann's parser reads. Other than the library's own builder it moves
/// strings instead of copying them, which large pictures feel, and stops at what nests too deep.
class Builder {
 public:
  explicit Builder(Json& root) { places_.push_back(&root); }

  const std::optional<Error>& error() const { return error_; }

  bool null() { return put(nullptr); }
  bool boolean(bool value) { return put(value); }
  bool number_integer(std::int64_t value) { return put(value); }
  bool number_unsigned(std::uint64_t value) { return put(value); }
  bool number_float(double value, const std::string& /*text*/) { return put(value); }
  bool string(std::string& value) { return put(std::move(value)); }
  bool binary(Json::binary_t& /*value*/) { return false; }  // not in texts

  bool start_object(std::size_t /*unknown*/) { return open(Json::object()); }
  bool start_array(std::size_t /*unknown*/) { return open(Json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(std::string& name) {
    auto& object = places_.back()->get_ref<Json::object_t&>();
    if (object.size() >= kMostMembers) {
      return fail("a JSON object with more than " + std::to_string(kMostMembers) + " members");
    }
    if (object.size() == object.capacity()) grow(object);
    member_ = &object[name];
    return true;
  }

  bool parse_error(std::size_t byte, const std::string& /*token*/, const Json::exception& why) {
    constexpr int kNumberOverflow = 406;  // a number that no double holds
    if (why.id == kNumberOverflow) return fail("invalid JSON: a number is out of range");
    byte_ = byte;
    return fail("");
  }

  /// Where the text is no JSON; only after an error without a message.
  std::size_t byte() const { return byte_; }

 private:
  bool fail(std::string message) {
    error_ = Error{ErrorKind::bad_request, std::move(message), ""};
    return false;
  }

  /// Where the next value belongs.
  Json* place() {
    Json* current = places_.back();
    if (current->is_object()) return member_;
    if (!current->is_array()) return current;  // the root, which has no value yet
    current->get_ref<Json::array_t&>().emplace_back();
    return &current->get_ref<Json::array_t&>().back();
  }

  template <typename Value>
  bool put(Value&& value) {
    *place() = std::forward<Value>(value);
    return true;
  }

  bool open(Json value) {
    if (places_.size() > static_cast<std::size_t>(kMaxJsonDepth))
      return fail("JSON nested deeper than " + std::to_string(kMaxJsonDepth) + " levels");
    Json* opened = place();
    *opened = std::move(value);
    places_.push_back(opened);
    return true;
  }

  bool close() {
    places_.pop_back();
    return true;
  }

  std::vector<Json*> places_;  ///< the root, and what is open in it; no parent grows meanwhile
  Json* member_ = nullptr;
  std::optional<Error> error_;
  std::size_t byte_ = 0;
};

bool needs_escape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

/// How many bytes from the start of `text` stand for themselves. Eight at a time: in a word of
/// bytes the high bit of each is set where the byte is below 0x20, or equals '"' or '\\'. What a
/// borrow sets besides is above the first of these.
std::size_t plain_length(std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighs = 0x8080808080808080;
  const auto zeros = [](std::uint64_t word) { return (word - kOnes) & ~word & kHighs; };
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    const auto marks = ((word - kOnes * 0x20) & ~word & kHighs) | zeros(word ^ (kOnes * '"')) |
                       zeros(word ^ (kOnes * '\\'));
    if (marks == 0) continue;
    if constexpr (std::endian::native != std::endian::little) break;
    return at + static_cast<std::size_t>(std::countr_zero(marks)) / 8;
  }
  while (at < text.size() && !needs_escape(text[at])) ++at;
  return at;
}

/// The letter that stands for it after a backslash; 0: none does.
char short_escape(char c) {
  switch (c) {
    case '"': return '"';
    case '\\': return '\\';
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    case '\b': return 'b';
    case '\f': return 'f';
    default: return 0;
  }
}

void write_escaped(char c, std::string& out) {
  if (const char letter = short_escape(c)) {
    const char escape[] = {'\\', letter};
    out.append(escape, sizeof escape);
    return;
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto code = static_cast<unsigned char>(c);
  const char escape[] = {'\\', 'u', '0', '0', kDigits[code >> 4], kDigits[code & 15]};
  out.append(escape, sizeof escape);
}

/// The characters between the quotes. What is no UTF-8 stays as it is.
void write_characters(std::string_view text, std::string& out) {
  for (;;) {
    const auto plain = plain_length(text);
    out.append(text.data(), plain);
    if (plain == text.size()) return;
    write_escaped(text[plain], out);
    text.remove_prefix(plain + 1);
  }
}

void write_string(const std::string& value, std::string& out) {
  if (value.size() > kSmall) out.reserve(out.size() + value.size() + kSmall);
  out += '"';
  write_characters(value, out);
  out += '"';
}

template <typename Number>
void write_number(Number value, std::string& out) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

/// The same text as nlohmann's writer makes, which goes through every string byte by byte.
void write(const Json& value, std::string& out) {
  switch (value.type()) {
    case Json::value_t::string: write_string(value.get_ref<const std::string&>(), out); return;
    case Json::value_t::number_integer: write_number(value.get<std::int64_t>(), out); return;
    case Json::value_t::number_unsigned: write_number(value.get<std::uint64_t>(), out); return;
    case Json::value_t::boolean: out += value.get<bool>() ? "true" : "false"; return;
    case Json::value_t::null: out += "null"; return;
    case Json::value_t::array: break;
    case Json::value_t::object: break;
    default: out += value.dump(-1, ' ', false, Json::error_handler_t::replace); return;
  }
  char before = '[';
  if (value.is_array()) {
    const auto& values = value.get_ref<const Json::array_t&>();
    if (values.empty()) out += '[';
    for (const auto& one : values) {
      out += before;
      before = ',';
      write(one, out);
    }
    out += ']';
    return;
  }
  const auto& members = value.get_ref<const Json::object_t&>();
  if (members.empty()) out += '{';
  const char* opening = "{\"";
  for (const auto& [name, member] : members) {
    out.append(opening, 2);
    opening = ",\"";
    write_characters(name, out);
    out.append("\":", 2);
    write(member, out);
  }
  out += '}';
}

}  // namespace

Result<Json> parse_json(std::string_view text, std::size_t room) {
  Json root;
  if (text.size() <= kSmall ? read_small(text, root)
                            : room >= kJsonRoom && LargeText(text).read(root))
    return root;
  root = nullptr;
  Builder builder(root);
  if (Json::sax_parse(text, &builder)) return root;
  const auto& error = builder.error();
  if (error && !error->message.empty()) return *error;
  const char* what =
      is_valid_utf8(text) ? "invalid JSON at byte " : "invalid JSON (not UTF-8) at byte ";
  return Error{ErrorKind::bad_request, what + std::to_string(builder.byte()), ""};
}

std::string to_text(const Json& value) {
  std::string text;
  text.reserve(kUsualRoom);
  write(value, text);
  // All at once: it is UTF-8 when each of its strings is. What is wrong, nlohmann's writer
  // replaces.
  if (!is_valid_utf8(text)) return value.dump(-1, ' ', false, Json::error_handler_t::replace);
  return text;
}

Json object_with_room(std::size_t members) {
  Json object = Json::object();
  object.get_ref<Json::object_t&>().reserve(members);
  return object;
}

std::string to_pretty_text(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace);
}

void discard(Json& value) {
  if (value.is_object()) {
    auto& members = value.get_ref<Json::object_t&>();
    for (auto& [name, member] : members) {
      if (member.is_structured()) discard(member);
    }
    members.clear();
  } else if (value.is_array()) {
    auto& values = value.get_ref<Json::array_t&>();
    for (auto& one : values) {
      if (one.is_structured()) discard(one);
    }
    values.clear();
  }
  value = nullptr;
}

const Json* find(const Json& value, std::string_view name) {
  if (!value.is_object()) return nullptr;
  // ordered_json's own find() takes a std::string: a plain loop makes none.
  for (const auto& [key, member] : value.get_ref<const Json::object_t&>()) {
    if (key == name) return &member;
  }
  return nullptr;
}

const Json& array_in(const Json& value, std::string_view name) {
  static const Json none = Json::array();
  const Json* member = find(value, name);
  return member && member->is_array() ? *member : none;
}

const Json* find(const Json& value, std::string_view name, std::string_view other_name) {
  const Json* member = find(value, name);
  return member ? member : find(value, other_name);
}

std::string_view string_in(const Json& value, std::string_view name) {
  const Json* member = find(value, name);
  if (!member || !member->is_string()) return {};
  return member->get_ref<const std::string&>();
}

std::optional<std::int64_t> integer_in(const Json& value, std::string_view name) {
  const Json* member = find(value, name);
  if (!member) return std::nullopt;
  if (member->is_number_unsigned()) {
    const auto number = member->get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
    return static_cast<std::int64_t>(number);
  }
  if (member->is_number_integer()) return member->get<std::int64_t>();
  if (member->is_string()) {
    const auto& text = member->get_ref<const std::string&>();
    std::int64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure == std::errc{} && end == text.data() + text.size()) return number;
  }
  return std::nullopt;
}

std::optional<bool> bool_in(const Json& value, std::string_view name) {
  const Json* member = find(value, name);
  if (!member || !member->is_boolean()) return std::nullopt;
  return member->get<bool>();
}

}  // namespace gembal
