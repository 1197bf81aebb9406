// gemini-balance's .env: settings go into the store, keys among the keys.

#include <algorithm>
#include <filesystem>

#include "cmd/config.hpp"
#include "cmd/keys.hpp"
#include "cmd/table.hpp"
#include "lib/config/dotenv.hpp"
#include "lib/core/json.hpp"

namespace gembal::cmd {
namespace {

using config::Setting;
using config::Values;
using keypool::Key;

struct ImportOptions {
  std::string file;
  bool dry_run = false;
};

/// What a .env file comes to.
struct Import {
  struct Mapped {
    std::string variable;
    const Setting* setting;
    Values values;
  };
  std::vector<Mapped> settings;
  std::vector<std::pair<std::string, std::string>> key_variables;  ///< with what they give
  std::vector<Key> keys;
  std::vector<std::string> paid_ids;
  std::vector<config::Ignored> ignored;
};

Result<void> take_keys(Import& plan, const std::string& where, const Setting& setting,
                       const std::string& variable, const Values& values) {
  const bool paid = setting.key == "keys.paid";
  for (const auto& value : values) {
    if (!is_sendable_key(value)) {
      return Error{ErrorKind::config,
                   where + ": a key must not have blanks or characters beyond ASCII",
                   "lists are JSON or comma separated"};
    }
    Key key;
    key.secret = Secret(value);
    key.id = key.secret.id();
    key.paid = paid;
    if (paid) plan.paid_ids.push_back(key.id);
    const auto known = std::find_if(plan.keys.begin(), plan.keys.end(),
                                    [&](const Key& one) { return one.id == key.id; });
    if (known == plan.keys.end()) {
      plan.keys.push_back(std::move(key));
    } else {
      known->paid = known->paid || paid;
    }
  }
  plan.key_variables.emplace_back(variable,
                                  std::to_string(values.size()) + (paid ? " of a paid tier" : ""));
  return {};
}

/// Errors: config, naming the line and the variable.
Result<Import> map_variables(const std::vector<config::DotenvVariable>& variables,
                             const std::string& file) {
  Import plan;
  for (const auto& variable : variables) {
    const auto& name = variable.name;
    const auto where = file + ":" + std::to_string(variable.line) + ": " + name;
    const auto* setting = config::setting_of_variable(name);
    if (config::is_of_database(name)) {
      plan.ignored.push_back(
          {name, "where the store is cannot be saved in it: leave it in the environment"});
      continue;
    }
    if (!setting) {
      auto why = config::why_without_effect(name);
      plan.ignored.push_back({name, why.empty() ? "gembal has no such setting" : why});
      continue;
    }
    const auto values = config::values_of_variable(*setting, name, variable.value);
    if (!values) continue;
    if (setting->key.starts_with("keys.")) {
      if (auto taken = take_keys(plan, where, *setting, name, *values); !taken)
        return std::move(taken).error();
      continue;
    }
    if (const auto unfit = config::unfit_for_store(*setting)) {
      plan.ignored.push_back({name, unfit->message});
      continue;
    }
    if (auto good = config::check_values(where, *setting, *values); !good)
      return std::move(good).error();
    std::erase_if(plan.settings, [&](const auto& mapped) { return mapped.setting == setting; });
    plan.settings.push_back({name, setting, *values});
  }
  return plan;
}

/// The keys first: should the settings then fail, doing all of it again does no harm.
Result<store::Added> save(store::KeyStore& store, const Import& plan) {
  store::Added added;
  if (!plan.keys.empty()) {
    auto done = store.add(plan.keys);
    if (!done) return done;
    added = *std::move(done);
    std::vector<std::string> paid;  // whatever they were added as before
    for (const auto& id : added.present) {
      if (std::count(plan.paid_ids.begin(), plan.paid_ids.end(), id) > 0) paid.push_back(id);
    }
    if (auto edited = store.edit(paid, {.paid = true}); !edited) return std::move(edited).error();
  }
  std::vector<store::SettingEdit> edits;
  for (const auto& mapped : plan.settings) edits.push_back({mapped.setting->key, mapped.values});
  if (const auto saved = store.save(edits); !saved) return saved.error();
  return added;
}

void print_json(const Import& plan, const store::Added& added, bool saved) {
  Json settings = Json::array(), ignored = Json::array();
  for (const auto& mapped : plan.settings) {
    settings.push_back({{"variable", mapped.variable},
                        {"key", mapped.setting->key},
                        {"value", shown_as(*mapped.setting, mapped.values)},
                        {"needs_restart", mapped.setting->needs_restart}});
  }
  for (const auto& variable : plan.ignored)
    ignored.push_back({{"variable", variable.name}, {"why", variable.why}});
  print(to_text({{"saved", saved},
                 {"settings", std::move(settings)},
                 {"keys",
                  {{"found", plan.keys.size()},
                   {"added", added.added.size()},
                   {"present", added.present.size()}}},
                 {"ignored", std::move(ignored)}}) +
        "\n");
}

void print_text(const Context& context, const Import& plan, const store::Added& added, bool saved) {
  if (context.quiet) return;
  std::vector<std::vector<std::string>> rows = {{"variable", "becomes", "value"}};
  for (const auto& [variable, count] : plan.key_variables)
    rows.push_back({variable, "keys", count});
  for (const auto& mapped : plan.settings) {
    rows.push_back(
        {mapped.variable, mapped.setting->key, shown_as(*mapped.setting, mapped.values)});
  }
  if (rows.size() > 1) print(table(std::move(rows), context.uses_color()));
  for (const auto& variable : plan.ignored) {
    std::fprintf(stderr, "gembal: %s has no counterpart: %s\n", variable.name.c_str(),
                 variable.why.c_str());
  }
  if (!saved) {
    std::fprintf(stderr, "gembal: nothing was saved\n");
    return;
  }
  std::fprintf(stderr, "gembal: saved %zu settings; added %zu keys, already there %zu\n",
               plan.settings.size(), added.added.size(), added.present.size());
}

Result<int> import_settings(Context& context, const ImportOptions& options) {
  const bool piped = options.file == "-";
  const auto text = piped ? read_input() : read_file(options.file);
  if (!text) return text.error();
  const auto name =
      piped ? "standard input" : std::filesystem::path(options.file).filename().string();
  const auto variables = config::parse_dotenv(*text, name);
  if (!variables) return variables.error();
  const auto plan = map_variables(*variables, name);
  if (!plan) return plan.error();
  const auto loaded = config::load(context.sources());
  if (!loaded) return loaded.error();

  const bool saves = !options.dry_run && (!plan->settings.empty() || !plan->keys.empty());
  store::Added added;
  if (saves) {
    auto store = store::KeyStore::open(loaded->config.store.url);
    if (!store) return std::move(store).error();
    auto saved = save(*store, *plan);
    if (!saved) return std::move(saved).error();
    added = *std::move(saved);
  }
  if (context.json) {
    print_json(*plan, added, saves);
  } else {
    print_text(context, *plan, added, saves);
  }
  std::vector<const Setting*> settings;
  for (const auto& mapped : plan->settings) settings.push_back(mapped.setting);
  if (saves) tell_when_in_force(context, *loaded, settings);
  return 0;
}

}  // namespace

void add_config_import_command(CLI::App& config, Action& chosen) {
  auto options = std::make_shared<ImportOptions>();
  auto* command =
      config.add_subcommand("import", "Take over gemini-balance's .env: settings and keys");
  command->add_option("file", options->file, "The .env file; -: standard input")
      ->type_name("FILE")
      ->required();
  command->add_flag("--dry-run", options->dry_run, "Only show what would become what");
  command->footer(
      "\nSettings are saved in the store, all or none; API_KEYS and PAID_KEY are added to the keys.\n"
      "What has no counterpart is named, with the reason.\n"
      "\nExamples:\n"
      "  gembal config import --dry-run .env\n"
      "  ssh server cat gemini-balance/.env | gembal config import -\n");
  command->callback([&chosen, options] {
    chosen = [options](Context& context) { return import_settings(context, *options); };
  }  // namespace gembal::cmd
  );
}

}  // namespace gembal::cmd
