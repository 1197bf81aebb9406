#include <algorithm>
#include <ctime>
#include <map>

#include "cmd/command.hpp"
#include "cmd/table.hpp"
#include "lib/core/json.hpp"
#include "lib/core/time.hpp"

namespace gembal::cmd {
namespace {

struct StatsOptions {
  std::string since = "24h";
  std::string by = "model";
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

Result<int> show_stats(Context& context, const StatsOptions& options) {
  const auto hours = hours_in(options.since);
  if (!hours) return hours.error();
  auto store = context.open_store();
  if (!store) return std::move(store).error();
  const auto last = hour_of(std::chrono::system_clock::now());
  const auto first = last - *hours + 1;
  const auto rows = store->usage_since(first);
  if (!rows) return rows.error();
  const auto keys = store->keys();
  if (!keys) return keys.error();
  const auto sums = sum_up(*rows, options.by, names_of(*keys), first, last, !context.json);
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
      list.push_back({{options.by, sum.name}, {"requests", sum.requests}, {"tokens", sum.tokens}});
    print(to_text({{"since", to_iso8601(TimePoint(std::chrono::hours(first)))},
                   {"by", options.by},
                   {"requests", total.requests},
                   {"tokens", total.tokens},
                   {"rows", std::move(list)}}) +
          "\n");
    return 0;
  }
  if (total.requests == 0) {
    if (!context.quiet) print("nothing has been asked in that time\n");
    return 0;
  }
  std::vector<std::vector<std::string>> table_rows = {{options.by, "requests", "tokens", " "}};
  for (const auto& sum : sums) {
    // Lists and files are of no model.
    table_rows.push_back({sum.name.empty() ? "(no model)" : sum.name, std::to_string(sum.requests),
                          std::to_string(sum.tokens), bar(sum.requests, largest)});
  }
  table_rows.push_back({"all", std::to_string(total.requests), std::to_string(total.tokens), ""});
  print(table(std::move(table_rows), context.uses_color()));
  return 0;
}

}  // namespace

void add_stats_command(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<StatsOptions>();
  auto* command = app.add_subcommand("stats", "What was asked: requests and tokens");
  command->add_option("--since", options->since, "How far back: 24h, 7d, up to 31d")
      ->type_name("SPAN");
  command->add_option("--by", options->by, "What the numbers are of")
      ->check(CLI::IsMember({"key", "model", "hour"}))
      ->type_name("WHAT");
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
