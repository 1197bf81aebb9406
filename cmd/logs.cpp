// What was asked and what failed, as the store remembers it.

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <thread>

#include "cmd/command.hpp"
#include "cmd/table.hpp"
#include "daemon/admin/records_json.hpp"
#include "lib/core/json.hpp"
#include "lib/store/journal.hpp"

namespace gembal::cmd {
namespace {

using daemon::admin::to_json;

struct LogOptions {
  std::string since;
  std::string key;
  std::string model;
  std::string token;
  std::string status;
  std::string text;
  std::string id;
  std::size_t limit = 50;
  bool follow = false;
};

constexpr auto kLook = std::chrono::milliseconds{500};

/// "20:15:55", with the day when it is not today's, by the clock on the wall.
std::string clock_time(TimePoint time) {
  const auto to_parts = [](std::time_t seconds) {
    std::tm parts{};
    ::localtime_r(&seconds, &parts);
    return parts;
  };
  const auto then = to_parts(to_unix_seconds(time)), today = to_parts(std::time(nullptr));
  const bool is_today = then.tm_yday == today.tm_yday && then.tm_year == today.tm_year;
  char text[32];
  return {text, std::strftime(text, sizeof text, is_today ? "%H:%M:%S" : "%m-%d %H:%M:%S", &then)};
}

Result<store::RecordFilter> filter_from(const Context& context, const LogOptions& options) {
  store::RecordFilter filter;
  filter.model = options.model;
  filter.token = options.token;
  filter.text = options.text;
  filter.limit = options.limit;
  if (!options.status.empty() && !store::filter_by_status(filter, options.status))
    return Error{ErrorKind::usage, "'" + options.status + "' is no status",
                 "as in 429, 5xx or failed"};
  if (!options.since.empty()) {
    const auto span = parse_duration(options.since);
    if (!span || span->count() <= 0)
      return Error{ErrorKind::usage, "'" + options.since + "' is no span of time",
                   "as in 30m, 24h or 7d"};
    filter.since = std::chrono::system_clock::now() - *span;
  }
  if (!options.key.empty()) {
    auto store = context.open_store();
    if (!store) return std::move(store).error();
    const auto keys = store->keys();
    if (!keys) return keys.error();
    const auto found = resolve_keys(*keys, {options.key});
    if (!found) return found.error();
    filter.key_id = found->front().id;
  }
  return filter;
}

std::string seconds_text(std::int64_t milliseconds) {
  if (milliseconds < 1000) return std::to_string(milliseconds) + "ms";
  char text[32];
  std::snprintf(text, sizeof text, "%.1fs", static_cast<double>(milliseconds) / 1000);
  return text;
}

std::string counted(std::uint64_t number) { return number == 0 ? "" : std::to_string(number); }

std::vector<std::string> row_of(const store::RequestRecord& one) {
  return {clock_time(one.time),
          std::to_string(one.status),
          seconds_text(one.ms),
          one.model,
          one.key_id,
          one.token,
          counted(one.total_tokens),
          one.attempts > 1 ? std::to_string(one.attempts) : "",
          one.id,
          one.failure};
}

std::vector<std::string> row_of(const store::ErrorRecord& one) {
  auto message = one.message.substr(0, one.message.find('\n'));
  if (message.size() > 100) message = message.substr(0, 97) + "...";
  return {clock_time(one.time),
          one.status == 0 ? "" : std::to_string(one.status),
          one.kind,
          one.model,
          one.key_id,
          one.id,
          message};
}

/// How each kind of record is read and shown.
struct Requests {
  using Record = store::RequestRecord;
  static constexpr const char* kName = "requests";
  static auto read(store::Journal& journal, const store::RecordFilter& filter) {
    return journal.requests(filter);
  }
  static Json json(const Record& record) { return to_json(record); }
  static std::vector<std::string> heading() {
    return {"time",  "status", "took",     "model", "key",
            "token", "tokens", "attempts", "id",    "failure"};
  }
};
struct Errors {
  using Record = store::ErrorRecord;
  static constexpr const char* kName = "errors";
  static auto read(store::Journal& journal, const store::RecordFilter& filter) {
    return journal.errors(filter);
  }
  static Json json(const Record& record) { return to_json(record, false); }
  static std::vector<std::string> heading() {
    return {"time", "status", "kind", "model", "key", "id", "message"};
  }
};

/// Oldest first, as a log is read. With --json and -f one object a line, else one for all.
template <typename Kind>
void print_records(const Context& context, const std::vector<typename Kind::Record>& records,
                   bool by_line, bool with_heading) {
  if (context.json && !by_line) {
    Json list = Json::array();
    for (auto one = records.rbegin(); one != records.rend(); ++one)
      list.push_back(Kind::json(*one));
    Json all;
    all[Kind::kName] = std::move(list);
    print(to_text(all) + "\n");
    return;
  }
  std::vector<std::vector<std::string>> rows;
  if (with_heading) rows.push_back(Kind::heading());
  for (auto one = records.rbegin(); one != records.rend(); ++one) {
    if (context.json) {
      print(to_text(Kind::json(*one)) + "\n");
    } else if (with_heading) {
      rows.push_back(row_of(*one));
    } else {
      std::string line;
      for (const auto& cell : row_of(*one)) {
        if (!cell.empty()) line += (line.empty() ? "" : "  ") + cell;
      }
      print(line + "\n");
    }
  }
  if (rows.size() > 1) print(table(std::move(rows), context.uses_color()));
}

/// Whether somebody still reads what we write.
bool is_read() {
  pollfd out{STDOUT_FILENO, 0, 0};
  return ::poll(&out, 1, 0) <= 0 || (out.revents & (POLLERR | POLLHUP)) == 0;
}

/// Shows what is new until it is interrupted, or nobody reads any more.
template <typename Kind>
Result<int> follow(const Context& context, store::Journal& journal, store::RecordFilter filter,
                   const std::vector<typename Kind::Record>& shown) {
  std::vector<std::string> seen;  // of the latest moment, and a little before: records come late
  constexpr std::chrono::seconds kLate{5};
  for (const auto& one : shown) seen.push_back(one.id);
  while (is_read()) {
    std::this_thread::sleep_for(kLook);
    filter.since = std::chrono::system_clock::now() - 4 * kLate;
    filter.limit = 1'000;
    auto page = Kind::read(journal, filter);
    if (!page) return std::move(page).error();
    std::vector<typename Kind::Record> fresh;
    for (auto& one : page->records) {
      if (std::find(seen.begin(), seen.end(), one.id) == seen.end())
        fresh.push_back(std::move(one));
    }
    for (const auto& one : fresh) seen.push_back(one.id);
    if (seen.size() > 10'000) seen.erase(seen.begin(), seen.end() - 5'000);
    print_records<Kind>(context, fresh, true, false);
  }
  return 0;
}

Result<int> show_one(const Context& context, store::Journal& journal, const std::string& id) {
  const auto request = journal.request(id);
  if (!request) return request.error();
  const auto error = journal.error(id);
  if (!error) return error.error();
  Json told;
  if (*error) {
    told = to_json(**error, true);
  } else if (*request) {
    told = to_json(**request);
    store::RecordFilter filter;
    filter.request_id = id;
    const auto errors = journal.errors(filter);
    if (!errors) return errors.error();
    told["errors"] = Json::array();
    for (const auto& one : errors->records) told["errors"].push_back(to_json(one, false));
  } else {
    return Error{ErrorKind::usage, "there is no record " + id,
                 "'gembal logs requests' and 'gembal logs errors' show their ids"};
  }
  if (context.json) {
    print(to_text(told) + "\n");
    return 0;
  }
  std::size_t width = 0;
  for (const auto& [name, value] : told.items()) width = std::max(width, name.size());
  for (const auto& [name, value] : told.items()) {
    const auto text = value.is_string() ? value.get<std::string>() : to_text(value);
    if (!text.empty()) print(name + std::string(width - name.size() + 2, ' ') + text + "\n");
  }
  return 0;
}

template <typename Kind>
Result<int> show_log(Context& context, const LogOptions& options) {
  const auto loaded = context.load();
  if (!loaded) return loaded.error();
  auto journal = store::Journal::open(loaded->config.store.url);
  if (!journal) return std::move(journal).error();
  if (!options.id.empty()) return show_one(context, *journal, options.id);
  const auto filter = filter_from(context, options);
  if (!filter) return filter.error();
  const auto page = Kind::read(*journal, *filter);
  if (!page) return page.error();
  if (page->records.empty() && !context.json && !context.quiet && !options.follow)
    std::fprintf(stderr, "no %s\n", Kind::kName);
  print_records<Kind>(context, page->records, options.follow, !options.follow);
  if (!options.follow) return 0;
  return follow<Kind>(context, *journal, *filter, page->records);
}

template <typename Kind>
void add_log_command(CLI::App& logs, Action& chosen, const char* what) {
  auto options = std::make_shared<LogOptions>();
  auto* command = logs.add_subcommand(Kind::kName, what);
  command->add_flag("-f,--follow", options->follow, "Go on showing what is new");
  command->add_option("--since", options->since, "Only of this span: 30m, 24h, 7d")
      ->type_name("SPAN");
  command->add_option("--key", options->key, "Only of this key")->type_name("KEY");
  command->add_option("--model", options->model, "Only of this model")->type_name("MODEL");
  command->add_option("--token", options->token, "Only of this token")->type_name("NAME");
  command->add_option("--status", options->status, "Only of this status: 429, 5xx or failed")
      ->type_name("STATUS");
  command->add_option("--text", options->text, "Only with this text in it")->type_name("TEXT");
  command->add_option("--id", options->id, "Only this one, with all its details")->type_name("ID");
  command->add_option("-n,--limit", options->limit, "So many at most (50)")
      ->type_name("N")
      ->check(CLI::Range(1, 10'000));
  command->callback([&chosen, options] {
    chosen = [options](Context& context) { return show_log<Kind>(context, *options); };
  });
}

}  // namespace

void add_logs_command(CLI::App& app, Action& chosen) {
  auto* logs = app.add_subcommand("logs", "What was asked, and what failed");
  logs->require_subcommand(1);
  logs->footer(
      "\nExamples:\n"
      "  gembal logs requests -f                   as they come\n"
      "  gembal logs requests --status failed --since 1h\n"
      "  gembal logs errors --key 3f2a91c0\n"
      "  gembal logs errors --id 6a2d9e7c01b4-1f.1   with what was sent and what came\n");
  add_log_command<Requests>(*logs, chosen, "Requests of clients");
  add_log_command<Errors>(*logs, chosen, "Calls of upstream that failed");
}

}  // namespace gembal::cmd
