#include <algorithm>
#include <ctime>
#include <map>

#include "cmd/admin_access.hpp"
#include "cmd/command.hpp"
#include "cmd/table.hpp"
#include "lib/core/json.hpp"
#include "lib/core/time.hpp"
#include "lib/store/journal.hpp"

namespace gembal::cmd {
namespace {

struct StatsOptions {
  std::string since = "24h";
  std::string by = "model";
  Via via;
};

struct Sum {
  std::string name;  ///< of the key, the model or the hour
  std::uint64_t requests = 0;
  std::uint64_t tokens = 0;
};

constexpr std::int64_t kMostHours = 31 * 24;  // the store forgets what is older

std::int64_t hour_of(TimePoint time) { return to_unix_seconds(time) / 3600; }

/// How far back "24h", "7d" or "90m" reaches, in whole hours.
Result<std::int64_t> hours_in(const std::string& text) {
  const auto span = parse_duration(text);
  if (!span || span->count() <= 0)
    return Error{ErrorKind::usage, "'" + text + "' is no span of time", "as in 24h or 7d"};
  const auto hours = std::chrono::ceil<std::chrono::hours>(*span).count();
  if (hours > kMostHours)
    return Error{ErrorKind::usage, "numbers are kept for 31 days", "use --since 31d or less"};
  return std::max<std::int64_t>(hours, 1);
}

/// What keys are called: by their labels, or else by their ids.
std::map<std::string, std::string> names_of(const std::vector<keypool::Key>& keys) {
  std::map<std::string, std::string> names;
  for (const auto& key : keys) names[key.id] = key.label.empty() ? key.id : key.label;
  return names;
}

/// "03-25 14:00", by the clock on the wall.
std::string hour_name(std::int64_t hour) {
  const std::time_t seconds = hour * 3600;
  std::tm time{};
  ::localtime_r(&seconds, &time);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%m-%d %H:%M", &time)};
}

/// The sums; hours in their order, with those that had nothing, all else by requests.
std::vector<Sum> sum_up(const std::vector<keypool::Usage>& rows, const std::string& by,
                        const std::map<std::string, std::string>& names, std::int64_t first,
                        std::int64_t last, bool is_for_people) {
  const auto of_hour = [is_for_people](std::int64_t hour) {
    return is_for_people ? hour_name(hour) : to_iso8601(TimePoint(std::chrono::hours(hour)));
  };
  std::map<std::string, Sum> sums;
  std::map<std::int64_t, Sum> hours;
  for (const auto& row : rows) {
    const auto known = names.find(row.key_id);
    const auto& key = known == names.end() ? row.key_id : known->second;
    auto& sum = by == "hour" ? hours[row.hour] : sums[by == "key" ? key : row.model];
    sum.name = by == "key" ? key : row.model;
    sum.requests += row.requests;
    sum.tokens += row.tokens;
  }
  std::vector<Sum> all;
  if (by == "hour") {
    for (auto hour = first; hour <= last; ++hour) {
      hours[hour].name = of_hour(hour);
      all.push_back(hours[hour]);
    }
    return all;
  }
  for (auto& [name, sum] : sums) all.push_back(std::move(sum));
  std::stable_sort(all.begin(), all.end(),
                   [](const Sum& a, const Sum& b) { return a.requests > b.requests; });
  return all;
}

/// A bar as long as its share of the largest, in eighths of a column.
std::string bar(std::uint64_t value, std::uint64_t largest) {
  constexpr std::uint64_t kColumns = 24;
  constexpr const char* kParts[] = {"",       "\u258f", "\u258e", "\u258d",
                                    "\u258c", "\u258b", "\u258a", "\u2589"};
  if (largest == 0 || value == 0) return "";
  const auto eighths = std::max<std::uint64_t>(value * kColumns * 8 / largest, 1);
  std::string text;
  for (std::uint64_t i = 0; i < eighths / 8; ++i) text += "\u2588";
  return text + kParts[eighths % 8];
}

/// Sums as JSON or as a table with bars.
void print_sums(const Context& context, const std::string& by, TimePoint since,
                const std::vector<Sum>& sums) {
  Sum total;
  std::uint64_t largest = 0;
  for (const auto& sum : sums) {
    total.requests += sum.requests;
    total.tokens += sum.tokens;
    largest = std::max(largest, sum.requests);
  }
  if (context.json) {
    Json list = Json::array();
    for (const auto& sum : sums)
      list.push_back({{by, sum.name}, {"requests", sum.requests}, {"tokens", sum.tokens}});
    print(to_text({{"since", to_iso8601(since)},
                   {"by", by},
                   {"requests", total.requests},
                   {"tokens", total.tokens},
                   {"rows", std::move(list)}}) +
          "\n");
    return;
  }
  if (total.requests == 0) {
    if (!context.quiet) print("nothing has been asked in that time\n");
    return;
  }
  std::vector<std::vector<std::string>> table_rows = {{by, "requests", "tokens", " "}};
  for (const auto& sum : sums) {
    // Lists and files are of no model.
    table_rows.push_back({sum.name.empty() ? "(no " + by + ")" : sum.name,
                          std::to_string(sum.requests), std::to_string(sum.tokens),
                          bar(sum.requests, largest)});
  }
  table_rows.push_back({"all", std::to_string(total.requests), std::to_string(total.tokens), ""});
  print(table(std::move(table_rows), context.uses_color()));
}

/// What clients asked, by their tokens: their requests, not the calls that these took.
Result<int> show_by_token(Context& context, std::int64_t hours) {
  const auto loaded = context.load();
  if (!loaded) return loaded.error();
  auto journal = store::Journal::open(loaded->config.store.url);
  if (!journal) return std::move(journal).error();
  const auto first = hour_of(std::chrono::system_clock::now()) - hours + 1;
  const auto groups = journal->groups(store::kHourStep, first * 3600, store::GroupBy::token);
  if (!groups) return groups.error();
  std::vector<Sum> sums;
  for (const auto& group : *groups)
    sums.push_back({group.name, group.traffic.requests, group.traffic.total_tokens});
  print_sums(context, "token", TimePoint(std::chrono::hours(first)), sums);
  return 0;
}

/// What a daemon has answered: it tells of an hour, a day, a week or a month.
Result<int> show_of(const Context& context, const AdminAccess& daemon,
                    const StatsOptions& options) {
  const auto by = options.by == "hour" ? "model" : options.by;
  const auto told = daemon.get("/stats?since=" + options.since + "&by=" + by);
  if (!told) return told.error();
  std::vector<Sum> sums;
  const auto& rows = (*told)[options.by == "hour" ? "series" : "rows"];
  for (const auto& row : rows) {
    Sum sum;
    sum.name = string_in(row, options.by == "hour" ? "time" : "name");
    if (const auto label = string_in(row, "label"); !label.empty()) sum.name = label;
    sum.requests = static_cast<std::uint64_t>(integer_in(row, "requests").value_or(0));
    sum.tokens = static_cast<std::uint64_t>(integer_in(row, "total_tokens").value_or(0));
    sums.push_back(std::move(sum));
  }
  const auto& series = (*told)["series"];
  const auto since = series.empty() ? std::nullopt : parse_iso8601(string_in(series[0], "time"));
  print_sums(context, options.by, since.value_or(TimePoint{}), sums);
  return 0;
}

Result<int> show_stats(Context& context, const StatsOptions& options) {
  const auto hours = hours_in(options.since);
  if (!hours) return hours.error();
  const auto daemon = AdminAccess::open(context, options.via);
  if (!daemon) return daemon.error();
  if (*daemon) return show_of(context, **daemon, options);
  if (options.by == "token") return show_by_token(context, *hours);
  auto store = context.open_store();
  if (!store) return std::move(store).error();
  const auto last = hour_of(std::chrono::system_clock::now());
  const auto first = last - *hours + 1;
  const auto rows = store->usage_since(first);
  if (!rows) return rows.error();
  const auto keys = store->keys();
  if (!keys) return keys.error();
  const auto sums = sum_up(*rows, options.by, names_of(*keys), first, last, !context.json);
  print_sums(context, options.by, TimePoint(std::chrono::hours(first)), sums);
  return 0;
}

}  // namespace

void add_stats_command(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<StatsOptions>();
  auto* command = app.add_subcommand("stats", "What was asked: requests and tokens");
  command->add_option("--since", options->since, "How far back: 24h, 7d, up to 31d")
      ->type_name("SPAN");
  command->add_option("--by", options->by, "What the numbers are of")
      ->check(CLI::IsMember({"key", "model", "token", "hour"}))
      ->type_name("WHAT");
  add_admin_options(*command, options->via);
  command->footer(
      "\nExamples:\n"
      "  gembal stats                          today by model\n"
      "  gembal stats --since 7d --by key\n"
      "  gembal stats --by hour --json | jq '.rows[].requests'\n");
  command->callback([&chosen, options] {
    chosen = [options](Context& context) { return show_stats(context, *options); };
  });
}

}  // namespace gembal::cmd
