// Values that are kept for a while, by kind and name.

#include "lib/core/text.hpp"
#include "lib/store/key_store_impl.hpp"

namespace gembal::store {
namespace {

using soci::into;
using soci::use;

/// Whether each database takes it as it is.
bool can_be_kept(const std::string& name) { return fitting(name) == name; }
bool can_be_kept(const KeptValue& value) {
  return can_be_kept(value.name) && is_valid_utf8(value.value) &&
         value.value.find('\0') == std::string::npos;
}

}  // namespace

void write_kept(soci::session& sql, const std::vector<KeptValue>& values, long long seq) {
  KeptValue row;
  long long expires = 0;
  soci::statement remove = (sql.prepare << "DELETE FROM kept WHERE kind = :kind AND name = :name",
                            use(row.kind), use(row.name));
  soci::statement insert = (sql.prepare << "INSERT INTO kept (kind, name, value, expires_at, seq)"
                                           " VALUES (:kind, :name, :value, :expires, :seq)",
                            use(row.kind), use(row.name), use(row.value), use(expires), use(seq));
  for (const auto& value : values) {
    if (!can_be_kept(value)) continue;
    row = value;
    expires = to_unix_milliseconds(value.expires);
    remove.execute(true);
    insert.execute(true);
  }
}

void forget_old_kept(soci::session& sql, TimePoint now, long long most_of_a_kind) {
  const long long gone = to_unix_milliseconds(now);
  sql << "DELETE FROM kept WHERE expires_at <= :gone", use(gone);
  std::vector<std::string> kinds;
  std::string kind;
  soci::statement select = (sql.prepare << "SELECT DISTINCT kind FROM kept", into(kind));
  select.execute();
  while (select.fetch()) kinds.push_back(kind);
  for (const auto& one : kinds) {
    long long last = 0;  // the latest that goes; what was written with it goes as well
    sql << "SELECT seq FROM kept WHERE kind = :kind ORDER BY seq DESC LIMIT 1 OFFSET :most",
        use(one), use(most_of_a_kind), into(last);
    if (sql.got_data())
      sql << "DELETE FROM kept WHERE kind = :kind AND seq <= :last", use(one), use(last);
  }
}

Result<std::vector<KeptValue>> KeyStore::kept(const std::string& kind,
                                              const std::vector<std::string>& names,
                                              TimePoint now) {
  return reading(impl_->database, [&](soci::session& sql) {
    std::vector<KeptValue> found;
    KeptValue row;
    row.kind = kind;
    long long expires = 0;
    soci::statement select =
        (sql.prepare << "SELECT value, expires_at FROM kept WHERE kind = :kind AND name = :name",
         use(row.kind), use(row.name), into(row.value), into(expires));
    for (const auto& name : names) {
      if (!can_be_kept(name)) continue;
      row.name = name;
      if (!select.execute(true)) continue;
      row.expires = from_unix_milliseconds(expires);
      if (row.expires > now) found.push_back(row);
    }
    return found;
  });
}

}  // namespace gembal::store
