#include <unistd.h>

#include <cstdlib>

#include "cmd/command.hpp"
#include "daemon/daemon.hpp"
#include "lib/core/temporary_folder.hpp"
#include "lib/log/log.hpp"

namespace gembal::cmd {
namespace {

struct ServeOptions {
  std::vector<std::string> listen;
  std::optional<std::string> threads;
  bool sandbox = false;
};

std::vector<config::Override> overrides_from(const ServeOptions& options) {
  std::vector<config::Override> overrides;
  if (!options.listen.empty()) overrides.push_back({"server.listen", "--listen", options.listen});
  if (options.threads) overrides.push_back({"server.threads", "--threads", {*options.threads}});
  return overrides;
}

/// What a user needs to make the first request. A token that was known before is only shown to a
/// person, not to a log.
std::string welcome(const daemon::Started& started, bool sandbox) {
  const std::string base = "http://" + started.addresses.front();
  const bool shows_token = started.token_is_new || ::isatty(STDOUT_FILENO) == 1;
  const std::string token = shows_token ? started.token.reveal() : started.token.redacted();
  std::string text = "gembal listens on";
  for (const auto& address : started.addresses) text += " http://" + address;
  text += "\n  Gemini base URL   " + base + "\n  OpenAI base URL   " + base + "/v1\n";
  text += "  keys              " + std::to_string(started.usable_keys) + " usable of " +
          std::to_string(started.keys);
  text += sandbox ? " (sandbox: made-up answers, no network)\n" : "\n";
  if (started.keys == 0)
    text += "                    add some with 'gembal keys add': no restart is needed\n";
  text += "  client token      " + token +
          (started.token_is_new && !sandbox ? "  (made just now, kept in the store)\n" : "\n");
  text += "  admin pages       " + base + "/";
  if (started.admin_token != started.token) text += "  (with auth.admin_token)";
  text += "\nTry it:\n  curl -N '" + base +
          "/v1beta/models/gemini-flash-latest:streamGenerateContent?alt=sse'";
  text += " -H 'x-goog-api-key: " + token + "' -H 'content-type: application/json'";
  text += " -d '{\"contents\":[{\"parts\":[{\"text\":\"Hello!\"}]}]}'\n";
  return text;
}

Result<int> serve(Context& context, const ServeOptions& options) {
  auto overrides = overrides_from(options);
  std::unique_ptr<TemporaryFolder> sandbox_store;
  if (options.sandbox) {
    auto made = TemporaryFolder::make("gembal-sandbox");
    if (!made) return std::move(made).error();
    sandbox_store = *std::move(made);
    overrides.push_back({"store.url", "--sandbox", {sandbox_store->path() / "gembal.db"}});
  }
  auto loaded = context.load(overrides);
  if (!loaded) return std::move(loaded).error();
  const auto environment = [](const char* name) -> std::string {
    const char* value = std::getenv(name);
    return value ? value : "";
  };
  auto service_manager = daemon::ServiceManager::from(environment);
  if (!service_manager) return std::move(service_manager).error();
  log::configure(loaded->config.logs);
  for (const auto& variable : loaded->ignored)
    log::warn(variable.name + " has no effect: " + variable.why, {});
  daemon::Options daemon_options;
  daemon_options.loaded = *std::move(loaded);
  daemon_options.reload = [&context, overrides] { return context.load(overrides); };
  daemon_options.service_manager = *std::move(service_manager);
  daemon_options.sandbox = options.sandbox;
  auto served = daemon::run(std::move(daemon_options), [&](const daemon::Started& started) {
    if (!context.quiet) print(welcome(started, options.sandbox));
  });
  log::shut_down();
  if (!served) return std::move(served).error();
  return 0;
}

}  // namespace

void add_serve_command(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<ServeOptions>();
  auto* serve_command = app.add_subcommand("serve", "Offer the keys to clients until told to stop");
  serve_command
      ->add_option("--listen", options->listen, "Listen there; may be repeated (127.0.0.1:8000)")
      ->type_name("HOST:PORT");
  serve_command->add_option("--threads", options->threads, "Event loops (0: one a core, at most 4)")
      ->type_name("N");
  serve_command->add_flag("--sandbox", options->sandbox,
                          "Answer from a stand-in for the API: no key, no network");
  serve_command->footer(
      "\nSIGTERM or Ctrl-C: running answers may finish; a second one ends at once. SIGHUP: the configuration is read again.\n");
  serve_command->callback([&chosen, options] {
    chosen = [options](Context& context) { return serve(context, *options); };
  });
}

}  // namespace gembal::cmd
