#pragma once

#include <string_view>
#include <utility>

#include "lib/core/json.hpp"

namespace gembal {

inline void add_members(Json::object_t& /*members*/) {}
/// Adds names, which must be new, and their values in turn.
template <typename Value, typename... Rest>
void add_members(Json::object_t& members, std::string_view name, Value&& value, Rest&&... rest) {
  members.emplace_back(std::string(name), std::forward<Value>(value));
  add_members(members, std::forward<Rest>(rest)...);
}

/// An object of names, each once, and their values in turn: object_of("text", text, "thought",
/// true). For what is made with every request and event: a list in braces is an array of arrays of
/// copies before it is an object.
template <typename... NamesAndValues>
Json object_of(NamesAndValues&&... names_and_values) {
  static_assert(sizeof...(names_and_values) % 2 == 0);
  Json object(Json::value_t::object);
  auto& members = object.get_ref<Json::object_t&>();
  members.reserve(sizeof...(names_and_values) / 2);
  add_members(members, std::forward<NamesAndValues>(names_and_values)...);
  return object;
}

/// Adds the compact text of `value`, as to_text() makes it. When that is large `out` keeps some
/// room behind it.
void append_text(std::string& out, const Json& value);

/// An array of nothing yet. Json::array() makes a list first that it copies.
inline Json empty_array() { return Json(Json::value_t::array); }

/// The member `name`, to be changed or taken; nullptr when there is none.
inline Json* find(Json& value, std::string_view name) {
  return const_cast<Json*>(find(std::as_const(value), name));
}

/// Takes the string member `name` out of an object, which keeps an empty one; "" when it is missing
/// or no string.
std::string take_text(Json& value, std::string_view name);

/// The member that is an array; an empty one when there is no such member.
const Json& array_in(const Json& value, std::string_view name);

/// Destroys a tree from its leaves up: null is left. The library's own way is made for any depth,
/// moves every value onto a heap and takes twice as long.
void discard(Json& value);

}  // namespace gembal
