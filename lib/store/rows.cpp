#include "lib/store/rows.hpp"

#include <algorithm>

#include "lib/core/text.hpp"
#include "lib/store/key_store_impl.hpp"

namespace gembal::store {

using keypool::Key;
using keypool::ModelStatus;
using soci::into;
using soci::use;

std::vector<Key> keys_where(soci::session& sql, const char* condition, long long from) {
  Key key;
  std::string secret;
  int paid = 0, disabled = 0;
  long long disabled_since = 0, revision = 0, last_used = 0;
  soci::statement select =
      (sql.prepare << "SELECT id, secret, label, project, paid, disabled, reason, disabled_since,"
                      " failures, revision, last_used_at FROM api_keys WHERE "
                   << condition << " ORDER BY position",
       use(from), into(key.id), into(secret), into(key.label), into(key.project), into(paid),
       into(disabled), into(key.reason), into(disabled_since), into(key.failures), into(revision),
       into(last_used));
  select.execute();
  std::vector<Key> keys;
  while (select.fetch()) {
    key.secret = Secret(secret);
    key.paid = paid != 0;
    key.disabled = disabled != 0;
    key.disabled_since = from_unix_milliseconds(disabled_since);
    key.revision = revision;
    key.last_used = from_unix_milliseconds(last_used);
    keys.push_back(key);
  }
  return keys;
}

std::vector<keypool::SubjectState> states_where(soci::session& sql, const char* condition,
                                                long long from) {
  keypool::SubjectState row;
  int status = 0;
  long long until = 0;
  soci::statement select =
      (sql.prepare << "SELECT subject, model, status, until_at, reason FROM quota_states WHERE "
                   << condition,
       use(from), into(row.subject), into(row.state.model), into(status), into(until),
       into(row.state.reason));
  select.execute();
  std::vector<keypool::SubjectState> states;
  while (select.fetch()) {
    if (status < 0 || status > static_cast<int>(ModelStatus::overloaded)) continue;
    row.state.status = static_cast<ModelStatus>(status);
    row.state.until = from_unix_milliseconds(until);
    states.push_back(row);
  }
  return states;
}

std::vector<keypool::SubjectLimits> limits_where(soci::session& sql, const char* condition,
                                                 long long from) {
  keypool::SubjectLimits row;
  long long rpm = 0, rpd = 0, tpm = 0, learned = 0;
  soci::statement select =
      (sql.prepare << "SELECT subject, model, rpm, rpd, tpm, learned_at FROM quota_limits WHERE "
                   << condition,
       use(from), into(row.subject), into(row.limits.model), into(rpm), into(rpd), into(tpm),
       into(learned));
  select.execute();
  std::vector<keypool::SubjectLimits> limits;
  while (select.fetch()) {
    row.limits.limits = {static_cast<std::uint32_t>(rpm), static_cast<std::uint32_t>(rpd),
                         static_cast<std::uint64_t>(tpm), from_unix_milliseconds(learned)};
    limits.push_back(row);
  }
  return limits;
}

std::vector<keypool::Usage> usage_where(soci::session& sql, const char* condition, long long from) {
  keypool::Usage row;
  long long hour = 0, requests = 0, tokens = 0;
  soci::statement select =
      (sql.prepare << "SELECT key_id, model, hour, requests, tokens FROM usage_hours WHERE "
                   << condition,
       use(from), into(row.key_id), into(row.model), into(hour), into(requests), into(tokens));
  select.execute();
  std::vector<keypool::Usage> usage;
  while (select.fetch()) {
    row.hour = hour;
    row.requests = static_cast<std::uint64_t>(requests);
    row.tokens = static_cast<std::uint64_t>(tokens);
    usage.push_back(row);
  }
  return usage;
}

std::vector<ObjectOwner> objects_where(soci::session& sql, const char* condition, long long from) {
  ObjectOwner row;
  long long expires = 0;
  soci::statement select =
      (sql.prepare << "SELECT name, key_id, project, target, expires_at FROM objects WHERE "
                   << condition << " ORDER BY name",
       use(from), into(row.name), into(row.key_id), into(row.project), into(row.target),
       into(expires));
  select.execute();
  std::vector<ObjectOwner> objects;
  while (select.fetch()) {
    row.expires = from_unix_milliseconds(expires);
    objects.push_back(row);
  }
  return objects;
}

std::string fitting(const std::string& text, std::size_t most) {
  const auto is_plain = [](char c) { return static_cast<signed char>(c) > 0; };  // ASCII but NUL
  if (text.size() <= most && std::all_of(text.begin(), text.end(), is_plain)) return text;
  const bool is_valid = is_valid_utf8(text);
  std::string fit;
  std::size_t characters = 0;
  for (const char c : text) {
    const bool continues = is_valid && (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    if (!continues && ++characters > most) break;
    fit += c != 0 && (is_valid || is_plain(c)) ? c : '?';
  }
  return fit;
}

}  // namespace gembal::store
