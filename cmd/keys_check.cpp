#include <unistd.h>

#include <algorithm>

#include "cmd/interrupt.hpp"
#include "cmd/keys.hpp"
#include "cmd/table.hpp"
#include "daemon/recovery.hpp"
#include "lib/core/json.hpp"
#include "lib/gemini/model_name.hpp"
#include "lib/keypool/key_pool.hpp"
#include "lib/upstream/key_check.hpp"

namespace gembal::cmd {
namespace {

using keypool::Key;
using upstream::KeyCheck;

constexpr std::size_t kAtOnce = 256;  // keys that a daemon is asked to check by one request

struct Tally {
  std::size_t usable = 0;
  std::size_t bad = 0;
  std::size_t unknown = 0;
};

Tally count(const std::vector<KeyCheck>& checks) {
  Tally tally;
  for (const auto& check : checks) {
    if (upstream::is_usable(check.verdict)) {
      ++tally.usable;
    } else if (upstream::is_bad(check.verdict)) {
      ++tally.bad;
    } else {
      ++tally.unknown;
    }
  }
  return tally;
}

int status_for(const Tally& tally) {
  if (tally.usable == 0 && tally.unknown == 0) return 3;
  if (tally.bad > 0) return 1;
  return tally.unknown > 0 ? 4 : 0;
}

Result<std::vector<Key>> choose(store::KeyStore& store, const CheckKeysOptions& options) {
  auto keys = store.keys();
  if (!keys) return keys;
  if (!options.status.empty()) {
    const auto states = store.model_states(std::chrono::system_clock::now());
    if (!states) return states.error();
    auto grouped = by_subject(*states);
    std::erase_if(*keys, [&](const Key& key) {
      return status_of(key, grouped[quota_subject(key)]) != options.status;
    });
  }
  if (!options.names.empty()) return resolve_keys(*keys, options.names);
  return keys;
}

/// Several keys, and all of them refused for what may as well be this machine's fault: its address,
/// its region, its proxy.
bool are_refused_alike(const std::vector<KeyCheck>& checks) {
  const auto verdict = checks.front().verdict;
  if (checks.size() < 3 ||
      (verdict != upstream::KeyVerdict::blocked && verdict != upstream::KeyVerdict::invalid))
    return false;
  return std::all_of(checks.begin(), checks.end(),
                     [verdict](const KeyCheck& check) { return check.verdict == verdict; });
}

/// What the store should know from now on: quotas always; who is disabled only when that was asked
/// for.
Result<void> remember(store::KeyStore& store, const CheckKeysOptions& options,
                      const std::string& model, const std::vector<Key>& keys,
                      const std::vector<KeyCheck>& checks) {
  const bool alike = options.disable && are_refused_alike(checks);
  if (alike) {
    std::fprintf(stderr,
                 "gembal: every key is refused in the same way: none is disabled for it\n"
                 "hint: check this machine's network, proxy and upstream.base_url\n");
  }
  std::map<std::string, std::vector<std::string>> to_disable;  // by verdict
  std::vector<std::string> to_enable;
  std::vector<keypool::Change> changes;
  const auto now = std::chrono::system_clock::now();
  keypool::KeyPool judge({});
  judge.replace(keys, now);
  keypool::Wish wish;
  wish.model = model;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto& check = checks[i];
    const auto& key = keys[i];
    if (upstream::is_bad(check.verdict) && options.disable && !key.disabled && !alike)
      to_disable[to_string(check.verdict)].push_back(key.id);
    if (upstream::is_usable(check.verdict) && options.enable && key.disabled)
      to_enable.push_back(key.id);
    if (!upstream::is_usable(check.verdict) || key.disabled) continue;
    if (auto lease = judge.take_owner(key.id, key.project, wish, now)) {
      auto report = judge.report(*lease, check.judged, now);
      std::move(report.changes.begin(), report.changes.end(), std::back_inserter(changes));
    }
  }
  for (const auto& [verdict, ids] : to_disable) {
    if (auto done = store.disable(ids, verdict); !done) return std::move(done).error();
  }
  if (!to_enable.empty()) {
    if (auto done = store.enable(to_enable); !done) return std::move(done).error();
  }
  return store.write({std::move(changes), judge.take_usage(now), {}});
}

Json to_json(const std::vector<Key>& keys, const std::vector<KeyCheck>& checks,
             const Tally& tally) {
  Json list = Json::array();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    list.push_back({{"id", keys[i].id},
                    {"verdict", to_string(checks[i].verdict)},
                    {"message", checks[i].message},
                    {"latency_ms", checks[i].latency.count()}});
  }
  return {{"keys", std::move(list)},
          {"usable", tally.usable},
          {"bad", tally.bad},
          {"unknown", tally.unknown}};
}

/// Quietly: only the keys that somebody should look at.
void print_checks(const Context& context, const std::vector<Key>& keys,
                  const std::vector<KeyCheck>& checks, const Tally& tally) {
  std::vector<std::vector<std::string>> rows = {{"id", "key", "label", "verdict", "ms", "message"}};
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (context.quiet && upstream::is_usable(checks[i].verdict)) continue;
    auto message = checks[i].message.substr(0, checks[i].message.find('\n'));
    if (message.size() > 100) message = message.substr(0, 97) + "...";
    rows.push_back({keys[i].id, keys[i].secret.redacted(), keys[i].label,
                    to_string(checks[i].verdict), std::to_string(checks[i].latency.count()),
                    message});
  }
  if (rows.size() > 1) print(table(std::move(rows), context.uses_color()));
  if (context.quiet) return;
  print(std::to_string(tally.usable) + " usable, " + std::to_string(tally.bad) + " bad, " +
        std::to_string(tally.unknown) + " unknown\n");
}

/// The same by a daemon, with its keys and its way out; what it finds its pool learns.
Result<int> check_at(const Context& context, const AdminAccess& daemon,
                     const CheckKeysOptions& options) {
  const auto ids = ids_at(daemon, options.names, options.status);
  if (!ids) return ids.error();
  if (ids->empty())
    return Error{ErrorKind::no_usable_key, "there are no keys to check", "add some"};
  std::vector<Key> keys;
  std::vector<KeyCheck> checks;
  for (std::size_t begin = 0; begin < ids->size(); begin += kAtOnce) {
    const auto end = std::min(begin + kAtOnce, ids->size());
    const std::vector<std::string> some(ids->begin() + static_cast<std::ptrdiff_t>(begin),
                                        ids->begin() + static_cast<std::ptrdiff_t>(end));
    const auto told = daemon.send("POST", "/keys/bulk",
                                  {{"ids", some}, {"action", "check"}, {"model", options.model}});
    if (!told) return told.error();
    for (const auto& one : (*told)["keys"]) {
      Key key;
      key.id = string_in(one, "id");
      keys.push_back(std::move(key));
      KeyCheck check;
      check.verdict = upstream::read_key_verdict(string_in(one, "verdict"));
      check.message = string_in(one, "message");
      check.latency = std::chrono::milliseconds(integer_in(one, "latency_ms").value_or(0));
      checks.push_back(std::move(check));
    }
  }
  const auto tally = count(checks);
  if (context.json) {
    print(to_text(to_json(keys, checks, tally)) + "\n");
  } else {
    print_checks(context, keys, checks, tally);
  }
  return status_for(tally);
}

}  // namespace

Result<int> check_keys(Context& context, const CheckKeysOptions& options) {
  const auto daemon = AdminAccess::open(context, options.via);
  if (!daemon) return daemon.error();
  if (*daemon) return check_at(context, **daemon, options);
  const auto loaded = context.load();
  if (!loaded) return loaded.error();
  const auto& config = loaded->config;
  auto store = store::KeyStore::open(config.store.url);
  if (!store) return std::move(store).error();
  const auto keys = choose(*store, options);
  if (!keys) return keys.error();
  if (keys->empty()) {
    return Error{
        ErrorKind::no_usable_key,
        options.status.empty() ? "there are no keys to check" : "there are no keys of this status",
        "add some with 'gembal keys add'"};
  }
  const auto model =
      gemini::bare_model(options.model.empty() ? config.pool.test_model : options.model);
  if (!gemini::is_valid_model(model))
    return Error{ErrorKind::usage, "'" + model + "' is no name of a model", ""};
  const auto address = daemon::UpstreamAddress::parse(config.upstream.base_url);
  if (!address) return address.error();

  auto check = daemon::check_options(config, *address, model);
  check.jobs = options.jobs;
  upstream::Proxies proxies;
  daemon::take_proxies(proxies, config.upstream);
  check.proxies = &proxies;

  const bool shows_progress = ::isatty(STDERR_FILENO) == 1 && !context.quiet;
  const auto progress = [shows_progress, total = keys->size()](std::size_t done) {
    if (shows_progress)
      std::fprintf(stderr, "\rchecked %zu/%zu%s", done, total, done == total ? "\r\x1b[K" : "");
  };
  async::Loop loop;
  async::Interrupt interrupt;
  http::Client client(loop, {});
  std::vector<Secret> secrets;
  for (const auto& key : *keys) secrets.push_back(key.secret);
  const auto checks = run_until_done(loop, interrupt,
                                     upstream::check_keys(loop, client, std::move(check),
                                                          std::move(secrets), progress, interrupt));
  if (interrupt.raised()) return Error{ErrorKind::cancelled, "interrupted", ""};

  const auto tally = count(checks);
  if (context.json) {
    print(to_text(to_json(*keys, checks, tally)) + "\n");
  } else {
    print_checks(context, *keys, checks, tally);
  }
  if (auto done = remember(*store, options, model, *keys, checks); !done)
    return std::move(done).error();
  return status_for(tally);
}

void add_keys_check_command(CLI::App& keys, Action& chosen) {
  auto options = std::make_shared<CheckKeysOptions>();
  auto* check = keys.add_subcommand("check", "Ask the API with each key");
  check->add_option("key", options->names, "Only these keys")->type_name("KEY");
  check->add_option("--model", options->model, "Ask this model instead of pool.test_model")
      ->type_name("MODEL");
  check->add_option("--jobs", options->jobs, "Keys to ask with side by side (16)")
      ->type_name("N")
      ->check(CLI::Range(1, 256));
  check->add_option("--status", options->status, "Only keys of this status")->type_name("STATUS");
  check->add_flag("--disable", options->disable, "Disable the keys that are bad");
  add_admin_options(*check, options->via);
  check->add_flag("--enable", options->enable, "Enable the disabled keys that work again");
  check->callback([&chosen, options] {
    chosen = [options](Context& context) { return check_keys(context, *options); };
  });
}

}  // namespace gembal::cmd
