#include "lib/gemini/schema_walk.hpp"

#include <algorithm>
#include <charconv>

#include "lib/core/json.hpp"
#include "lib/core/text.hpp"

namespace gembal::gemini {
namespace {

constexpr std::size_t kDeepest = 60;
constexpr std::size_t kLongestPath = 200;

std::size_t bytes_of(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().size();
  std::size_t bytes = 8;
  if (value.is_object()) {
    for (const auto& [name, inner] : value.items()) bytes += name.size() + bytes_of(inner);
  } else if (value.is_array()) {
    for (const auto& inner : value) bytes += bytes_of(inner);
  }
  return bytes;
}

std::string unescape(std::string_view token) {
  std::string text;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '~' && i + 1 < token.size()) {
      text += token[++i] == '1' ? '/' : '~';
    } else {
      text += token[i];
    }
  }
  return text;
}

}  // namespace

const Json* resolve_pointer(const Json& root, std::string_view ref) {
  if (!ref.starts_with('#')) return nullptr;
  const auto pointer = percent_decode(ref.substr(1));
  if (pointer.empty()) return &root;
  if (pointer.front() != '/') return nullptr;
  const Json* at = &root;
  for (const auto token : split(std::string_view(pointer).substr(1), '/')) {
    if (at->is_array()) {
      std::size_t index = 0;
      const auto [end, failure] = std::from_chars(token.data(), token.data() + token.size(), index);
      if (failure != std::errc{} || end != token.data() + token.size() || index >= at->size())
        return nullptr;
      at = &(*at)[index];
    } else {
      at = find(*at, unescape(token));
      if (!at) return nullptr;
    }
  }
  return at->is_object() || at->is_boolean() ? at : nullptr;
}

void append_member(Json& object, std::string name, Json value) {
  if (object.is_null()) object = Json::object();
  object.get_ref<Json::object_t&>().emplace_back(std::move(name), std::move(value));
}

SchemaWalk::Step::Step(SchemaWalk& walk, std::string_view name, std::string_view member)
    : walk_(walk) {
  walk.path_.push_back({name, member, std::nullopt});
  enter();
}

SchemaWalk::Step::Step(SchemaWalk& walk, std::string_view name, std::size_t index) : walk_(walk) {
  walk.path_.push_back({name, {}, index});
  enter();
}

void SchemaWalk::Step::enter() const {
  if (walk_.path_.size() > kDeepest) {
    walk_.fail("it is nested deeper than " + std::to_string(kDeepest) + " levels");
  } else {
    walk_.spend();
  }
}

void SchemaWalk::spend(std::size_t parts) {
  if (budget_.parts < parts)
    return fail("the schemas of this request are too large together, with what '$ref' repeats");
  budget_.parts -= parts;
}

const Json* SchemaWalk::resolve(const std::string& ref) {
  const auto known = resolved_.find(ref);
  if (known != resolved_.end()) return known->second;
  const Json* target = resolve_pointer(root_, ref);
  if (!target) {
    fail("the '$ref' '" + ref.substr(0, kLongestPath) + "' points to no schema in it");
    return nullptr;
  }
  resolved_.emplace(ref, target);
  return target;
}

Json SchemaWalk::copy(const Json& value) {
  const auto bytes = bytes_of(value);
  if (bytes > budget_.bytes) {
    fail("the schemas of this request are too large together, with what '$ref' repeats");
    return {};
  }
  budget_.bytes -= bytes;
  return value;
}

void SchemaWalk::fail(std::string_view what) {
  if (error_) return;
  std::string place(param_);
  for (const auto& [name, member, index] : path_) {
    std::string step(name);
    if (!member.empty()) step.append(".").append(member);
    if (index) step += "[" + std::to_string(*index) + "]";
    if (step.empty()) continue;
    if (place.size() + step.size() > kLongestPath) {
      place += "…";
      break;
    }
    place += (place.empty() ? "" : ".") + step;
  }
  error_ = Error{ErrorKind::bad_request, "'" + place + "' is no schema that can be used: ", ""};
  error_->message += what;
  error_->param = param_;
}

}  // namespace gembal::gemini
