#include "daemon/access.hpp"

#include "daemon/routes.hpp"
#include "lib/core/text.hpp"

namespace gembal::daemon {

bool Access::knows(std::string_view token) const {
  bool known = false;
  for (const auto& good : tokens_) known |= good.matches(token);
  return known && !token.empty();
}

bool Access::allows(const front::RequestHead& head) const {
  for (const auto& [name, value] : head.fields) {
    if (iequals(name, "authorization")) {
      const auto space = value.find(' ');
      if (space != std::string_view::npos && iequals(value.substr(0, space), "bearer") &&
          knows(trim(value.substr(space + 1)))) {
        return true;
      }
    } else if ((iequals(name, "x-goog-api-key") || iequals(name, "x-api-key")) && knows(value)) {
      return true;
    }
  }
  if (head.query.find("key") == std::string_view::npos) return false;
  const auto key = query_value(head.query, "key");
  return key && knows(*key);
}

}  // namespace gembal::daemon
