#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/sandbox/errors.hpp"
#include "lib/core/time.hpp"

namespace gembal::sandbox {

/// What a project may use of one model. No value: no limit; 0: no quota for it at all.
struct Quota {
  std::optional<int> per_minute;               ///< requests
  std::optional<int> per_day;                  ///< requests
  std::optional<long long> tokens_per_minute;  ///< of input

  bool unlimited() const { return !per_minute && !per_day && !tokens_per_minute; }
};

/// The quota in a key's name: `rpm15`, `rpd20` and `tpm1000` as words between `-`, `_`, `.` and the
/// ends.
Quota quota_in_key(std::string_view key);

/// What one request costs.
struct Cost {
  int requests = 1;  ///< each text of a batch of embeddings counts
  long long tokens = 0;
  bool embedding = false;  ///< embeddings have metrics of their own
};

/// Counts per project and model: minutes slide, days end at midnight in Los Angeles. A refused
/// request costs nothing.
///
/// Not thread-safe.
class QuotaBook {
 public:
  /// Books the cost, or says why not: a 429 whose limits and waiting time are the true ones.
  std::optional<ApiError> charge(const std::string& project, const std::string& model,
                                 const Quota& quota, Cost cost, TimePoint now);

 private:
  struct Use {
    TimePoint time{};
    Cost cost;
  };
  struct Page {
    std::deque<Use> last_minute;
    TimePoint day_ends{};
    int today = 0;
  };

  std::map<std::pair<std::string, std::string>, Page> pages_;  // by project and model
};

}  // namespace gembal::sandbox
