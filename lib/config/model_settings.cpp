#include <algorithm>
#include <array>
#include <optional>

#include "lib/config/sections.hpp"
#include "lib/config/setting_types.hpp"
#include "lib/core/json.hpp"

namespace gembal::config {
namespace {

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
  std::pair<std::string, std::string> pair;
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

Setting fallbacks_setting() {
  return pairs("models.fallbacks", "MODEL: OTHER-MODEL",
               place(&Config::models, &ModelsOptions::fallbacks));
}

Setting aliases_setting() {
  return pairs("models.aliases", "ALIAS: MODEL",
               place(&Config::models, &ModelsOptions::rules, &gemini::ModelRules::aliases));
}

Setting thinking_budget_setting() {
  Setting made;
  made.key = "models.thinking_budget";
  made.type = SettingType::pairs;
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
    return quoted_list(lines);
  };
  return made;
}

Setting safety_setting() {
  Setting made;
  made.key = "safety.settings";
  made.type = SettingType::pairs;
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
    return quoted_list(lines);
  };
  return made;
}

}  // namespace

std::vector<Setting> model_settings() {
  return {
      list("models.paid", {"*-image*", "*nano-banana*"},
           place(&Config::pool, &PoolOptions::policy, &keypool::Policy::paid_models))
          .means(
              "models that paid keys serve first; \"*\" stands for anything, as in \"*-image*\""),
      fallbacks_setting().means(
          "models that answer for another while it is overloaded or out for the day, each "
          "\"MODEL: OTHER-MODEL\", tried in their order"),
      aliases_setting().means(
          "further names for models, each \"ALIAS: MODEL\"; the model may have suffixes, and \"*\" "
          "in the alias stands for anything, as in \"gpt-*: gemini-flash-latest-search\""),
      text("models.embedding", "gemini-embedding-2",
           place(&Config::models, &ModelsOptions::embedding))
          .means(
              "the model that answers for OpenAI's text-embedding-3-small, -3-large and -ada-002"),
      text("models.anthropic", "gemini-flash-latest",
           place(&Config::models, &ModelsOptions::anthropic))
          .means("the model that answers for Anthropic's (claude-...); empty: none does"),
      list("models.filtered",
           {"gemini-1.0-pro-vision-latest", "gemini-pro-vision", "chat-bison-001", "text-bison-001",
            "embedding-gecko-001"},
           place(&Config::models, &ModelsOptions::rules, &gemini::ModelRules::filtered))
          .original("FILTERED_MODELS")
          .means("models that are not listed, and refused; \"*\" stands for anything"),
      list("models.search",
           {"gemini-2.5-flash", "gemini-2.5-pro", "gemini-flash-latest", "gemini-pro-latest"},
           place(&Config::models, &ModelsOptions::rules, &gemini::ModelRules::search))
          .original("SEARCH_MODELS")
          .means(
              "models that are listed once more with \"-search\", which adds Google Search to a request"),
      list("models.image", {"gemini-2.0-flash-exp", "gemini-2.5-flash-image-preview"},
           place(&Config::models, &ModelsOptions::rules, &gemini::ModelRules::image))
          .original("IMAGE_MODELS")
          .means(
              "models that are listed once more with \"-image\", which asks for words and pictures"),
      list("models.thinking", {},
           place(&Config::models, &ModelsOptions::rules, &gemini::ModelRules::thinking))
          .original("THINKING_MODELS")
          .means(
              "models that are listed once more with \"-non-thinking\", which turns thinking off, or down"),
      thinking_budget_setting()
          .original("THINKING_BUDGET_MAP")
          .means(
              "how much a model thinks where the client does not say, each \"MODEL: N\": a number of "
              "tokens, -1 for as it likes, or minimal, low, medium, high"),
      flag("models.show_thinking", true,
           place(&Config::extras, &gemini::RequestExtras::show_thinking))
          .original("SHOW_THINKING_PROCESS")
          .means(
              "whether translated requests ask for the model's thoughts (OpenAI's reasoning_content)"),
      flag("tools.code_execution", false,
           place(&Config::extras, &gemini::RequestExtras::code_execution))
          .original("TOOLS_CODE_EXECUTION_ENABLED")
          .means("whether models may run code, but where the request's own tools exclude it"),
      flag("tools.show_search_links", true,
           place(&Config::extras, &gemini::RequestExtras::show_search_links))
          .original("SHOW_SEARCH_LINK")
          .means("whether the answer of a \"-search\" model ends with its sources"),
      flag("tools.url_context", false, place(&Config::extras, &gemini::RequestExtras::url_context))
          .original("URL_CONTEXT_ENABLED")
          .means("whether the models of tools.url_context_models may read addresses in the prompt"),
      list("tools.url_context_models",
           {"gemini-2.5-*", "gemini-3*", "gemini-4*", "gemini-*-latest"},
           place(&Config::extras, &gemini::RequestExtras::url_context_models))
          .original("URL_CONTEXT_MODELS")
          .means("those models; \"*\" stands for anything"),
      safety_setting()
          .original("SAFETY_SETTINGS")
          .means(
              "thresholds for the categories that a request does not name, each \"CATEGORY: THRESHOLD\", "
              "as in \"HARASSMENT: BLOCK_ONLY_HIGH\"; empty: all are off in translated requests, native "
              "ones are left alone"),
  };
}

}  // namespace gembal::config
