#include "cmd/keys.hpp"

#include <algorithm>

#include "lib/core/json.hpp"
#include "lib/core/text.hpp"

namespace gembal::cmd {

Result<std::vector<Listed>> list_all(const Context& context) {
  auto store = context.open_store();
  if (!store) return std::move(store).error();
  return daemon::admin::list_keys(*store, std::chrono::system_clock::now());
}

Result<std::vector<std::string>> ids_at(const AdminAccess& daemon,
                                        const std::vector<std::string>& names,
                                        const std::string& status) {
  const auto listed = daemon.get("/keys");
  if (!listed) return listed.error();
  std::vector<keypool::Key> keys;
  for (const auto& one : (*listed)["keys"]) {
    if (!status.empty() && string_in(one, "status") != status) continue;
    keypool::Key key;
    key.id = string_in(one, "id");
    key.label = string_in(one, "label");
    keys.push_back(std::move(key));
  }
  if (!names.empty()) {
    // A key that is given whole is known there by its id alone.
    std::vector<std::string> known_as;
    for (const auto& name : names)
      known_as.push_back(find_api_keys(name).empty() ? name : Secret(name).id());
    auto named = resolve_keys(keys, known_as);
    if (!named) return std::move(named).error();
    keys = *std::move(named);
  }
  std::vector<std::string> ids;
  for (const auto& key : keys) ids.push_back(key.id);
  return ids;
}

bool is_sendable_key(std::string_view key) {
  return !key.empty() &&
         std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c <= '~'; });
}

void print_added(const Context& context, const store::Added& added) {
  if (context.json) {
    print(to_text({{"added", added.added.size()},
                   {"present", added.present.size()},
                   {"ignored", 0},
                   {"ids", added.added}}) +
          "\n");
  } else if (!context.quiet) {
    print("added " + std::to_string(added.added.size()) + ", already there " +
          std::to_string(added.present.size()) + "\n");
  }
}

void add_status_option(CLI::App& command, std::string& status) {
  command.add_option("--status", status, "Only keys of this status")
      ->type_name("STATUS")
      ->check(CLI::IsMember({"ok", "cooling", "exhausted", "unsupported", "disabled"}));
}

void add_keys_command(CLI::App& app, Action& chosen) {
  auto* keys = app.add_subcommand("keys", "Manage the API keys");
  keys->require_subcommand(1);
  keys->footer(
      "\nExamples:\n"
      "  gembal keys add < notes.txt          every key in the text, once\n"
      "  gembal keys add --env GEMINI_API_KEY\n"
      "  gembal keys list --status disabled\n"
      "  gembal keys why --model gemini-2.5-pro\n"
      "  gembal keys check --disable --enable\n"
      "  gembal keys remove 3f2a91c0\n");
  add_keys_add_command(*keys, chosen);
  add_keys_check_command(*keys, chosen);
  add_keys_list_commands(*keys, chosen);
  add_keys_change_commands(*keys, chosen);
  add_keys_transfer_commands(*keys, chosen);
  add_keys_why_command(*keys, chosen);
}

}  // namespace gembal::cmd
