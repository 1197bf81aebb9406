#include "lib/store/new_token.hpp"

#include <algorithm>

#include "lib/core/digest.hpp"
#include "lib/core/text.hpp"

namespace gembal::store {
namespace {

constexpr std::size_t kLongestName = 64;
constexpr std::size_t kShown = 10;

bool is_of_a_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view(" .-_@").find(c) != std::string_view::npos;
}

}  // namespace

Result<NewToken> new_token(const std::string& name) {
  const bool is_good = !name.empty() && name.size() <= kLongestName && trim(name) == name &&
                       std::all_of(name.begin(), name.end(), is_of_a_name);
  if (!is_good) {
    return Error{ErrorKind::usage,
                 "'" + name.substr(0, kLongestName) + "' cannot be a token's name",
                 "a name has up to 64 letters, digits, blanks and .-_@"};
  }
  NewToken made;
  made.secret = Secret("gembal-" + random_hex(20));
  made.kept.name = name;
  made.kept.digest = sha256_hex(made.secret.reveal());
  made.kept.shown = made.secret.reveal().substr(0, kShown);
  made.kept.created = std::chrono::system_clock::now();
  return made;
}

}  // namespace gembal::store
