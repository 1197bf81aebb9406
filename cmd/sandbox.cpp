#include <csignal>

#include "cmd/command.hpp"
#include "daemon/sandbox/server.hpp"
#include "lib/core/json.hpp"

namespace gembal::cmd {
namespace {

struct SandboxOptions {
  std::string listen = "127.0.0.1:8001";
  std::string scenario;
};

Result<sandbox::Scenario> read_scenario(const std::string& path) {
  if (path.empty()) return sandbox::Scenario{};
  const auto text = read_file(path);
  if (!text) return text.error();
  const auto json = parse_json(*text);
  if (!json) return Error(json.error()).in("'" + path + "'");
  auto scenario = sandbox::parse_scenario(*json);
  if (!scenario) return std::move(scenario).error().in("'" + path + "'");
  return scenario;
}

Result<int> run_sandbox(Context& context, const SandboxOptions& options) {
  auto scenario = read_scenario(options.scenario);
  if (!scenario) return std::move(scenario).error();
  sandbox::Options behaviour;
  behaviour.scenario = *std::move(scenario);

  async::Loop loop;
  auto opened = sandbox::Server::open(loop, options.listen, std::move(behaviour));
  if (!opened) return std::move(opened).error();
  auto& server = **opened;
  asio::signal_set signals(loop.context(), SIGINT, SIGTERM);
  signals.async_wait([&](std::error_code failure, int) {
    if (!failure) server.stop([&loop] { loop.stop(); });
  });
  server.start();
  const std::string base = "http://" + daemon::front::to_text(server.endpoint());
  if (!context.quiet) {
    print("the sandbox answers like the Gemini API on " + base + "\n  base URL   " + base +
          "/v1beta\n  API key    any; some names ask for faults: see docs/sandbox.md\n");
  }
  loop.run();
  return 0;
}

}  // namespace

void add_sandbox_command(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<SandboxOptions>();
  auto* command =
      app.add_subcommand("sandbox", "A stand-in for the Gemini API, with faults on demand");
  command->add_option("--listen", options->listen, "Listen there (127.0.0.1:8001)")
      ->type_name("HOST:PORT");
  command->add_option("--scenario", options->scenario, "How it behaves, as JSON")
      ->type_name("FILE");
  command->footer(
      "\nExamples:\n  gembal sandbox --listen 127.0.0.1:0\n  gembal sandbox --scenario flaky.json\n");
  command->callback([&chosen, options] {
    chosen = [options](Context& context) { return run_sandbox(context, *options); };
  });
}

}  // namespace gembal::cmd
