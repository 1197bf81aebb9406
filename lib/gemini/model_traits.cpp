#include "lib/gemini/model_traits.hpp"

#include <algorithm>
#include <array>

namespace gembal::gemini {
namespace {

constexpr std::array<std::string_view, 7> kOld = {
    "gemini-1", "gemini-2.0", "gemini-exp", "gemini-pro-vision", "gemma", "learnlm", "aqa"};

bool is_any(std::string_view model, const std::array<std::string_view, 7>& beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [model](auto beginning) { return model.starts_with(beginning); });
}

bool has(std::string_view model, std::string_view word) {
  return model.find(word) != std::string_view::npos;
}

}  // namespace

ModelTraits traits_of(std::string_view model) {
  ModelTraits traits;
  traits.is_pro = has(model, "-pro");
  const bool is_old = is_any(model, kOld) || model == "gemini-pro";
  const bool is_2_5 = model.starts_with("gemini-2.5");
  const bool draws = has(model, "-image") || has(model, "nano-banana");
  const bool speaks = has(model, "-tts");
  if (is_old || is_2_5) {
    traits.thinking = is_old ? Thinking::none : Thinking::budget;
    traits.signs_calls = traits.mixes_tools = traits.takes_parts_in_results = false;
    traits.takes_json_schema = !is_old;
    traits.takes_candidate_count = !draws && !speaks && !model.starts_with("gemma");
  }
  if (draws || speaks || has(model, "embedding") || has(model, "transcribe"))
    traits.thinking = Thinking::none;
  // Pro models and the fourth generation have no MINIMAL.
  traits.has_minimal_level = !traits.is_pro && !model.starts_with("gemini-4");
  traits.takes_system_instruction =
      !model.starts_with("gemma") && !speaks && !model.starts_with("gemini-2.0-flash-exp-image");
  return traits;
}

std::optional<Effort> effort_of(std::string_view word) {
  if (word == "none") return Effort::none;
  if (word == "minimal") return Effort::minimal;
  if (word == "low") return Effort::low;
  if (word == "medium") return Effort::medium;
  if (word == "high" || word == "xhigh" || word == "max") return Effort::high;
  return std::nullopt;
}

Json thinking_config(const ModelTraits& traits, Effort effort) {
  if (traits.thinking == Thinking::none) return nullptr;
  if (traits.thinking == Thinking::budget) {
    switch (effort) {
      case Effort::none: return {{"thinkingBudget", traits.is_pro ? 128 : 0}};
      case Effort::minimal:
      case Effort::low: return {{"thinkingBudget", 1024}};
      case Effort::medium: return {{"thinkingBudget", 8192}};
      case Effort::high: return {{"thinkingBudget", 24576}};
    }
  }
  switch (effort) {
    case Effort::none:
    case Effort::minimal: return {{"thinkingLevel", traits.has_minimal_level ? "MINIMAL" : "LOW"}};
    case Effort::low: return {{"thinkingLevel", "LOW"}};
    case Effort::medium: return {{"thinkingLevel", "MEDIUM"}};
    case Effort::high: break;
  }
  return {{"thinkingLevel", "HIGH"}};
}

Json thinking_config(const ModelTraits& traits, std::int64_t budget) {
  if (traits.thinking == Thinking::none) return nullptr;
  if (traits.thinking == Thinking::budget) {
    const std::int64_t least = traits.is_pro ? 128 : 0;
    const std::int64_t most = traits.is_pro ? 32768 : 24576;
    return {{"thinkingBudget", budget < 0 ? -1 : std::clamp(budget, least, most)}};
  }
  if (budget < 0) return Json::object();
  if (budget == 0) return thinking_config(traits, Effort::none);
  return thinking_config(traits, budget <= 4096    ? Effort::low
                                 : budget <= 16384 ? Effort::medium
                                                   : Effort::high);
}

}  // namespace gembal::gemini
