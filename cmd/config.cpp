#include "cmd/config.hpp"

#include "cmd/table.hpp"
#include "lib/config/render.hpp"
#include "lib/config/settings.hpp"
#include "lib/core/json.hpp"

namespace gembal::cmd {
namespace {

Result<int> show_config(Context& context) {
  const auto loaded = context.load();
  if (!loaded) return loaded.error();
  if (context.json) {
    Json settings = Json::object();
    for (const auto& setting : config::settings()) {
      settings[setting.key] = {{"value", setting.show(loaded->config)},
                               {"origin", origin_of(*loaded, setting.key)}};
    }
    Json ignored = Json::object();
    for (const auto& variable : loaded->ignored) ignored[variable.name] = variable.why;
    print(to_text({{"file", loaded->file},
                   {"settings", std::move(settings)},
                   {"ignored", std::move(ignored)}}) +
          "\n");
    return 0;
  }
  std::vector<std::vector<std::string>> rows = {{"setting", "value", "from"}};
  for (const auto& setting : config::settings()) {
    rows.push_back({setting.key, setting.show(loaded->config), origin_of(*loaded, setting.key)});
  }
  print(table(std::move(rows), context.uses_color()));
  for (const auto& variable : loaded->ignored) {
    std::fprintf(stderr, "gembal: %s has no effect: %s\n", variable.name.c_str(),
                 variable.why.c_str());
  }
  return 0;
}

Result<int> check_config(Context& context) {
  const auto loaded = context.load();
  if (!loaded) return loaded.error();
  if (context.json) {
    print(to_text({{"file", loaded->file}, {"saved", loaded->saved.size()}, {"ok", true}}) + "\n");
  } else if (!context.quiet) {
    std::string checked =
        loaded->file.empty() ? "no configuration file; defaults and environment" : loaded->file;
    if (!loaded->saved.empty())
      checked += ", with " + std::to_string(loaded->saved.size()) + " saved in the store";
    print(checked + ": ok\n");
  }
  return 0;
}

Result<int> show_paths(Context& context) {
  const auto loaded = context.load();
  if (!loaded) return loaded.error();
  const auto usual = config::usual_files(config::process_environment());
  const auto& file = loaded->file.empty() ? usual.front() : loaded->file;
  if (context.json) {
    print(to_text({{"config", file},
                   {"config_exists", !loaded->file.empty()},
                   {"store", store::shown(loaded->config.store.url)}}) +
          "\n");
  } else {
    print("config  " + file + (loaded->file.empty() ? "  (does not exist)" : "") + "\nstore   " +
          store::shown(loaded->config.store.url) + "\n");
  }
  return 0;
}

Result<int> print_example(Context&) {
  print(config::example_file());
  return 0;
}

}  // namespace

std::string origin_of(const config::Loaded& loaded, const std::string& key) {
  const auto known = loaded.origins.find(key);
  return known == loaded.origins.end() ? "" : known->second;
}

void add_config_command(CLI::App& app, Action& chosen) {
  auto* config = app.add_subcommand("config", "Look at the configuration, and change it");
  config->require_subcommand(1);
  config->footer(
      "\nExamples:\n"
      "  gembal config show                       what is in force, and why\n"
      "  gembal config set pool.max_retries 5     a running daemon obeys within two seconds\n"
      "  gembal config import .env                take over what gemini-balance had\n"
      "  gembal config example > gembal.toml      a file to start from\n"
      "  gembal config check --config new.toml\n");
  config->add_subcommand("show", "Every setting, its value and where it comes from")
      ->callback([&chosen] { chosen = show_config; });
  add_config_get_command(*config, chosen);
  add_config_set_commands(*config, chosen);
  add_config_import_command(*config, chosen);
  config->add_subcommand("check", "Say whether the configuration is good")->callback([&chosen] {
    chosen = check_config;
  });
  config->add_subcommand("example", "Print a configuration file with every setting and its default")
      ->callback([&chosen] { chosen = print_example; });
  config->add_subcommand("path", "Where the configuration file and the store are")
      ->callback([&chosen] { chosen = show_paths; });
}

}  // namespace gembal::cmd
