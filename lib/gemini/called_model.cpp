// A name is read from its end. Each suffix taken off may leave an alias, and what that stands for
// may have suffixes of its own; aliases of what an alias stands for do not count, so it comes to an
// end.

#include "lib/gemini/called_model.hpp"

#include <algorithm>
#include <array>

#include "lib/core/pattern.hpp"
#include "lib/gemini/model_name.hpp"

namespace gembal::gemini {
namespace {

constexpr std::string_view kSearch = "-search";
constexpr std::string_view kImage = "-image";
constexpr std::string_view kChat = "-chat";
constexpr std::string_view kNonThinking = "-non-thinking";
constexpr std::string_view kThinking = "-thinking:";

// Real models whose names end in "-image": with any of the others before it in models.image, the
// name still means the model.
constexpr std::array<std::string_view, 4> kImageModels = {
    "gemini-2.5-flash-image", "gemini-3-pro-image", "gemini-3.1-flash-image",
    "gemini-3.1-flash-lite-image"};

bool is_real_image_model(std::string_view name) {
  return std::find(kImageModels.begin(), kImageModels.end(), name) != kImageModels.end();
}

const std::string* exact_alias(std::string_view name, const ModelRules& rules) {
  for (const auto& [alias, model] : rules.aliases) {
    if (alias == name) return &model;
  }
  return nullptr;
}

const std::string* alias_like(std::string_view name, const ModelRules& rules) {
  for (const auto& [alias, model] : rules.aliases) {
    if (matches_pattern(name, alias)) return &model;
  }
  return nullptr;
}

bool is_filtered(std::string_view name, const ModelRules& rules) {
  return matches_any(name, rules.filtered);
}

Error refused(std::string_view name) {
  return {ErrorKind::not_found, "the model '" + std::string(name) + "' is not offered here",
          "the list of models says which are", std::nullopt, "model"};
}

/// Takes `suffix` off when something is left before it.
bool take_suffix(std::string_view& name, std::string_view suffix) {
  if (name.size() <= suffix.size() || !name.ends_with(suffix)) return false;
  name.remove_suffix(suffix.size());
  return true;
}

bool takes_image_suffix(std::string_view name, const ModelRules& rules) {
  std::string_view base = name;
  if (is_real_image_model(name) || !take_suffix(base, kImage)) return false;
  return is_image_model(base) || matches_any(base, rules.image);
}

bool takes_chat_suffix(std::string_view name, const ModelRules& rules) {
  std::string_view base = name;
  return take_suffix(base, kChat) && (is_image_model(base) || base == rules.image_model);
}

/// Takes one suffix off the name and notes what it asks for. False: there was none.
Result<bool> take_any_suffix(std::string_view& name, const ModelRules& rules, CalledModel& made) {
  const auto set_thinking = [&made](ThinkingAmount thinking) {
    if (!made.thinking) made.thinking = std::move(thinking);
  };
  if (take_suffix(name, kSearch)) {
    made.searches = true;
    return true;
  }
  if (take_suffix(name, kNonThinking)) {
    set_thinking({0, ""});
    return true;
  }
  if (takes_image_suffix(name, rules)) {
    name.remove_suffix(kImage.size());
    made.draws = true;
    return true;
  }
  if (takes_chat_suffix(name, rules)) {
    name.remove_suffix(kChat.size());
    made.draws = true;
    return true;
  }
  const auto at = name.rfind(kThinking);
  if (at == std::string_view::npos || at == 0) return false;
  auto thinking = parse_thinking(name.substr(at + kThinking.size()));
  if (!thinking) {
    return Error{ErrorKind::bad_request,
                 "'" + std::string(name.substr(at)) + "' says no amount of thinking",
                 "as in -thinking:1024, -thinking:low or -thinking:off", std::nullopt, "model"};
  }
  set_thinking(*std::move(thinking));
  name = name.substr(0, at);
  return true;
}

}  // namespace

bool is_image_model(std::string_view model) {
  const auto has = [model](std::string_view word) {
    return model.find(word) != std::string_view::npos;
  };
  return has("-image") || has("nano-banana") || model.starts_with("imagen");
}

Result<CalledModel> read_called_model(std::string_view called, const ModelRules& rules) {
  CalledModel made;
  made.called = bare_model(called);
  std::string_view name = made.called;
  if (is_filtered(name, rules)) return refused(name);
  bool is_alias = false;
  for (;;) {
    if (const auto* model = is_alias ? nullptr : exact_alias(name, rules)) {
      is_alias = true;
      name = *model;
      continue;
    }
    const auto taken = take_any_suffix(name, rules, made);
    if (!taken) return taken.error();
    if (*taken) continue;
    const auto* model = is_alias ? nullptr : alias_like(name, rules);
    if (!model) break;
    is_alias = true;
    name = *model;
  }
  // An alias may be the one name by which clients get a model that is not listed.
  if (!is_alias && is_filtered(name, rules)) return refused(name);
  made.model = bare_model(name);
  return made;
}

}  // namespace gembal::gemini
