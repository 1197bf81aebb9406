#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/front/request_head.hpp"
#include "lib/core/secret.hpp"

namespace gembal::daemon {

/// Decides who may ask. Immutable once made, so any thread may use it.
class Access {
 public:
  explicit Access(std::vector<Secret> tokens) : tokens_(std::move(tokens)) {}

  /// Whether the request carries a good token, in any of the four places: Authorization: Bearer,
  /// x-goog-api-key, x-api-key, ?key=. One good token is enough. Takes the same time whichever
  /// token matches.
  bool allows(const front::RequestHead& head) const { return token_of(head) != nullptr; }

  /// The good token that the request carries; null when it has none.
  const Secret* token_of(const front::RequestHead& head) const;

  const std::vector<Secret>& tokens() const { return tokens_; }

 private:
  const Secret* find(std::string_view token) const;

  std::vector<Secret> tokens_;
};

}  // namespace gembal::daemon
