// Settings that are saved in the store, each as a list in JSON. One that was taken back stays as a
// row without a value, so that others find by its `seq` that it changed.

#include "lib/core/json.hpp"
#include "lib/store/key_store_impl.hpp"

namespace gembal::store {
namespace {

using soci::into;
using soci::use;

}  // namespace

std::string as_json(const std::vector<std::string>& values) {
  Json list = Json::array();
  for (const auto& value : values) list.push_back(value);
  return to_text(list);
}

std::vector<std::string> from_json(const std::string& text) {
  std::vector<std::string> values;
  const auto list = parse_json(text);
  if (!list) return values;  // nothing else than as_json() writes these
  for (const auto& value : *list) {
    if (value.is_string()) values.push_back(value.get<std::string>());
  }
  return values;
}

Result<Settings> KeyStore::settings() {
  return reading(impl_->database, [](soci::session& sql) {
    Settings found;
    std::string name, value;
    soci::statement select = (sql.prepare << "SELECT name, value FROM settings WHERE value <> ''",
                              into(name), into(value));
    select.execute();
    while (select.fetch()) found.emplace(name, from_json(value));
    return found;
  });
}

Result<std::size_t> KeyStore::save(const std::vector<SettingEdit>& edits) {
  std::size_t changed = 0;
  auto done = impl_->write([&](soci::session& sql, long long seq) {
    changed = 0;
    for (const auto& edit : edits) {
      const std::string wanted = edit.values ? as_json(*edit.values) : "";
      std::string known;
      sql << "SELECT value FROM settings WHERE name = :name", use(edit.name), into(known);
      const bool is_there = sql.got_data();
      if (known == wanted) continue;
      if (is_there) {
        sql << "UPDATE settings SET value = :value, seq = :seq WHERE name = :name", use(wanted),
            use(seq), use(edit.name);
      } else {
        sql << "INSERT INTO settings (name, value, seq) VALUES (:name, :value, :seq)",
            use(edit.name), use(wanted), use(seq);
      }
      ++changed;
    }
  });
  if (!done) return std::move(done).error();
  return changed;
}

Result<Settings> saved_settings(const Url& url, Milliseconds busy) {
  auto store = KeyStore::open_existing(url, busy);
  if (!store) return std::move(store).error();
  return *store ? (*store)->settings() : Settings{};
}

}  // namespace gembal::store
