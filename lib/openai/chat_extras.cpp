#include "lib/openai/chat_extras.hpp"

#include <algorithm>
#include <array>

namespace gembal::openai {
namespace {

constexpr std::array<std::string_view, 7> kOfTheRequest = {
    "cachedContent", "safetySettings", "toolConfig", "labels", "serviceTier", "store", "tools"};

std::string in_camel_case(std::string_view name) {
  std::string made;
  bool raise = false;
  for (const char c : name) {
    if (c == '_') {
      raise = !made.empty();
    } else {
      made += raise && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      raise = false;
    }
  }
  return made;
}

/// The same value with the names of its objects' members in camel case. Values of "labels" and of
/// schemas are the client's own names: callers leave those out.
Json in_camel_case(const Json& value) {
  if (value.is_array()) {
    Json made = Json::array();
    for (const auto& one : value) made.push_back(in_camel_case(one));
    return made;
  }
  if (!value.is_object()) return value;
  Json made = Json::object();
  for (const auto& [name, member] : value.items()) {
    const auto camel = in_camel_case(std::string_view(name));
    const bool is_own = camel == "labels" || camel.ends_with("Schema") || camel == "parameters";
    made[camel] = is_own ? member : in_camel_case(member);
  }
  return made;
}

}  // namespace

bool take_extras(const Json& request, Json& body) {
  const Json* extra = find(request, "extra_body");
  const Json* google = extra ? find(*extra, "google") : find(request, "google");
  if (!google || !google->is_object()) return false;
  const Json members = in_camel_case(*google);
  for (const auto& [name, value] : members.items()) {
    const bool is_of_the_request =
        std::find(kOfTheRequest.begin(), kOfTheRequest.end(), name) != kOfTheRequest.end();
    if (name == "tools" && value.is_array()) {
      for (const auto& tool : value) body["tools"].push_back(tool);
    } else if (is_of_the_request) {
      body[name] = value;
    } else {
      body["generationConfig"][name] = value;
    }
  }
  const Json* thinking = find(members, "thinkingConfig");
  return thinking && bool_in(*thinking, "includeThoughts").value_or(false);
}

}  // namespace gembal::openai
