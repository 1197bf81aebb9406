#include "lib/store/journal.hpp"

#include <algorithm>
#include <charconv>

#include "lib/store/database.hpp"
#include "lib/store/journal_rows.hpp"
#include "lib/store/key_store.hpp"

namespace gembal::store {
namespace {

using soci::into;
using soci::use;
using std::chrono::hours;

constexpr auto kMinutesAreKept = hours{3};
constexpr auto kHoursAreKept = hours{32 * 24};
constexpr auto kDaysAreKept = hours{400 * 24};

/// Binds each of them, one statement for all: `work` is run once for each id.
std::size_t remove_each(soci::session& sql, const char* table,
                        const std::vector<std::string>& ids) {
  std::string id;
  std::size_t removed = 0;
  soci::statement remove =
      (sql.prepare << "DELETE FROM " << table << " WHERE id = :id", use(id, "id"));
  for (const auto& one : ids) {
    id = one;
    remove.execute(true);
    removed += static_cast<std::size_t>(remove.get_affected_rows());
  }
  return removed;
}

std::size_t remove_all(soci::session& sql, const char* table) {
  soci::statement remove = (sql.prepare << "DELETE FROM " << table);
  remove.execute(true);
  return static_cast<std::size_t>(remove.get_affected_rows());
}

const char* column_of(GroupBy by) {
  switch (by) {
    case GroupBy::key: return "key_id";
    case GroupBy::model: return "model";
    case GroupBy::token: break;
  }
  return "token";
}

}  // namespace

std::int64_t latency_of_share(const Latencies& latencies, double share) {
  std::uint64_t all = 0;
  for (const auto count : latencies) all += count;
  if (all == 0) return 0;
  const double wanted = share * static_cast<double>(all);
  double before = 0;
  for (std::size_t i = 0; i < latencies.size(); ++i) {
    const auto here = static_cast<double>(latencies[i]);
    if (here > 0 && before + here >= wanted) {
      const auto low = i == 0 ? 0 : kLatencyBounds[i - 1];
      // Beyond the last bound nothing is known but that.
      if (i + 1 == latencies.size()) return low;
      const auto width = static_cast<double>(kLatencyBounds[i] - low);
      return low + static_cast<std::int64_t>(width * (wanted - before) / here);
    }
    before += here;
  }
  return kLatencyBounds[kLatencyBounds.size() - 2];
}

bool filter_by_status(RecordFilter& filter, std::string_view status) {
  if (status == "failed") {
    filter.failed_only = true;
    return true;
  }
  int number = 0;
  const auto* const last = status.data() + status.size();
  const auto [end, failed] = std::from_chars(status.data(), last, number);
  const std::string_view rest(end, static_cast<std::size_t>(last - end));
  if (failed != std::errc() || number < 0 || (!rest.empty() && rest != "xx")) return false;
  filter.least_status = rest.empty() ? number : number * 100;
  filter.most_status = rest.empty() ? number : number * 100 + 99;
  return true;
}

void Traffic::add(const RequestRecord& request) {
  ++requests;
  if (request.failed()) ++failed;
  prompt_tokens += request.prompt_tokens;
  output_tokens += request.output_tokens;
  total_tokens += request.total_tokens;
  const auto took = std::max<std::int64_t>(request.ms, 0);
  milliseconds += static_cast<std::uint64_t>(took);
  const auto bound = std::lower_bound(kLatencyBounds.begin(), kLatencyBounds.end(), took);
  ++latencies[static_cast<std::size_t>(bound - kLatencyBounds.begin())];
}

void Traffic::add(const Traffic& more) {
  requests += more.requests;
  failed += more.failed;
  prompt_tokens += more.prompt_tokens;
  output_tokens += more.output_tokens;
  total_tokens += more.total_tokens;
  milliseconds += more.milliseconds;
  for (std::size_t i = 0; i < latencies.size(); ++i) latencies[i] += more.latencies[i];
}

struct Journal::Impl {
  Database database;

  /// What `select` reads.
  template <typename Select>
  auto read(const Select& select) -> Result<std::invoke_result_t<Select, soci::session&>> {
    std::invoke_result_t<Select, soci::session&> found{};
    auto done = database.read([&](soci::session& sql) { found = select(sql); });
    if (!done) return std::move(done).error();
    return found;
  }

  Result<std::size_t> remove(const char* table,
                             const std::optional<std::vector<std::string>>& ids) {
    std::size_t removed = 0;
    auto done = database.write([&](soci::session& sql) {
      removed = ids ? remove_each(sql, table, *ids) : remove_all(sql, table);
    });
    if (!done) return std::move(done).error();
    return removed;
  }
};

Journal::Journal(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Journal::Journal(Journal&&) noexcept = default;
Journal& Journal::operator=(Journal&&) noexcept = default;
Journal::~Journal() = default;

Result<Journal> Journal::open(const Url& url, Milliseconds busy) {
  auto database = Database::open(url, busy);
  if (!database) return std::move(database).error();
  return Journal(std::make_unique<Impl>(Impl{*std::move(database)}));
}

Result<Journal> Journal::open(const std::string& url, Milliseconds busy) {
  const auto parsed = parse_url(url);
  if (!parsed) return parsed.error();
  return open(*parsed, busy);
}

Result<void> Journal::write(const JournalBatch& batch) {
  if (batch.empty()) return {};
  return impl_->database.write([&](soci::session& sql) {
    write_requests(sql, batch.requests);
    write_errors(sql, batch.errors);
    write_counts(sql, batch.counts);
  });
}

Result<Page<RequestRecord>> Journal::requests(const RecordFilter& filter) {
  return impl_->read([&](soci::session& sql) { return requests_where(sql, filter); });
}

Result<std::optional<RequestRecord>> Journal::request(const std::string& id) {
  return impl_->read([&](soci::session& sql) { return request_of(sql, id); });
}

Result<Page<ErrorRecord>> Journal::errors(const RecordFilter& filter) {
  return impl_->read([&](soci::session& sql) { return errors_where(sql, filter); });
}

Result<std::optional<ErrorRecord>> Journal::error(const std::string& id) {
  return impl_->read([&](soci::session& sql) { return error_of(sql, id); });
}

Result<std::size_t> Journal::remove_requests(const std::optional<std::vector<std::string>>& ids) {
  return impl_->remove("request_log", ids);
}

Result<std::size_t> Journal::remove_errors(const std::optional<std::vector<std::string>>& ids) {
  return impl_->remove("error_log", ids);
}

Result<std::vector<TrafficStep>> Journal::series(int step, std::int64_t since) {
  return impl_->read([&](soci::session& sql) { return traffic_steps(sql, step, since); });
}

Result<std::vector<TrafficGroup>> Journal::groups(int step, std::int64_t since, GroupBy by) {
  return impl_->read(
      [&](soci::session& sql) { return traffic_groups(sql, step, since, column_of(by)); });
}

Result<std::vector<ErrorRecord>> Journal::last_errors(TimePoint since) {
  return impl_->read([&](soci::session& sql) { return last_error_of_keys(sql, since); });
}

Result<std::vector<Journal::Failing>> Journal::failing_keys(TimePoint since, std::size_t most) {
  return impl_->read([&](soci::session& sql) {
    std::vector<Failing> found;
    Failing row;
    long long count = 0;
    const long long from = to_unix_milliseconds(since);
    const auto limit = static_cast<long long>(most);
    soci::statement select =
        (sql.prepare << "SELECT key_id, status, count(*) AS failures FROM error_log"
                        " WHERE time_ms >= :since AND key_id <> ''"
                        " GROUP BY key_id, status ORDER BY failures DESC, key_id LIMIT :most",
         use(from), use(limit), into(row.key_id), into(row.status), into(count));
    select.execute();
    while (select.fetch()) {
      row.count = static_cast<std::uint64_t>(count);
      found.push_back(row);
    }
    return found;
  });
}

Result<void> Journal::forget_old(TimePoint now, const Retention& retention) {
  return impl_->database.write([&](soci::session& sql) {
    if (retention.requests.count() > 0) {
      const long long gone = to_unix_milliseconds(now - retention.requests);
      sql << "DELETE FROM request_log WHERE time_ms < :gone", use(gone);
    }
    if (retention.errors.count() > 0) {
      const long long gone = to_unix_milliseconds(now - retention.errors);
      sql << "DELETE FROM error_log WHERE time_ms < :gone", use(gone);
    }
    const std::pair<int, hours> kept[] = {
        {kMinuteStep, kMinutesAreKept}, {kHourStep, kHoursAreKept}, {kDayStep, kDaysAreKept}};
    for (const auto& [step, time] : kept) {
      const long long gone = to_unix_seconds(now - time);
      sql << "DELETE FROM traffic WHERE step = :step AND begin_s < :gone", use(step), use(gone);
    }
  });
}

}  // namespace gembal::store
