#pragma once

#include <soci/soci.h>

#include "lib/store/journal.hpp"

namespace gembal::store {

// The journal's tables as values. They throw what SOCI throws.

void write_requests(soci::session& sql, const std::vector<RequestRecord>& requests);
void write_errors(soci::session& sql, const std::vector<ErrorRecord>& errors);
/// Adds to the rows of their minute, hour and day.
void write_counts(soci::session& sql, const std::vector<TrafficCount>& counts);

Page<RequestRecord> requests_where(soci::session& sql, const RecordFilter& filter);
std::optional<RequestRecord> request_of(soci::session& sql, const std::string& id);
Page<ErrorRecord> errors_where(soci::session& sql, const RecordFilter& filter);
std::optional<ErrorRecord> error_of(soci::session& sql, const std::string& id);
std::vector<ErrorRecord> last_error_of_keys(soci::session& sql, TimePoint since);

std::vector<TrafficStep> traffic_steps(soci::session& sql, int step, std::int64_t since);
/// `column`: one of the table's own.
std::vector<TrafficGroup> traffic_groups(soci::session& sql, int step, std::int64_t since,
                                         const char* column);

}  // namespace gembal::store
