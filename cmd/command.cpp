#include "cmd/command.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <unordered_map>

#include "lib/core/json.hpp"
#include "lib/core/text.hpp"

namespace gembal::cmd {
namespace {

constexpr auto kExamples =
    "\nExamples:\n"
    "  gembal serve --sandbox                 try it without a key or a network\n"
    "  gembal keys add < keys.txt             find API keys in any text and store them\n"
    "  gembal serve                           offer them on http://127.0.0.1:8000\n"
    "  gembal keys check -q                   from cron: silent when all is well\n"
    "  git diff | gembal chat 'Review this.'\n";

/// The program and the commands that a command line names, outermost first.
std::vector<const CLI::App*> chosen_commands(const CLI::App& app) {
  std::vector<const CLI::App*> chosen = {&app};
  for (auto inner = app.get_subcommands(); !inner.empty(); inner = inner.front()->get_subcommands())
    chosen.push_back(inner.front());
  return chosen;
}

/// The commands and options that may stand where the command line went wrong.
std::vector<std::string> known_words(const std::vector<const CLI::App*>& chosen) {
  std::vector<std::string> names;
  for (const auto* command : chosen) {
    for (const auto* option : command->get_options()) {
      for (const auto& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  for (const auto* command : chosen.back()->get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

/// What is wrong and what may have been meant, for a command line that CLI11 refused.
Error usage_error(const CLI::App& app, const CLI::ParseError& failure) {
  const auto chosen = chosen_commands(app);
  std::string help;
  for (const auto* command : chosen) help += command->get_name() + " ";
  Error error{ErrorKind::usage, failure.what(), "see '" + help + "--help'"};
  while (error.message.ends_with('\n') || error.message.ends_with('.')) error.message.pop_back();
  std::replace(error.message.begin(), error.message.end(), '\n', ' ');
  if (error.message.empty()) error.message = "wrong arguments";
  const auto known = known_words(chosen);
  for (const auto& word : app.remaining(true)) {
    const auto name = word.substr(0, word.find('='));
    const bool is_option = word.starts_with('-');
    const auto near = nearest(name, known);
    if (!near && !is_option) continue;
    error.message = std::string("unknown ") + (is_option ? "option '" : "command '") + name + "'";
    if (near) error.hint = "did you mean '" + *near + "'?";
    break;
  }
  return error;
}

bool is_hexadecimal(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

config::Sources Context::sources(std::vector<config::Override> overrides) const {
  config::Sources found;
  found.file = config_file;
  found.environment = config::process_environment();
  found.overrides = std::move(overrides);
  if (store) found.overrides.push_back({"store.url", "--store", {*store}});
  if (verbose > 0) found.overrides.push_back({"logs.level", "--verbose", {"debug"}});
  return found;
}

Result<config::Loaded> Context::load(std::vector<config::Override> overrides) const {
  auto from = sources(std::move(overrides));
  from.saved = [](const store::Url& url) { return store::saved_settings(url); };
  return config::load(from);
}

Result<store::KeyStore> Context::open_store() const {
  const auto loaded = load();
  if (!loaded) return loaded.error();
  return store::KeyStore::open(loaded->config.store.url);
}

bool Context::uses_color() const {
  if (color != "auto") return color == "always";
  const char* forced = std::getenv("CLICOLOR_FORCE");
  if (forced && *forced && std::string_view(forced) != "0") return true;
  const char* refused = std::getenv("NO_COLOR");
  return !(refused && *refused) && ::isatty(STDOUT_FILENO) == 1;
}

void build_app(CLI::App& app, Context& context, Action& chosen) {
  app.name("gembal");
  app.description("Pools many Gemini API keys behind one address.");
  app.footer(kExamples);
  app.fallthrough();
  app.require_subcommand(0, 1);
  app.set_version_flag("--version", "gembal " GEMBAL_VERSION);
  app.add_option("--config", context.config_file, "Configuration file")->type_name("FILE");
  app.add_option("--store", context.store, "Key store")->type_name("PATH|URL");
  app.add_option("--color", context.color, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->type_name("WHEN");
  app.add_flag("--json", context.json, "Print data as JSON");
  app.add_flag("-q,--quiet", context.quiet, "Say only what matters");
  app.add_flag("-v,--verbose", context.verbose, "Say more");
  add_serve_command(app, chosen);
  add_keys_command(app, chosen);
  add_chat_command(app, chosen);
  add_embed_command(app, chosen);
  add_image_command(app, chosen);
  add_models_command(app, chosen);
  add_config_command(app, chosen);
  add_sandbox_command(app, chosen);
  add_tokens_command(app, chosen);
  add_stats_command(app, chosen);
  add_logs_command(app, chosen);
  add_store_command(app, chosen);
  add_doctor_command(app, chosen);
  add_complete_command(app, chosen);
  add_docs_command(app, chosen);
}

int run(int argc, char** argv) {
  // A reader who has seen enough ends us quietly; without this a socket could end us, too.
  std::signal(SIGPIPE, SIG_IGN);
  if (argc == 2 &&
      std::string_view(argv[1]) == "--version") {  // scripts ask often: no parser for it
    print("gembal " GEMBAL_VERSION "\n");
    return 0;
  }
  Context context;
  Action chosen;
  CLI::App app;
  build_app(app, context, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& wanted) {
    return app.exit(wanted) == 0 ? 0 : 2;
  } catch (const CLI::CallForAllHelp& wanted) {
    return app.exit(wanted) == 0 ? 0 : 2;
  } catch (const CLI::CallForVersion& wanted) {
    return app.exit(wanted) == 0 ? 0 : 2;
  } catch (const CLI::ParseError& failure) {
    print_error(context, usage_error(app, failure));
    return 2;
  }
  if (!chosen) {
    std::cout << app.help();
    return 2;
  }
  const auto status = chosen(context);
  if (status) return *status;
  print_error(context, status.error());
  return exit_status(status.error().kind);
}

int exit_status(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
    case ErrorKind::config:
    case ErrorKind::bad_request: return 2;
    case ErrorKind::no_usable_key: return 3;
    case ErrorKind::upstream:
    case ErrorKind::proxy:
    case ErrorKind::timeout: return 4;
    case ErrorKind::keys_waiting: return 5;
    case ErrorKind::refused: return 6;
    case ErrorKind::cancelled: return 130;
    default: return 1;
  }
}

void print_error(const Context& context, const Error& error) {
  std::fprintf(stderr, "gembal: %s\n", error.message.c_str());
  if (!error.hint.empty()) std::fprintf(stderr, "hint: %s\n", error.hint.c_str());
  if (context.json) {
    print(to_text({{"error",
                    {{"kind", to_string(error.kind)},
                     {"message", error.message},
                     {"hint", error.hint}}}}) +
          "\n");
  }
}

bool print(std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
         std::fflush(stdout) == 0;
}

Result<std::vector<keypool::Key>> resolve_keys(const std::vector<keypool::Key>& keys,
                                               const std::vector<std::string>& names) {
  std::unordered_map<std::string_view, std::vector<const keypool::Key*>> whole;
  for (const auto& key : keys) {
    for (const std::string_view name :
         {std::string_view(key.id), std::string_view(key.secret.reveal()),
          std::string_view(key.label)}) {
      auto& meant = whole[name];
      // A label may say what the key is called already.
      if (!name.empty() && (meant.empty() || meant.back() != &key)) meant.push_back(&key);
    }
  }
  std::vector<keypool::Key> found;
  for (const auto& name : names) {
    std::vector<const keypool::Key*> meant;
    if (const auto known = whole.find(name); known != whole.end()) {
      meant = known->second;
    } else if (name.size() >= 8 && is_hexadecimal(name)) {
      for (const auto& key : keys) {
        if (key.id.starts_with(name.substr(0, 12))) meant.push_back(&key);
      }
    }
    // It may be a key that was given: it must not come back on the screen.
    const auto shown = find_api_keys(name).empty() ? name : Secret(name).redacted();
    if (meant.empty())
      return Error{ErrorKind::usage, "there is no key '" + shown + "'",
                   "'gembal keys list' shows ids and labels"};
    if (meant.size() > 1) {
      return Error{ErrorKind::usage,
                   "'" + shown + "' means " + std::to_string(meant.size()) + " keys",
                   "name one by its id"};
    }
    found.push_back(*meant.front());
  }
  return found;
}

Result<std::string> read_input() {
  const std::string text((std::istreambuf_iterator<char>(std::cin)),
                         std::istreambuf_iterator<char>());
  if (std::cin.bad()) return Error{ErrorKind::io, "cannot read standard input", ""};
  return text;
}

Result<std::string> read_file(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    return Error{ErrorKind::io, "cannot read '" + path + "': it is a folder", ""};
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  if (stream) text << stream.rdbuf();
  // An empty file sets the failbit of the target, which is none of our business.
  if (!stream.is_open() || stream.bad()) {
    return Error{ErrorKind::io, "cannot read '" + path + "': " + std::string(std::strerror(errno)),
                 ""};
  }
  return text.str();
}

}  // namespace gembal::cmd
