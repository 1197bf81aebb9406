#include "cmd/doctor.hpp"

#include <unistd.h>

#include <algorithm>
#include <thread>

#include "cmd/interrupt.hpp"
#include "daemon/recovery.hpp"
#include "lib/core/json.hpp"
#include "lib/gemini/model_name.hpp"

namespace gembal::cmd {
namespace {

constexpr std::size_t kNameWidth = 12;

const char* to_string(Health health) {
  switch (health) {
    case Health::ok: return "ok";
    case Health::warn: return "warn";
    case Health::fail: return "fail";
  }
  return "";
}

Finding failed(std::string name, const Error& error) {
  return {std::move(name), Health::fail, error.message, error.hint};
}

/// The configuration to look at the rest with, whatever is wrong with it.
struct Examined {
  Finding finding;
  config::Loaded loaded;
  Finding permissions;  ///< of the store, as they were before it was opened
};

/// The defaults, for a configuration that cannot be used at all.
Result<Examined> examine_defaults(const Context& context, const Error& fault) {
  auto sources = context.sources();
  sources.file = "/dev/null";
  std::erase_if(sources.environment, [](const auto& variable) {
    return variable.first != "HOME" && variable.first != "XDG_DATA_HOME";
  });
  auto defaults = config::load(sources);
  if (!defaults) return std::move(defaults).error();
  auto finding = failed("config", fault);
  finding.message += " (the rest was looked at with the defaults)";
  auto permissions = check_permissions(defaults->config);
  return Examined{std::move(finding), *std::move(defaults), std::move(permissions)};
}

Result<Examined> examine_configuration(const Context& context) {
  auto unsaved = config::load(context.sources());
  if (!unsaved) return examine_defaults(context, unsaved.error());
  auto permissions = check_permissions(unsaved->config);
  auto loaded = context.load();
  if (loaded) {
    auto message = loaded->file.empty() ? std::string("no file: defaults and environment")
                                        : loaded->file + " is good";
    if (!loaded->saved.empty())
      message += ", with " + std::to_string(loaded->saved.size()) + " saved in the store";
    return Examined{
        {"config", Health::ok, std::move(message), ""}, *std::move(loaded), std::move(permissions)};
  }
  auto finding = failed("config", loaded.error());
  // What is wrong with the store itself is told by another finding.
  if (loaded.error().kind == ErrorKind::store)
    finding = {"config", Health::warn, "what is saved in the store is not known", ""};
  return Examined{std::move(finding), *std::move(unsaved), std::move(permissions)};
}

/// Asks the API with each key.
Finding ask_with_keys(const config::Config& config) {
  constexpr const char* kName = "key-check";
  const auto secrets = [&]() -> Result<std::vector<Secret>> {
    std::vector<Secret> found;
    auto store = store::KeyStore::open_existing(config.store.url);
    if (!store) return std::move(store).error();
    if (!*store) return found;
    const auto keys = (*store)->keys();
    if (!keys) return keys.error();
    for (const auto& key : *keys) found.push_back(key.secret);
    return found;
  }();
  if (!secrets) return failed(kName, secrets.error());
  if (secrets->empty()) return {kName, Health::warn, "there are no keys to ask with", ""};
  const auto address = daemon::UpstreamAddress::parse(config.upstream.base_url);
  if (!address) return failed(kName, address.error());

  async::Loop loop;
  async::Interrupt interrupt;
  http::Client client(loop, {});
  auto options =
      daemon::check_options(config, *address, gemini::bare_model(config.pool.test_model));
  upstream::Proxies proxies;
  daemon::take_proxies(proxies, config.upstream);
  options.proxies = &proxies;
  const std::function<void(std::size_t)> nobody_watches = [](std::size_t) {};
  const auto checks = run_until_done(
      loop, interrupt,
      upstream::check_keys(loop, client, std::move(options), *secrets, nobody_watches, interrupt));
  if (interrupt.raised()) return {kName, Health::warn, "interrupted", ""};
  const auto usable = std::count_if(checks.begin(), checks.end(), [](const auto& check) {
    return upstream::is_usable(check.verdict);
  });
  const auto bad = std::count_if(checks.begin(), checks.end(),
                                 [](const auto& check) { return upstream::is_bad(check.verdict); });
  const auto all = static_cast<std::ptrdiff_t>(checks.size());
  Finding finding{kName,
                  usable == all ? Health::ok
                  : usable > 0  ? Health::warn
                                : Health::fail,
                  std::to_string(usable) + " usable, " + std::to_string(bad) + " bad, " +
                      std::to_string(all - usable - bad) + " unknown",
                  ""};
  if (usable != all) finding.hint = "'gembal keys check' names them";
  return finding;
}

void print_findings(const Context& context, const Findings& findings, bool well) {
  if (context.json) {
    Json checks = Json::array();
    for (const auto& finding : findings) {
      checks.push_back({{"name", finding.name},
                        {"status", to_string(finding.health)},
                        {"message", finding.message},
                        {"hint", finding.hint}});
    }
    print(to_text({{"checks", std::move(checks)}, {"ok", well}}) + "\n");
    return;
  }
  const bool in_color = context.uses_color();
  std::string text;
  for (const auto& finding : findings) {
    if (context.quiet && finding.health == Health::ok) continue;
    std::string word = to_string(finding.health);
    word.resize(4, ' ');
    const char* color = finding.health == Health::ok     ? "\x1b[32m"
                        : finding.health == Health::warn ? "\x1b[33m"
                                                         : "\x1b[31m";
    auto name = finding.name;
    name.resize(std::max(kNameWidth, name.size()), ' ');
    text += (in_color ? color + word + "\x1b[0m" : word) + "  " + name + "  " + finding.message;
    if (!finding.hint.empty()) text += "  — " + finding.hint;
    text += "\n";
  }
  print(text);
}

Result<int> examine(Context& context, bool with_keys) {
  auto examined = examine_configuration(context);
  if (!examined) return std::move(examined).error();
  const auto environment = config::process_environment();
  const auto& config = examined->loaded.config;

  Findings store, network, listen;
  {
    const std::jthread on_store([&] { store = check_store(config, examined->permissions); });
    const std::jthread on_network([&] { network = check_network(config, environment); });
    listen = check_listen(config);
  }
  Findings findings = {examined->finding, check_environment(examined->loaded, environment)};
  for (auto* some : {&store, &network, &listen})
    findings.insert(findings.end(), some->begin(), some->end());
  findings.push_back(check_terminal());
  if (with_keys) findings.push_back(ask_with_keys(config));

  const bool well = std::none_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.health == Health::fail;
  });
  print_findings(context, findings, well);
  return well ? 0 : 1;
}

}  // namespace

void add_doctor_command(CLI::App& app, Action& chosen) {
  auto with_keys = std::make_shared<bool>(false);
  auto* doctor = app.add_subcommand("doctor", "Say what is wrong here, and what to do about it");
  doctor->add_flag("--keys", *with_keys, "Also ask the API with each key");
  doctor->footer(
      "\nLooks at the configuration, the store, the keys, the network, the clock, the port and the\n"
      "terminal. Without --keys no key is sent. Exit status: 0 when nothing fails, else 1.\n"
      "\nExamples:\n"
      "  gembal doctor\n"
      "  gembal doctor -q                         only what is wrong\n"
      "  gembal doctor --json | jq -r '.checks[] | select(.status == \"fail\") | .hint'\n");
  doctor->callback([&chosen, with_keys] {
    chosen = [with_keys](Context& context) { return examine(context, *with_keys); };
  });
}

}  // namespace gembal::cmd
