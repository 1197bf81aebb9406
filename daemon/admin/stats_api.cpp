// What was asked, counted.

#include <map>

#include "daemon/admin/api.hpp"
#include "daemon/admin/desk.hpp"
#include "daemon/admin/records_json.hpp"

namespace gembal::daemon::admin {
namespace {

using store::Journal;
using store::KeyStore;

struct Span {
  int step = 0;
  std::int64_t steps = 0;
};

std::optional<Span> span_of(const std::string& since) {
  static const std::map<std::string, Span> kSpans = {{"1h", {store::kMinuteStep, 60}},
                                                     {"24h", {store::kHourStep, 24}},
                                                     {"7d", {store::kHourStep, 24 * 7}},
                                                     {"30d", {store::kDayStep, 30}}};
  const auto known = kSpans.find(since);
  return known == kSpans.end() ? std::nullopt : std::optional(known->second);
}

std::optional<store::GroupBy> group_of(const std::string& by) {
  if (by == "key") return store::GroupBy::key;
  if (by == "model") return store::GroupBy::model;
  if (by == "token") return store::GroupBy::token;
  return std::nullopt;
}

/// Every step from the first on, those without requests as well.
Json all_steps(const std::vector<store::TrafficStep>& known, std::int64_t first, const Span& span) {
  std::map<std::int64_t, const store::Traffic*> by_begin;
  for (const auto& step : known) by_begin.emplace(step.begin, &step.traffic);
  Json series = Json::array();
  for (std::int64_t i = 0; i < span.steps; ++i) {
    const auto begin = first + i * span.step;
    const auto found = by_begin.find(begin);
    auto row = to_json(found == by_begin.end() ? store::Traffic{} : *found->second);
    row["time"] = to_iso8601(from_unix_milliseconds(begin * 1000));
    series.push_back(std::move(row));
  }
  return series;
}

Result<Told> stats(Desk& desk, const Asked& asked) {
  const auto since = asked.parameter("since").empty() ? "24h" : asked.parameter("since");
  const auto by = asked.parameter("by").empty() ? "model" : asked.parameter("by");
  const auto span = span_of(since);
  if (!span) return wrong_field("since", "must be 1h, 24h, 7d or 30d");
  const auto group = group_of(by);
  if (!group) return wrong_field("by", "must be key, model or token");
  // The present step counts, too.
  const auto now = to_unix_seconds(std::chrono::system_clock::now());
  const auto first = now / span->step * span->step - (span->steps - 1) * span->step;

  return desk.with_store([&](KeyStore& store, Journal& journal) -> Result<Told> {
    const auto series = journal.series(span->step, first);
    if (!series) return series.error();
    const auto groups = journal.groups(span->step, first, *group);
    if (!groups) return groups.error();
    std::map<std::string, std::string> labels;
    if (*group == store::GroupBy::key) {
      const auto keys = store.keys();
      if (!keys) return keys.error();
      for (const auto& key : *keys) labels.emplace(key.id, key.label);
    }
    store::Traffic sum;
    Json rows = Json::array();
    for (const auto& one : *groups) {
      sum.add(one.traffic);
      auto row = to_json(one.traffic);
      row["name"] = one.name;
      row["label"] = labels[one.name];
      rows.push_back(std::move(row));
    }
    if (asked.parameter("format") == "csv")
      return Told{{}, to_csv(rows), "text/csv; charset=utf-8", "gembal-statistics.csv"};
    return Told{{{"since", since},
                 {"by", by},
                 {"step", span->step},
                 {"series", all_steps(*series, first, *span)},
                 {"rows", std::move(rows)},
                 {"totals", to_json(sum)}}};
  });
}

}  // namespace

std::vector<AdminRoute> stats_routes() {
  return {{"GET", "/api/admin/stats", "Requests, tokens and latency over time, and by whom",
           "since by format", "{since, by, step, series: […], rows: […], totals}", stats}};
}

}  // namespace gembal::daemon::admin
