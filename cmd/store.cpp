#include "lib/store/transfer.hpp"

#include "cmd/command.hpp"
#include "cmd/table.hpp"
#include "lib/core/json.hpp"

namespace gembal::cmd {
namespace {

struct MigrateOptions {
  std::string from;
  std::string to;
  bool force = false;
};

void print_sizes(const Context& context, const std::vector<store::TableSize>& sizes, Json head) {
  std::int64_t total = 0;
  for (const auto& size : sizes) total += size.rows;
  if (context.json) {
    Json tables = Json::object();
    for (const auto& size : sizes) tables[size.table] = size.rows;
    head["tables"] = std::move(tables);
    head["rows"] = total;
    print(to_text(head) + "\n");
    return;
  }
  std::vector<std::vector<std::string>> rows = {{"table", "rows"}};
  for (const auto& size : sizes) rows.push_back({size.table, std::to_string(size.rows)});
  rows.push_back({"all", std::to_string(total)});
  print(table(std::move(rows), context.uses_color()));
}

Result<int> migrate_store(Context& context, const MigrateOptions& options) {
  const auto from = store::parse_url(options.from);
  if (!from) return Error(from.error()).in("FROM");
  const auto to = store::parse_url(options.to);
  if (!to) return Error(to.error()).in("TO");
  const auto copied = store::copy_store(
      *from, *to, options.force ? store::Present::replace : store::Present::refuse);
  if (!copied) return copied.error();
  if (!context.quiet || context.json)
    print_sizes(context, *copied, {{"from", store::shown(*from)}, {"to", store::shown(*to)}});
  if (!context.quiet && !context.json) {
    std::fprintf(stderr, "gembal: copied to %s; point store.url there\n",
                 store::shown(*to).c_str());
  }
  return 0;
}

const char* name_of(store::DatabaseKind kind) {
  switch (kind) {
    case store::DatabaseKind::mysql: return "MySQL or MariaDB";
    case store::DatabaseKind::postgresql: return "PostgreSQL";
    case store::DatabaseKind::sqlite: break;
  }
  return "SQLite";
}

Result<int> show_store(Context& context) {
  const auto loaded = context.load();
  if (!loaded) return loaded.error();
  const auto& url = loaded->config.store.url;
  const auto sizes = store::table_sizes(url);
  if (!sizes) return sizes.error();
  if (!context.json) {
    print("store     " + store::shown(url) + "\ndatabase  " + name_of(url.kind) + "\nschema    " +
          std::to_string(store::KeyStore::schema()) + "\n\n");
  }
  print_sizes(context, *sizes,
              {{"store", store::shown(url)},
               {"database", name_of(url.kind)},
               {"schema", store::KeyStore::schema()}});
  return 0;
}

}  // namespace

void add_store_command(CLI::App& app, Action& chosen) {
  auto* store = app.add_subcommand("store", "Look at the key store, and move it");
  store->require_subcommand(1);
  store->footer(
      "\nExamples:\n"
      "  gembal store info\n"
      "  gembal store migrate ~/.local/share/gembal/gembal.db mysql://gembal:secret@db/gembal\n");
  store->add_subcommand("info", "Where the store is, and what is in it")->callback([&chosen] {
    chosen = show_store;
  });

  auto options = std::make_shared<MigrateOptions>();
  auto* migrate =
      store->add_subcommand("migrate", "Copy everything into another database, of any kind");
  migrate->add_option("from", options->from, "The store as it is: a path or a URL")
      ->type_name("FROM")
      ->required();
  migrate->add_option("to", options->to, "An empty database, or a file to be made")
      ->type_name("TO")
      ->required();
  migrate->add_flag("--force", options->force, "Replace what the other one has");
  migrate->footer(
      "\nExamples:\n"
      "  gembal store migrate gembal.db postgresql://gembal:secret@db.example/gembal\n"
      "  gembal store migrate mysql://gembal:secret@db.example/gembal copy.db\n");
  migrate->callback([&chosen, options] {
    chosen = [options](Context& context) { return migrate_store(context, *options); };
  });
}

}  // namespace gembal::cmd
