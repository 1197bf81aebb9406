#include "lib/config/model_settings.hpp"

#include <algorithm>
#include <array>

#include "lib/core/json.hpp"
#include "lib/core/text.hpp"

namespace gembal::config {
namespace {

using Pair = std::pair<std::string, std::string>;

/// "a: b" as a pair; either is empty when there is no such thing. Both may have colons of their
/// own: the first with a blank after it counts, or else the first.
Pair read_pair(std::string_view line) {
  auto colon = line.find(": ");
  if (colon == std::string_view::npos) colon = line.find(':');
  if (colon == std::string_view::npos) return {};
  return {std::string(trim(line.substr(0, colon))), std::string(trim(line.substr(colon + 1)))};
}

std::string quoted_lines(const std::vector<std::string>& lines) {
  std::vector<std::string> texts;
  for (const auto& line : lines) texts.push_back(to_text(Json(line)));
  return "[" + join(texts, ", ") + "]";
}

/// A list of "NAME: OTHER" texts at a place in the configuration.
template <typename At>
Setting pairs(std::string key, std::string form, At at) {
  Setting made;
  made.key = std::move(key);
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
    return quoted_lines(lines);
  };
  return made;
}

constexpr std::string_view kCategory = "HARM_CATEGORY_";
constexpr std::array kCategories = {"HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT",
                                    "DANGEROUS_CONTENT", "CIVIC_INTEGRITY"};
constexpr std::array kThresholds = {"OFF", "BLOCK_NONE", "BLOCK_ONLY_HIGH",
                                    "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_LOW_AND_ABOVE"};

template <typename Names>
bool is_one_of(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return text;
}

/// "HARASSMENT: OFF", or the API's own object; empty when it is neither.
std::optional<gemini::SafetySetting> read_safety(const std::string& item) {
  Pair pair;
  if (item.starts_with('{')) {
    const auto object = parse_json(item);
    if (!object) return std::nullopt;
    pair = {std::string(string_in(*object, "category")),
            std::string(string_in(*object, "threshold"))};
  } else {
    pair = read_pair(item);
  }
  gemini::SafetySetting made{upper(std::move(pair.first)), upper(std::move(pair.second))};
  if (made.category.starts_with(kCategory)) made.category.erase(0, kCategory.size());
  if (!is_one_of(kCategories, made.category) || !is_one_of(kThresholds, made.threshold))
    return std::nullopt;
  made.category.insert(0, kCategory);
  return made;
}

}  // namespace

Setting fallbacks_setting() {
  return pairs(
      "models.fallbacks", "MODEL: OTHER-MODEL",
      [](auto& c) -> auto& { return c.models.fallbacks; });
}

Setting aliases_setting() {
  return pairs(
      "models.aliases", "ALIAS: MODEL", [](auto& c) -> auto& { return c.models.rules.aliases; });
}

Setting thinking_budget_setting() {
  Setting made;
  made.key = "models.thinking_budget";
  made.default_text = "[]";
  made.is_list = true;
  made.set = [](Config& config, const Values& values) -> std::string {
    auto& budgets = config.extras.thinking_budget;
    budgets.clear();
    for (const auto& line : values) {
      auto pair = read_pair(line);
      const auto thinking = gemini::parse_thinking(pair.second);
      if (pair.first.empty() || !thinking)
        return "must be a list of \"MODEL: N\" texts, N a number of tokens from -1 on, minimal, "
               "low, medium or high";
      budgets.emplace_back(std::move(pair.first), *thinking);
    }
    return "";
  };
  made.show = [](const Config& config) {
    std::vector<std::string> lines;
    for (const auto& [model, thinking] : config.extras.thinking_budget)
      lines.push_back(model + ": " + gemini::thinking_text(thinking));
    return quoted_lines(lines);
  };
  return made;
}

Setting safety_setting() {
  Setting made;
  made.key = "safety.settings";
  made.default_text = "[]";
  made.is_list = true;
  made.set = [](Config& config, const Values& values) -> std::string {
    config.extras.safety.clear();
    for (const auto& item : values) {
      auto read = read_safety(item);
      if (!read) {
        return "must be a list of \"CATEGORY: THRESHOLD\" texts, of HARASSMENT, HATE_SPEECH, "
               "SEXUALLY_EXPLICIT, DANGEROUS_CONTENT and CIVIC_INTEGRITY, and of OFF, BLOCK_NONE, "
               "BLOCK_ONLY_HIGH, BLOCK_MEDIUM_AND_ABOVE and BLOCK_LOW_AND_ABOVE";
      }
      config.extras.safety.push_back(*std::move(read));
    }
    return "";
  };
  made.show = [](const Config& config) {
    std::vector<std::string> lines;
    for (const auto& one : config.extras.safety)
      lines.push_back(one.category.substr(kCategory.size()) + ": " + one.threshold);
    return quoted_lines(lines);
  };
  return made;
}

}  // namespace gembal::config
