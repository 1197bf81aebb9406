// What the shells' completions ask for and cannot know: keys, models, settings. It is asked with
// every stroke of the tab key, so it is quick, never goes to the network, makes nothing that is not
// there, and says nothing at all when something is wrong.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>

#include "cmd/command.hpp"
#include "cmd/user_folders.hpp"
#include "daemon/sandbox/models.hpp"
#include "lib/config/settings.hpp"

namespace gembal::cmd {
namespace {

constexpr Milliseconds kPatience{200};  // for a store that is being written to
constexpr int kHoursOfUse = 7 * 24;

struct CompleteOptions {
  std::string what;
  std::vector<std::string> words;  ///< of the command line so far, behind the program's name
};

/// A line for each that may be meant: itself, and behind a tab what it is.
void offer(std::string_view value, std::string_view meaning) {
  if (value.find_first_of("\t\n\r") != value.npos) return;
  print(std::string(value) + "\t" + std::string(meaning) + "\n");
}

/// The value of a global option that the words have; the last one counts.
std::optional<std::string> value_in(const std::vector<std::string>& words,
                                    const std::string& option) {
  std::optional<std::string> found;
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    if (words[i].starts_with(option + "=")) found = words[i].substr(option.size() + 1);
    if (words[i] == option && i + 1 < words.size()) found = words[i + 1];
  }
  // The shell has not expanded it yet.
  const char* home = std::getenv("HOME");
  if (found && found->starts_with("~/") && home) found->replace(0, 1, home);
  return found;
}

/// The store, when it is there.
std::optional<store::KeyStore> open_existing(const store::Url& url) {
  auto store = store::KeyStore::open_existing(url, kPatience);
  if (!store) return std::nullopt;
  return *std::move(store);
}

void offer_keys(const config::Config& config) {
  auto store = open_existing(config.store.url);
  if (!store) return;
  const auto keys = store->keys();
  if (!keys) return;
  std::map<std::string, int> labels;
  for (const auto& key : *keys) ++labels[key.label];
  for (const auto& key : *keys) {
    const auto state = key.disabled ? ", disabled" : "";
    // A label that several keys have names none of them.
    const bool is_named = !key.label.empty() && labels[key.label] == 1;
    if (is_named) offer(key.label, key.id + state);
    offer(key.id, (key.label.empty() ? key.secret.redacted() : key.label) + state);
  }
}

/// Whether a model can do what the command line is about.
bool fits(const sandbox::Model& model, const std::vector<std::string>& words) {
  const auto has = [&](const char* command) {
    return std::find(words.begin(), words.end(), command) != words.end();
  };
  if (has("embed")) return model.kind == sandbox::ModelKind::embedding;
  if (has("image")) return model.kind == sandbox::ModelKind::image;
  if (has("chat"))
    return model.kind == sandbox::ModelKind::text || model.kind == sandbox::ModelKind::image;
  return true;
}

/// Those in use, from the configuration and the store, and then those that everybody has.
void offer_models(const config::Config& config, const std::vector<std::string>& words) {
  std::set<std::string> offered;
  const auto offer_once = [&](const std::string& name, const std::string& meaning) {
    const auto* known = sandbox::model_named(name);
    if (name.empty() || (known && !fits(*known, words))) return;
    if (offered.insert(name).second) offer(name, known ? known->display_name : meaning);
  };
  offer_once(config.client.model, "client.model");
  if (auto store = open_existing(config.store.url)) {
    const auto hour = to_unix_seconds(std::chrono::system_clock::now()) / 3600;
    if (const auto usage = store->usage_since(hour - kHoursOfUse)) {
      std::map<std::string, std::uint64_t> used;
      for (const auto& row : *usage) used[row.model] += row.requests;
      for (const auto& [model, requests] : used)
        offer_once(model, "used " + std::to_string(requests) + " times this week");
    }
  }
  for (const auto& model : sandbox::all_models()) offer_once(model.id, model.display_name);
}

/// The names of the files in a folder that end so.
void offer_files(const std::filesystem::path& folder, const std::string& end) {
  std::set<std::string> names;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (entry.path().extension() == end) names.insert(entry.path().stem().string());
  }
  for (const auto& name : names) offer(name, "");
}

void offer_settings() {
  for (const auto& setting : config::settings()) offer(setting.key, setting.meaning);
}

Result<int> complete(Context& context, const CompleteOptions& options) {
  if (auto file = value_in(options.words, "--config")) context.config_file = file;
  if (auto store = value_in(options.words, "--store")) context.store = store;
  if (options.what == "settings") offer_settings();
  if (options.what == "roles") offer_files(config_folder() / "roles", ".md");
  if (options.what == "sessions") offer_files(data_folder() / "sessions", ".json");
  // What is saved in the store is not waited for: it hardly matters here.
  const auto loaded = config::load(context.sources());
  if (!loaded) return 0;
  if (options.what == "keys") offer_keys(loaded->config);
  if (options.what == "models") offer_models(loaded->config, options.words);
  return 0;
}

}  // namespace

void add_complete_command(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<CompleteOptions>();
  auto* command = app.add_subcommand("complete", "What a shell may offer; see the completions");
  command->group("");
  command->add_option("what", options->what, "keys, models, settings, roles or sessions")
      ->required();
  command->add_option("words", options->words, "The command line so far, behind --");
  command->callback([&chosen, options] {
    chosen = [options](Context& context) { return complete(context, *options); };
  });
}

}  // namespace gembal::cmd
