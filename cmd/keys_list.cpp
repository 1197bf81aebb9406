#include <algorithm>

#include "cmd/admin_access.hpp"
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
  Via via;
};

std::string text_of(const Json& key, const char* member) {
  return std::string(string_in(key, member));
}
std::uint64_t number_of(const Json& key, const char* member) {
  return static_cast<std::uint64_t>(integer_in(key, member).value_or(0));
}

/// "cooling 32s", "exhausted until 2026-11-25T08:00:00Z", "disabled: leaked"
std::string describe(const Json& key) {
  const auto status = text_of(key, "status");
  if (status == "disabled") {
    const auto reason = text_of(key, "reason");
    return reason.empty() ? status : status + ": " + reason;
  }
  const auto& models = key["models"];
  if (status == "ok" || models.empty()) return status;
  const auto last = std::max_element(
      models.begin(), models.end(),
      [](const Json& a, const Json& b) { return text_of(a, "until") < text_of(b, "until"); });
  const auto model = text_of(*last, "model"), until = text_of(*last, "until");
  const auto where = model == "*" || model.empty() ? "" : " (" + model + ")";
  if (status == "cooling") {
    const auto left = parse_iso8601(until).value_or(now()) - now();
    return status + " " + to_short_text(std::chrono::ceil<Milliseconds>(left)) + where;
  }
  return status + " until " + until + where;
}

std::string counted(std::uint64_t number) { return number == 0 ? "" : std::to_string(number); }

/// "5m ago"; "" for never.
std::string ago(const std::string& time) {
  const auto then = parse_iso8601(time);
  if (!then) return "";
  const auto passed = std::chrono::floor<std::chrono::seconds>(now() - *then);
  return passed.count() < 1 ? "now" : to_short_text(passed) + " ago";
}

/// Texts from A on, numbers and times from the highest down.
Result<void> sort_by(std::vector<Json>& keys, const std::string& column) {
  static const std::map<std::string, const char*> kTexts = {{"id", "id"},
                                                            {"label", "label"},
                                                            {"project", "project"},
                                                            {"tier", "tier"},
                                                            {"status", "status"}};
  static const std::map<std::string, const char*> kNumbers = {
      {"failures", "failures"}, {"requests", "requests_24h"}, {"tokens", "tokens_24h"}};
  const auto sort = [&keys](const auto& is_before) {
    std::stable_sort(keys.begin(), keys.end(), is_before);
  };
  if (column.empty()) return {};
  if (const auto text = kTexts.find(column); text != kTexts.end()) {
    sort([&](const Json& a, const Json& b) {
      return text_of(a, text->second) < text_of(b, text->second);
    });
  } else if (const auto number = kNumbers.find(column); number != kNumbers.end()) {
    sort([&](const Json& a, const Json& b) {
      return number_of(a, number->second) > number_of(b, number->second);
    });
  } else if (column == "used") {
    sort([](const Json& a, const Json& b) {
      return text_of(a, "last_used") > text_of(b, "last_used");
    });
  } else {
    return Error{ErrorKind::usage, "there is no column '" + column + "'",
                 "sort by id, label, project, tier, status, failures, requests, tokens or used"};
  }
  return {};
}

/// Of the store, or of a daemon's.
Result<std::vector<Json>> find_keys(const Context& context, const ListOptions& options) {
  std::vector<Json> keys;
  const auto daemon = AdminAccess::open(context, options.via);
  if (!daemon) return daemon.error();
  if (*daemon) {
    if (options.show)
      return Error{ErrorKind::usage, "whole keys are not shown from afar",
                   "leave out --show, or use the admin pages"};
    auto listed = (*daemon)->get("/keys");
    if (!listed) return std::move(listed).error();
    for (auto& key : (*listed)["keys"]) keys.push_back(std::move(key));
    return keys;
  }
  const auto all = list_all(context);
  if (!all) return all.error();
  for (const auto& listed : *all) keys.push_back(daemon::admin::to_json(listed, options.show));
  return keys;
}

Result<int> list_keys(Context& context, const ListOptions& options) {
  auto keys = find_keys(context, options);
  if (!keys) return std::move(keys).error();
  if (!options.status.empty()) {
    std::erase_if(*keys, [&](const Json& key) { return text_of(key, "status") != options.status; });
  }
  if (auto sorted = sort_by(*keys, options.sort); !sorted) return std::move(sorted).error();
  if (context.json) {
    print(to_text({{"keys", *std::move(keys)}}) + "\n");
    return 0;
  }
  if (keys->empty()) {
    if (!context.quiet)
      std::fprintf(
          stderr, "no keys%s\n",
          options.status.empty() ? ": add some with 'gembal keys add'" : " of this status");
    return 0;
  }
  std::vector<std::vector<std::string>> rows = {{"id", "key", "label", "project", "tier", "status",
                                                 "failures", "requests 24h", "tokens 24h",
                                                 "last used"}};
  for (const auto& key : *keys) {
    rows.push_back({text_of(key, "id"), text_of(key, "key"), text_of(key, "label"),
                    text_of(key, "project"), text_of(key, "tier"), describe(key),
                    counted(number_of(key, "failures")), counted(number_of(key, "requests_24h")),
                    counted(number_of(key, "tokens_24h")), ago(text_of(key, "last_used"))});
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
  add_admin_options(*list, options->via);
  list->callback([&chosen, options] {
    chosen = [options](Context& context) { return list_keys(context, *options); };
  });
}

}  // namespace gembal::cmd
