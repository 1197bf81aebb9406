#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "daemon/front/request_head.hpp"
#include "lib/core/result.hpp"
#include "lib/core/secret.hpp"
#include "lib/store/key_store.hpp"

namespace gembal::daemon {

/// Whose token a request carries.
struct Caller {
  std::string name;  ///< "admin"; name_of_configured(); or a token's own
  std::string id;    ///< of the token: Secret::id()
  bool is_admin = false;
  const store::ClientToken* token = nullptr;  ///< what it may do; null: anything
};

/// What a configured token is called: how it looks redacted, or, of one too short for that, by its
/// place.
std::string name_of_configured(const Secret& token, std::size_t index);

/// Decides who may ask. Immutable once made, so any thread may use it.
class Access {
 public:
  /// `admin`: the administrator's token; empty: the first of `tokens`. `named`: those that are
  /// kept in the store.
  explicit Access(std::vector<Secret> tokens, Secret admin = {},
                  std::vector<store::ClientToken> named = {});

  /// Who a request is from, by the token in any of the four places: Authorization: Bearer,
  /// x-goog-api-key, x-api-key, ?key=. One good token is enough. Takes the same time whichever
  /// token matches. Errors: unauthorized (none is good, or it has expired or is disabled).
  Result<Caller> caller_of(const front::RequestHead& head, TimePoint now) const;

  /// Whether this is the administrator's.
  bool is_admin(std::string_view token) const { return !token.empty() && admin_.matches(token); }

  /// The configured ones, without the administrator's own.
  const std::vector<Secret>& tokens() const { return tokens_; }
  const Secret& admin() const { return admin_; }
  /// Those of the store, by name.
  const std::vector<store::ClientToken>& named() const { return named_; }

 private:
  std::optional<Caller> find(std::string_view token) const;

  std::vector<Secret> tokens_;
  Secret admin_;
  std::vector<store::ClientToken> named_;
  std::vector<Caller> callers_;  ///< of the configured ones, in their order; then the admin's
  std::unordered_map<std::string, std::size_t> by_digest_;
};

/// Whether a token may ask a model; true without limits.
bool may_ask(const Caller& caller, std::string_view model);

}  // namespace gembal::daemon
