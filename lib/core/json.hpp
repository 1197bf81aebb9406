#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "lib/core/json_fwd.hpp"
#include "lib/core/result.hpp"

namespace gembal {

/// Nothing that an API of ours takes is nested deeper; nlohmann's writer recurses, so depth must be
/// bounded.
inline constexpr int kMaxJsonDepth = 200;

/// How many bytes behind a text simdjson may look at.
inline constexpr std::size_t kJsonRoom = 64;

/// Parses one JSON text. Never throws. `room`: bytes behind the text that may be read, whatever
/// they hold; with kJsonRoom of them a text with large strings takes no more memory than its value.
/// Errors: bad_request (not JSON, invalid UTF-8, nested deeper than kMaxJsonDepth), saying where.
Result<Json> parse_json(std::string_view text, std::size_t room = 0);
inline Result<Json> parse_json(const std::string& text) {
  return parse_json(text, text.capacity() - text.size());
}
inline Result<Json> parse_json(const char* text) { return parse_json(std::string_view(text)); }

/// An empty object with room for so many members. Objects of an order of their own copy all their
/// values, deeply, whenever they outgrow their room: give those that will hold large values enough.
Json object_with_room(std::size_t members);

/// The compact text of `value`; bytes that are not UTF-8 become U+FFFD. Never throws.
std::string to_text(const Json& value);

/// The same over several lines, indented by two.
std::string to_pretty_text(const Json& value);

/// The member `name` of an object; nullptr when `value` is not an object or has none (a null member
/// is returned).
const Json* find(const Json& value, std::string_view name);

/// The member under either of two names: Gemini takes camelCase and snake_case alike.
const Json* find(const Json& value, std::string_view name, std::string_view other_name);

/// The string member `name`, or "" when it is missing or no string. Valid as long as `value` is.
std::string_view string_in(const Json& value, std::string_view name);

/// The integer member `name`, also when protobuf's JSON wrote it as a string ("18810"); nullopt
/// when missing or another type.
std::optional<std::int64_t> integer_in(const Json& value, std::string_view name);

/// The member `name` when it is true or false; nullopt otherwise.
std::optional<bool> bool_in(const Json& value, std::string_view name);

}  // namespace gembal
