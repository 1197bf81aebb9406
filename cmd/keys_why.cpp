#include <algorithm>

#include "cmd/keys.hpp"
#include "cmd/table.hpp"
#include "daemon/store_writer.hpp"
#include "lib/core/json.hpp"
#include "lib/gemini/model_name.hpp"
#include "lib/keypool/key_pool.hpp"

namespace gembal::cmd {
namespace {

using keypool::Key;
using keypool::Prospect;

TimePoint now() { return std::chrono::system_clock::now(); }

/// "next", "3rd in turn", "waits 32s: PerMinute", "disabled: leaked"
std::string describe(const Prospect& prospect) {
  if (prospect.ready)
    return prospect.turn == 0 ? "next" : "ready, turn " + std::to_string(prospect.turn + 1);
  if (prospect.key.disabled) return prospect.reason;
  const auto wait = std::chrono::ceil<Milliseconds>(prospect.until - now());
  return "waits " + to_short_text(wait) + ": " + prospect.reason;
}

/// "7 of 20"
std::string today_of(const Prospect& prospect) {
  auto text = std::to_string(prospect.requests_today);
  if (prospect.limits.requests_per_day > 0)
    text += " of " + std::to_string(prospect.limits.requests_per_day);
  return text == "0" ? "" : text;
}

Json to_json(const Prospect& prospect) {
  Json limits = Json::object();
  if (prospect.limits.requests_per_minute > 0) limits["rpm"] = prospect.limits.requests_per_minute;
  if (prospect.limits.requests_per_day > 0) limits["rpd"] = prospect.limits.requests_per_day;
  if (prospect.limits.tokens_per_minute > 0) limits["tpm"] = prospect.limits.tokens_per_minute;
  return {{"id", prospect.key.id},
          {"label", prospect.key.label},
          {"project", prospect.key.project},
          {"tier", prospect.key.paid ? "paid" : "free"},
          {"ready", prospect.ready},
          {"turn", prospect.ready ? Json(prospect.turn + 1) : Json()},
          {"reason", prospect.reason},
          {"until", prospect.until == TimePoint{} ? Json() : Json(to_iso8601(prospect.until))},
          {"requests_today", prospect.requests_today},
          {"limits", std::move(limits)}};
}

/// Fills a pool as a daemon would find it; whose turn it is follows from who was used last.
Result<void> fill(keypool::KeyPool& pool, store::KeyStore& store, keypool::Choice choice) {
  const auto time = now();
  const auto news = store.news_since(0, time);
  if (!news) return news.error();
  auto keys = store.keys();
  if (!keys) return std::move(keys).error();
  if (choice != keypool::Choice::fill_first) {
    std::stable_sort(keys->begin(), keys->end(),
                     [](const Key& a, const Key& b) { return a.last_used < b.last_used; });
  }
  pool.replace(*std::move(keys), time);
  pool.add_usage(news->usage, time);
  pool.learn_limits(news->limits, time);
  pool.learn_states(news->states, time);
  return {};
}

Result<int> why(Context& context, const std::string& asked_model) {
  const auto loaded = context.load();
  if (!loaded) return loaded.error();
  const auto& config = loaded->config;
  const auto model = gemini::bare_model(asked_model.empty() ? config.client.model : asked_model);
  if (!gemini::is_valid_model(model))
    return Error{ErrorKind::usage, "'" + model + "' is no name of a model", ""};
  auto store = store::KeyStore::open(config.store.url);
  if (!store) return std::move(store).error();
  keypool::KeyPool pool(config.pool.policy);
  if (auto filled = fill(pool, *store, config.pool.policy.choice); !filled)
    return std::move(filled).error();
  const auto prospects = pool.prospects(model, now());
  const auto overloaded = pool.overloaded_until(model, now());
  const bool any_ready = !prospects.empty() && prospects.front().ready;
  if (context.json) {
    Json keys = Json::array();
    for (const auto& prospect : prospects) keys.push_back(to_json(prospect));
    print(to_text({{"model", model},
                   {"overloaded_until", overloaded ? Json(to_iso8601(*overloaded)) : Json()},
                   {"next", any_ready ? Json(prospects.front().key.id) : Json()},
                   {"keys", std::move(keys)}}) +
          "\n");
  } else {
    if (overloaded && !context.quiet) {
      const auto wait = std::chrono::ceil<Milliseconds>(*overloaded - now());
      print(model + " is overloaded; it is asked all the same, its fallbacks first for " +
            to_short_text(wait) + "\n");
    }
    std::vector<std::vector<std::string>> rows = {
        {"id", "key", "label", "project", "tier", "today", "for " + model}};
    for (const auto& prospect : prospects) {
      const auto& key = prospect.key;
      rows.push_back({key.id, key.secret.redacted(), key.label, key.project,
                      key.paid ? "paid" : "free", today_of(prospect), describe(prospect)});
    }
    if (!prospects.empty()) print(table(std::move(rows), context.uses_color()));
  }
  if (prospects.empty() && !context.quiet && !context.json)
    std::fprintf(stderr, "no keys: add some with 'gembal keys add'\n");
  if (any_ready) return 0;
  const bool any_waits = std::any_of(prospects.begin(), prospects.end(),
                                     [](const Prospect& one) { return !one.key.disabled; });
  return any_waits ? 5 : 3;
}

}  // namespace

void add_keys_why_command(CLI::App& keys, Action& chosen) {
  auto model = std::make_shared<std::string>();
  auto* command =
      keys.add_subcommand("why", "Show which key is next for a model, and why not the others");
  command->add_option("--model", *model, "The model to ask about (client.model)")
      ->type_name("MODEL");
  command->callback(
      [&chosen, model] { chosen = [model](Context& context) { return why(context, *model); }; });
}

}  // namespace gembal::cmd
