#include "daemon/admin/key_listing.hpp"

#include <algorithm>
#include <unordered_map>

#include "lib/core/json_object.hpp"

namespace gembal::daemon::admin {

using keypool::Key;
using keypool::ModelState;
using keypool::ModelStatus;

StatesBySubject by_subject(const std::vector<keypool::SubjectState>& states) {
  StatesBySubject grouped;
  for (const auto& [subject, state] : states) grouped[subject].push_back(state);
  return grouped;
}

std::string status_of(const Key& key, const std::vector<ModelState>& states) {
  if (key.disabled) return "disabled";
  auto worst = std::string("ok");
  for (const auto& state : states) {
    if (state.status == ModelStatus::cooling && worst == "ok") worst = "cooling";
    if (state.status == ModelStatus::exhausted) worst = "exhausted";
    if (state.status == ModelStatus::unsupported && worst == "ok") worst = "unsupported";
  }
  return worst;
}

Result<std::vector<Listed>> list_keys(store::KeyStore& store, TimePoint now) {
  auto keys = store.keys();
  if (!keys) return std::move(keys).error();
  const auto states = store.model_states(now);
  if (!states) return states.error();
  const auto usage = store.usage_since(to_unix_seconds(now) / 3600 - 23);
  if (!usage) return usage.error();
  std::unordered_map<std::string, std::pair<std::uint64_t, std::uint64_t>> used;
  for (const auto& row : *usage) {
    auto& [requests, tokens] = used[row.key_id];
    requests += row.requests;
    tokens += row.tokens;
  }
  auto grouped = by_subject(*states);
  std::vector<Listed> all;
  all.reserve(keys->size());
  for (auto& key : *keys) {
    auto own = grouped[quota_subject(key)];
    const auto [requests, tokens] = used[key.id];
    all.push_back({std::move(key), std::move(own), requests, tokens});
  }
  return all;
}

Json to_json(const Listed& listed, bool show) {
  const auto& key = listed.key;
  Json models = Json::array();
  TimePoint until{};
  for (const auto& state : listed.states) {
    until = std::max(until, state.until);
    models.push_back(object_of("model", state.model, "status", to_string(state.status), "until",
                               to_iso8601(state.until), "reason", state.reason));
  }
  auto json = object_with_room(13);
  json["id"] = key.id;
  json["key"] = show ? key.secret.reveal() : key.secret.redacted();
  json["label"] = key.label;
  json["project"] = key.project;
  json["tier"] = key.paid ? "paid" : "free";
  json["status"] = status_of(key, listed.states);
  json["reason"] = key.reason;
  json["until"] = listed.states.empty() ? Json() : Json(to_iso8601(until));
  json["failures"] = key.failures;
  json["requests_24h"] = listed.requests;
  json["tokens_24h"] = listed.tokens;
  json["last_used"] = key.last_used == TimePoint{} ? Json() : Json(to_iso8601(key.last_used));
  json["models"] = std::move(models);
  return json;
}

}  // namespace gembal::daemon::admin
