#include "lib/store/dialect.hpp"

#include <algorithm>

#include "lib/store/dialects.hpp"

namespace gembal::store {

Error store_failed(const std::string& shown, const std::string& why, std::string hint) {
  return {ErrorKind::store, "cannot use the key store '" + shown + "': " + why, std::move(hint)};
}

std::unique_ptr<Dialect> Dialect::of(DatabaseKind kind) {
  switch (kind) {
    case DatabaseKind::mysql: return make_mysql_dialect();
    case DatabaseKind::postgresql: return make_postgresql_dialect();
    case DatabaseKind::sqlite: break;
  }
  return make_sqlite_dialect();
}

std::string Dialect::statement(soci::session&, const std::string& portable) const {
  return portable;
}

}  // namespace gembal::store
