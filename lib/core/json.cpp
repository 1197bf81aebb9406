#include "lib/core/json.hpp"

#include <charconv>

#include "lib/core/text.hpp"

namespace gembal {
namespace {

/// Whether brackets nest no deeper than `limit`. Counts brackets outside strings; does not
/// validate.
bool nests_within(std::string_view text, int limit) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
      continue;
    }
    if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > limit) return false;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return true;
}

}  // namespace

Result<Json> parse_json(std::string_view text) {
  if (!nests_within(text, kMaxJsonDepth)) {
    return Error{ErrorKind::bad_request,
                 "JSON nested deeper than " + std::to_string(kMaxJsonDepth) + " levels"};
  }
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& e) {
    const char* what =
        is_valid_utf8(text) ? "invalid JSON at byte " : "invalid JSON (not UTF-8) at byte ";
    return Error{ErrorKind::bad_request, what + std::to_string(e.byte)};
  } catch (const std::exception&) {  // out_of_range: a number that no double holds
    return Error{ErrorKind::bad_request, "invalid JSON: a number is out of range"};
  }
}

std::string to_text(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string to_pretty_text(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace);
}

const Json* find(const Json& value, std::string_view name) {
  if (!value.is_object()) return nullptr;
  // ordered_json's own find() takes a std::string: a plain loop makes none.
  for (const auto& [key, member] : value.get_ref<const Json::object_t&>()) {
    if (key == name) return &member;
  }
  return nullptr;
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
