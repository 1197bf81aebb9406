#include "lib/config/load.hpp"

#include <unistd.h>

#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "lib/config/setting_types.hpp"
#include "lib/config/settings.hpp"
#include "lib/core/text.hpp"

namespace gembal::config {
namespace {

using Environment = std::map<std::string, std::string>;

std::string value_of(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

std::string home_folder(const Environment& environment, const char* variable,
                        const char* below_home) {
  if (auto folder = value_of(environment, variable); !folder.empty()) return folder;
  const auto home = value_of(environment, "HOME");
  return (home.empty() ? "/root" : home) + "/" + below_home;
}

Error wrong(const std::string& where, const std::string& key, const std::string& what) {
  return {ErrorKind::config, (where.empty() ? "" : where + ": ") + key + " " + what,
          "'gembal.toml.example' and 'man gembal.toml' list all settings"};
}

Result<toml::table> parse_toml(const std::string& text, const std::string& name) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& failure) {
    const auto line = std::to_string(failure.source().begin.line);
    return Error{ErrorKind::config, name + ":" + line + ": " + std::string(failure.description()),
                 "texts stand in \"quotes\", lists in [brackets]"};
  }
}

constexpr const char* kDatabaseType = "DATABASE_TYPE";

/// The database that the original's variables name: it has one for each part, and uses them when
/// its DATABASE_TYPE is "mysql". nullopt when it is not. Errors: config.
Result<std::optional<store::Url>> original_database(const Environment& environment) {
  const auto type = lower(value_of(environment, kDatabaseType));
  if (type != "mysql") {
    if (type.empty() || type == "sqlite") return std::optional<store::Url>();
    return wrong("environment variable", kDatabaseType, "must be sqlite or mysql");
  }
  store::Url url;
  url.kind = store::DatabaseKind::mysql;
  url.host = value_of(environment, "MYSQL_HOST");
  url.user = value_of(environment, "MYSQL_USER");
  url.password = Secret(value_of(environment, "MYSQL_PASSWORD"));
  url.database = value_of(environment, "MYSQL_DATABASE");
  url.socket = value_of(environment, "MYSQL_SOCKET");
  if (!url.socket.empty()) url.host.clear();  // it wins, there too
  if ((url.host.empty() && url.socket.empty()) || url.user.empty() || url.database.empty())
    return wrong("environment variable", kDatabaseType,
                 "is mysql: MYSQL_HOST or MYSQL_SOCKET, MYSQL_USER and MYSQL_DATABASE are needed");
  const auto port = value_of(environment, "MYSQL_PORT");
  if (port.empty()) return std::optional(std::move(url));
  if (const auto fault = whole_number(port, 1, 65'535, url.port); !fault.empty())
    return wrong("environment variable", "MYSQL_PORT", fault);
  return std::optional(std::move(url));
}

/// Loads layer after layer into one configuration.
class Loader {
 public:
  explicit Loader(const Sources& sources) : sources_(sources) {}

  Result<Loaded> load();

 private:
  Result<void> apply(const Setting& setting, const Values& values, const std::string& origin,
                     const std::string& where);
  Result<void> take_defaults();
  Result<void> take_file();
  Result<void> take_table(const toml::table& table, const std::string& prefix);
  Result<void> take_node(const Setting& setting, const toml::node& node);
  Result<void> take_environment();
  Result<void> take_overrides();
  void find_store();
  Result<void> take_saved();
  void note_ignored();

  const Sources& sources_;
  Loaded loaded_;
};

Result<void> Loader::apply(const Setting& setting, const Values& values, const std::string& origin,
                           const std::string& where) {
  if (const auto fault = setting.set(loaded_.config, values); !fault.empty())
    return wrong(where, setting.key, fault);
  loaded_.origins[setting.key] = origin;
  return {};
}

Result<Values> values_of(const toml::node& node, const Setting& setting) {
  const auto scalar = [](const toml::node& one) -> std::optional<std::string> {
    if (const auto text = one.value_exact<std::string>()) return text;
    if (const auto number = one.value_exact<std::int64_t>()) return std::to_string(*number);
    if (const auto flag = one.value_exact<bool>()) return *flag ? "true" : "false";
    return std::nullopt;
  };
  const Error mismatch{
      ErrorKind::config,
      setting.is_list ? "must be a list of texts" : "must be one value, not a list or table", ""};
  if (!setting.is_list) {
    if (auto value = scalar(node)) return Values{*value};
    return mismatch;
  }
  Values values;
  if (const auto* table = node.as_table()) {
    for (const auto& [name, item] : *table) {
      const auto value = scalar(item);
      if (!value) return mismatch;
      values.push_back(std::string(name.str()) + ": " + *value);
    }
    return values;
  }
  const auto* array = node.as_array();
  if (!array) return mismatch;
  for (const auto& item : *array) {
    const auto value = item.value_exact<std::string>();
    if (!value) return mismatch;
    values.push_back(*value);
  }
  return values;
}

Result<void> Loader::take_node(const Setting& setting, const toml::node& node) {
  const auto where = std::filesystem::path(loaded_.file).filename().string() + ":" +
                     std::to_string(node.source().begin.line);
  const auto values = values_of(node, setting);
  if (!values) return wrong(where, setting.key, values.error().message);
  return apply(setting, *values, where, where);
}

bool is_section(const std::string& name) {
  const auto& all = settings();
  return std::any_of(all.begin(), all.end(),
                     [&](const Setting& setting) { return setting.key.starts_with(name + "."); });
}

Result<void> Loader::take_table(const toml::table& table, const std::string& prefix) {
  for (const auto& [name, node] : table) {
    const std::string key = prefix + std::string(name.str());
    if (const auto* setting = find_setting(key)) {
      if (auto taken = take_node(*setting, node); !taken) return taken;
    } else if (prefix.empty() && node.is_table() && is_section(key)) {
      if (auto taken = take_table(*node.as_table(), key + "."); !taken) return taken;
    } else {
      const auto line = std::to_string(name.source().begin.line);
      return unknown_setting(std::filesystem::path(loaded_.file).filename().string() + ":" + line,
                             key);
    }
  }
  return {};
}

Result<void> Loader::take_file() {
  if (sources_.file) {
    loaded_.file = *sources_.file;
  } else {
    for (const auto& path : usual_files(sources_.environment)) {
      if (::access(path.c_str(), F_OK) != 0) continue;
      loaded_.file = path;
      break;
    }
  }
  if (loaded_.file.empty()) return {};
  std::ifstream stream(loaded_.file);
  std::ostringstream text;
  if (stream) text << stream.rdbuf();
  if (!stream)
    return Error{ErrorKind::config, "cannot read '" + loaded_.file + "'",
                 "check the path and its permissions"};
  const auto parsed =
      parse_toml(text.str(), std::filesystem::path(loaded_.file).filename().string());
  if (!parsed) return parsed.error();
  return take_table(*parsed, "");
}

Result<void> Loader::take_environment() {
  const auto database = original_database(sources_.environment);
  if (!database) return database.error();
  for (const auto& setting : settings()) {
    for (const auto& name : {setting.original_name, setting.environment_name()}) {
      if (*database && setting.key == "store.url" && name == setting.original_name) {
        loaded_.config.store.url = **database;
        loaded_.origins[setting.key] = std::string("environment ") + kDatabaseType;
        continue;  // its name is that of the file that the original does not use then
      }
      const auto found = sources_.environment.find(name);
      if (name.empty() || found == sources_.environment.end()) continue;
      const auto values = values_of_variable(setting, name, found->second);
      if (!values) continue;
      if (auto taken =
              apply(setting, *values, "environment " + name, "environment variable " + name);
          !taken)
        return taken;
    }
  }
  return {};
}

Result<void> Loader::take_overrides() {
  for (const auto& given : sources_.overrides) {
    const auto* setting = find_setting(given.key);
    if (!setting) return unknown_setting(given.flag, given.key);
    if (auto taken = apply(*setting, given.values, given.flag, given.flag); !taken) return taken;
  }
  return {};
}

Result<void> Loader::take_defaults() {
  for (const auto& setting : settings()) {
    const auto parsed = parse_toml("value = " + setting.default_text, setting.key);
    if (!parsed) return parsed.error();
    const auto values = values_of(*parsed->get("value"), setting);
    if (!values)
      return Error{ErrorKind::internal, "the default of " + setting.key + " does not fit its type",
                   ""};
    if (auto taken = apply(setting, *values, "default", "default"); !taken) return taken;
  }
  return {};
}

void Loader::find_store() {
  auto& store = loaded_.config.store;
  const auto usual = home_folder(sources_.environment, "XDG_DATA_HOME", ".local/share") + "/gembal";
  if (store.url.empty()) store.url.file = usual + "/gembal.db";
  store.folder =
      store.url.is_file() ? std::filesystem::path(store.url.file).parent_path().string() : usual;
}

// Where the store is must be known before what is saved in it: the layers above it are laid twice.
Result<void> Loader::take_saved() {
  if (!sources_.saved) return {};
  auto saved = sources_.saved(loaded_.config.store.url);
  if (!saved) return std::move(saved).error();
  loaded_.saved = *std::move(saved);
  if (loaded_.saved.empty()) return {};
  for (const auto& [key, values] : loaded_.saved) {
    const auto* setting = find_setting(key);
    auto fault = setting ? setting->set(loaded_.config, values) : "is no setting of this gembal";
    if (setting && unfit_for_store(*setting)) fault = "cannot be saved there";
    if (!fault.empty()) {
      return Error{ErrorKind::config, std::string(kFromStore) + ": " + key + " " + fault,
                   "'gembal config unset " + key + "' takes it back"};
    }
    loaded_.origins[key] = kFromStore;
  }
  if (auto taken = take_environment(); !taken) return taken;
  if (auto taken = take_overrides(); !taken) return taken;
  find_store();
  return {};
}

/// Whoever comes with the original's .env must be told what of it has no effect.
void Loader::note_ignored() {
  const bool uses_mysql = lower(value_of(sources_.environment, kDatabaseType)) == "mysql";
  for (const auto& [name, text] : sources_.environment) {
    if (text.empty()) continue;
    if (is_of_database(name)) {
      if (!uses_mysql && name != kDatabaseType)
        loaded_.ignored.push_back({name, "DATABASE_TYPE is not mysql"});
      continue;
    }
    if (auto why = why_without_effect(name); !why.empty())
      loaded_.ignored.push_back({name, std::move(why)});
  }
}

Result<Loaded> Loader::load() {
  if (auto taken = take_defaults(); !taken) return std::move(taken).error();
  if (auto taken = take_file(); !taken) return std::move(taken).error();
  if (auto taken = take_environment(); !taken) return std::move(taken).error();
  if (auto taken = take_overrides(); !taken) return std::move(taken).error();
  find_store();
  if (auto taken = take_saved(); !taken) return std::move(taken).error();
  note_ignored();
  return std::move(loaded_);
}

}  // namespace

std::map<std::string, std::string> process_environment() {
  std::map<std::string, std::string> environment;
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string_view line = *entry;
    const auto equals = line.find('=');
    if (equals != std::string_view::npos)
      environment.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return environment;
}

std::vector<std::string> usual_files(const Environment& environment) {
  return {home_folder(environment, "XDG_CONFIG_HOME", ".config") + "/gembal/gembal.toml",
          "/etc/gembal/gembal.toml"};
}

Result<Loaded> load(const Sources& sources) { return Loader(sources).load(); }

Error unknown_setting(const std::string& where, const std::string& key) {
  std::vector<std::string> names;
  for (const auto& setting : settings()) {
    const auto is_section = key.find('.') == std::string::npos;
    names.push_back(is_section ? setting.key.substr(0, setting.key.find('.')) : setting.key);
  }
  const auto near = nearest(key, names);
  return {ErrorKind::config, (where.empty() ? "" : where + ": ") + "unknown setting '" + key + "'",
          near ? "did you mean '" + *near + "'?" : "'man gembal.toml' lists all settings"};
}

std::optional<Error> unfit_for_store(const Setting& setting) {
  if (setting.key == "store.url") {
    return Error{ErrorKind::usage, "store.url cannot be saved in the store that it leads to",
                 "put it into gembal.toml or GEMBAL_STORE_URL, or give --store"};
  }
  if (setting.key == "keys.values" || setting.key == "keys.paid") {
    return Error{ErrorKind::usage, setting.key + " cannot be saved: the store has the keys itself",
                 std::string("add them with 'gembal keys add") +
                     (setting.key == "keys.paid" ? " --paid'" : "'")};
  }
  return std::nullopt;
}

Result<void> check_values(const std::string& where, const Setting& setting, const Values& values) {
  Config tried;
  if (const auto fault = setting.set(tried, values); !fault.empty())
    return wrong(where, setting.key, fault);
  return {};
}

const Setting* setting_of_variable(const std::string& name) {
  for (const auto& setting : settings()) {
    if (!name.empty() && (setting.original_name == name || setting.environment_name() == name))
      return &setting;
  }
  return nullptr;
}

std::optional<Values> values_of_variable(const Setting& setting, const std::string& name,
                                         const std::string& text) {
  const bool is_original = name == setting.original_name;
  // An empty variable of the original's .env means "not set" there, too.
  if (is_original && text.empty()) return std::nullopt;
  const auto converted = is_original && setting.from_original ? setting.from_original(text) : text;
  return setting.is_list ? split_list(converted) : Values{converted};
}

bool is_of_database(const std::string& name) {
  for (const char* known : {kDatabaseType, "MYSQL_HOST", "MYSQL_PORT", "MYSQL_USER",
                            "MYSQL_PASSWORD", "MYSQL_DATABASE", "MYSQL_SOCKET"}) {
    if (name == known) return true;
  }
  return false;
}

std::string why_without_effect(const std::string& name) {
  static const std::map<std::string, std::string> kWithout = {
      {"VERTEX_API_KEYS", "Vertex express is not offered"},
      {"VERTEX_EXPRESS_BASE_URL", "Vertex express is not offered"},
      {"TIMEZONE", "commands show times in UTC, pages in the browser's own zone"},
      {"AUTO_DELETE_ERROR_LOGS_ENABLED", "logs.keep_errors alone says it: 0s keeps them for ever"},
      {"AUTO_DELETE_REQUEST_LOGS_ENABLED",
       "logs.keep_requests alone says it: 0s keeps them for ever"},
      {"URL_NORMALIZATION_ENABLED", "paths are taken as they come"},
      {"FILES_USER_ISOLATION_ENABLED", "every client token sees the files of all"},
      {"FILES_CLEANUP_ENABLED", "files are forgotten when upstream lets them expire"},
      {"FILES_CLEANUP_INTERVAL_HOURS", "files are forgotten when upstream lets them expire"},
      {"OSS_ENDPOINT_INNER", "it had none in gemini-balance"},
      {"ENABLE_TTS", "speech is always offered"},
      {"GITHUB_REPO_OWNER", "gembal looks for no newer versions"},
      {"GITHUB_REPO_NAME", "gembal looks for no newer versions"},
  };
  const auto known = kWithout.find(name);
  return known == kWithout.end() || setting_of_variable(name) ? "" : known->second;
}

}  // namespace gembal::config
