#include "lib/core/json.hpp"

#include <simdjson.h>

#include <algorithm>
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

/// Texts up to this size are copied by simdjson's parsers, which is nothing to them.
constexpr std::size_t kSmall = 256 * 1024;

bool fill(const simdjson::dom::array& from, Json::array_t& to, int depth);
bool fill(const simdjson::dom::object& from, Json::object_t& to, int depth);

/// Whether two names are the same: without a call for those of up to 16 bytes, which most are.
bool is_same(std::string_view a, std::string_view b) {
  const auto size = a.size();
  if (size != b.size()) return false;
  const auto differs = [&](auto word, std::size_t at) {
    auto other = word;
    std::memcpy(&word, a.data() + at, sizeof word);
    std::memcpy(&other, b.data() + at, sizeof other);
    return word != other;
  };
  if (size > 16) return std::memcmp(a.data(), b.data(), size) == 0;
  if (size >= 8) return !differs(std::uint64_t{}, 0) && !differs(std::uint64_t{}, size - 8);
  if (size >= 4) return !differs(std::uint32_t{}, 0) && !differs(std::uint32_t{}, size - 4);
  for (std::size_t i = 0; i < size; ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

/// The same value as nlohmann's, given to `place`, which makes one of it and returns that; false
/// where nlohmann's parser had better look at it: what is nested too deep, too wide, or a number
/// out of range.
template <typename Place>
bool copy(const simdjson::dom::element& from, int depth, Place place) {
  using simdjson::dom::element_type;
  switch (from.type()) {
    case element_type::STRING: place(std::string(std::string_view(from))); return true;
    case element_type::INT64: {
      // nlohmann's parser makes only negative numbers signed.
      const auto number = std::int64_t(from);
      if (number < 0) {
        place(number);
      } else {
        place(static_cast<std::uint64_t>(number));
      }
      return true;
    }
    case element_type::UINT64: place(std::uint64_t(from)); return true;
    case element_type::DOUBLE: place(double(from)); return true;
    case element_type::BOOL: place(bool(from)); return true;
    case element_type::NULL_VALUE: place(nullptr); return true;
    case element_type::ARRAY:
      return depth < kMaxJsonDepth &&
             fill(from, place(Json::value_t::array).template get_ref<Json::array_t&>(), depth + 1);
    case element_type::OBJECT:
      return depth < kMaxJsonDepth &&
             fill(from, place(Json::value_t::object).template get_ref<Json::object_t&>(),
                  depth + 1);
  }
  return false;
}

bool fill(const simdjson::dom::array& from, Json::array_t& to, int depth) {
  to.reserve(from.size());
  const auto place = [&](auto&& value) -> Json& {
    return to.emplace_back(std::forward<decltype(value)>(value));
  };
  for (const auto& one : from) {
    if (!copy(one, depth, place)) return false;
  }
  return true;
}

bool fill(const simdjson::dom::object& from, Json::object_t& to, int depth) {
  if (from.size() > kMostMembers) return false;
  to.reserve(from.size());
  for (const auto& [name, value] : from) {
    // Of two members of a name the last is heard, at the place of the first.
    const auto place = [&, key = name](auto&& made) -> Json& {
      for (auto& [known, member] : to) {
        if (is_same(known, key)) return member = std::forward<decltype(made)>(made);
      }
      return to.emplace_back(std::string(key), std::forward<decltype(made)>(made)).second;
    };
    if (!copy(value, depth, place)) return false;
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
  return copy(root, 0,
              [&](auto&& made) -> Json& { return value = std::forward<decltype(made)>(made); });
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

Json object_with_room(std::size_t members) {
  Json object(Json::value_t::object);
  object.get_ref<Json::object_t&>().reserve(members);
  return object;
}

// All in one: most of a tree's end is small calls.
[[gnu::flatten]] void discard(Json& value) {
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
    if (is_same(key, name)) return &member;
  }
  return nullptr;
}

std::string take_text(Json& value, std::string_view name) {
  Json* found = find(value, name);
  if (!found || !found->is_string()) return "";
  return std::move(found->get_ref<std::string&>());
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
