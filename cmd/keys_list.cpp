#include <algorithm>
#include <functional>

#include "cmd/keys.hpp"
#include "cmd/table.hpp"
#include "lib/core/json.hpp"

namespace gembal::cmd {
namespace {

TimePoint now() { return std::chrono::system_clock::now(); }

struct ListOptions {
  std::string status;
  std::string sort;
  bool show = false;
};

/// "cooling 32s", "exhausted until 2026-11-25T08:00:00Z", "disabled: leaked"
std::string describe(const Listed& listed) {
  auto status = status_of(listed.key, listed.states);
  if (status == "disabled")
    return listed.key.reason.empty() ? status : status + ": " + listed.key.reason;
  if (status == "ok") return status;
  const auto last = std::max_element(listed.states.begin(), listed.states.end(),
                                     [](auto& a, auto& b) { return a.until < b.until; });
  const auto where = last->model == "*" || last->model.empty() ? "" : " (" + last->model + ")";
  if (status == "cooling")
    return status + " " + to_short_text(std::chrono::ceil<Milliseconds>(last->until - now())) +
           where;
  return status + " until " + to_iso8601(last->until) + where;
}

std::string counted(std::uint64_t number) { return number == 0 ? "" : std::to_string(number); }

/// "5m ago"; "" for never.
std::string ago(TimePoint time) {
  if (time == TimePoint{}) return "";
  const auto passed = std::chrono::floor<std::chrono::seconds>(now() - time);
  return passed.count() < 1 ? "now" : to_short_text(passed) + " ago";
}

Json to_json(const Listed& listed, bool show) {
  const auto& key = listed.key;
  Json models = Json::array();
  TimePoint until{};
  for (const auto& state : listed.states) {
    until = std::max(until, state.until);
    models.push_back({{"model", state.model},
                      {"status", to_string(state.status)},
                      {"until", to_iso8601(state.until)}});
  }
  return {{"id", key.id},
          {"key", show ? key.secret.reveal() : key.secret.redacted()},
          {"label", key.label},
          {"project", key.project},
          {"tier", key.paid ? "paid" : "free"},
          {"status", status_of(key, listed.states)},
          {"reason", key.reason},
          {"until", listed.states.empty() ? Json() : Json(to_iso8601(until))},
          {"failures", key.failures},
          {"requests_24h", listed.requests},
          {"tokens_24h", listed.tokens},
          {"last_used", key.last_used == TimePoint{} ? Json() : Json(to_iso8601(key.last_used))},
          {"models", std::move(models)}};
}

Result<void> sort_by(std::vector<Listed>& all, const std::string& column) {
  const std::map<std::string, std::function<std::string(const Listed&)>> columns = {
      {"id", [](const Listed& l) { return l.key.id; }},
      {"label", [](const Listed& l) { return l.key.label; }},
      {"project", [](const Listed& l) { return l.key.project; }},
      {"tier", [](const Listed& l) { return std::string(l.key.paid ? "paid" : "free"); }},
      {"status", [](const Listed& l) { return status_of(l.key, l.states); }},
  };
  if (column.empty()) return {};
  const std::map<std::string, std::function<std::int64_t(const Listed&)>> numbers = {
      {"failures", [](const Listed& l) { return l.key.failures; }},
      {"requests", [](const Listed& l) { return static_cast<std::int64_t>(l.requests); }},
      {"tokens", [](const Listed& l) { return static_cast<std::int64_t>(l.tokens); }},
      {"used", [](const Listed& l) { return to_unix_milliseconds(l.key.last_used); }},
  };
  if (const auto number = numbers.find(column); number != numbers.end()) {
    std::stable_sort(all.begin(), all.end(), [&](const Listed& a, const Listed& b) {
      return number->second(a) > number->second(b);
    });
    return {};
  }
  const auto known = columns.find(column);
  if (known == columns.end()) {
    return Error{ErrorKind::usage, "there is no column '" + column + "'",
                 "sort by id, label, project, tier, status, failures, requests, tokens or used"};
  }
  std::stable_sort(all.begin(), all.end(), [&](const Listed& a, const Listed& b) {
    return known->second(a) < known->second(b);
  });
  return {};
}

Result<int> list_keys(Context& context, const ListOptions& options) {
  auto all = list_all(context);
  if (!all) return std::move(all).error();
  if (!options.status.empty()) {
    std::erase_if(*all, [&](const Listed& listed) {
      return status_of(listed.key, listed.states) != options.status;
    });
  }
  if (auto sorted = sort_by(*all, options.sort); !sorted) return std::move(sorted).error();
  if (context.json) {
    Json keys = Json::array();
    for (const auto& listed : *all) keys.push_back(to_json(listed, options.show));
    print(to_text({{"keys", std::move(keys)}}) + "\n");
    return 0;
  }
  if (all->empty()) {
    if (!context.quiet)
      std::fprintf(
          stderr, "no keys%s\n",
          options.status.empty() ? ": add some with 'gembal keys add'" : " of this status");
    return 0;
  }
  std::vector<std::vector<std::string>> rows = {{"id", "key", "label", "project", "tier", "status",
                                                 "failures", "requests 24h", "tokens 24h",
                                                 "last used"}};
  for (const auto& listed : *all) {
    const auto& key = listed.key;
    rows.push_back({key.id, options.show ? key.secret.reveal() : key.secret.redacted(), key.label,
                    key.project, key.paid ? "paid" : "free", describe(listed),
                    counted(static_cast<std::uint64_t>(key.failures)), counted(listed.requests),
                    counted(listed.tokens), ago(key.last_used)});
  }
  print(table(std::move(rows), context.uses_color()));
  return 0;
}

}  // namespace

void add_keys_list_commands(CLI::App& keys, Action& chosen) {
  auto options = std::make_shared<ListOptions>();
  auto* list = keys.add_subcommand("list", "Show the keys and how they are");
  add_status_option(*list, options->status);
  list->add_option("--sort", options->sort,
                   "By id, label, project, tier, status, failures, requests, tokens or used")
      ->type_name("COLUMN");
  list->add_flag("--show", options->show, "Show the whole keys");
  list->callback([&chosen, options] {
    chosen = [options](Context& context) { return list_keys(context, *options); };
  });
}

}  // namespace gembal::cmd
