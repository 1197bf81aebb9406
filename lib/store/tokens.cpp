// The tokens of clients. One that was removed stays as a row without a digest, so that others find
// by its `seq` that it is gone.

#include "lib/store/key_store_impl.hpp"

namespace gembal::store {
namespace {

using soci::into;
using soci::use;

/// A token as numbers and texts that SOCI binds.
struct Row {
  std::string models;
  long long rpm = 0, rpd = 0, tpd = 0, expires = 0, created = 0;
  int disabled = 0;

  Row() = default;
  explicit Row(const ClientToken& token)
      : models(as_json(token.models)),
        rpm(token.requests_per_minute),
        rpd(token.requests_per_day),
        tpd(token.tokens_per_day),
        expires(to_unix_milliseconds(token.expires)),
        created(to_unix_milliseconds(token.created)),
        disabled(token.disabled ? 1 : 0) {}

  void put_into(ClientToken& token) const {
    token.models = from_json(models);
    token.requests_per_minute = rpm;
    token.requests_per_day = rpd;
    token.tokens_per_day = tpd;
    token.expires = from_unix_milliseconds(expires);
    token.created = from_unix_milliseconds(created);
    token.disabled = disabled != 0;
  }
};

}  // namespace

Result<std::vector<ClientToken>> KeyStore::client_tokens() {
  return reading(impl_->database, [](soci::session& sql) {
    std::vector<ClientToken> found;
    ClientToken token;
    Row row;
    soci::statement select =
        (sql.prepare << "SELECT name, digest, shown, rpm, rpd, tpd, models, expires_at, disabled,"
                        " created_at FROM client_tokens WHERE digest <> '' ORDER BY name",
         into(token.name), into(token.digest), into(token.shown), into(row.rpm), into(row.rpd),
         into(row.tpd), into(row.models), into(row.expires), into(row.disabled), into(row.created));
    select.execute();
    while (select.fetch()) {
      row.put_into(token);
      found.push_back(token);
    }
    return found;
  });
}

Result<void> KeyStore::add_token(const ClientToken& token) {
  int known = 0;
  auto done = impl_->write([&](soci::session& sql, long long seq) {
    const Row row(token);
    sql << "SELECT count(*) FROM client_tokens WHERE digest <> '' AND (name = :name OR digest ="
           " :digest)",
        use(token.name), use(token.digest), into(known);
    if (known > 0) return;
    sql << "DELETE FROM client_tokens WHERE name = :name", use(token.name);
    sql << "INSERT INTO client_tokens (name, digest, shown, rpm, rpd, tpd, models, expires_at,"
           " disabled, created_at, seq) VALUES (:name, :digest, :shown, :rpm, :rpd, :tpd, :models,"
           " :expires, :disabled, :created, :seq)",
        use(token.name), use(token.digest), use(token.shown), use(row.rpm), use(row.rpd),
        use(row.tpd), use(row.models), use(row.expires), use(row.disabled), use(row.created),
        use(seq);
  });
  if (!done) return done;
  if (known > 0) {
    return Error{ErrorKind::usage, "there is a token '" + token.name + "' already",
                 "choose another name, or remove that one first"};
  }
  return {};
}

Result<bool> KeyStore::edit_token(const ClientToken& token) {
  bool was_there = false;
  auto done = impl_->write([&](soci::session& sql, long long seq) {
    const Row row(token);
    soci::statement update =
        (sql.prepare << "UPDATE client_tokens SET rpm = :rpm, rpd = :rpd, tpd = :tpd, models ="
                        " :models, expires_at = :expires, disabled = :disabled, seq = :seq"
                        " WHERE name = :name AND digest <> ''",
         use(row.rpm), use(row.rpd), use(row.tpd), use(row.models), use(row.expires),
         use(row.disabled), use(seq), use(token.name));
    update.execute(true);
    was_there = update.get_affected_rows() > 0;
  });
  if (!done) return std::move(done).error();
  return was_there;
}

Result<bool> KeyStore::remove_token(const std::string& name) {
  bool was_there = false;
  auto done = impl_->write([&](soci::session& sql, long long seq) {
    soci::statement update =
        (sql.prepare << "UPDATE client_tokens SET digest = '', seq = :seq WHERE name = :name AND"
                        " digest <> ''",
         use(seq), use(name));
    update.execute(true);
    was_there = update.get_affected_rows() > 0;
  });
  if (!done) return std::move(done).error();
  return was_there;
}

}  // namespace gembal::store
