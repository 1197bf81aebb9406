// Requests counted, by minute, hour and day.

#include "lib/store/journal_rows.hpp"
#include "lib/store/key_store_impl.hpp"

namespace gembal::store {
namespace {

using soci::into;
using soci::use;

/// A Traffic as numbers that SOCI binds.
struct Numbers {
  std::array<long long, 6> sums{};
  std::array<long long, kLatencyBounds.size()> latencies{};

  void take(const Traffic& traffic) {
    sums = {static_cast<long long>(traffic.requests),
            static_cast<long long>(traffic.failed),
            static_cast<long long>(traffic.prompt_tokens),
            static_cast<long long>(traffic.output_tokens),
            static_cast<long long>(traffic.total_tokens),
            static_cast<long long>(traffic.milliseconds)};
    for (std::size_t i = 0; i < latencies.size(); ++i)
      latencies[i] = static_cast<long long>(traffic.latencies[i]);
  }

  Traffic as_traffic() const {
    Traffic traffic;
    traffic.requests = static_cast<std::uint64_t>(sums[0]);
    traffic.failed = static_cast<std::uint64_t>(sums[1]);
    traffic.prompt_tokens = static_cast<std::uint64_t>(sums[2]);
    traffic.output_tokens = static_cast<std::uint64_t>(sums[3]);
    traffic.total_tokens = static_cast<std::uint64_t>(sums[4]);
    traffic.milliseconds = static_cast<std::uint64_t>(sums[5]);
    for (std::size_t i = 0; i < latencies.size(); ++i)
      traffic.latencies[i] = static_cast<std::uint64_t>(latencies[i]);
    return traffic;
  }
};

constexpr std::array kSums = {"requests",      "failed",       "prompt_tokens",
                              "output_tokens", "total_tokens", "took_ms"};

std::string latency_column(std::size_t slot) { return "took_" + std::to_string(slot); }

/// "requests = requests + :requests, …"
std::string additions() {
  std::string text;
  const auto add = [&text](const std::string& column) {
    if (!text.empty()) text += ", ";
    text += column + " = " + column + " + :" + column;
  };
  for (const char* column : kSums) add(column);
  for (std::size_t i = 0; i < kLatencyBounds.size(); ++i) add(latency_column(i));
  return text;
}

/// The columns with something before each: ", :requests, …"
std::string columns(const char* before, const char* after = "") {
  std::string text;
  for (const char* column : kSums) text += std::string(before) + column + after;
  for (std::size_t i = 0; i < kLatencyBounds.size(); ++i)
    text += before + latency_column(i) + after;
  return text;
}

class CountWriter {
 public:
  explicit CountWriter(soci::session& sql) : update_(sql), insert_(sql) {
    bind_numbers(update_);
    bind_names(update_);
    prepare(update_, "UPDATE traffic SET " + additions() +
                         " WHERE step = :step AND begin_s = :begin AND key_id = :key AND model ="
                         " :model AND token = :token");
    bind_names(insert_);
    bind_numbers(insert_);
    prepare(insert_, "INSERT INTO traffic (step, begin_s, key_id, model, token" + columns(", ") +
                         ") VALUES (:step, :begin, :key, :model, :token" + columns(", :") + ")");
  }

  void add(int step, const TrafficCount& count) {
    step_ = step;
    begin_ = count.minute * kMinuteStep / step * step;
    key_ = count.key_id;
    model_ = fitting(count.model);
    token_ = count.token;
    numbers_.take(count.traffic);
    update_.execute(true);
    if (update_.get_affected_rows() == 0) insert_.execute(true);
  }

 private:
  void bind_names(soci::statement& statement) {
    statement.exchange(use(step_));
    statement.exchange(use(begin_));
    statement.exchange(use(key_));
    statement.exchange(use(model_));
    statement.exchange(use(token_));
  }
  void bind_numbers(soci::statement& statement) {
    for (auto& number : numbers_.sums) statement.exchange(use(number));
    for (auto& number : numbers_.latencies) statement.exchange(use(number));
  }
  static void prepare(soci::statement& statement, const std::string& text) {
    statement.alloc();
    statement.prepare(text);
    statement.define_and_bind();
  }

  int step_ = 0;
  long long begin_ = 0;
  std::string key_, model_, token_;
  Numbers numbers_;
  soci::statement update_, insert_;
};

/// `first` is what rows are grouped by; `put` is called for each of them.
template <typename First, typename Put>
void read_sums(soci::session& sql, const std::string& first_column, const std::string& rest,
               int step, std::int64_t since, First& first, const Put& put) {
  Numbers numbers;
  const long long from = since;
  std::string sums = columns(", coalesce(sum(", "), 0)");
  soci::statement select(sql);
  select.exchange(into(first));
  for (auto& number : numbers.sums) select.exchange(into(number));
  for (auto& number : numbers.latencies) select.exchange(into(number));
  select.exchange(use(step));
  select.exchange(use(from));
  select.alloc();
  select.prepare("SELECT " + first_column + sums +
                 " FROM traffic WHERE step = :step AND begin_s >= :since GROUP BY " + first_column +
                 rest);
  select.define_and_bind();
  select.execute();
  while (select.fetch()) put(numbers.as_traffic());
}

}  // namespace

void write_counts(soci::session& sql, const std::vector<TrafficCount>& counts) {
  if (counts.empty()) return;
  CountWriter writer(sql);
  for (const int step : {kMinuteStep, kHourStep, kDayStep}) {
    for (const auto& count : counts) writer.add(step, count);
  }
}

std::vector<TrafficStep> traffic_steps(soci::session& sql, int step, std::int64_t since) {
  std::vector<TrafficStep> found;
  long long begin = 0;
  read_sums(sql, "begin_s", " ORDER BY begin_s", step, since, begin, [&](const Traffic& traffic) {
    found.push_back({begin, traffic});
  });
  return found;
}

std::vector<TrafficGroup> traffic_groups(soci::session& sql, int step, std::int64_t since,
                                         const char* column) {
  std::vector<TrafficGroup> found;
  std::string name;
  read_sums(sql, column, std::string(" ORDER BY sum(requests) DESC, ") + column, step, since, name,
            [&](const Traffic& traffic) {
              found.push_back({name, traffic});
            });
  return found;
}

}  // namespace gembal::store
