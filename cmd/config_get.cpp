#include "cmd/config.hpp"
#include "lib/core/json.hpp"

namespace gembal::cmd {
namespace {

/// A text without its quotes; anything else as it stands in the file.
std::string bare(const std::string& shown) {
  const auto parsed = parse_json(shown);
  return parsed && parsed->is_string() ? parsed->get<std::string>() : shown;
}

Result<int> get_settings(Context& context, const std::vector<std::string>& keys) {
  const auto loaded = context.load();
  if (!loaded) return loaded.error();
  Json json = Json::object();
  std::string text;
  for (const auto& key : keys) {
    const auto* setting = config::find_setting(key);
    if (!setting) return config::unknown_setting("", key);
    const auto value = setting->show(loaded->config);
    json[key] = {{"value", value}, {"origin", origin_of(*loaded, key)}};
    text += (keys.size() == 1 ? bare(value) : key + " = " + value) + "\n";
  }
  print(context.json ? to_text({{"settings", std::move(json)}}) + "\n" : text);
  return 0;
}

}  // namespace

void add_config_get_command(CLI::App& config, Action& chosen) {
  auto keys = std::make_shared<std::vector<std::string>>();
  auto* get = config.add_subcommand("get", "Print the value of a setting that is in force");
  get->add_option("key", *keys, "A setting, as in pool.max_retries; of several each has its name")
      ->type_name("KEY")
      ->required();
  get->footer(
      "\nExamples:\n"
      "  gembal config get store.url\n"
      "  gembal config get server.listen auth.tokens\n");
  get->callback([&chosen, keys] {
    chosen = [keys](Context& context) { return get_settings(context, *keys); };
  });
}

}  // namespace gembal::cmd
