#include "cmd/keys.hpp"

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
  const auto states = store->model_states(std::chrono::system_clock::now());
  if (!states) return states.error();
  auto grouped = by_subject(*states);
  std::vector<Listed> all;
  for (auto& key : *keys) {
    auto own = grouped[quota_subject(key)];
    all.push_back({std::move(key), std::move(own)});
  }
  return all;
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
  add_keys_add_command(*keys, chosen);
  add_keys_check_command(*keys, chosen);
  add_keys_list_commands(*keys, chosen);
  add_keys_change_commands(*keys, chosen);
}

}  // namespace gembal::cmd
