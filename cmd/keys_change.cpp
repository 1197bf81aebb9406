#include <functional>

#include "cmd/admin_access.hpp"
#include "cmd/keys.hpp"
#include "lib/core/json.hpp"

namespace gembal::cmd {
namespace {

using keypool::Key;

struct ChooseOptions {
  std::vector<std::string> names;
  std::string status;
  Via via;
};

using Change =
    std::function<Result<std::size_t>(store::KeyStore&, const std::vector<std::string>&)>;

Result<int> print_changed(const Context& context, const char* done, std::size_t changed) {
  if (context.json) {
    print(to_text({{done, changed}}) + "\n");
  } else if (!context.quiet) {
    print(std::string(done) + " " + std::to_string(changed) + "\n");
  }
  return 0;
}

/// Does something to the named keys, or to all of a status; of a daemon's store by `action` of its
/// admin API.
Result<int> change_keys(Context& context, const ChooseOptions& options, const char* done,
                        const char* action, const Change& change) {
  if (options.names.empty() && options.status.empty())
    return Error{ErrorKind::usage, "no keys were named", "name keys, or use --status"};
  const auto daemon = AdminAccess::open(context, options.via);
  if (!daemon) return daemon.error();
  if (*daemon) {
    const auto ids = ids_at(**daemon, options.names, options.status);
    if (!ids) return ids.error();
    if (ids->empty()) return print_changed(context, done, 0);
    const auto told = (*daemon)->send("POST", "/keys/bulk", {{"ids", *ids}, {"action", action}});
    if (!told) return told.error();
    return print_changed(context, done,
                         static_cast<std::size_t>(integer_in(*told, "changed").value_or(0)));
  }
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
  return print_changed(context, done, *changed);
}

void add_changing_command(CLI::App& keys, Action& chosen, const std::string& name,
                          const std::string& what, const char* done, const char* action,
                          Change change) {
  auto options = std::make_shared<ChooseOptions>();
  auto* command = keys.add_subcommand(name, what);
  command
      ->add_option("key", options->names,
                   "An id (8 or more digits of it), a label, or the key itself")
      ->type_name("KEY");
  command->add_option("--status", options->status, "All keys of this status")->type_name("STATUS");
  add_admin_options(*command, options->via);
  command->callback([&chosen, options, done, action, change = std::move(change)] {
    chosen = [options, done, action, change](Context& context) {
      return change_keys(context, *options, done, action, change);
    };
  });
}

/// Says it about a key of a daemon's.
Result<int> label_at(const Context& context, const AdminAccess& daemon, const std::string& name,
                     const store::KeyEdit& edit) {
  const auto ids = ids_at(daemon, {name}, "");
  if (!ids) return ids.error();
  Json body = Json::object();
  if (edit.label) body["label"] = *edit.label;
  if (edit.project) body["project"] = *edit.project;
  if (edit.paid) body["paid"] = *edit.paid;
  const auto told = daemon.send("PATCH", "/keys/" + ids->front(), body);
  if (!told) return told.error();
  return print_changed(context, "labelled", 1);
}

/// `keys label`: whatever an owner says about a key.
void add_label_command(CLI::App& keys, Action& chosen) {
  struct LabelOptions {
    std::string key;
    std::string text;
    std::string project;
    bool paid = false;
    bool free = false;
    store::KeyEdit edit;
    Via via;
  };
  auto options = std::make_shared<LabelOptions>();
  auto* command = keys.add_subcommand("label", "Name a key; say what project or tier it is of");
  command
      ->add_option("key", options->key,
                   "An id (8 or more digits of it), a label, or the key itself")
      ->type_name("KEY")
      ->required();
  auto* text =
      command->add_option("text", options->text, "The name; '' takes it away")->type_name("TEXT");
  auto* project = command
                      ->add_option("--project", options->project,
                                   "The project that it shares quota in; '' takes it away")
                      ->type_name("NAME");
  auto* paid = command->add_flag("--paid", options->paid, "It is of a paid tier");
  auto* free = command->add_flag("--free", options->free, "It is of the free tier")->excludes(paid);
  add_admin_options(*command, options->via);
  command->callback([&chosen, options, text, project, paid, free] {
    if (text->count() > 0) options->edit.label = options->text;
    if (project->count() > 0) options->edit.project = options->project;
    if (paid->count() + free->count() > 0) options->edit.paid = paid->count() > 0;
    chosen = [options](Context& context) -> Result<int> {
      const auto& edit = options->edit;
      if (!edit.label && !edit.project && !edit.paid)
        return Error{ErrorKind::usage, "nothing to say about the key",
                     "give a name, --project, --paid or --free"};
      const auto daemon = AdminAccess::open(context, options->via);
      if (!daemon) return daemon.error();
      if (*daemon) return label_at(context, **daemon, options->key, edit);
      return change_keys(
          context, {{options->key}, "", {}}, "labelled", "label",
          [&edit](store::KeyStore& store, const auto& ids) { return store.edit(ids, edit); });
    };
  });
}

}  // namespace

void add_keys_change_commands(CLI::App& keys, Action& chosen) {
  add_changing_command(keys, chosen, "remove", "Forget keys", "removed", "remove",
                       [](store::KeyStore& store, const auto& ids) { return store.remove(ids); });
  add_changing_command(keys, chosen, "enable", "Use keys again, with a clean slate", "enabled",
                       "enable",
                       [](store::KeyStore& store, const auto& ids) { return store.enable(ids); });
  add_changing_command(keys, chosen, "disable", "Stop using keys", "disabled", "disable",
                       [](store::KeyStore& store, const auto& ids) {
                         return store.disable(ids, keypool::kDisabledByHand);
                       });
  add_changing_command(keys, chosen, "reset", "Forget failures, cool-downs and spent quotas",
                       "reset", "reset",
                       [](store::KeyStore& store, const auto& ids) { return store.reset(ids); });
  add_label_command(keys, chosen);
}

}  // namespace gembal::cmd
