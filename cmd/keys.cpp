#include "cmd/keys.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "cmd/table.hpp"
#include "lib/core/json.hpp"
#include "lib/core/text.hpp"

namespace gembal::cmd {
namespace {

using keypool::Key;
using keypool::ModelState;
using keypool::ModelStatus;

TimePoint now() { return std::chrono::system_clock::now(); }

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
    const bool unsafe =
        std::any_of(key.begin(), key.end(), [](char c) { return c <= ' ' || c > '~'; });
    if (unsafe)
      return Error{ErrorKind::usage, "a key must not have blanks or characters beyond ASCII",
                   "give one key a line"};
  }
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
      key.reason = "added disabled";
      key.disabled_since = now();
    }
    keys.push_back(std::move(key));
  }
  auto store = context.open_store();
  if (!store) return std::move(store).error();
  const auto added = store->add(keys);
  if (!added) return added.error();
  if (context.json) {
    print(to_text({{"added", added->added.size()},
                   {"present", added->present.size()},
                   {"ignored", 0},
                   {"ids", added->added}}) +
          "\n");
  } else if (!context.quiet) {
    print("added " + std::to_string(added->added.size()) + ", already there " +
          std::to_string(added->present.size()) + "\n");
  }
  if (!options.check) return 0;
  CheckKeysOptions check;
  for (const auto& key : keys) check.names.push_back(key.id);
  return check_keys(context, check);
}

struct ListOptions {
  std::string status;
  std::string sort;
  bool show = false;
};

struct Listed {
  Key key;
  std::vector<ModelState> states;
};

/// "cooling 32s", "exhausted until 2026-11-25T08:00:00Z", "disabled: leaked"
std::string describe(const Listed& listed) {
  auto status = status_of(listed.key, listed.states);
  if (status == "disabled")
    return listed.key.reason.empty() ? status : status + ": " + listed.key.reason;
  if (status == "ok") return status;
  const auto last = std::max_element(listed.states.begin(), listed.states.end(),
                                     [](auto& a, auto& b) { return a.until < b.until; });
  const auto where = last->model == "*" || last->model.empty() ? "" : " (" + last->model + ")";
  if (status == "cooling")
    return status + " " + to_short_text(std::chrono::ceil<Milliseconds>(last->until - now())) +
           where;
  return status + " until " + to_iso8601(last->until) + where;
}

Json to_json(const Listed& listed, bool show) {
  const auto& key = listed.key;
  Json models = Json::array();
  TimePoint until{};
  for (const auto& state : listed.states) {
    until = std::max(until, state.until);
    models.push_back({{"model", state.model},
                      {"status", to_string(state.status)},
                      {"until", to_iso8601(state.until)}});
  }
  return {{"id", key.id},
          {"key", show ? key.secret.reveal() : key.secret.redacted()},
          {"label", key.label},
          {"project", key.project},
          {"tier", key.paid ? "paid" : "free"},
          {"status", status_of(key, listed.states)},
          {"reason", key.reason},
          {"until", listed.states.empty() ? Json() : Json(to_iso8601(until))},
          {"failures", key.failures},
          {"models", std::move(models)}};
}

Result<std::vector<Listed>> list_all(const Context& context) {
  auto store = context.open_store();
  if (!store) return std::move(store).error();
  auto keys = store->keys();
  if (!keys) return std::move(keys).error();
  const auto states = store->model_states(now());
  if (!states) return states.error();
  auto grouped = by_id(*states);
  std::vector<Listed> all;
  for (auto& key : *keys) {
    auto own = std::move(grouped[key.id]);
    all.push_back({std::move(key), std::move(own)});
  }
  return all;
}

Result<void> sort_by(std::vector<Listed>& all, const std::string& column) {
  const std::map<std::string, std::function<std::string(const Listed&)>> columns = {
      {"id", [](const Listed& l) { return l.key.id; }},
      {"label", [](const Listed& l) { return l.key.label; }},
      {"project", [](const Listed& l) { return l.key.project; }},
      {"tier", [](const Listed& l) { return std::string(l.key.paid ? "paid" : "free"); }},
      {"status", [](const Listed& l) { return status_of(l.key, l.states); }},
  };
  if (column.empty()) return {};
  if (column == "failures") {
    std::stable_sort(all.begin(), all.end(), [](const Listed& a, const Listed& b) {
      return a.key.failures > b.key.failures;
    });
    return {};
  }
  const auto known = columns.find(column);
  if (known == columns.end()) {
    return Error{ErrorKind::usage, "there is no column '" + column + "'",
                 "sort by id, label, project, tier, status or failures"};
  }
  std::stable_sort(all.begin(), all.end(), [&](const Listed& a, const Listed& b) {
    return known->second(a) < known->second(b);
  });
  return {};
}

Result<int> list_keys(Context& context, const ListOptions& options) {
  auto all = list_all(context);
  if (!all) return std::move(all).error();
  if (!options.status.empty()) {
    std::erase_if(*all, [&](const Listed& listed) {
      return status_of(listed.key, listed.states) != options.status;
    });
  }
  if (auto sorted = sort_by(*all, options.sort); !sorted) return std::move(sorted).error();
  if (context.json) {
    Json keys = Json::array();
    for (const auto& listed : *all) keys.push_back(to_json(listed, options.show));
    print(to_text({{"keys", std::move(keys)}}) + "\n");
    return 0;
  }
  if (all->empty()) {
    if (!context.quiet)
      std::fprintf(
          stderr, "no keys%s\n",
          options.status.empty() ? ": add some with 'gembal keys add'" : " of this status");
    return 0;
  }
  std::vector<std::vector<std::string>> rows = {
      {"id", "key", "label", "project", "tier", "status", "failures"}};
  for (const auto& listed : *all) {
    const auto& key = listed.key;
    rows.push_back({key.id, options.show ? key.secret.reveal() : key.secret.redacted(), key.label,
                    key.project, key.paid ? "paid" : "free", describe(listed),
                    key.failures > 0 ? std::to_string(key.failures) : ""});
  }
  print(table(std::move(rows), context.uses_color()));
  return 0;
}

struct ChooseOptions {
  std::vector<std::string> names;
  std::string status;
};

using Change =
    std::function<Result<std::size_t>(store::KeyStore&, const std::vector<std::string>&)>;

/// Does something to the named keys, or to all of a status.
Result<int> change_keys(Context& context, const ChooseOptions& options, const char* done,
                        const Change& change) {
  if (options.names.empty() && options.status.empty())
    return Error{ErrorKind::usage, "no keys were named", "name keys, or use --status"};
  auto all = list_all(context);
  if (!all) return std::move(all).error();
  std::vector<Key> keys;
  for (const auto& listed : *all) {
    if (options.status.empty() || status_of(listed.key, listed.states) == options.status)
      keys.push_back(listed.key);
  }
  if (!options.names.empty()) {
    auto named = resolve_keys(keys, options.names);
    if (!named) return std::move(named).error();
    keys = *std::move(named);
  }
  std::vector<std::string> ids;
  for (const auto& key : keys) ids.push_back(key.id);
  auto store = context.open_store();
  if (!store) return std::move(store).error();
  const auto changed = change(*store, ids);
  if (!changed) return changed.error();
  if (context.json) {
    print(to_text({{done, *changed}}) + "\n");
  } else if (!context.quiet) {
    print(std::string(done) + " " + std::to_string(*changed) + "\n");
  }
  return 0;
}

void add_changing_command(CLI::App& keys, Action& chosen, const std::string& name,
                          const std::string& what, const char* done, Change change) {
  auto options = std::make_shared<ChooseOptions>();
  auto* command = keys.add_subcommand(name, what);
  command
      ->add_option("key", options->names,
                   "An id (8 or more digits of it), a label, or the key itself")
      ->type_name("KEY");
  command->add_option("--status", options->status, "All keys of this status")->type_name("STATUS");
  command->callback([&chosen, options, done, change = std::move(change)] {
    chosen = [options, done, change](Context& context) {
      return change_keys(context, *options, done, change);
    };
  });
}

void add_add_command(CLI::App& keys, Action& chosen) {
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
  add->callback([&chosen, options] {
    chosen = [options](Context& context) { return add_keys(context, *options); };
  });
}

void add_check_command(CLI::App& keys, Action& chosen) {
  auto options = std::make_shared<CheckKeysOptions>();
  auto* check = keys.add_subcommand("check", "Ask the API with each key");
  check->add_option("key", options->names, "Only these keys")->type_name("KEY");
  check->add_option("--model", options->model, "Ask this model instead of pool.test_model")
      ->type_name("MODEL");
  check->add_option("--jobs", options->jobs, "Keys to ask with side by side (16)")
      ->type_name("N")
      ->check(CLI::Range(1, 256));
  check->add_option("--status", options->status, "Only keys of this status")->type_name("STATUS");
  check->add_flag("--disable", options->disable, "Disable the keys that are bad");
  check->add_flag("--enable", options->enable, "Enable the disabled keys that work again");
  check->callback([&chosen, options] {
    chosen = [options](Context& context) { return check_keys(context, *options); };
  });
}

}  // namespace

StatesById by_id(const std::vector<std::pair<std::string, ModelState>>& states) {
  StatesById grouped;
  for (const auto& [id, state] : states) grouped[id].push_back(state);
  return grouped;
}

std::string status_of(const Key& key, const std::vector<ModelState>& states) {
  if (key.disabled) return "disabled";
  auto worst = std::string("ok");
  for (const auto& state : states) {
    if (state.status == ModelStatus::cooling && worst == "ok") worst = "cooling";
    if (state.status == ModelStatus::exhausted) worst = "exhausted";
    if (state.status == ModelStatus::unsupported && worst == "ok") worst = "unsupported";
  }
  return worst;
}

void add_keys_command(CLI::App& app, Action& chosen) {
  auto* keys = app.add_subcommand("keys", "Manage the API keys");
  keys->require_subcommand(1);
  keys->footer(
      "\nExamples:\n"
      "  gembal keys add < notes.txt          every key in the text, once\n"
      "  gembal keys add --env GEMINI_API_KEY\n"
      "  gembal keys list --status disabled\n"
      "  gembal keys check --disable --enable\n"
      "  gembal keys remove 3f2a91c0\n");
  add_add_command(*keys, chosen);
  add_check_command(*keys, chosen);

  auto options = std::make_shared<ListOptions>();
  auto* list = keys->add_subcommand("list", "Show the keys and how they are");
  list->add_option("--status", options->status, "Only keys of this status")
      ->type_name("STATUS")
      ->check(CLI::IsMember({"ok", "cooling", "exhausted", "unsupported", "disabled"}));
  list->add_option("--sort", options->sort, "By id, label, project, tier, status or failures")
      ->type_name("COLUMN");
  list->add_flag("--show", options->show, "Show the whole keys");
  list->callback([&chosen, options] {
    chosen = [options](Context& context) { return list_keys(context, *options); };
  });

  add_changing_command(*keys, chosen, "remove", "Forget keys", "removed",
                       [](store::KeyStore& store, const auto& ids) { return store.remove(ids); });
  add_changing_command(*keys, chosen, "enable", "Use keys again, with a clean slate", "enabled",
                       [](store::KeyStore& store, const auto& ids) { return store.enable(ids); });
  add_changing_command(*keys, chosen, "disable", "Stop using keys", "disabled",
                       [](store::KeyStore& store, const auto& ids) {
                         return store.disable(ids, "disabled by hand");
                       });
}

}  // namespace gembal::cmd
