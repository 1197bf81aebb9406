#include "cmd/command.hpp"
#include "cmd/table.hpp"
#include "lib/config/render.hpp"
#include "lib/config/settings.hpp"
#include "lib/core/json.hpp"

namespace gembal::cmd {
namespace {

std::string origin_of(const config::Loaded& loaded, const std::string& key) {
  const auto known = loaded.origins.find(key);
  return known == loaded.origins.end() ? "" : known->second;
}

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
    print(to_text({{"file", loaded->file}, {"ok", true}}) + "\n");
  } else if (!context.quiet) {
    print((loaded->file.empty() ? std::string("no configuration file; defaults and environment")
                                : loaded->file) +
          ": ok\n");
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
                   {"store", loaded->config.store.url}}) +
          "\n");
  } else {
    print("config  " + file + (loaded->file.empty() ? "  (does not exist)" : "") + "\nstore   " +
          loaded->config.store.url + "\n");
  }
  return 0;
}

Result<int> print_example(Context&) {
  print(config::example_file());
  return 0;
}

}  // namespace

void add_config_command(CLI::App& app, Action& chosen) {
  auto* config = app.add_subcommand("config", "Look at the configuration");
  config->require_subcommand(1);
  config->footer(
      "\nExamples:\n"
      "  gembal config show                       what is in force, and why\n"
      "  gembal config example > gembal.toml      a file to start from\n"
      "  gembal config check --config new.toml\n");
  config->add_subcommand("show", "Every setting, its value and where it comes from")
      ->callback([&chosen] { chosen = show_config; });
  config->add_subcommand("check", "Say whether the configuration is good")->callback([&chosen] {
    chosen = check_config;
  });
  config->add_subcommand("example", "Print a configuration file with every setting and its default")
      ->callback([&chosen] { chosen = print_example; });
  config->add_subcommand("path", "Where the configuration file and the store are")
      ->callback([&chosen] { chosen = show_paths; });
}

}  // namespace gembal::cmd
