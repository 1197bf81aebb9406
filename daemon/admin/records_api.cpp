// What was asked and what failed, one by one.

#include <charconv>

#include "daemon/admin/api.hpp"
#include "daemon/admin/desk.hpp"
#include "daemon/admin/records_json.hpp"

namespace gembal::daemon::admin {
namespace {

using store::Journal;
using store::KeyStore;

constexpr const char* kParameters =
    "before limit key model token status since until text request format";
constexpr std::size_t kMostToDownload = 10'000;

Result<void> read_time(const Asked& asked, const std::string& name, TimePoint& time) {
  const auto text = asked.parameter(name);
  if (text.empty()) return {};
  const auto read = parse_iso8601(text);
  if (!read) return wrong_field(name, "must be a time, as in 2026-11-24T10:00:00Z");
  time = *read;
  return {};
}

Result<store::RecordFilter> filter_from(const Asked& asked) {
  store::RecordFilter filter;
  filter.before = asked.parameter("before");
  filter.key_id = asked.parameter("key");
  filter.model = asked.parameter("model");
  filter.token = asked.parameter("token");
  filter.text = asked.parameter("text");
  filter.request_id = asked.parameter("request");
  if (const auto limit = asked.parameter("limit"); !limit.empty()) {
    const auto [end, failed] =
        std::from_chars(limit.data(), limit.data() + limit.size(), filter.limit);
    if (failed != std::errc() || end != limit.data() + limit.size() || filter.limit == 0 ||
        filter.limit > 1'000) {
      return wrong_field("limit", "must be a number from 1 to 1000");
    }
  }
  const auto status = asked.parameter("status");
  if (!status.empty() && !store::filter_by_status(filter, status))
    return wrong_field("status", "must be a number, 2xx, 4xx, 5xx or failed");
  if (auto read = read_time(asked, "since", filter.since); !read) return std::move(read).error();
  if (auto read = read_time(asked, "until", filter.until); !read) return std::move(read).error();
  if (!asked.parameter("format").empty()) filter.limit = kMostToDownload;
  return filter;
}

/// Objects as a file to save, or as a page.
Result<Told> as_asked(const Asked& asked, const std::string& name, Json list, std::string next) {
  const auto format = asked.parameter("format");
  if (format == "csv")
    return Told{{}, to_csv(list), "text/csv; charset=utf-8", "gembal-" + name + ".csv"};
  if (format == "json")
    return Told{{}, to_text(list), "application/json; charset=utf-8", "gembal-" + name + ".json"};
  if (!format.empty()) return wrong_field("format", "must be csv or json");
  Json page = {{"next", std::move(next)}};
  page[name] = std::move(list);
  return Told{std::move(page)};
}

Result<Told> list_requests(Desk& desk, const Asked& asked) {
  const auto filter = filter_from(asked);
  if (!filter) return filter.error();
  auto page =
      desk.with_store([&](KeyStore&, Journal& journal) { return journal.requests(*filter); });
  if (!page) return std::move(page).error();
  Json list = Json::array();
  for (const auto& one : page->records) list.push_back(to_json(one));
  return as_asked(asked, "requests", std::move(list), page->next);
}

Result<Told> list_errors(Desk& desk, const Asked& asked) {
  const auto filter = filter_from(asked);
  if (!filter) return filter.error();
  auto page = desk.with_store([&](KeyStore&, Journal& journal) { return journal.errors(*filter); });
  if (!page) return std::move(page).error();
  Json list = Json::array();
  for (const auto& one : page->records) list.push_back(to_json(one, false));
  return as_asked(asked, "errors", std::move(list), page->next);
}

Error no_such_record(const std::string& id) {
  return {ErrorKind::not_found, "there is no record " + id, "it may have been removed by its age"};
}

Result<Told> show_request(Desk& desk, const Asked& asked) {
  const auto& id = asked.names[0];
  return desk.with_store([&](KeyStore&, Journal& journal) -> Result<Told> {
    const auto found = journal.request(id);
    if (!found) return found.error();
    if (!*found) return no_such_record(id);
    store::RecordFilter filter;
    filter.request_id = id;
    const auto errors = journal.errors(filter);
    if (!errors) return errors.error();
    auto told = to_json(**found);
    told["errors"] = Json::array();
    for (const auto& error : errors->records) told["errors"].push_back(to_json(error, false));
    return Told{std::move(told)};
  });
}

Result<Told> show_error(Desk& desk, const Asked& asked) {
  const auto found =
      desk.with_store([&](KeyStore&, Journal& journal) { return journal.error(asked.names[0]); });
  if (!found) return found.error();
  if (!*found) return no_such_record(asked.names[0]);
  return Told{to_json(**found, true)};
}

using Remove = Result<std::size_t> (Journal::*)(const std::optional<std::vector<std::string>>&);

Result<std::size_t> remove(Desk& desk, Remove which,
                           const std::optional<std::vector<std::string>>& ids) {
  auto removed =
      desk.with_store([&](KeyStore&, Journal& journal) { return (journal.*which)(ids); });
  if (removed) Desk::audit("removed records", std::to_string(*removed));
  return removed;
}

auto remove_one(Remove which) {
  return [which](Desk& desk, const Asked& asked) -> Result<Told> {
    const auto removed = remove(desk, which, std::vector{asked.names[0]});
    if (!removed) return removed.error();
    if (*removed == 0) return no_such_record(asked.names[0]);
    return Told{{{"removed", *removed}}};
  };
}

auto remove_many(Remove which) {
  return [which](Desk& desk, const Asked& asked) -> Result<Told> {
    std::optional<std::vector<std::string>> ids;
    if (!bool_in(asked.body, "all").value_or(false)) {
      auto named = texts_in(asked.body, "ids");
      if (!named) return std::move(named).error();
      ids = *std::move(named);
    }
    const auto removed = remove(desk, which, ids);
    if (!removed) return removed.error();
    return Told{{{"removed", *removed}}};
  };
}

}  // namespace

std::vector<AdminRoute> record_routes() {
  return {
      {"GET", "/api/admin/requests", "Requests, newest first", kParameters,
       "{requests: […], next}, or a file", list_requests},
      {"GET", "/api/admin/requests/{id}", "A request, and the calls of it that failed", "",
       "the request with errors: […]", show_request},
      {"DELETE", "/api/admin/requests/{id}", "Forget a request", "", "{removed}",
       remove_one(&Journal::remove_requests)},
      {"DELETE", "/api/admin/requests", "Forget requests", R"({"ids":["…"],"all":false})",
       "{removed}", remove_many(&Journal::remove_requests)},
      {"GET", "/api/admin/errors", "What failed, newest first", kParameters,
       "{errors: […], next}, or a file", list_errors},
      {"GET", "/api/admin/errors/{id}", "A failure, with what was sent and what came", "",
       "the error with request and reply", show_error},
      {"DELETE", "/api/admin/errors/{id}", "Forget a failure", "", "{removed}",
       remove_one(&Journal::remove_errors)},
      {"DELETE", "/api/admin/errors", "Forget failures", R"({"ids":["…"],"all":false})",
       "{removed}", remove_many(&Journal::remove_errors)},
  };
}

}  // namespace gembal::daemon::admin
