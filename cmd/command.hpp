#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lib/config/load.hpp"
#include "lib/core/result.hpp"
#include "lib/store/key_store.hpp"

namespace gembal::cmd {

/// What every command knows: the global options, and how to get at configuration and store.
struct Context {
  std::optional<std::string> config_file;
  std::optional<std::string> store;
  std::string color = "auto";
  bool json = false;
  bool quiet = false;
  int verbose = 0;

  /// Where the configuration comes from, but for what is saved in the store.
  config::Sources sources(std::vector<config::Override> overrides = {}) const;
  /// Errors: config, store.
  Result<config::Loaded> load(std::vector<config::Override> overrides = {}) const;
  /// Errors: config, store.
  Result<store::KeyStore> open_store() const;
  bool uses_color() const;
};

/// Runs the chosen command; returns the exit status.
using Action = std::function<Result<int>(Context&)>;

void add_serve_command(CLI::App& app, Action& chosen);
void add_keys_command(CLI::App& app, Action& chosen);
void add_chat_command(CLI::App& app, Action& chosen);
void add_embed_command(CLI::App& app, Action& chosen);
void add_image_command(CLI::App& app, Action& chosen);
void add_models_command(CLI::App& app, Action& chosen);
void add_config_command(CLI::App& app, Action& chosen);
void add_sandbox_command(CLI::App& app, Action& chosen);
void add_stats_command(CLI::App& app, Action& chosen);
void add_tokens_command(CLI::App& app, Action& chosen);
void add_logs_command(CLI::App& app, Action& chosen);
void add_store_command(CLI::App& app, Action& chosen);
void add_doctor_command(CLI::App& app, Action& chosen);
// Hidden from help: for the shells, and for whoever changes the command line.
void add_complete_command(CLI::App& app, Action& chosen);
void add_docs_command(CLI::App& app, Action& chosen);

/// The whole command line; what is chosen when it is parsed is put into `chosen`.
void build_app(CLI::App& app, Context& context, Action& chosen);

/// Parses and runs. Returns the exit status; nothing escapes.
int run(int argc, char** argv);

int exit_status(ErrorKind kind);

/// "gembal: …" and "hint: …" on stderr; with --json also the error object on stdout.
void print_error(const Context& context, const Error& error);

/// Writes to stdout; false when nobody reads any more.
bool print(std::string_view text);

/// The keys that `names` mean: each an id or the first 8 or more digits of one, a label, or the key
/// itself. Errors: usage (nothing or more than one is meant), naming it.
Result<std::vector<keypool::Key>> resolve_keys(const std::vector<keypool::Key>& keys,
                                               const std::vector<std::string>& names);

/// All of standard input. Errors: io.
Result<std::string> read_input();
/// A whole file. Errors: io.
Result<std::string> read_file(const std::string& path);

}  // namespace gembal::cmd
