#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/core/result.hpp"
#include "lib/core/time.hpp"
#include "lib/store/url.hpp"

namespace gembal::store {

/// A table of a store and how many rows it has.
struct TableSize {
  std::string table;
  std::int64_t rows = 0;
};

/// The tables of a store, in the order in which they are moved. Errors: those of KeyStore::open();
/// not_found (there is no store).
Result<std::vector<TableSize>> table_sizes(const Url& url,
                                           Milliseconds busy = std::chrono::seconds{5});

enum class Present { refuse, replace };

/// Copies everything from one store to another, whatever their kinds: what `from` has at one time,
/// in one transaction on `to`, whose rows are counted before it ends. `from` stays as it is; `to`
/// is made where it does not exist. Returns what was copied. Errors: those of KeyStore::open();
/// not_found (there is no store to copy); usage (both are the same, or, with `refuse`, `to` has
/// something already).
Result<std::vector<TableSize>> copy_store(const Url& from, const Url& to, Present present,
                                          Milliseconds busy = std::chrono::seconds{5});

}  // namespace gembal::store
