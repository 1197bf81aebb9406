#include "daemon/access.hpp"

#include "daemon/routes.hpp"
#include "lib/core/text.hpp"

namespace gembal::daemon {

const Secret* Access::find(std::string_view token) const {
  const Secret* found = nullptr;
  for (const auto& good : tokens_) {
    if (good.matches(token)) found = &good;
  }
  return token.empty() ? nullptr : found;
}

const Secret* Access::token_of(const front::RequestHead& head) const {
  for (const auto& [name, value] : head.fields) {
    const Secret* found = nullptr;
    if (iequals(name, "authorization")) {
      const auto space = value.find(' ');
      if (space != std::string_view::npos && iequals(value.substr(0, space), "bearer"))
        found = find(trim(value.substr(space + 1)));
    } else if (iequals(name, "x-goog-api-key") || iequals(name, "x-api-key")) {
      found = find(value);
    }
    if (found) return found;
  }
  if (head.query.find("key") == std::string_view::npos) return nullptr;
  const auto key = query_value(head.query, "key");
  return key ? find(*key) : nullptr;
}

}  // namespace gembal::daemon
