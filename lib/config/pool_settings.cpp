#include "lib/config/sections.hpp"
#include "lib/config/setting_types.hpp"

namespace gembal::config {
namespace {

constexpr std::pair<const char*, keypool::Choice> kChoices[] = {
    {"round-robin", keypool::Choice::round_robin},
    {"least-used", keypool::Choice::least_used},
    {"least-in-flight", keypool::Choice::least_in_flight},
    {"fill-first", keypool::Choice::fill_first}};

Setting pool_policy() {
  Setting made;
  made.key = "pool.policy";
  made.type = SettingType::choice;
  made.choices = {"round-robin", "least-used", "least-in-flight", "fill-first"};
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
  made.type = SettingType::choice;
  made.choices = {"conversation", "off"};
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

// The original counts every try, this one the further ones.
std::string one_less(const std::string& text) {
  int tries = 0;
  return whole_number(text, 0, 1000, tries).empty() ? std::to_string(std::max(tries - 1, 0)) : text;
}

}  // namespace

std::vector<Setting> pool_settings() {
  return {
      pool_policy().means(
          "which ready key is next: round-robin, least-used (today, by model), least-in-flight, or "
          "fill-first (the first of the list until it is spent)"),
      pool_affinity().means(
          "conversation: later turns go to the key of the first, where the prompt is cached; or off"),
      number("pool.affinity_bound", 30, 0, 1'000'000,
             place(&Config::pool, &PoolOptions::policy, &keypool::Policy::most_ahead))
          .means("turns by which conversations may put a key ahead of the others"),
      pool_pacing().means(
          "learned: keys stay under the limits that upstream has named; off; or limits of your own "
          "besides, as in \"free: 10 rpm, 250000 tpm, 20 rpd; paid: 1000 rpm\""),
      duration("pool.max_wait", "0s", place(&Config::pool, &PoolOptions::max_wait))
          .means("how long a request may wait for a key to come back; 0: it is told to come again"),
      number("pool.max_waiting", 1000, 1, 1'000'000,
             place(&Config::pool, &PoolOptions::max_waiting))
          .means("requests that wait for a key at once, at most"),
      number("pool.max_retries", 3, 0, 100, place(&Config::pool, &PoolOptions::max_retries))
          .original("MAX_RETRIES", one_less)
          .means(
              "further tries after failures that are not the key's; MAX_RETRIES counts the first try, too"),
      number("pool.max_failures", 3, 1, 1000,
             place(&Config::pool, &PoolOptions::policy, &keypool::Policy::max_failures))
          .original("MAX_FAILURES")
          .means("failures of a key in a row after which it is disabled"),
      duration("pool.check_interval", "1h", place(&Config::pool, &PoolOptions::check_interval))
          .original("CHECK_INTERVAL_HOURS", in_hours)
          .means("how often keys that gembal disabled are asked again; 0: never"),
      text("pool.test_model", "gemini-flash-latest", place(&Config::pool, &PoolOptions::test_model))
          .original("TEST_MODEL")
          .means("the model that keys are checked with"),
  };
}

}  // namespace gembal::config
