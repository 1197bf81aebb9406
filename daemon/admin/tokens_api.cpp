// The tokens of clients.

#include <algorithm>
#include <unordered_map>

#include "daemon/admin/api.hpp"
#include "daemon/admin/desk.hpp"
#include "lib/store/new_token.hpp"

namespace gembal::daemon::admin {
namespace {

using std::chrono::hours;
using store::ClientToken;
using store::Journal;
using store::KeyStore;

std::string shown(TimePoint time) { return time == TimePoint{} ? "" : to_iso8601(time); }

Json to_json(const ClientToken& token) {
  return {{"name", token.name},
          {"shown", token.shown + "…"},
          {"created_at", shown(token.created)},
          {"expires_at", shown(token.expires)},
          {"rpm", token.requests_per_minute},
          {"rpd", token.requests_per_day},
          {"tpd", token.tokens_per_day},
          {"models", token.models},
          {"disabled", token.disabled},
          {"configured", false}};
}

/// One of the configuration: what it is called in records is how it looks.
Json configured(const std::string& name) {
  ClientToken token;
  token.name = name;
  auto json = to_json(token);
  json["shown"] = name;
  json["configured"] = true;
  return json;
}

Result<void> add_usage(Json& tokens, Journal& journal, TimePoint now) {
  const auto from = std::chrono::floor<hours>(now) - hours{23};
  const auto day = journal.groups(store::kHourStep, to_unix_seconds(from), store::GroupBy::token);
  if (!day) return day.error();
  std::unordered_map<std::string, const store::Traffic*> used;
  for (const auto& group : *day) used.emplace(group.name, &group.traffic);
  for (auto& token : tokens) {
    const auto known = used.find(token["name"].get<std::string>());
    token["requests_24h"] = known == used.end() ? 0 : known->second->requests;
    token["tokens_24h"] = known == used.end() ? 0 : known->second->total_tokens;
    store::RecordFilter filter;
    filter.token = token["name"].get<std::string>();
    filter.limit = 1;
    const auto last = journal.requests(filter);
    if (!last) return last.error();
    token["last_used"] = last->records.empty() ? "" : to_iso8601(last->records.front().time);
  }
  return {};
}

Result<Json> all(Desk& desk) {
  const auto live = desk.live();
  return desk.with_store([&](KeyStore& store, Journal& journal) -> Result<Json> {
    const auto known = store.client_tokens();
    if (!known) return known.error();
    Json tokens = Json::array();
    const auto& own = live->access.tokens();
    for (std::size_t i = 0; i < own.size(); ++i)
      tokens.push_back(configured(name_of_configured(own[i], i)));
    for (const auto& token : *known) tokens.push_back(to_json(token));
    if (auto added = add_usage(tokens, journal, std::chrono::system_clock::now()); !added)
      return std::move(added).error();
    return tokens;
  });
}

Result<Told> list(Desk& desk, const Asked&) {
  auto tokens = all(desk);
  if (!tokens) return std::move(tokens).error();
  return Told{{{"tokens", *std::move(tokens)}}};
}

Error no_such_token(const std::string& name) {
  return {ErrorKind::not_found, "there is no token '" + name + "'", ""};
}

Result<void> read_limit(const Json& value, const std::string& name, std::int64_t& limit) {
  if (!value.is_number_integer() || value.get<std::int64_t>() < 0)
    return wrong_field(name, "must be a whole number, 0 for no limit");
  limit = value.get<std::int64_t>();
  return {};
}

/// Puts the members of a request into a token.
Result<void> read_into(const Json& body, ClientToken& token) {
  for (const auto& [name, value] : body.items()) {
    Result<void> read;
    if (name == "rpm") {
      read = read_limit(value, name, token.requests_per_minute);
    } else if (name == "rpd") {
      read = read_limit(value, name, token.requests_per_day);
    } else if (name == "tpd") {
      read = read_limit(value, name, token.tokens_per_day);
    } else if (name == "models") {
      auto models = texts_in(body, name);
      if (!models) return std::move(models).error();
      token.models = *std::move(models);
    } else if (name == "expires_at" && value.is_string()) {
      const auto text = value.get<std::string>();
      const auto time = text.empty() ? TimePoint{} : parse_iso8601(text);
      if (!time) return wrong_field(name, "must be a time, as in 2026-12-31T00:00:00Z, or \"\"");
      token.expires = *time;
    } else if (name == "disabled" && value.is_boolean()) {
      token.disabled = value.get<bool>();
    } else if (name != "name") {
      return wrong_field(name, "is nothing that a token has, or of another type");
    }
    if (!read) return read;
  }
  return {};
}

Result<Told> add(Desk& desk, const Asked& asked) {
  const auto name = std::string(string_in(asked.body, "name"));
  auto made = store::new_token(name);
  if (!made) {
    auto error = std::move(made).error();
    error.kind = ErrorKind::bad_request;
    error.param = "name";
    return error;
  }
  if (auto read = read_into(asked.body, made->kept); !read) return std::move(read).error();
  auto added = desk.with_store([&](KeyStore& store, Journal&) -> Result<Told> {
    if (auto done = store.add_token(made->kept); !done) return std::move(done).error();
    auto told = to_json(made->kept);
    told["token"] = made->secret.reveal();
    return Told{std::move(told)};
  });
  if (!added) return added;
  desk.written();
  Desk::audit("made a client token", name);
  return added;
}

Result<Told> edit(Desk& desk, const Asked& asked) {
  const auto& name = asked.names[0];
  auto edited = desk.with_store([&](KeyStore& store, Journal&) -> Result<Told> {
    auto known = store.client_tokens();
    if (!known) return std::move(known).error();
    const auto token = std::find_if(known->begin(), known->end(),
                                    [&](const auto& one) { return one.name == name; });
    if (token == known->end()) return no_such_token(name);
    if (auto read = read_into(asked.body, *token); !read) return std::move(read).error();
    if (auto done = store.edit_token(*token); !done) return std::move(done).error();
    return Told{to_json(*token)};
  });
  if (!edited) return edited;
  desk.written();
  Desk::audit("changed a client token", name);
  return edited;
}

Result<Told> remove(Desk& desk, const Asked& asked) {
  const auto& name = asked.names[0];
  const auto removed =
      desk.with_store([&](KeyStore& store, Journal&) { return store.remove_token(name); });
  if (!removed) return removed.error();
  if (!*removed) return no_such_token(name);
  desk.written();
  Desk::audit("removed a client token", name);
  return Told{{{"removed", 1}}};
}

}  // namespace

std::vector<AdminRoute> token_routes() {
  return {
      {"GET", "/api/admin/tokens", "The tokens of clients", "", "{tokens: […]}", list},
      {"POST", "/api/admin/tokens", "Make a token: it is shown this once",
       R"({"name":"laptop","rpm":60,"rpd":0,"tpd":0,"models":[],"expires_at":""})",
       "the token, with its text in token", add},
      {"PATCH", "/api/admin/tokens/{name}", "Change what a token may do",
       R"({"rpm":60,"disabled":false})", "the token", edit},
      {"DELETE", "/api/admin/tokens/{name}", "Take a token back", "", "{removed}", remove},
  };
}

}  // namespace gembal::daemon::admin
