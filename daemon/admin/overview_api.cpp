// How everything is, at a glance.

#include <map>

#include "daemon/admin/api.hpp"
#include "daemon/admin/desk.hpp"
#include "daemon/admin/key_listing.hpp"
#include "daemon/admin/own_loop.hpp"
#include "daemon/model_catalog.hpp"

namespace gembal::daemon::admin {
namespace {

using std::chrono::hours;
using store::Journal;
using store::KeyStore;

constexpr std::size_t kMostInNeed = 20;
constexpr auto kPatience = std::chrono::seconds{15};

Json count_keys(const std::vector<Listed>& all) {
  std::map<std::string, std::size_t> counts;
  for (const auto& listed : all) ++counts[status_of(listed.key, listed.states)];
  return {{"total", all.size()},
          {"ok", counts["ok"]},
          {"cooling", counts["cooling"]},
          {"exhausted", counts["exhausted"]},
          {"unsupported", counts["unsupported"]},
          {"disabled", counts["disabled"]}};
}

/// What was asked since then, by steps of that length.
Result<Json> count_requests(Journal& journal, int step, TimePoint since) {
  const auto from = to_unix_seconds(since);
  auto steps = journal.series(step, from);
  if (!steps) return std::move(steps).error();
  store::Traffic sum;
  for (const auto& one : *steps) sum.add(one.traffic);
  return Json{{"total", sum.requests}, {"failed", sum.failed}};
}

/// The first day of this month, UTC.
TimePoint month_of(TimePoint now) {
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(now));
  return std::chrono::sys_days(day.year() / day.month() / 1);
}

Result<Json> requests_by_time(Journal& journal, TimePoint now) {
  // Minutes and hours that have begun belong to it: what is shown may be of a little more time.
  const std::tuple<const char*, int, TimePoint> spans[] = {
      {"minute", store::kMinuteStep, std::chrono::floor<std::chrono::minutes>(now)},
      {"hour", store::kMinuteStep, std::chrono::floor<std::chrono::minutes>(now) - hours{1}},
      {"day", store::kHourStep, std::chrono::floor<hours>(now) - hours{23}},
      {"month", store::kDayStep, month_of(now)}};
  Json counts = Json::object();
  for (const auto& [name, step, since] : spans) {
    auto count = count_requests(journal, step, since);
    if (!count) return count;
    counts[name] = *std::move(count);
  }
  return counts;
}

Result<Json> keys_in_need(Journal& journal, const std::vector<Listed>& all, TimePoint now) {
  const auto failing = journal.failing_keys(now - hours{24}, kMostInNeed);
  if (!failing) return failing.error();
  Json list = Json::array();
  for (const auto& one : *failing) {
    for (const auto& listed : all) {
      if (listed.key.id != one.key_id) continue;
      list.push_back({{"key_id", one.key_id},
                      {"key", listed.key.secret.redacted()},
                      {"label", listed.key.label},
                      {"status", one.status},
                      {"count", one.count}});
    }
  }
  return list;
}

Result<Told> overview(Desk& desk, const Asked&) {
  const auto now = std::chrono::system_clock::now();
  return desk.with_store([&](KeyStore& store, Journal& journal) -> Result<Told> {
    const auto all = list_keys(store, now);
    if (!all) return all.error();
    auto requests = requests_by_time(journal, now);
    if (!requests) return std::move(requests).error();
    auto in_need = keys_in_need(journal, *all, now);
    if (!in_need) return std::move(in_need).error();
    return Told{{{"version", GEMBAL_VERSION},
                 {"started_at", to_iso8601(desk.started())},
                 {"store", desk.is_sandbox() ? "" : store::shown(desk.store_url())},
                 {"sandbox", desk.is_sandbox()},
                 {"keys", count_keys(*all)},
                 {"requests", *std::move(requests)},
                 {"attention", *std::move(in_need)}}};
  });
}

/// The catalog answers on a loop: this one lives as long as the question.
Result<Told> models(Desk& desk, const Asked&) {
  auto* catalog = desk.catalog();
  if (!catalog) return Error{ErrorKind::cancelled, "the daemon is starting or stopping", ""};
  std::optional<Result<ModelCatalog::Models>> found;
  run_on_own_loop(desk, kPatience,
                  [&](async::Loop& loop, async::Interrupt& interrupt) -> async::Task<void> {
                    found = co_await catalog->models(loop, interrupt);
                  });
  if (!found) return Error{ErrorKind::cancelled, "the daemon is stopping", ""};
  if (!*found) return (*found).error();
  Json list = Json::array();
  for (const auto& model : ***found) {
    auto id = string_in(model, "name");
    if (id.starts_with("models/")) id.remove_prefix(7);
    list.push_back({{"id", id}, {"display_name", string_in(model, "displayName")}});
  }
  return Told{{{"models", std::move(list)}}};
}

}  // namespace

std::vector<AdminRoute> overview_routes() {
  return {
      {"GET", "/api/admin/overview", "How many keys and requests there are, and which keys fail",
       "", "{version, started_at, store, sandbox, keys, requests, attention}", overview},
      {"GET", "/api/admin/models", "The models that the keys can use", "",
       "{models: [{id, display_name}]}", models},
      {"GET", "/api/admin/openapi.json", "This document", "", "OpenAPI 3.1",
       [](Desk&, const Asked&) -> Result<Told> { return Told{openapi_document()}; }}};
}

}  // namespace gembal::daemon::admin
