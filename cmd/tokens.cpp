// Tokens of clients: made, listed, limited, taken back.

#include <algorithm>

#include "cmd/command.hpp"
#include "cmd/table.hpp"
#include "lib/core/json.hpp"
#include "lib/core/text.hpp"
#include "lib/store/journal.hpp"
#include "lib/store/new_token.hpp"

namespace gembal::cmd {
namespace {

using store::ClientToken;

/// Limits as they are given; what is not given stays.
struct LimitOptions {
  std::string name;
  std::optional<std::int64_t> rpm, rpd, tpd;
  std::optional<std::string> models;
  std::optional<std::string> expires;
  bool disable = false;
  bool enable = false;

  bool says_nothing() const {
    return !rpm && !rpd && !tpd && !models && !expires && !disable && !enable;
  }
};

/// "2026-12-31", a time as in 2026-12-31T10:00:00Z, a span as in 30d, or "never".
Result<TimePoint> read_expiry(const std::string& text) {
  if (text == "never") return TimePoint{};
  if (const auto span = parse_duration(text); span && span->count() > 0)
    return TimePoint(std::chrono::system_clock::now() + *span);
  const auto time = parse_iso8601(text.size() == 10 ? text + "T00:00:00Z" : text);
  if (time) return *time;
  return Error{ErrorKind::usage, "'" + text + "' is no time",
               "as in 2026-12-31, 2026-12-31T10:00:00Z, 30d or never"};
}

Result<void> put_into(const LimitOptions& options, ClientToken& token) {
  token.requests_per_minute = options.rpm.value_or(token.requests_per_minute);
  token.requests_per_day = options.rpd.value_or(token.requests_per_day);
  token.tokens_per_day = options.tpd.value_or(token.tokens_per_day);
  if (options.models) {
    token.models.clear();
    for (const auto model : split(*options.models, ',')) {
      if (!trim(model).empty()) token.models.emplace_back(trim(model));
    }
  }
  if (options.expires) {
    const auto expires = read_expiry(*options.expires);
    if (!expires) return expires.error();
    token.expires = *expires;
  }
  if (options.disable) token.disabled = true;
  if (options.enable) token.disabled = false;
  return {};
}

Json to_json(const ClientToken& token) {
  const auto shown = [](TimePoint time) {
    return time == TimePoint{} ? Json() : Json(to_iso8601(time));
  };
  return {{"name", token.name},
          {"shown", token.shown + "…"},
          {"created_at", shown(token.created)},
          {"expires_at", shown(token.expires)},
          {"rpm", token.requests_per_minute},
          {"rpd", token.requests_per_day},
          {"tpd", token.tokens_per_day},
          {"models", token.models},
          {"disabled", token.disabled}};
}

Result<int> add_token(Context& context, const LimitOptions& options) {
  auto made = store::new_token(options.name);
  if (!made) return std::move(made).error();
  if (auto put = put_into(options, made->kept); !put) return std::move(put).error();
  auto store = context.open_store();
  if (!store) return std::move(store).error();
  if (auto added = store->add_token(made->kept); !added) return std::move(added).error();
  if (context.json) {
    auto told = to_json(made->kept);
    told["token"] = made->secret.reveal();
    print(to_text(told) + "\n");
    return 0;
  }
  print(made->secret.reveal() + "\n");
  if (!context.quiet)
    std::fprintf(stderr, "gembal: this is the only time that the token is shown\n");
  return 0;
}

Result<ClientToken> find(store::KeyStore& store, const std::string& name) {
  auto known = store.client_tokens();
  if (!known) return std::move(known).error();
  for (auto& token : *known) {
    if (token.name == name) return std::move(token);
  }
  return Error{ErrorKind::usage, "there is no token '" + name + "'",
               "'gembal tokens list' shows those that there are"};
}

Result<int> limit_token(Context& context, const LimitOptions& options) {
  if (options.says_nothing())
    return Error{ErrorKind::usage, "nothing to say about the token",
                 "give --rpm, --rpd, --tpd, --models, --expires, --disable or --enable"};
  auto store = context.open_store();
  if (!store) return std::move(store).error();
  auto token = find(*store, options.name);
  if (!token) return std::move(token).error();
  if (auto put = put_into(options, *token); !put) return std::move(put).error();
  if (const auto edited = store->edit_token(*token); !edited) return edited.error();
  if (context.json) {
    print(to_text(to_json(*token)) + "\n");
  } else if (!context.quiet) {
    print("changed " + token->name + "\n");
  }
  return 0;
}

Result<int> remove_tokens(Context& context, const std::vector<std::string>& names) {
  auto store = context.open_store();
  if (!store) return std::move(store).error();
  for (const auto& name : names) {
    if (const auto known = find(*store, name); !known) return known.error();
  }
  for (const auto& name : names) {
    if (const auto removed = store->remove_token(name); !removed) return removed.error();
  }
  if (context.json) {
    print(to_text({{"removed", names.size()}}) + "\n");
  } else if (!context.quiet) {
    print("removed " + std::to_string(names.size()) + "\n");
  }
  return 0;
}

/// "60 a minute, 1000 a day"
std::string limits_of(const ClientToken& token) {
  std::vector<std::string> limits;
  const auto say = [&limits](std::int64_t number, const char* of_what) {
    if (number > 0) limits.push_back(std::to_string(number) + of_what);
  };
  say(token.requests_per_minute, " a minute");
  say(token.requests_per_day, " a day");
  say(token.tokens_per_day, " tokens a day");
  return join(limits, ", ");
}

std::string status_of(const ClientToken& token, TimePoint now) {
  if (token.disabled) return "disabled";
  return token.expires != TimePoint{} && token.expires <= now ? "expired" : "ok";
}

Result<int> list_tokens(Context& context) {
  const auto loaded = context.load();
  if (!loaded) return loaded.error();
  const auto& url = loaded->config.store.url;
  auto store = store::KeyStore::open(url);
  if (!store) return std::move(store).error();
  const auto tokens = store->client_tokens();
  if (!tokens) return tokens.error();
  auto journal = store::Journal::open(url);
  if (!journal) return std::move(journal).error();
  const auto now = std::chrono::system_clock::now();
  const auto from = std::chrono::floor<std::chrono::hours>(now) - std::chrono::hours{23};
  const auto used = journal->groups(store::kHourStep, to_unix_seconds(from), store::GroupBy::token);
  if (!used) return used.error();
  const auto traffic_of = [&](const std::string& name) {
    for (const auto& group : *used) {
      if (group.name == name) return group.traffic;
    }
    return store::Traffic{};
  };
  if (context.json) {
    Json list = Json::array();
    for (const auto& token : *tokens) {
      auto told = to_json(token);
      told["requests_24h"] = traffic_of(token.name).requests;
      told["tokens_24h"] = traffic_of(token.name).total_tokens;
      list.push_back(std::move(told));
    }
    print(to_text({{"tokens", std::move(list)}}) + "\n");
    return 0;
  }
  if (tokens->empty()) {
    if (!context.quiet)
      std::fprintf(stderr,
                   "no tokens but those of auth.tokens: make one with 'gembal tokens add'\n");
    return 0;
  }
  std::vector<std::vector<std::string>> rows = {
      {"name", "token", "status", "limits", "models", "expires", "requests 24h", "tokens 24h"}};
  for (const auto& token : *tokens) {
    const auto traffic = traffic_of(token.name);
    rows.push_back({token.name, token.shown + "…", status_of(token, now), limits_of(token),
                    join(token.models, ", "),
                    token.expires == TimePoint{} ? "" : to_iso8601(token.expires),
                    std::to_string(traffic.requests), std::to_string(traffic.total_tokens)});
  }
  print(table(std::move(rows), context.uses_color()));
  return 0;
}

void add_limit_options(CLI::App& command, LimitOptions& options) {
  command.add_option("name", options.name, "What it is called, as in laptop")
      ->type_name("NAME")
      ->required();
  const auto number = [&command](const char* name, std::optional<std::int64_t>& limit,
                                 const char* meaning) {
    command.add_option(name, limit, meaning)
        ->type_name("N")
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000'000'000'000}));
  };
  number("--rpm", options.rpm, "Requests a minute; 0: no limit");
  number("--rpd", options.rpd, "Requests a day, UTC; 0: no limit");
  number("--tpd", options.tpd, "Tokens of input and output a day; 0: no limit");
  command.add_option("--models", options.models, "Only these models, with commas; '': all")
      ->type_name("MODELS");
  command.add_option("--expires", options.expires, "When it ends: 2026-12-31, 30d or never")
      ->type_name("WHEN");
}

}  // namespace

void add_tokens_command(CLI::App& app, Action& chosen) {
  auto* tokens = app.add_subcommand("tokens", "Manage the tokens of clients");
  tokens->require_subcommand(1);
  tokens->footer(
      "\nExamples:\n"
      "  gembal tokens add laptop --rpd 1000 --models gemini-2.5-flash\n"
      "  gembal tokens list\n"
      "  gembal tokens limit laptop --rpm 60 --expires 30d\n"
      "  gembal tokens remove laptop\n");
  auto made = std::make_shared<LimitOptions>();
  auto* add = tokens->add_subcommand("add", "Make a token: it is shown this once");
  add_limit_options(*add, *made);
  add->callback(
      [&chosen, made] { chosen = [made](Context& context) { return add_token(context, *made); }; });
  tokens->add_subcommand("list", "Show the tokens and what they may do")->callback([&chosen] {
    chosen = list_tokens;
  });
  auto limits = std::make_shared<LimitOptions>();
  auto* limit = tokens->add_subcommand("limit", "Change what a token may do");
  add_limit_options(*limit, *limits);
  auto* disable = limit->add_flag("--disable", limits->disable, "Refuse it until it is enabled");
  limit->add_flag("--enable", limits->enable, "Take it again")->excludes(disable);
  limit->callback([&chosen, limits] {
    chosen = [limits](Context& context) { return limit_token(context, *limits); };
  });
  auto names = std::make_shared<std::vector<std::string>>();
  auto* remove = tokens->add_subcommand("remove", "Take tokens back");
  remove->add_option("name", *names, "What they are called")->type_name("NAME")->required();
  remove->callback([&chosen, names] {
    chosen = [names](Context& context) { return remove_tokens(context, *names); };
  });
}

}  // namespace gembal::cmd
