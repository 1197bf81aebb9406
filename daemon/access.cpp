#include "daemon/access.hpp"

#include <algorithm>

#include "daemon/routes.hpp"
#include "lib/core/digest.hpp"
#include "lib/core/text.hpp"

namespace gembal::daemon {

std::string name_of_configured(const Secret& token, std::size_t index) {
  const auto shown = token.redacted();
  return shown.size() > std::string_view("…").size() ? shown : "token " + std::to_string(index + 1);
}

Access::Access(std::vector<Secret> tokens, Secret admin, std::vector<store::ClientToken> named)
    : tokens_(std::move(tokens)), admin_(std::move(admin)), named_(std::move(named)) {
  const bool has_own = !admin_.empty();
  if (!has_own && !tokens_.empty()) admin_ = tokens_.front();
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    const auto& token = tokens_[i];
    callers_.push_back(
        {name_of_configured(token, i), token.id(), admin_.matches(token.reveal()), nullptr});
  }
  callers_.push_back({"admin", admin_.id(), true, nullptr});
  for (std::size_t i = 0; i < named_.size(); ++i) by_digest_.emplace(named_[i].digest, i);
}

std::optional<Caller> Access::find(std::string_view token) const {
  if (token.empty()) return std::nullopt;
  const Caller* found = nullptr;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (tokens_[i].matches(token)) found = &callers_[i];
  }
  if (is_admin(token) && !found) found = &callers_.back();
  if (found) return *found;
  if (named_.empty()) return std::nullopt;
  const auto known = by_digest_.find(sha256_hex(token));
  if (known == by_digest_.end()) return std::nullopt;
  const auto& named = named_[known->second];
  return Caller{named.name, named.digest.substr(0, 12), false, &named};
}

Result<Caller> Access::caller_of(const front::RequestHead& head, TimePoint now) const {
  std::optional<Caller> found;
  for (const auto& [name, value] : head.fields) {
    if (found) break;
    if (iequals(name, "authorization")) {
      const auto space = value.find(' ');
      if (space != std::string_view::npos && iequals(value.substr(0, space), "bearer"))
        found = find(trim(value.substr(space + 1)));
    } else if (iequals(name, "x-goog-api-key") || iequals(name, "x-api-key")) {
      found = find(value);
    }
  }
  if (!found && head.query.find("key") != std::string_view::npos) {
    const auto key = query_value(head.query, "key");
    if (key) found = find(*key);
  }
  if (!found) {
    return Error{ErrorKind::unauthorized, "the client token is missing or wrong",
                 "send one of auth.tokens as 'Authorization: Bearer' or 'x-goog-api-key'"};
  }
  const auto* token = found->token;
  if (token && token->disabled) {
    return Error{ErrorKind::unauthorized, "the client token '" + token->name + "' is disabled",
                 "ask whoever runs this server"};
  }
  if (token && token->expires != TimePoint{} && token->expires <= now) {
    return Error{ErrorKind::unauthorized, "the client token '" + token->name + "' has expired",
                 "ask whoever runs this server for another"};
  }
  return *std::move(found);
}

bool may_ask(const Caller& caller, std::string_view model) {
  if (!caller.token || caller.token->models.empty() || model.empty()) return true;
  const auto& models = caller.token->models;
  return std::find(models.begin(), models.end(), model) != models.end();
}

}  // namespace gembal::daemon
