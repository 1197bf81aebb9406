#pragma once

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "lib/config/settings.hpp"
#include "lib/core/text.hpp"
#include "lib/core/time.hpp"

// What the sections make their settings of.

namespace gembal::config {

/// A text as it stands in the file: in quotes, with escapes.
std::string in_quotes(const std::string& text);

/// `["a", "b"]`
std::string quoted_list(const std::vector<std::string>& items);

/// The value of a setting that is no list; "" for none.
std::string one(const Values& values);

/// Whether it is HOST:PORT.
bool is_address(std::string_view text);

/// "A: B" as a pair; both are empty when it is none. Both may have colons of their own: the first
/// with a blank after it counts, or else the first.
std::pair<std::string, std::string> read_pair(std::string_view line);

// The original's units.
std::string in_hours(const std::string& text);    ///< "1" -> "1h"
std::string in_seconds(const std::string& text);  ///< "300" -> "300s"
std::string in_days(const std::string& text);     ///< "7" -> "7d"

/// Where in a Config, constant or not, a value is: the members that lead there.
template <typename... Members>
auto place(Members... members) {
  return [members...](auto& config) -> auto& { return (config.*....*members); };
}

/// Reads one, or says what is wrong with it; "" when nothing is.
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

// Each of these makes a setting of one type, at a `place` in a Config.

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

/// Where the key store is.
template <typename At>
Setting store_url(std::string key, At at) {
  Setting made;
  made.key = std::move(key);
  made.default_text = in_quotes("");
  made.set = [at](Config& config, const Values& values) -> std::string {
    auto url = store::parse_url(one(values));
    if (!url) return "is not understood: " + url.error().message;
    at(config) = *std::move(url);
    return "";
  };
  made.show = [at](const Config& config) { return in_quotes(store::shown(at(config))); };
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
  made.type = SettingType::choice;
  made.choices = words;
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
  made.type = SettingType::integer;
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
  made.type = SettingType::boolean;
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
  made.type = SettingType::duration;
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
  made.type = SettingType::size;
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
  made.type = SettingType::list;
  made.default_text = quoted_list(standard);
  made.is_list = true;
  made.set = [at](Config& config, const Values& values) {
    at(config) = values;
    return std::string();
  };
  made.show = [at](const Config& config) { return quoted_list(at(config)); };
  return made;
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
  made.type = SettingType::list;
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
  made.reveal = [at](const Config& config) {
    std::vector<std::string> whole;
    for (const auto& secret : at(config)) whole.push_back(secret.reveal());
    return quoted_list(whole);
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
  made.reveal = [at](const Config& config) { return in_quotes(at(config).reveal()); };
  return made;
}

/// A list of "NAME: OTHER" texts at a place in the configuration.
template <typename At>
Setting pairs(std::string key, std::string form, At at) {
  Setting made;
  made.key = std::move(key);
  made.type = SettingType::pairs;
  made.default_text = "[]";
  made.is_list = true;
  made.set = [at, form](Config& config, const Values& values) -> std::string {
    at(config).clear();
    for (const auto& line : values) {
      auto pair = read_pair(line);
      if (pair.first.empty() || pair.second.empty() || pair.first == pair.second)
        return "must be a list of \"" + form + "\" texts";
      at(config).push_back(std::move(pair));
    }
    return "";
  };
  made.show = [at](const Config& config) {
    std::vector<std::string> lines;
    for (const auto& [name, other] : at(config)) lines.push_back(name + ": " + other);
    return quoted_list(lines);
  };
  return made;
}

}  // namespace gembal::config
