// Keys out of one store and into another: export and import.

#include <unistd.h>

#include <cerrno>

#include "cmd/keys.hpp"
#include "lib/core/json.hpp"
#include "lib/core/text.hpp"

namespace gembal::cmd {
namespace {

using keypool::Key;

Json to_json(const Key& key) {
  return {{"key", key.secret.reveal()}, {"label", key.label},
          {"project", key.project},     {"tier", key.paid ? "paid" : "free"},
          {"disabled", key.disabled},   {"reason", key.reason}};
}

/// The keys themselves, one a line: what `keys add --exact` takes. As JSON with all that their
/// owner has said about them: what `keys import` takes.
Result<int> export_keys(Context& context, const std::string& status) {
  const auto all = list_all(context);
  if (!all) return all.error();
  Json keys = Json::array();
  std::string lines;
  for (const auto& listed : *all) {
    if (!status.empty() && status_of(listed.key, listed.states) != status) continue;
    keys.push_back(to_json(listed.key));
    lines += listed.key.secret.reveal() + "\n";
  }
  const auto text = context.json ? to_text({{"keys", std::move(keys)}}) + "\n" : lines;
  if (!print(text) && errno != EPIPE)
    return Error{ErrorKind::io, "the keys could not all be written",
                 "make room where the output goes"};
  return 0;
}

Error bad(std::size_t index, const std::string& what) {
  return {ErrorKind::usage, "key " + std::to_string(index + 1) + " of the input " + what,
          "'gembal keys export --json' shows the form"};
}

Result<Key> key_from(const Json& json, std::size_t index) {
  const auto text = string_in(json, "key");
  if (!json.is_object() || text.empty()) return bad(index, "has no \"key\"");
  if (!is_sendable_key(text)) return bad(index, "has blanks or characters beyond ASCII");
  const auto tier = string_in(json, "tier");
  if (!tier.empty() && tier != "paid" && tier != "free")
    return bad(index, "has a \"tier\" that is neither paid nor free");
  Key key;
  key.secret = Secret(std::string(text));
  key.id = key.secret.id();
  key.label = string_in(json, "label");
  key.project = string_in(json, "project");
  key.paid = tier == "paid";
  key.disabled = bool_in(json, "disabled").value_or(false);
  if (key.disabled) {
    key.reason = string_in(json, "reason");
    if (key.reason.empty()) key.reason = keypool::kAddedDisabled;
    key.disabled_since = std::chrono::system_clock::now();
  }
  return key;
}

Result<int> import_keys(Context& context, const std::string& file) {
  if (file == "-" && ::isatty(STDIN_FILENO) == 1)
    return Error{ErrorKind::usage, "nothing was given", "gembal keys import FILE"};
  auto text = file == "-" ? read_input() : read_file(file);
  if (!text) return std::move(text).error();
  const auto json = parse_json(*text);
  const Json* list = json ? find(*json, "keys") : nullptr;
  if (!list || !list->is_array()) {
    return Error{ErrorKind::usage, "the input is not what 'keys export --json' writes",
                 "keys in any other text: gembal keys add < FILE"};
  }
  std::vector<Key> keys;
  for (std::size_t i = 0; i < list->size(); ++i) {
    auto key = key_from((*list)[i], i);
    if (!key) return std::move(key).error();
    keys.push_back(*std::move(key));
  }
  auto store = context.open_store();
  if (!store) return std::move(store).error();
  const auto added = store->add(keys);
  if (!added) return added.error();
  print_added(context, *added);
  return 0;
}

}  // namespace

void add_keys_transfer_commands(CLI::App& keys, Action& chosen) {
  auto status = std::make_shared<std::string>();
  auto* export_command = keys.add_subcommand(
      "export", "Print the keys themselves, one a line; with --json all that 'import' takes");
  add_status_option(*export_command, *status);
  export_command->callback([&chosen, status] {
    chosen = [status](Context& context) { return export_keys(context, *status); };
  });

  auto file = std::make_shared<std::string>("-");
  auto* import_command =
      keys.add_subcommand("import", "Add keys with their labels, projects and tiers");
  import_command
      ->add_option("file", *file, "What 'keys export --json' wrote; - or nothing: standard input")
      ->type_name("FILE");
  import_command->callback([&chosen, file] {
    chosen = [file](Context& context) { return import_keys(context, *file); };
  });
}

}  // namespace gembal::cmd
