// The configuration: every setting of the one table.

#include <algorithm>

#include "daemon/admin/api.hpp"
#include "daemon/admin/desk.hpp"
#include "lib/config/settings.hpp"
#include "lib/core/text.hpp"

namespace gembal::daemon::admin {
namespace {

using config::Setting;
using config::SettingType;
using config::Values;
using store::Journal;
using store::KeyStore;

Error no_such_setting(const std::string& key) {
  auto error = config::unknown_setting("", key);
  error.kind = ErrorKind::bad_request;
  error.param = key;
  return error;
}

/// How the API calls a type: of a secret it says so, of a choice that it is a text.
std::string type_of(const Setting& setting) {
  if (setting.type == SettingType::choice) return "text";
  if (setting.type == SettingType::pairs) return "list";
  if (setting.is_secret && setting.type == SettingType::text) return "secret";
  return to_string(setting.type);
}

/// A text of the configuration file as JSON: its texts, numbers and lists are written alike.
Json as_json(const std::string& text) {
  auto value = parse_json(text);
  return value ? *std::move(value) : Json(text);
}

/// "default", "file", "saved", "environment" or "flag"; and what exactly.
std::pair<std::string, std::string> origin_of(const config::Loaded& loaded,
                                              const std::string& key) {
  const auto known = loaded.origins.find(key);
  const auto origin = known == loaded.origins.end() ? "default" : known->second;
  if (origin == "default") return {"default", ""};
  if (origin == config::kFromStore) return {"saved", ""};
  if (origin.starts_with("environment ")) return {"environment", origin.substr(12)};
  if (origin.starts_with("--")) return {"flag", origin};
  return {"file", origin};
}

Json to_json(const Setting& setting, const config::Loaded& loaded) {
  auto [origin, origin_name] = origin_of(loaded, setting.key);
  const bool overridden = origin == "environment" || origin == "flag";
  Json names = Json::array({setting.environment_name()});
  if (!setting.original_name.empty()) names.push_back(setting.original_name);
  return {{"key", setting.key},
          {"group", setting.key.substr(0, setting.key.find('.'))},
          {"type", type_of(setting)},
          {"form", setting.type == SettingType::pairs ? "NAME: VALUE" : ""},
          {"value", as_json(setting.show(loaded.config))},
          {"default", as_json(setting.default_text)},
          {"origin", origin},
          {"origin_name", origin_name},
          {"meaning", setting.meaning},
          {"restart", setting.needs_restart},
          {"secret", setting.is_secret},
          {"environment", std::move(names)},
          {"choices", setting.choices},
          {"overridden", overridden},
          {"saved", loaded.saved.contains(setting.key)},
          {"fixed", config::unfit_for_store(setting).has_value()}};
}

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : to_text(value);
}

/// What a client gives for a setting: a text, a number, a list; of pairs an object as well.
Result<Values> values_from(const Setting& setting, const Json& value) {
  if (!setting.is_list) {
    if (value.is_structured() || value.is_null())
      return wrong_field(setting.key, "takes one value");
    return Values{text_of(value)};
  }
  Values values;
  if (value.is_object() && setting.type == SettingType::pairs) {
    for (const auto& [name, other] : value.items()) values.push_back(name + ": " + text_of(other));
    return values;
  }
  if (value.is_string()) return config::split_list(value.get<std::string>());
  if (!value.is_array()) return wrong_field(setting.key, "takes a list");
  for (const auto& item : value) {
    if (item.is_structured() || item.is_null())
      return wrong_field(setting.key, "takes a list of texts");
    values.push_back(text_of(item));
  }
  return values;
}

/// Where a client gives a secret back as it was shown, the secret itself is meant.
void unmask(const Setting& setting, const config::Config& config, Values& values) {
  if (!setting.reveal) return;
  auto whole = as_json(setting.reveal(config)), shown = as_json(setting.show(config));
  if (!whole.is_array()) whole = Json::array({whole}), shown = Json::array({shown});
  for (auto& value : values) {
    for (std::size_t i = 0; i < shown.size() && i < whole.size(); ++i) {
      if (!value.empty() && shown[i] == value) value = whole[i].get<std::string>();
    }
  }
}

/// A member of a request: what is to be saved, or why it cannot be.
Result<store::SettingEdit> read_edit(const config::Loaded& loaded, const std::string& key,
                                     const Json& value) {
  const auto* setting = config::find_setting(key);
  if (!setting) return no_such_setting(key);
  if (auto unfit = config::unfit_for_store(*setting)) {
    unfit->kind = ErrorKind::bad_request;
    unfit->param = key;
    return *std::move(unfit);
  }
  auto values = values_from(*setting, value);
  if (!values) return std::move(values).error();
  unmask(*setting, loaded.config, *values);
  config::Config tried;
  if (const auto fault = setting->set(tried, *values); !fault.empty())
    return wrong_field(key, fault);
  return store::SettingEdit{key, *std::move(values)};
}

Result<Told> list(Desk& desk, const Asked&) {
  const auto loaded = desk.load();
  if (!loaded) return loaded.error();
  Json settings = Json::array();
  for (const auto& setting : config::settings()) settings.push_back(to_json(setting, *loaded));
  Json ignored = Json::object();
  for (const auto& variable : loaded->ignored) ignored[variable.name] = variable.why;
  return Told{
      {{"settings", std::move(settings)}, {"file", loaded->file}, {"ignored", std::move(ignored)}}};
}

/// Settings as they are after a change.
Result<Told> show(Desk& desk, const std::vector<store::SettingEdit>& edits, std::size_t changed) {
  const auto loaded = desk.load();
  if (!loaded) return loaded.error();
  Json settings = Json::array();
  for (const auto& edit : edits) {
    if (const auto* setting = config::find_setting(edit.name))
      settings.push_back(to_json(*setting, *loaded));
  }
  return Told{{{"changed", changed}, {"settings", std::move(settings)}}};
}

Result<std::size_t> save(Desk& desk, const std::vector<store::SettingEdit>& edits) {
  auto saved = desk.with_store([&](KeyStore& store, Journal&) { return store.save(edits); });
  if (!saved) return saved;
  desk.written();
  for (const auto& edit : edits)
    Desk::audit(edit.values ? "changed a setting" : "took a setting back", edit.name);
  return saved;
}

Result<Told> change(Desk& desk, const Asked& asked) {
  const auto loaded = desk.load();
  if (!loaded) return loaded.error();
  std::vector<store::SettingEdit> edits;
  for (const auto& [key, value] : asked.body.items()) {
    auto edit = read_edit(*loaded, key, value);
    if (!edit) return std::move(edit).error();
    edits.push_back(*std::move(edit));
  }
  const auto changed = save(desk, edits);
  if (!changed) return changed.error();
  return show(desk, edits, *changed);
}

Result<Told> take_back(Desk& desk, const Asked& asked) {
  const auto& key = asked.names[0];
  if (!config::find_setting(key)) return no_such_setting(key);
  const std::vector<store::SettingEdit> edits = {{key, std::nullopt}};
  if (const auto changed = save(desk, edits); !changed) return changed.error();
  auto told = show(desk, edits, 1);
  if (!told) return told;
  return Told{std::move(told->json["settings"].front())};
}

Result<Told> check(Desk& desk, const Asked& asked) {
  const auto loaded = desk.load();
  if (!loaded) return loaded.error();
  Json problems = Json::array();
  for (const auto& [key, value] : asked.body.items()) {
    const auto edit = read_edit(*loaded, key, value);
    if (!edit) problems.push_back({{"field", key}, {"message", edit.error().message}});
  }
  return Told{{{"problems", std::move(problems)}}};
}

/// The secrets among some settings, whole.
Result<Told> reveal(Desk& desk, const Asked& asked) {
  const auto keys = texts_in(asked.body, "keys");
  if (!keys) return keys.error();
  const auto loaded = desk.load();
  if (!loaded) return loaded.error();
  Json values = Json::object();
  for (const auto& key : *keys) {
    const auto* setting = config::find_setting(key);
    if (!setting) return no_such_setting(key);
    values[key] =
        as_json(setting->reveal ? setting->reveal(loaded->config) : setting->show(loaded->config));
    Desk::audit("looked at a secret setting", key);
  }
  return Told{{{"values", std::move(values)}}};
}

}  // namespace

std::vector<AdminRoute> config_routes() {
  return {
      {"GET", "/api/admin/config", "Every setting, its value and where that comes from", "",
       "{settings: […], file, ignored}", list},
      {"PATCH", "/api/admin/config", "Save settings: all of them or none",
       R"({"pool.max_retries":5,"pool.max_wait":"30s"})", "{changed, settings: […]}", change},
      {"POST", "/api/admin/config/check", "Whether settings could be saved; nothing is",
       R"({"pool.max_retries":5})", "{problems: [{field, message}]}", check},
      {"POST", "/api/admin/config/reveal", "Secret settings as they are",
       R"({"keys":["auth.tokens"]})", "{values: {…}}", reveal},
      {"DELETE", "/api/admin/config/{key}", "Take a saved setting back", "", "the setting",
       take_back},
  };
}

}  // namespace gembal::daemon::admin
