#include "cmd/keys.hpp"

#include <algorithm>
#include <unordered_map>

#include "lib/core/json.hpp"

namespace gembal::cmd {

using keypool::Key;
using keypool::ModelState;
using keypool::ModelStatus;

StatesBySubject by_subject(const std::vector<keypool::SubjectState>& states) {
  StatesBySubject grouped;
  for (const auto& [subject, state] : states) grouped[subject].push_back(state);
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

Result<std::vector<Listed>> list_all(const Context& context) {
  auto store = context.open_store();
  if (!store) return std::move(store).error();
  auto keys = store->keys();
  if (!keys) return std::move(keys).error();
  const auto now = std::chrono::system_clock::now();
  const auto states = store->model_states(now);
  if (!states) return states.error();
  const auto usage = store->usage_since(to_unix_seconds(now) / 3600 - 23);
  if (!usage) return usage.error();
  std::unordered_map<std::string, std::pair<std::uint64_t, std::uint64_t>> used;
  for (const auto& row : *usage) {
    auto& [requests, tokens] = used[row.key_id];
    requests += row.requests;
    tokens += row.tokens;
  }
  auto grouped = by_subject(*states);
  std::vector<Listed> all;
  for (auto& key : *keys) {
    auto own = grouped[quota_subject(key)];
    const auto [requests, tokens] = used[key.id];
    all.push_back({std::move(key), std::move(own), requests, tokens});
  }
  return all;
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
