// The keys: listed, added, changed, checked.

#include <algorithm>
#include <set>
#include <unordered_map>

#include "daemon/admin/api.hpp"
#include "daemon/admin/desk.hpp"
#include "daemon/admin/key_listing.hpp"
#include "daemon/admin/own_loop.hpp"
#include "daemon/recovery.hpp"
#include "lib/core/text.hpp"
#include "lib/gemini/model_name.hpp"

namespace gembal::daemon::admin {
namespace {

using keypool::Key;
using std::chrono::hours;
using store::Journal;
using store::KeyStore;

constexpr auto kPatience = std::chrono::minutes{5};
constexpr std::size_t kMostAtOnce = 1'000;  // keys that are checked by one request

Error no_such_key(const std::string& id) {
  return {ErrorKind::not_found, "there is no key " + id, ""};
}

bool is_sendable(std::string_view key) {
  return !key.empty() &&
         std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c <= '~'; });
}

/// What the last hour and the last error add to a listed key.
Result<void> add_recent(Json& keys, Journal& journal, TimePoint now) {
  const auto hour =
      journal.groups(store::kMinuteStep, to_unix_seconds(now - hours{1}), store::GroupBy::key);
  if (!hour) return hour.error();
  std::unordered_map<std::string, const store::Traffic*> used;
  for (const auto& group : *hour) used.emplace(group.name, &group.traffic);
  const auto errors = journal.last_errors(now - hours{24});
  if (!errors) return errors.error();
  std::unordered_map<std::string, const store::ErrorRecord*> last;
  for (const auto& error : *errors) last.emplace(error.key_id, &error);
  for (auto& key : keys) {
    const auto id = key["id"].get<std::string>();
    const auto traffic = used.find(id);
    key["requests_1h"] = traffic == used.end() ? 0 : traffic->second->requests;
    key["tokens_1h"] = traffic == used.end() ? 0 : traffic->second->total_tokens;
    const auto error = last.find(id);
    key["last_error"] = error == last.end() ? "" : error->second->message;
    key["last_error_at"] = error == last.end() ? Json() : Json(to_iso8601(error->second->time));
  }
  return {};
}

/// The keys of these ids, as objects; none: all.
Result<Json> keys_as_json(Desk& desk, const std::set<std::string>& ids) {
  const auto now = std::chrono::system_clock::now();
  return desk.with_store([&](KeyStore& store, Journal& journal) -> Result<Json> {
    const auto all = list_keys(store, now);
    if (!all) return all.error();
    Json keys = Json::array();
    for (const auto& listed : *all) {
      if (ids.empty() || ids.contains(listed.key.id)) keys.push_back(to_json(listed, false));
    }
    if (auto added = add_recent(keys, journal, now); !added) return std::move(added).error();
    return keys;
  });
}

Result<Told> list(Desk& desk, const Asked& asked) {
  std::set<std::string> ids;
  const auto wanted = asked.parameter("ids");  // the loop's views are of it
  for (const auto id : split(wanted, ',')) {
    if (!trim(id).empty()) ids.emplace(trim(id));
  }
  auto keys = keys_as_json(desk, ids);
  if (!keys) return std::move(keys).error();
  return Told{{{"keys", *std::move(keys)}}};
}

Result<Told> show(Desk& desk, const Asked& asked) {
  auto keys = keys_as_json(desk, {asked.names[0]});
  if (!keys) return std::move(keys).error();
  if (keys->empty()) return no_such_key(asked.names[0]);
  return Told{std::move(keys->front())};
}

Result<Told> add(Desk& desk, const Asked& asked) {
  const auto& body = asked.body;
  const auto text = body.find("text");
  if (text == body.end() || !text->is_string())
    return wrong_field("text", "must be a text with keys in it");
  std::vector<std::string> found;
  std::size_t ignored = 0;
  if (bool_in(body, "exact").value_or(false)) {
    std::set<std::string_view> seen;
    for (const auto line : split(text->get_ref<const std::string&>(), '\n')) {
      const auto key = trim(line);
      if (key.empty() || !seen.insert(key).second) continue;
      if (is_sendable(key)) {
        found.emplace_back(key);
      } else {
        ++ignored;
      }
    }
  } else {
    found = find_api_keys(text->get_ref<const std::string&>());
  }
  if (found.empty()) {
    Error error = wrong_field("text", "has no API key in it");
    error.hint = "keys look like AIza… or AQ.…; \"exact\" takes each line as it is";
    return error;
  }
  std::vector<Key> keys;
  for (const auto& secret : found) {
    Key key;
    key.secret = Secret(secret);
    key.id = key.secret.id();
    key.label = string_in(body, "label");
    key.project = string_in(body, "project");
    key.paid = bool_in(body, "paid").value_or(false);
    key.disabled = bool_in(body, "disabled").value_or(false);
    if (key.disabled) {
      key.reason = keypool::kAddedDisabled;
      key.disabled_since = std::chrono::system_clock::now();
    }
    keys.push_back(std::move(key));
  }
  const auto added = desk.with_store([&](KeyStore& store, Journal&) { return store.add(keys); });
  if (!added) return added.error();
  desk.written();
  Desk::audit("added keys", std::to_string(added->added.size()));
  auto ids = added->added;
  ids.insert(ids.end(), added->present.begin(), added->present.end());
  return Told{{{"added", added->added.size()},
               {"present", added->present.size()},
               {"ignored", ignored},
               {"ids", ids}}};
}

/// Does something to keys, and returns how many there were.
template <typename Change>
Result<std::size_t> change(Desk& desk, const char* done, const std::vector<std::string>& ids,
                           const Change& change) {
  const auto changed = desk.with_store(
      [&](KeyStore& store, Journal&) -> Result<std::size_t> { return change(store, ids); });
  if (!changed) return changed.error();
  desk.written();
  Desk::audit(std::string(done) + " keys", ids.size() == 1 ? ids[0] : std::to_string(ids.size()));
  return *changed;
}

Result<std::size_t> act(Desk& desk, const std::string& action, const std::vector<std::string>& ids,
                        const Json& body) {
  if (action == "enable")
    return change(desk, "enabled", ids,
                  [](KeyStore& store, const auto& which) { return store.enable(which); });
  if (action == "disable") {
    return change(desk, "disabled", ids, [](KeyStore& store, const auto& which) {
      return store.disable(which, keypool::kDisabledByHand);
    });
  }
  if (action == "reset")
    return change(desk, "reset", ids,
                  [](KeyStore& store, const auto& which) { return store.reset(which); });
  if (action == "remove")
    return change(desk, "removed", ids,
                  [](KeyStore& store, const auto& which) { return store.remove(which); });
  if (action == "label") {
    store::KeyEdit edit;
    edit.label = std::string(string_in(body, "label"));
    return change(desk, "labelled", ids,
                  [&](KeyStore& store, const auto& which) { return store.edit(which, edit); });
  }
  return wrong_field("action", "must be check, enable, disable, reset, remove, label or export");
}

/// The keys of these ids, in their order. Errors: not_found.
Result<std::vector<Key>> find(Desk& desk, const std::vector<std::string>& ids) {
  auto all = desk.with_store([](KeyStore& store, Journal&) { return store.keys(); });
  if (!all) return all;
  std::unordered_map<std::string, const Key*> by_id;
  for (const auto& key : *all) by_id.emplace(key.id, &key);
  std::vector<Key> found;
  for (const auto& id : ids) {
    const auto known = by_id.find(id);
    if (known == by_id.end()) return no_such_key(id);
    found.push_back(*known->second);
  }
  return found;
}

Result<Json> check(Desk& desk, const std::vector<std::string>& ids, const Json& body) {
  if (ids.size() > kMostAtOnce)
    return wrong_field("ids", "must be no more than " + std::to_string(kMostAtOnce));
  const auto keys = find(desk, ids);
  if (!keys) return keys.error();
  const auto live = desk.live();
  const auto wanted = string_in(body, "model");
  const auto model =
      gemini::bare_model(wanted.empty() ? live->config.pool.test_model : std::string(wanted));
  if (!gemini::is_valid_model(model)) return wrong_field("model", "is no name of a model");
  std::vector<Secret> secrets;
  for (const auto& key : *keys) secrets.push_back(key.secret);
  auto options = check_options(live->config, live->upstream, model);
  options.proxies = &desk.proxies();
  std::vector<upstream::KeyCheck> checks;
  run_on_own_loop(desk, kPatience,
                  [&](async::Loop& loop, async::Interrupt& interrupt) -> async::Task<void> {
                    http::Client client(loop, {});
                    checks = co_await upstream::check_keys(
                        loop, client, options, secrets, [](std::size_t) {}, interrupt);
                  });
  desk.learn_checks(model, *keys, checks);
  Json told = Json::array();
  for (std::size_t i = 0; i < keys->size(); ++i) {
    told.push_back({{"id", (*keys)[i].id},
                    {"verdict", to_string(checks[i].verdict)},
                    {"message", checks[i].message},
                    {"latency_ms", checks[i].latency.count()}});
  }
  return told;
}

Result<Told> check_one(Desk& desk, const Asked& asked) {
  auto checked = check(desk, {asked.names[0]}, asked.body);
  if (!checked) return std::move(checked).error();
  return Told{std::move(checked->front())};
}

auto act_on_one(const char* action) {
  return [action](Desk& desk, const Asked& asked) -> Result<Told> {
    if (const auto found = find(desk, {asked.names[0]}); !found) return found.error();
    if (const auto done = act(desk, action, {asked.names[0]}, asked.body); !done)
      return done.error();
    return show(desk, asked);
  };
}

Result<Told> edit(Desk& desk, const Asked& asked) {
  store::KeyEdit edit;
  for (const auto& [name, value] : asked.body.items()) {
    if (name == "label" && value.is_string()) {
      edit.label = value.get<std::string>();
    } else if (name == "project" && value.is_string()) {
      edit.project = value.get<std::string>();
    } else if (name == "paid" && value.is_boolean()) {
      edit.paid = value.get<bool>();
    } else {
      return wrong_field(name, "must be label or project with a text, or paid with true or false");
    }
  }
  if (const auto found = find(desk, {asked.names[0]}); !found) return found.error();
  const auto done =
      change(desk, "edited", {asked.names[0]},
             [&](KeyStore& store, const auto& which) { return store.edit(which, edit); });
  if (!done) return done.error();
  return show(desk, asked);
}

Result<Told> remove(Desk& desk, const Asked& asked) {
  const auto done = act(desk, "remove", {asked.names[0]}, asked.body);
  if (!done) return done.error();
  if (*done == 0) return no_such_key(asked.names[0]);
  return Told{{{"removed", *done}}};
}

Result<Told> reveal(Desk& desk, const Asked& asked) {
  const auto keys = find(desk, {asked.names[0]});
  if (!keys) return keys.error();
  Desk::audit("looked at a whole key", asked.names[0]);
  return Told{{{"id", asked.names[0]}, {"key", keys->front().secret.reveal()}}};
}

Result<Told> bulk(Desk& desk, const Asked& asked) {
  const auto ids = texts_in(asked.body, "ids");
  if (!ids) return ids.error();
  const auto action = std::string(string_in(asked.body, "action"));
  if (ids->empty()) return wrong_field("ids", "must name a key");
  if (action == "check") {
    auto checked = check(desk, *ids, asked.body);
    if (!checked) return std::move(checked).error();
    return Told{{{"keys", *std::move(checked)}}};
  }
  if (action == "export") {
    const auto keys = find(desk, *ids);
    if (!keys) return keys.error();
    Desk::audit("exported keys", std::to_string(keys->size()));
    Json list = Json::array();
    for (const auto& key : *keys) list.push_back(key.secret.reveal());
    return Told{{{"keys", std::move(list)}}};
  }
  const auto done = act(desk, action, *ids, asked.body);
  if (!done) return done.error();
  return Told{{{"changed", *done}}};
}

}  // namespace

std::vector<AdminRoute> key_routes() {
  return {
      {"GET", "/api/admin/keys", "All keys, masked, or those of some ids", "ids", "{keys: […]}",
       list},
      {"POST", "/api/admin/keys", "Add every key in a text",
       R"({"text":"…","label":"","project":"","paid":false,"disabled":false,"exact":false})",
       "{added, present, ignored, ids}", add},
      {"POST", "/api/admin/keys/bulk", "Do something to many keys",
       R"({"ids":["3f2a91c0d4e5"],"action":"check","label":""})",
       "{changed}, or {keys: […]} of check and export", bulk},
      {"GET", "/api/admin/keys/{id}", "One key", "", "the key", show},
      {"PATCH", "/api/admin/keys/{id}", "Say what a key is",
       R"({"label":"laptop","project":"","paid":false})", "the key", edit},
      {"DELETE", "/api/admin/keys/{id}", "Forget a key", "", "{removed}", remove},
      {"POST", "/api/admin/keys/{id}/check", "Ask upstream with the key", R"({"model":""})",
       "{id, verdict, message, latency_ms}", check_one},
      {"POST", "/api/admin/keys/{id}/enable", "Use it again, with a clean slate", "{}", "the key",
       act_on_one("enable")},
      {"POST", "/api/admin/keys/{id}/disable", "Stop using it", "{}", "the key",
       act_on_one("disable")},
      {"POST", "/api/admin/keys/{id}/reset", "Forget what was learned of it", "{}", "the key",
       act_on_one("reset")},
      {"POST", "/api/admin/keys/{id}/reveal", "The whole key", "{}", "{id, key}", reveal},
  };
}

}  // namespace gembal::daemon::admin
