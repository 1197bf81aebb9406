// Settings that are saved in the store: never in the user's file.

#include <unistd.h>

#include <algorithm>

#include "cmd/config.hpp"
#include "lib/core/json.hpp"
#include "lib/core/text.hpp"

namespace gembal::cmd {
namespace {

using config::Setting;
using config::Values;

struct SetOptions {
  std::string key;
  std::string value;
  std::vector<std::string> more;
};

/// What was piped in: one value, or for a list one a line, or all of them as in the environment.
Result<Values> read_values(const Setting& setting) {
  const auto input = read_input();
  if (!input) return input.error();
  const auto text = trim(*input);
  if (!setting.is_list) return Values{std::string(text)};
  if (text.find('\n') == std::string_view::npos || text.starts_with('[') || text.starts_with('{'))
    return config::split_list(text);
  Values values;
  for (const auto line : split(text, '\n')) {
    if (!trim(line).empty()) values.emplace_back(trim(line));
  }
  return values;
}

Result<Values> values_from(const Context& context, const Setting& setting,
                           const std::vector<std::string>& words) {
  if (words.size() == 1 && words.front() == "-") return read_values(setting);
  if (setting.is_secret && ::isatty(STDERR_FILENO) == 1 && !context.quiet) {
    std::fprintf(stderr,
                 "gembal: a secret in an argument is seen in the process list and the shell's "
                 "history: pipe it in, with - in its place\n");
  }
  if (setting.is_list) return words.size() == 1 ? config::split_list(words.front()) : words;
  if (words.size() == 1) return words;
  return Error{ErrorKind::usage,
               setting.key + " takes one value, not " + std::to_string(words.size()),
               "put a value with blanks into quotes"};
}

Result<int> set_setting(Context& context, const SetOptions& options) {
  const auto* setting = config::find_setting(options.key);
  if (!setting) return config::unknown_setting("", options.key);
  if (auto unfit = config::unfit_for_store(*setting)) return *std::move(unfit);
  std::vector<std::string> words = {options.value};
  words.insert(words.end(), options.more.begin(), options.more.end());
  const auto values = values_from(context, *setting, words);
  if (!values) return values.error();
  if (auto good = config::check_values("", *setting, *values); !good)
    return std::move(good).error();

  // Not with what is saved: a setting there that is no longer good must not keep this one away.
  const auto loaded = config::load(context.sources());
  if (!loaded) return loaded.error();
  auto store = store::KeyStore::open(loaded->config.store.url);
  if (!store) return std::move(store).error();
  const auto changed = store->save({{setting->key, *values}});
  if (!changed) return changed.error();

  const auto shown = shown_as(*setting, *values);
  if (context.json) {
    Json winner;
    if (const auto wins = wins_over_saved(*loaded, setting->key)) winner = *wins;
    print(to_text({{"key", setting->key},
                   {"value", shown},
                   {"changed", *changed > 0},
                   {"needs_restart", setting->needs_restart},
                   {"overridden_by", std::move(winner)}}) +
          "\n");
  } else if (!context.quiet) {
    print(setting->key + " = " + shown + "\n");
  }
  tell_when_in_force(context, *loaded, {setting});
  return 0;
}

/// What is in force now that settings were taken back. That another saved one is not good does not
/// undo it.
void print_unset(const Context& context, const std::vector<std::string>& keys,
                 const config::Saved& saved) {
  const auto loaded = context.load();
  if (!loaded) print_error(Context{}, loaded.error());
  Json list = Json::array();
  std::string text;
  std::vector<const Setting*> settings;
  for (const auto& key : keys) {
    const bool was_saved = saved.contains(key);
    const auto* setting = config::find_setting(key);
    const bool is_known = loaded && setting;
    const auto value = is_known ? setting->show(loaded->config) : "";
    const auto origin = is_known ? origin_of(*loaded, key) : "";
    list.push_back({{"key", key},
                    {"was_saved", was_saved},
                    {"value", is_known ? Json(value) : Json()},
                    {"origin", is_known ? Json(origin) : Json()},
                    {"needs_restart", setting && setting->needs_restart}});
    text += is_known ? key + " = " + value + "  (" + origin + ")\n" : key + "\n";
    if (was_saved && setting) settings.push_back(setting);
    if (!was_saved && !context.quiet)
      std::fprintf(stderr, "gembal: %s was not saved\n", key.c_str());
  }
  if (context.json) {
    print(to_text({{"settings", std::move(list)}}) + "\n");
  } else if (!context.quiet) {
    print(text);
  }
  if (loaded) tell_when_in_force(context, *loaded, settings);
}

Result<int> unset_settings(Context& context, const std::vector<std::string>& keys) {
  const auto loaded = config::load(context.sources());
  if (!loaded) return loaded.error();
  const auto& url = loaded->config.store.url;
  const auto saved = store::saved_settings(url);
  if (!saved) return saved.error();
  std::vector<store::SettingEdit> edits;
  for (const auto& key : keys) {
    // One that this gembal does not know may be what has to go.
    if (!config::find_setting(key) && !saved->contains(key))
      return config::unknown_setting("", key);
    if (saved->contains(key)) edits.push_back({key, std::nullopt});
  }
  if (!edits.empty()) {
    auto store = store::KeyStore::open(url);
    if (!store) return std::move(store).error();
    if (const auto changed = store->save(edits); !changed) return changed.error();
  }
  print_unset(context, keys, *saved);
  return 0;
}

}  // namespace

std::string shown_as(const Setting& setting, const Values& values) {
  config::Config config;
  setting.set(config, values);
  return setting.show(config);
}

std::optional<std::string> wins_over_saved(const config::Loaded& loaded, const std::string& key) {
  const auto origin = origin_of(loaded, key);
  if (origin.starts_with("environment ") || origin.starts_with("--")) return origin;
  return std::nullopt;
}

void tell_when_in_force(const Context& context, const config::Loaded& loaded,
                        const std::vector<const Setting*>& settings) {
  if (context.quiet) return;
  for (const auto* setting : settings) {
    if (setting->needs_restart) {
      std::fprintf(stderr, "gembal: %s takes effect when gembal serve is restarted\n",
                   setting->key.c_str());
    }
    if (const auto winner = wins_over_saved(loaded, setting->key)) {
      std::fprintf(stderr, "gembal: %s wins over what is saved of %s\n", winner->c_str(),
                   setting->key.c_str());
    }
  }
}

void add_config_set_commands(CLI::App& config, Action& chosen) {
  auto options = std::make_shared<SetOptions>();
  auto* set = config.add_subcommand("set", "Save a setting in the store; a running daemon obeys");
  set->add_option("key", options->key, "The setting, as in pool.max_retries")
      ->type_name("KEY")
      ->required();
  // By itself: of an option with several values CLI11 takes "[a, b]" apart, quotes or not.
  set->add_option("value", options->value,
                  "Its value; of a list its first item, or all in JSON or with commas; -: standard "
                  "input")
      ->type_name("VALUE")
      ->required();
  set->add_option("more", options->more, "Further items of a list")->type_name("VALUE");
  set->footer(
      "\nThe user's file stays as it is: what is saved wins over it, the environment over both.\n"
      "\nExamples:\n"
      "  gembal config set pool.max_retries 5\n"
      "  gembal config set models.search gemini-2.5-pro gemini-2.5-flash\n"
      "  gembal config set auth.admin_token - < token.txt\n"
      "  gembal config set models.filtered '[]'\n");
  set->callback([&chosen, options] {
    chosen = [options](Context& context) { return set_setting(context, *options); };
  });

  auto keys = std::make_shared<std::vector<std::string>>();
  auto* unset = config.add_subcommand("unset", "Take settings back that were saved in the store");
  unset->add_option("key", *keys, "A setting, as in pool.max_retries")
      ->type_name("KEY")
      ->required();
  unset->footer(
      "\nExample:\n"
      "  gembal config unset pool.max_retries     the file's value holds again, or the default\n");
  unset->callback([&chosen, keys] {
    chosen = [keys](Context& context) { return unset_settings(context, *keys); };
  });
}

}  // namespace gembal::cmd
