#pragma once

#include <functional>
#include <string>
#include <type_traits>

#include "lib/store/database.hpp"
#include "lib/store/key_store.hpp"

namespace gembal::store {

/// What the parts of KeyStore share.
struct KeyStore::Impl {
  Database database;

  /// A transaction with the next number of the sequence: `work` stamps with it what it changes, so
  /// that others find what is new. Only one writer at a time gets past taking the number, so that
  /// a lower one is never seen after a higher one.
  Result<void> write(const std::function<void(soci::session&, long long seq)>& work);

  /// The same for an owner's change. `work` returns how many keys it changed, and so does this.
  Result<std::size_t> change(const std::function<std::size_t(soci::session&, long long seq)>& work);
};

/// What `select` reads.
template <typename Select>
auto reading(Database& database, const Select& select)
    -> Result<std::invoke_result_t<Select, soci::session&>> {
  std::invoke_result_t<Select, soci::session&> found;
  auto done = database.read([&](soci::session& sql) { found = select(sql); });
  if (!done) return std::move(done).error();
  return found;
}

/// A text as each database takes it for what is learned, where nobody can be told that it does not
/// fit: valid UTF-8 without NUL, of `most` characters.
std::string fitting(const std::string& text, std::size_t most = 256);

// Kept values, as the rest of KeyStore writes and forgets them. They throw what SOCI throws.
void write_kept(soci::session& sql, const std::vector<KeptValue>& values, long long seq);
void forget_old_kept(soci::session& sql, TimePoint now, long long most_of_a_kind);

// Lists of texts as one.
std::string as_json(const std::vector<std::string>& values);
std::vector<std::string> from_json(const std::string& text);

}  // namespace gembal::store
