#include "lib/config/settings.hpp"

#include <algorithm>
#include <charconv>

#include "lib/config/model_settings.hpp"
#include "lib/core/json.hpp"
#include "lib/core/text.hpp"
#include "lib/core/time.hpp"

namespace gembal::config {
namespace {

std::string in_quotes(const std::string& text) { return to_text(Json(text)); }

std::string quoted_list(const std::vector<std::string>& items) {
  std::vector<std::string> texts;
  for (const auto& item : items) texts.push_back(in_quotes(item));
  return "[" + join(texts, ", ") + "]";
}

std::string one(const Values& values) { return values.empty() ? "" : values.front(); }

template <typename Number>
std::string whole_number(const std::string& text, std::int64_t least, std::int64_t most,
                         Number& number) {
  std::int64_t read = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), read);
  if (failure != std::errc() || end != text.data() + text.size() || read < least || read > most) {
    return "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most);
  }
  number = static_cast<Number>(read);
  return "";
}

// Each of these makes a setting of one type. `at` finds its place in a Config, constant or not.

template <typename At>
Setting text(std::string key, std::string standard, At at) {
  Setting made;
  made.key = std::move(key);
  made.default_text = in_quotes(standard);
  made.set = [at](Config& config, const Values& values) {
    at(config) = one(values);
    return std::string();
  };
  made.show = [at](const Config& config) { return in_quotes(at(config)); };
  return made;
}

template <typename At>
Setting web_address(std::string key, std::string standard, At at) {
  auto made = text(std::move(key), std::move(standard), at);
  made.set = [at](Config& config, const Values& values) -> std::string {
    const std::string value = one(values);
    const auto host = value.starts_with("https://") ? 8u : value.starts_with("http://") ? 7u : 0u;
    if (host == 0 || host == value.size() || value[host] == '/' ||
        value.find_first_of("@?# ") != std::string::npos) {
      return "must be http(s)://host[:port][/path], without a user";
    }
    at(config) = value;
    return "";
  };
  return made;
}

template <typename At>
Setting optional_web_address(std::string key, At at) {
  auto made = web_address(std::move(key), "", at);
  made.set = [at, set = std::move(made.set)](Config& config, const Values& values) {
    if (!one(values).empty()) return set(config, values);
    at(config).clear();
    return std::string();
  };
  return made;
}

template <typename At>
Setting choice(std::string key, std::string standard, std::vector<std::string> words, At at) {
  auto made = text(std::move(key), std::move(standard), at);
  made.set = [at, words](Config& config, const Values& values) -> std::string {
    const auto word = lower(one(values));
    if (std::find(words.begin(), words.end(), word) == words.end())
      return "must be one of " + join(words, ", ");
    at(config) = word;
    return "";
  };
  return made;
}

template <typename At>
Setting number(std::string key, int standard, std::int64_t least, std::int64_t most, At at) {
  Setting made;
  made.key = std::move(key);
  made.default_text = std::to_string(standard);
  made.set = [at, least, most](Config& config, const Values& values) {
    return whole_number(one(values), least, most, at(config));
  };
  made.show = [at](const Config& config) { return std::to_string(at(config)); };
  return made;
}

template <typename At>
Setting flag(std::string key, bool standard, At at) {
  Setting made;
  made.key = std::move(key);
  made.default_text = standard ? "true" : "false";
  made.set = [at](Config& config, const Values& values) -> std::string {
    const auto read = parse_bool(one(values));
    if (!read) return "must be true or false";
    at(config) = *read;
    return "";
  };
  made.show = [at](const Config& config) { return std::string(at(config) ? "true" : "false"); };
  return made;
}

template <typename At>
Setting duration(std::string key, std::string standard, At at) {
  Setting made;
  made.key = std::move(key);
  made.default_text = in_quotes(standard);
  made.set = [at](Config& config, const Values& values) -> std::string {
    const auto read = parse_duration(one(values));
    if (!read) return "must be a duration, as in 250ms, 30s, 5m, 1h or 7d";
    at(config) = *read;
    return "";
  };
  made.show = [at](const Config& config) {
    const milliseconds value = at(config);
    return in_quotes(value.count() == 0 ? "0s" : to_short_text(value));
  };
  return made;
}

template <typename At>
Setting size(std::string key, std::string standard, At at) {
  Setting made;
  made.key = std::move(key);
  made.default_text = in_quotes(standard);
  made.set = [at](Config& config, const Values& values) -> std::string {
    const auto read = parse_size(one(values));
    if (!read || *read == 0) return "must be a size, as in 64KiB or 200MiB";
    at(config) = *read;
    return "";
  };
  made.show = [at](const Config& config) {
    const std::uint64_t bytes = at(config);
    if (bytes % (1u << 20) == 0) return in_quotes(std::to_string(bytes >> 20) + "MiB");
    if (bytes % 1024 == 0) return in_quotes(std::to_string(bytes >> 10) + "KiB");
    return in_quotes(std::to_string(bytes));
  };
  return made;
}

template <typename At>
Setting list(std::string key, std::vector<std::string> standard, At at) {
  Setting made;
  made.key = std::move(key);
  made.default_text = quoted_list(standard);
  made.is_list = true;
  made.set = [at](Config& config, const Values& values) {
    at(config) = values;
    return std::string();
  };
  made.show = [at](const Config& config) { return quoted_list(at(config)); };
  return made;
}

bool is_address(std::string_view text) {
  const auto colon = text.rfind(':');
  int port = 0;
  return colon != std::string_view::npos && colon > 0 &&
         whole_number(std::string(text.substr(colon + 1)), 0, 65535, port).empty();
}

template <typename At>
Setting addresses(std::string key, std::vector<std::string> standard, At at) {
  auto made = list(std::move(key), std::move(standard), at);
  made.set = [at](Config& config, const Values& values) -> std::string {
    if (values.empty() || !std::all_of(values.begin(), values.end(),
                                       [](const auto& one) { return is_address(one); })) {
      return "must be a list of HOST:PORT, as in [\"127.0.0.1:8000\"]";
    }
    at(config) = values;
    return "";
  };
  return made;
}

template <typename At>
Setting secrets(std::string key, At at) {
  Setting made;
  made.key = std::move(key);
  made.default_text = "[]";
  made.is_list = made.is_secret = true;
  made.set = [at](Config& config, const Values& values) {
    at(config).clear();
    for (const auto& value : values) at(config).emplace_back(value);
    return std::string();
  };
  made.show = [at](const Config& config) {
    std::vector<std::string> shown;
    for (const auto& secret : at(config)) shown.push_back(secret.redacted());
    return quoted_list(shown);
  };
  return made;
}

template <typename At>
Setting secret(std::string key, At at) {
  Setting made;
  made.key = std::move(key);
  made.default_text = in_quotes("");
  made.is_secret = true;
  made.set = [at](Config& config, const Values& values) {
    at(config) = Secret(one(values));
    return std::string();
  };
  made.show = [at](const Config& config) {
    const Secret& value = at(config);
    return in_quotes(value.empty() ? "" : value.redacted());
  };
  return made;
}

constexpr const char* kImageModel = "gemini-3.1-flash-image";

Setting images_model() {
  auto made = text(
      "images.model", kImageModel, [](auto& c) -> auto& { return c.models.rules.image_model; });
  made.set = [](Config& config, const Values& values) -> std::string {
    if (one(values).empty()) return "must name a model";
    if (one(values).starts_with("imagen"))
      return "must be one of Gemini's image models: Imagen's API is gone";
    config.models.rules.image_model = one(values);
    return "";
  };
  return made;
}

Setting headers() {
  Setting made;
  made.key = "upstream.headers";
  made.default_text = "[]";
  made.is_list = true;
  made.set = [](Config& config, const Values& values) -> std::string {
    config.upstream.headers.clear();
    for (const auto& line : values) {
      const auto colon = line.find(':');
      const auto name = std::string(trim(std::string_view(line).substr(0, colon)));
      if (colon == std::string::npos || name.empty() ||
          line.find_first_of("\r\n") != std::string::npos) {
        return "must be a list of \"name: value\" texts";
      }
      config.upstream.headers.emplace_back(name, trim(std::string_view(line).substr(colon + 1)));
    }
    return "";
  };
  made.show = [](const Config& config) {
    std::vector<std::string> lines;
    for (const auto& [name, value] : config.upstream.headers)
      lines.push_back(name + ": " + Secret(value).redacted());
    return quoted_list(lines);
  };
  return made;
}

constexpr std::pair<const char*, keypool::Choice> kChoices[] = {
    {"round-robin", keypool::Choice::round_robin},
    {"least-used", keypool::Choice::least_used},
    {"least-in-flight", keypool::Choice::least_in_flight},
    {"fill-first", keypool::Choice::fill_first}};

Setting pool_policy() {
  Setting made;
  made.key = "pool.policy";
  made.default_text = in_quotes("round-robin");
  made.set = [](Config& config, const Values& values) -> std::string {
    const auto word = lower(one(values));
    for (const auto& [name, choice] : kChoices) {
      if (word != name) continue;
      config.pool.policy.choice = choice;
      return "";
    }
    return "must be one of round-robin, least-used, least-in-flight, fill-first";
  };
  made.show = [](const Config& config) {
    for (const auto& [name, choice] : kChoices) {
      if (choice == config.pool.policy.choice) return in_quotes(name);
    }
    return std::string();
  };
  return made;
}

Setting pool_affinity() {
  Setting made;
  made.key = "pool.affinity";
  made.default_text = in_quotes("conversation");
  made.set = [](Config& config, const Values& values) -> std::string {
    const auto word = lower(one(values));
    if (word != "conversation" && word != "off") return "must be one of conversation, off";
    config.pool.policy.follows_conversations = word == "conversation";
    return "";
  };
  made.show = [](const Config& config) {
    return in_quotes(config.pool.policy.follows_conversations ? "conversation" : "off");
  };
  return made;
}

/// "10 rpm, 250000 tpm, 20 rpd" into limits; what is wrong with it, or "".
std::string read_limits(std::string_view text, keypool::QuotaLimits& limits) {
  for (const auto part : split(text, ',')) {
    const auto item = trim(part);
    const auto space = item.find(' ');
    int number = 0;
    const auto count = std::string(item.substr(0, space));
    if (space == std::string_view::npos || !whole_number(count, 1, 1'000'000'000, number).empty())
      return "wants numbers with their units, as in \"free: 10 rpm, 250000 tpm, 20 rpd\"";
    const auto unit = lower(trim(item.substr(space)));
    if (unit == "rpm") {
      limits.requests_per_minute = static_cast<std::uint32_t>(number);
    } else if (unit == "rpd") {
      limits.requests_per_day = static_cast<std::uint32_t>(number);
    } else if (unit == "tpm") {
      limits.tokens_per_minute = static_cast<std::uint64_t>(number);
    } else {
      return "knows the units rpm, rpd and tpm, not '" + unit + "'";
    }
  }
  return "";
}

Setting pool_pacing() {
  Setting made;
  made.key = "pool.pacing";
  made.default_text = in_quotes("learned");
  made.set = [](Config& config, const Values& values) -> std::string {
    auto& policy = config.pool.policy;
    const auto text = one(values);
    policy.paces = lower(text) != "off";
    policy.free_tier = policy.paid_tier = {};
    config.pool.pacing = text;
    if (lower(text) == "off" || lower(text) == "learned") return "";
    for (const auto tier : split(text, ';')) {
      const auto colon = tier.find(':');
      const auto name = lower(trim(tier.substr(0, colon)));
      if (colon == std::string_view::npos || (name != "free" && name != "paid"))
        return "must be learned, off, or limits, as in \"free: 10 rpm, 20 rpd; paid: 1000 rpm\"";
      auto& limits = name == "free" ? policy.free_tier : policy.paid_tier;
      if (auto wrong = read_limits(tier.substr(colon + 1), limits); !wrong.empty()) return wrong;
    }
    return "";
  };
  made.show = [](const Config& config) { return in_quotes(config.pool.pacing); };
  return made;
}

std::string in_hours(const std::string& text) { return text + "h"; }
std::string in_seconds(const std::string& text) { return text + "s"; }

// The original counts every try, this one the further ones.
std::string one_less(const std::string& text) {
  int tries = 0;
  return whole_number(text, 0, 1000, tries).empty() ? std::to_string(std::max(tries - 1, 0)) : text;
}

// The original's own default among them, so that its .env goes on working.
std::string without_imagen(const std::string& text) {
  return text.starts_with("imagen") ? kImageModel : text;
}

Setting with(Setting setting, std::string original_name, std::string meaning) {
  setting.original_name = std::move(original_name);
  setting.meaning = std::move(meaning);
  return setting;
}

Setting at_restart(Setting setting) {
  setting.needs_restart = true;
  return setting;
}

Setting converting(Setting setting, std::function<std::string(const std::string&)> convert) {
  setting.from_original = std::move(convert);
  return setting;
}

std::vector<Setting> make_settings() {
  return {
      at_restart(with(addresses(
                          "server.listen", {"127.0.0.1:8000"},
                          [](auto& c) -> auto& { return c.server.listen; }),
                      "", "addresses to listen on, each HOST:PORT")),
      at_restart(
          with(number(
                   "server.threads", 0, 0, 64, [](auto& c) -> auto& { return c.server.threads; }),
               "", "event loops; 0: one for each core, at most 4")),
      with(duration(
               "server.drain_timeout", "30s",
               [](auto& c) -> auto& { return c.server.drain_timeout; }),
           "", "how long running answers may take to finish once the daemon is told to stop"),
      with(size(
               "server.max_body", "200MiB",
               [](auto& c) -> auto& { return c.server.max_body_bytes; }),
           "", "largest request body"),
      with(size(
               "server.max_header", "64KiB",
               [](auto& c) -> auto& { return c.server.max_header_bytes; }),
           "", "largest head of a request"),
      with(duration(
               "server.header_timeout", "10s",
               [](auto& c) -> auto& { return c.server.header_timeout; }),
           "", "how long a request's head may take to arrive"),
      at_restart(with(number(
                          "server.max_connections", 20000, 1, 1'000'000,
                          [](auto& c) -> auto& { return c.server.max_connections; }),
                      "", "open client connections at most")),
      with(list(
               "server.cors_origins", {}, [](auto& c) -> auto& { return c.server.cors_origins; }),
           "", "origins whose pages may ask from a browser; \"*\" for all"),
      at_restart(with(text(
                          "store.url", "", [](auto& c) -> auto& { return c.store.url; }),
                      "SQLITE_DATABASE",
                      "the key store's file; empty: gembal/gembal.db in $XDG_DATA_HOME")),
      with(secrets(
               "auth.tokens", [](auto& c) -> auto& { return c.auth.tokens; }),
           "ALLOWED_TOKENS", "tokens that clients may use; empty: one is made on first start"),
      with(secret(
               "auth.admin_token", [](auto& c) -> auto& { return c.auth.admin_token; }),
           "AUTH_TOKEN",
           "the administrator's token, good for clients, too; empty: the first of auth.tokens"),
      with(secrets(
               "keys.values", [](auto& c) -> auto& { return c.keys.values; }),
           "API_KEYS", "API keys that are added to the store at start"),
      with(secrets(
               "keys.paid", [](auto& c) -> auto& { return c.keys.paid; }),
           "PAID_KEY", "the same, as keys of a paid tier: used when no free key can serve a model"),
      with(web_address(
               "upstream.base_url", "https://generativelanguage.googleapis.com/v1beta",
               [](auto& c) -> auto& { return c.upstream.base_url; }),
           "BASE_URL", "where the Gemini API is, with its version"),
      with(duration(
               "upstream.connect_timeout", "10s",
               [](auto& c) -> auto& { return c.upstream.connect_timeout; }),
           "", "for a connection: name, TCP and TLS; 0: no limit"),
      with(duration(
               "upstream.header_timeout", "300s",
               [](auto& c) -> auto& { return c.upstream.header_timeout; }),
           "", "from the request to the reply's headers; 0: no limit"),
      with(duration(
               "upstream.first_token_timeout", "300s",
               [](auto& c) -> auto& { return c.upstream.first_token_timeout; }),
           "", "from the request to the first content of a stream; 0: no limit"),
      with(duration(
               "upstream.idle_timeout", "120s",
               [](auto& c) -> auto& { return c.upstream.idle_timeout; }),
           "", "between two pieces of a reply; 0: no limit"),
      converting(
          with(duration(
                   "upstream.timeout", "300s", [](auto& c) -> auto& { return c.upstream.timeout; }),
               "TIME_OUT", "for a whole reply that is no stream; 0: no limit"),
          in_seconds),
      with(headers(), "CUSTOM_HEADERS",
           "headers that every upstream request gets, each \"name: value\""),
      with(
          pool_policy(), "",
          "which ready key is next: round-robin, least-used (today, by model), least-in-flight, or "
          "fill-first (the first of the list until it is spent)"),
      with(
          pool_affinity(), "",
          "conversation: later turns go to the key of the first, where the prompt is cached; or off"),
      with(number(
               "pool.affinity_bound", 30, 0, 1'000'000,
               [](auto& c) -> auto& { return c.pool.policy.most_ahead; }),
           "", "turns by which conversations may put a key ahead of the others"),
      with(
          pool_pacing(), "",
          "learned: keys stay under the limits that upstream has named; off; or limits of your own "
          "besides, as in \"free: 10 rpm, 250000 tpm, 20 rpd; paid: 1000 rpm\""),
      with(duration(
               "pool.max_wait", "0s", [](auto& c) -> auto& { return c.pool.max_wait; }),
           "", "how long a request may wait for a key to come back; 0: it is told to come again"),
      with(number(
               "pool.max_waiting", 1000, 1, 1'000'000,
               [](auto& c) -> auto& { return c.pool.max_waiting; }),
           "", "requests that wait for a key at once, at most"),
      converting(
          with(
              number(
                  "pool.max_retries", 3, 0, 100,
                  [](auto& c) -> auto& { return c.pool.max_retries; }),
              "MAX_RETRIES",
              "further tries after failures that are not the key's; MAX_RETRIES counts the first try, too"),
          one_less),
      with(number(
               "pool.max_failures", 3, 1, 1000,
               [](auto& c) -> auto& { return c.pool.policy.max_failures; }),
           "MAX_FAILURES", "failures of a key in a row after which it is disabled"),
      converting(with(duration(
                          "pool.check_interval", "1h",
                          [](auto& c) -> auto& { return c.pool.check_interval; }),
                      "CHECK_INTERVAL_HOURS",
                      "how often keys that gembal disabled are asked again; 0: never"),
                 in_hours),
      with(text(
               "pool.test_model", "gemini-flash-latest",
               [](auto& c) -> auto& { return c.pool.test_model; }),
           "TEST_MODEL", "the model that keys are checked with"),
      with(list(
               "models.paid", {"*-image*", "*nano-banana*"},
               [](auto& c) -> auto& { return c.pool.policy.paid_models; }),
           "", "models that paid keys serve first; \"*\" stands for anything, as in \"*-image*\""),
      with(fallbacks_setting(), "",
           "models that answer for another while it is overloaded or out for the day, each "
           "\"MODEL: OTHER-MODEL\", tried in their order"),
      with(
          aliases_setting(), "",
          "further names for models, each \"ALIAS: MODEL\"; the model may have suffixes, and \"*\" "
          "in the alias stands for anything, as in \"gpt-*: gemini-flash-latest-search\""),
      with(text(
               "models.embedding", "gemini-embedding-2",
               [](auto& c) -> auto& { return c.models.embedding; }),
           "", "the model that answers for OpenAI's text-embedding-3-small, -3-large and -ada-002"),
      with(text(
               "models.anthropic", "gemini-flash-latest",
               [](auto& c) -> auto& { return c.models.anthropic; }),
           "", "the model that answers for Anthropic's (claude-...); empty: none does"),
      with(list(
               "models.filtered",
               {"gemini-1.0-pro-vision-latest", "gemini-pro-vision", "chat-bison-001",
                "text-bison-001", "embedding-gecko-001"},
               [](auto& c) -> auto& { return c.models.rules.filtered; }),
           "FILTERED_MODELS", "models that are not listed, and refused; \"*\" stands for anything"),
      with(
          list(
              "models.search",
              {"gemini-2.5-flash", "gemini-2.5-pro", "gemini-flash-latest", "gemini-pro-latest"},
              [](auto& c) -> auto& { return c.models.rules.search; }),
          "SEARCH_MODELS",
          "models that are listed once more with \"-search\", which adds Google Search to a request"),
      with(list(
               "models.image", {"gemini-2.0-flash-exp", "gemini-2.5-flash-image-preview"},
               [](auto& c) -> auto& { return c.models.rules.image; }),
           "IMAGE_MODELS",
           "models that are listed once more with \"-image\", which asks for words and pictures"),
      with(
          list(
              "models.thinking", {}, [](auto& c) -> auto& { return c.models.rules.thinking; }),
          "THINKING_MODELS",
          "models that are listed once more with \"-non-thinking\", which turns thinking off, or down"),
      with(thinking_budget_setting(), "THINKING_BUDGET_MAP",
           "how much a model thinks where the client does not say, each \"MODEL: N\": a number of "
           "tokens, -1 for as it likes, or minimal, low, medium, high"),
      with(flag(
               "models.show_thinking", true,
               [](auto& c) -> auto& { return c.extras.show_thinking; }),
           "SHOW_THINKING_PROCESS",
           "whether translated requests ask for the model's thoughts (OpenAI's reasoning_content)"),
      with(flag(
               "tools.code_execution", false,
               [](auto& c) -> auto& { return c.extras.code_execution; }),
           "TOOLS_CODE_EXECUTION_ENABLED",
           "whether models may run code, but where the request's own tools exclude it"),
      with(flag(
               "tools.show_search_links", true,
               [](auto& c) -> auto& { return c.extras.show_search_links; }),
           "SHOW_SEARCH_LINK", "whether the answer of a \"-search\" model ends with its sources"),
      with(flag(
               "tools.url_context", false, [](auto& c) -> auto& { return c.extras.url_context; }),
           "URL_CONTEXT_ENABLED",
           "whether the models of tools.url_context_models may read addresses in the prompt"),
      with(list(
               "tools.url_context_models",
               {"gemini-2.5-*", "gemini-3*", "gemini-4*", "gemini-*-latest"},
               [](auto& c) -> auto& { return c.extras.url_context_models; }),
           "URL_CONTEXT_MODELS", "those models; \"*\" stands for anything"),
      with(
          safety_setting(), "SAFETY_SETTINGS",
          "thresholds for the categories that a request does not name, each \"CATEGORY: THRESHOLD\", "
          "as in \"HARASSMENT: BLOCK_ONLY_HIGH\"; empty: all are off in translated requests, native "
          "ones are left alone"),
      with(text(
               "audio.tts_model", "gemini-3.8-flash-tts",
               [](auto& c) -> auto& { return c.audio.tts_model; }),
           "TTS_MODEL", "the model that reads out where none of Gemini's is asked for"),
      with(text(
               "audio.voice", "Zephyr", [](auto& c) -> auto& { return c.audio.voice; }),
           "TTS_VOICE_NAME", "Gemini's voice where none is asked for, or one that nobody knows"),
      with(choice(
               "audio.speed", "normal", {"slow", "normal", "fast"},
               [](auto& c) -> auto& { return c.audio.speed; }),
           "TTS_SPEED", "how fast texts are read out: slow, normal or fast"),
      with(text(
               "audio.transcription_model", "gemini-flash-latest",
               [](auto& c) -> auto& { return c.audio.transcription_model; }),
           "", "the model that writes recordings down where none of Gemini's is asked for"),
      with(duration(
               "stream.heartbeat", "15s", [](auto& c) -> auto& { return c.stream.heartbeat; }),
           "", "between two comment lines in an OpenAI stream while nothing else comes; 0: none"),
      with(flag(
               "stream.optimizer", false, [](auto& c) -> auto& { return c.stream.pacing.enabled; }),
           "STREAM_OPTIMIZER_ENABLED",
           "whether streamed text is cut into small pieces that come evenly"),
      converting(with(duration(
                          "stream.min_delay", "16ms",
                          [](auto& c) -> auto& { return c.stream.pacing.min_delay; }),
                      "STREAM_MIN_DELAY", "after a piece of a text as long as stream.long_text"),
                 in_seconds),
      converting(
          with(duration(
                   "stream.max_delay", "24ms",
                   [](auto& c) -> auto& { return c.stream.pacing.max_delay; }),
               "STREAM_MAX_DELAY",
               "after a piece of a text no longer than stream.short_text; lengths between have "
               "delays between"),
          in_seconds),
      with(number(
               "stream.short_text", 10, 1, 1'000'000,
               [](auto& c) -> auto& { return c.stream.pacing.short_text; }),
           "STREAM_SHORT_TEXT_THRESHOLD", "characters"),
      with(
          number(
              "stream.long_text", 50, 1, 1'000'000,
              [](auto& c) -> auto& { return c.stream.pacing.long_text; }),
          "STREAM_LONG_TEXT_THRESHOLD",
          "characters; longer texts come in pieces of stream.chunk_size, shorter ones by character"),
      with(number(
               "stream.chunk_size", 5, 1, 1'000'000,
               [](auto& c) -> auto& { return c.stream.pacing.chunk_size; }),
           "STREAM_CHUNK_SIZE", "characters in a piece of a long text"),
      with(flag(
               "stream.fake", false, [](auto& c) -> auto& { return c.stream.fake; }),
           "FAKE_STREAM_ENABLED",
           "whether streams are made of whole replies, with signs of life until one is there"),
      converting(
          with(duration(
                   "stream.fake_interval", "5s",
                   [](auto& c) -> auto& { return c.stream.fake_interval; }),
               "FAKE_STREAM_EMPTY_DATA_INTERVAL_SECONDS", "between two of these signs; 0: none"),
          in_seconds),
      with(flag(
               "downloads.enabled", true, [](auto& c) -> auto& { return c.downloads.enabled; }),
           "",
           "fetch the images and files that a request links to; else the links go to the model, "
           "which newer ones open themselves"),
      with(size(
               "downloads.max_size", "20MiB",
               [](auto& c) -> auto& { return c.downloads.max_bytes; }),
           "", "the most that one link may lead to"),
      with(duration(
               "downloads.timeout", "30s", [](auto& c) -> auto& { return c.downloads.timeout; }),
           "", "for a link, with its redirects"),
      with(list(
               "downloads.private_hosts", {},
               [](auto& c) -> auto& { return c.downloads.private_hosts; }),
           "",
           "hosts, as \"name\" or \"name:port\", that may be fetched from though their addresses "
           "are not public; all others must be"),
      converting(with(images_model(), "CREATE_IMAGE_MODEL",
                      "the model that makes pictures when a request names none of Gemini's"),
                 without_imagen),
      with(
          choice(
              "images.upload", "self",
              {"self", "none", "smms", "picgo", "cloudflare_imgbed", "aliyun_oss"},
              [](auto& c) -> auto& { return c.images.upload; }),
          "UPLOAD_PROVIDER",
          "where pictures go for which an address is wanted: self (gembal keeps them), smms, picgo, "
          "cloudflare_imgbed, aliyun_oss, or none: they are sent inline"),
      with(duration(
               "images.keep", "24h", [](auto& c) -> auto& { return c.images.keep; }),
           "", "how long gembal keeps a picture"),
      with(size(
               "images.keep_bytes", "1GiB", [](auto& c) -> auto& { return c.images.keep_bytes; }),
           "", "how much gembal keeps of pictures; beyond that the oldest go early"),
      with(web_address(
               "images.smms_url", "https://sm.ms/api/v2/upload",
               [](auto& c) -> auto& { return c.images.smms_url; }),
           "", "where SM.MS takes pictures; its successor: https://s.ee/api/v1/file/upload"),
      with(secret(
               "images.smms_token", [](auto& c) -> auto& { return c.images.smms_token; }),
           "SMMS_SECRET_TOKEN", "token of SM.MS"),
      with(web_address(
               "images.picgo_url", "https://www.picgo.net/api/1/upload",
               [](auto& c) -> auto& { return c.images.picgo_url; }),
           "PICGO_API_URL", "where PicGo, or another site made with Chevereto, takes pictures"),
      with(secret(
               "images.picgo_api_key", [](auto& c) -> auto& { return c.images.picgo_api_key; }),
           "PICGO_API_KEY", "key of PicGo"),
      with(
          optional_web_address(
              "images.cloudflare_imgbed_url", [](auto& c) -> auto& { return c.images.imgbed_url; }),
          "CLOUDFLARE_IMGBED_URL",
          "where your CloudFlare ImgBed takes pictures, with its path: https://…/upload"),
      with(secret(
               "images.cloudflare_imgbed_auth_code",
               [](auto& c) -> auto& { return c.images.imgbed_auth_code; }),
           "CLOUDFLARE_IMGBED_AUTH_CODE", "its authorisation code, when it has one"),
      with(text(
               "images.cloudflare_imgbed_folder", "",
               [](auto& c) -> auto& { return c.images.imgbed_folder; }),
           "CLOUDFLARE_IMGBED_UPLOAD_FOLDER", "the folder there"),
      with(text(
               "images.oss_endpoint", "", [](auto& c) -> auto& { return c.images.oss_endpoint; }),
           "OSS_ENDPOINT",
           "Aliyun's object storage: its address, as in oss-cn-hangzhou.aliyuncs.com"),
      with(text(
               "images.oss_access_key", "",
               [](auto& c) -> auto& { return c.images.oss_access_key; }),
           "OSS_ACCESS_KEY", "id of the access key there"),
      with(secret(
               "images.oss_access_key_secret",
               [](auto& c) -> auto& { return c.images.oss_access_key_secret; }),
           "OSS_ACCESS_KEY_SECRET", "its secret"),
      with(text(
               "images.oss_bucket", "", [](auto& c) -> auto& { return c.images.oss_bucket; }),
           "OSS_BUCKET_NAME", "the bucket; its objects must be allowed to be public"),
      with(
          text(
              "images.oss_region", "", [](auto& c) -> auto& { return c.images.oss_region; }),
          "OSS_REGION",
          "the region, as in cn-hangzhou: requests are signed in the present way (V4); empty: in the old way (V1)"),
      with(choice(
               "logs.level", "info", {"debug", "info", "warn", "error"},
               [](auto& c) -> auto& { return c.logs.level; }),
           "LOG_LEVEL", "what is logged: debug, info, warn or error"),
      with(choice(
               "logs.format", "text", {"text", "json"},
               [](auto& c) -> auto& { return c.logs.format; }),
           "", "text, or json: one object a line"),
      with(flag(
               "logs.requests", true, [](auto& c) -> auto& { return c.logs.requests; }),
           "", "a log line for each request"),
      with(text(
               "client.model", "gemini-flash-latest",
               [](auto& c) -> auto& { return c.client.model; }),
           "", "the model that 'gembal chat' asks"),
  };
}

}  // namespace

std::string Setting::environment_name() const {
  std::string name = "GEMBAL_";
  for (const char c : key)
    name += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return name;
}

const std::vector<Setting>& settings() {
  static const std::vector<Setting> all = make_settings();
  return all;
}

const Setting* find_setting(std::string_view key) {
  for (const auto& setting : settings()) {
    if (setting.key == key) return &setting;
  }
  return nullptr;
}

}  // namespace gembal::config
