#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/result.hpp"
#include "lib/core/time.hpp"
#include "lib/store/url.hpp"

namespace gembal::store {

/// A request that was answered, or left.
struct RequestRecord {
  std::string id;  ///< its x-gembal-request-id
  TimePoint time{};
  std::string method;
  std::string path;    ///< without its query
  std::string token;   ///< the name of the client's token; "" when it sent none that is good
  std::string key_id;  ///< of the key that answered; "" when none did
  std::string model;   ///< "" when it was not about one
  int status = 0;      ///< 499: the client left before there was one
  int attempts = 0;    ///< calls of upstream
  std::uint64_t prompt_tokens = 0;
  std::uint64_t output_tokens = 0;
  std::uint64_t total_tokens = 0;
  std::int64_t first_ms = 0;  ///< until the reply began
  std::int64_t ms = 0;        ///< until it ended
  std::string failure;        ///< what went wrong; "" when nothing did

  bool failed() const { return status >= 400 || !failure.empty(); }
};

/// A call of upstream that failed, or a request that was refused here.
struct ErrorRecord {
  std::string id;
  std::string request_id;
  TimePoint time{};
  std::string key_id;  ///< "" when no key was asked
  std::string model;
  std::string token;
  std::string path;
  int status = 0;       ///< upstream's; 0: there was no reply
  std::string kind;     ///< "quota", "key", "overloaded", "network", "client", "gembal"
  std::string message;  ///< upstream's own words
  std::string request;  ///< what was sent, redacted; "" unless logs.bodies is on
  std::string reply;    ///< what came, redacted
};

/// How long requests took: in each slot how many that took no longer than its bound and longer than
/// the one before.
inline constexpr std::array<std::int64_t, 10> kLatencyBounds = {
    100, 250, 500, 1000, 2500, 5000, 10'000, 30'000, 60'000, INT64_MAX};
using Latencies = std::array<std::uint64_t, kLatencyBounds.size()>;

/// The latency, in milliseconds, that a share of the requests did not exceed (0.5: the median): a
/// value between two bounds. 0 for no requests.
std::int64_t latency_of_share(const Latencies& latencies, double share);

/// What requests came to.
struct Traffic {
  std::uint64_t requests = 0;
  std::uint64_t failed = 0;
  std::uint64_t prompt_tokens = 0;
  std::uint64_t output_tokens = 0;
  std::uint64_t total_tokens = 0;
  std::uint64_t milliseconds = 0;  ///< of all together
  Latencies latencies{};

  void add(const RequestRecord& request);
  void add(const Traffic& more);
};

/// The lengths of time that traffic is counted by, in seconds.
inline constexpr int kMinuteStep = 60;
inline constexpr int kHourStep = 3600;
inline constexpr int kDayStep = 86'400;

/// The traffic of one minute, by whom.
struct TrafficCount {
  std::int64_t minute = 0;  ///< minutes since 1970
  std::string key_id;
  std::string model;
  std::string token;
  Traffic traffic;
};

/// What is written at once.
struct JournalBatch {
  std::vector<RequestRecord> requests;
  std::vector<ErrorRecord> errors;
  std::vector<TrafficCount> counts;

  bool empty() const { return requests.empty() && errors.empty() && counts.empty(); }
};

/// Which records are wanted. Empty members: all.
struct RecordFilter {
  std::string key_id;
  std::string model;
  std::string token;
  std::string request_id;  ///< of errors
  std::string text;        ///< anywhere in the model, the path or the failure, whatever its case
  int least_status = 0;
  int most_status = 999;
  bool failed_only = false;
  TimePoint since{};
  TimePoint until = TimePoint::max();
  std::string before;       ///< a page's `next`; "": from the newest on
  std::size_t limit = 100;  ///< at most 10,000
};

/// Has a filter let through "429", "5xx" or "failed". False when it is none of these.
bool filter_by_status(RecordFilter& filter, std::string_view status);

template <typename Record>
struct Page {
  std::vector<Record> records;  ///< newest first
  std::string next;             ///< for `before`; "" at the end
};

enum class GroupBy { key, model, token };

struct TrafficGroup {
  std::string name;
  Traffic traffic;
};
struct TrafficStep {
  std::int64_t begin = 0;  ///< seconds since 1970
  Traffic traffic;
};

/// How long records are kept; zero: for ever.
struct Retention {
  std::chrono::hours requests{30 * 24};
  std::chrono::hours errors{7 * 24};
};

/// What is remembered about requests: the latest one by one, all of them counted by minute, hour
/// and day. In the same database as the keys.
///
/// Not thread-safe; as many as one likes on one store. Errors: store.
class Journal {
 public:
  static Result<Journal> open(const Url& url, Milliseconds busy = std::chrono::seconds{5});
  /// What parse_url() reads. Errors: also config.
  static Result<Journal> open(const std::string& url, Milliseconds busy = std::chrono::seconds{5});
  Journal(Journal&&) noexcept;
  Journal& operator=(Journal&&) noexcept;
  ~Journal();

  /// All of it or nothing.
  Result<void> write(const JournalBatch& batch);

  Result<Page<RequestRecord>> requests(const RecordFilter& filter);
  Result<std::optional<RequestRecord>> request(const std::string& id);
  /// Without the bodies.
  Result<Page<ErrorRecord>> errors(const RecordFilter& filter);
  Result<std::optional<ErrorRecord>> error(const std::string& id);

  /// These; nullopt: all. Return how many there were.
  Result<std::size_t> remove_requests(const std::optional<std::vector<std::string>>& ids);
  Result<std::size_t> remove_errors(const std::optional<std::vector<std::string>>& ids);

  /// Counts of steps (kMinuteStep: those of three hours are kept, kHourStep: 32 days, kDayStep: 400
  /// days) that begin at `since` or later.
  Result<std::vector<TrafficStep>> series(int step, std::int64_t since);
  Result<std::vector<TrafficGroup>> groups(int step, std::int64_t since, GroupBy by);
  /// The last error of each key since then.
  Result<std::vector<ErrorRecord>> last_errors(TimePoint since);
  /// Failed calls by key and status since then, most first.
  struct Failing {
    std::string key_id;
    int status = 0;
    std::uint64_t count = 0;
  };
  Result<std::vector<Failing>> failing_keys(TimePoint since, std::size_t most);

  Result<void> forget_old(TimePoint now, const Retention& retention);

 private:
  struct Impl;
  explicit Journal(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gembal::store
