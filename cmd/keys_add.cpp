#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "cmd/keys.hpp"
#include "lib/core/json.hpp"
#include "lib/core/text.hpp"

namespace gembal::cmd {
namespace {

using keypool::Key;

struct AddOptions {
  std::vector<std::string> texts;  ///< "-": standard input
  std::vector<std::string> files;
  std::string variable;
  std::string label;
  std::string project;
  bool paid = false;
  bool disabled = false;
  bool exact = false;
  bool check = false;
  Via via;
};

/// All the text in which keys are looked for.
Result<std::string> gather(const Context& context, const AddOptions& options) {
  std::string text;
  for (const auto& given : options.texts) {
    if (given == "-") {
      auto input = read_input();
      if (!input) return input;
      text += *input + "\n";
      continue;
    }
    text += given + "\n";
    if (::isatty(STDERR_FILENO) == 1 && !context.quiet) {
      std::fprintf(
          stderr,
          "gembal: a key in an argument is seen in the process list and the shell's history: pipe it in instead\n");
    }
  }
  for (const auto& path : options.files) {
    auto content = read_file(path);
    if (!content) return content;
    text += *content + "\n";
  }
  if (!options.variable.empty()) {
    const char* value = std::getenv(options.variable.c_str());
    if (!value)
      return Error{ErrorKind::usage, "the environment has no variable '" + options.variable + "'",
                   ""};
    text += std::string(value) + "\n";
  }
  if (options.texts.empty() && options.files.empty() && options.variable.empty()) {
    if (::isatty(STDIN_FILENO) == 1)
      return Error{ErrorKind::usage, "no keys were given",
                   "pipe them in: gembal keys add < keys.txt"};
    return read_input();
  }
  return text;
}

std::vector<std::string> find_keys(const std::string& text, bool exact) {
  if (!exact) return find_api_keys(text);
  std::vector<std::string> found;
  std::set<std::string_view> seen;
  for (const auto line : split(text, '\n')) {
    const auto key = trim(line);
    if (!key.empty() && seen.insert(key).second) found.emplace_back(key);
  }
  return found;
}

/// Puts the keys into a daemon's store.
Result<int> add_at(Context& context, const AdminAccess& daemon, const AddOptions& options,
                   const std::vector<std::string>& found) {
  std::string text;
  for (const auto& key : found) text += key + "\n";
  const auto told = daemon.send("POST", "/keys",
                                {{"text", text},
                                 {"exact", true},
                                 {"label", options.label},
                                 {"project", options.project},
                                 {"paid", options.paid},
                                 {"disabled", options.disabled}});
  if (!told) return told.error();
  if (context.json) {
    print(to_text(*told) + "\n");
  } else if (!context.quiet) {
    print("added " + to_text((*told)["added"]) + ", already there " + to_text((*told)["present"]) +
          "\n");
  }
  if (!options.check) return 0;
  CheckKeysOptions check;
  for (const auto& id : (*told)["ids"]) check.names.push_back(id.get<std::string>());
  check.via = options.via;
  return check_keys(context, check);
}

Result<int> add_keys(Context& context, const AddOptions& options) {
  auto text = gather(context, options);
  if (!text) return std::move(text).error();
  const auto found = find_keys(*text, options.exact);
  if (found.empty()) {
    return Error{ErrorKind::usage, "no API key was found in the input",
                 options.exact ? "give one key a line"
                               : "keys look like AIza… or AQ.…; --exact takes each line as it is"};
  }
  for (const auto& key : found) {
    if (!is_sendable_key(key))
      return Error{ErrorKind::usage, "a key must not have blanks or characters beyond ASCII",
                   "give one key a line"};
  }
  const auto daemon = AdminAccess::open(context, options.via);
  if (!daemon) return daemon.error();
  if (*daemon) return add_at(context, **daemon, options, found);
  std::vector<Key> keys;
  for (const auto& secret : found) {
    Key key;
    key.secret = Secret(secret);
    key.id = key.secret.id();
    key.label = options.label;
    key.project = options.project;
    key.paid = options.paid;
    key.disabled = options.disabled;
    if (key.disabled) {
      key.reason = keypool::kAddedDisabled;
      key.disabled_since = std::chrono::system_clock::now();
    }
    keys.push_back(std::move(key));
  }
  auto store = context.open_store();
  if (!store) return std::move(store).error();
  const auto added = store->add(keys);
  if (!added) return added.error();
  print_added(context, *added);
  if (!options.check) return 0;
  CheckKeysOptions check;
  for (const auto& key : keys) check.names.push_back(key.id);
  return check_keys(context, check);
}

}  // namespace

void add_keys_add_command(CLI::App& keys, Action& chosen) {
  auto options = std::make_shared<AddOptions>();
  auto* add = keys.add_subcommand("add", "Find API keys in any text and store them");
  add->add_option("key", options->texts, "Text with keys in it; - or nothing: standard input")
      ->type_name("KEY");
  add->add_option("--file", options->files, "Look for keys in this file")->type_name("FILE");
  add->add_option("--env", options->variable, "Look for keys in this environment variable")
      ->type_name("VAR");
  add->add_option("--label", options->label, "A name for the keys")->type_name("TEXT");
  add->add_option("--project", options->project, "The project that the keys share quota in")
      ->type_name("NAME");
  add->add_flag("--paid", options->paid, "The keys belong to a paid tier");
  add->add_flag("--disabled", options->disabled, "Do not use them yet");
  add->add_flag("--exact", options->exact, "Take each line as a key, whatever it looks like");
  add->add_flag("--check", options->check, "Ask the API with each of them");
  add_admin_options(*add, options->via);
  add->callback([&chosen, options] {
    chosen = [options](Context& context) { return add_keys(context, *options); };
  });
}

}  // namespace gembal::cmd
