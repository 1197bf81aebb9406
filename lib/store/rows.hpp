#pragma once

#include <soci/soci.h>

#include <vector>

#include "lib/keypool/key.hpp"
#include "lib/store/key_store.hpp"

namespace gembal::store {

// Rows of the store's tables as values. `condition` compares one column with :from ("seq > :from"),
// so that an index serves. They throw what SOCI throws.

/// In the order in which they were added.
std::vector<keypool::Key> keys_where(soci::session& sql, const char* condition, long long from);
std::vector<keypool::SubjectState> states_where(soci::session& sql, const char* condition,
                                                long long from);
std::vector<keypool::SubjectLimits> limits_where(soci::session& sql, const char* condition,
                                                 long long from);
std::vector<keypool::Usage> usage_where(soci::session& sql, const char* condition, long long from);
/// By name.
std::vector<ObjectOwner> objects_where(soci::session& sql, const char* condition, long long from);

}  // namespace gembal::store
