#include "lib/gemini/model_list.hpp"

#include <algorithm>
#include <set>

#include "lib/core/base64.hpp"
#include "lib/core/pattern.hpp"
#include "lib/gemini/called_model.hpp"
#include "lib/gemini/model_name.hpp"

namespace gembal::gemini {
namespace {

std::string id_of(const Json& model) { return bare_model(string_in(model, "name")); }

const Json* with_id(const std::vector<Json>& models, std::string_view id) {
  const auto found = std::find_if(models.begin(), models.end(),
                                  [id](const Json& model) { return id_of(model) == id; });
  return found == models.end() ? nullptr : &*found;
}

/// The same model under another name.
Json renamed(const Json& model, std::string_view id, std::string_view display_name) {
  Json made = model;
  made["name"] = "models/" + std::string(id);
  if (!display_name.empty()) made["displayName"] = made["description"] = display_name;
  return made;
}

/// A model with a suffix. What people read says so, too.
struct Twin {
  const char* suffix;
  const char* spoken;
};

constexpr Twin kSearch{"-search", " For Search"};
constexpr Twin kImage{"-image", " For Image"};
constexpr Twin kNonThinking{"-non-thinking", " Non Thinking"};
constexpr Twin kChat{"-chat", " Chat"};

std::string shown_name(const Json& model) {
  const auto name = string_in(model, "displayName");
  return name.empty() ? id_of(model) : std::string(name);
}

/// Collects models in their order, each name once, and none that is filtered.
class Offer {
 public:
  Offer(const std::vector<Json>& models, const ModelRules& rules) : rules_(rules) {
    // A real model comes before a name that was made.
    for (const auto& model : models) real_.insert(id_of(model));
  }

  void add_real(const Json& model) {
    const auto id = id_of(model);
    if (!id.empty() && !matches_any(id, rules_.filtered) && known_.insert(id).second)
      offered_.push_back(model);
  }
  void add_made(const Json& model, const std::string& id, const std::string& display_name) {
    if (real_.contains(id) || matches_any(id, rules_.filtered) || !known_.insert(id).second) return;
    offered_.push_back(renamed(model, id, display_name));
  }
  void add_twin(const Json& model, const Twin& twin) {
    add_made(model, id_of(model) + twin.suffix, shown_name(model) + twin.spoken);
  }

  std::vector<Json> take() { return std::move(offered_); }

 private:
  const ModelRules& rules_;
  std::set<std::string, std::less<>> real_;
  std::set<std::string, std::less<>> known_;
  std::vector<Json> offered_;
};

/// Tokens of ours begin with this, before the name of the last model.
constexpr std::string_view kTokenMark = "after:";

std::string token_after(const Json& model) {
  auto token = base64_encode(std::string(kTokenMark) + id_of(model));
  std::replace(token.begin(), token.end(), '+', '-');
  std::replace(token.begin(), token.end(), '/', '_');
  return token;
}

std::optional<std::string> name_in(std::string_view token) {
  auto text = base64_decode(token);
  if (!text || !text->starts_with(kTokenMark)) return std::nullopt;
  return text->substr(kTokenMark.size());
}

}  // namespace

std::vector<Json> offered_models(const std::vector<Json>& models, const ModelRules& rules) {
  Offer offer(models, rules);
  for (const auto& model : models) {
    offer.add_real(model);
    const auto id = id_of(model);
    if (matches_any(id, rules.filtered)) continue;
    if (matches_any(id, rules.search)) offer.add_twin(model, kSearch);
    if (matches_any(id, rules.image)) offer.add_twin(model, kImage);
    if (matches_any(id, rules.thinking)) offer.add_twin(model, kNonThinking);
    if (id == rules.image_model) offer.add_twin(model, kChat);
  }
  for (const auto& [alias, model] : rules.aliases) {
    if (alias.find('*') != std::string::npos) continue;
    const auto called = read_called_model(alias, rules);
    const Json* known = called ? with_id(models, called->model) : nullptr;
    if (known) offer.add_made(*known, alias, alias);
  }
  return offer.take();
}

std::optional<Json> find_model(const std::vector<Json>& models, std::string_view name,
                               const ModelRules& rules) {
  const auto called = read_called_model(name, rules);
  if (!called) return std::nullopt;
  const auto* model = with_id(models, called->model);
  if (!model) return std::nullopt;
  if (called->called == called->model) return *model;
  for (const auto& offered : offered_models(models, rules)) {
    if (id_of(offered) == called->called) return offered;
  }
  return renamed(*model, called->called, called->called);
}

void merge_models(std::vector<Json>& models, std::vector<Json> more) {
  std::set<std::string> known;
  for (const auto& model : models) known.insert(id_of(model));
  for (auto& model : more) {
    if (known.insert(id_of(model)).second) models.push_back(std::move(model));
  }
}

std::optional<ModelPage> page_of(const std::vector<Json>& models, std::size_t size,
                                 std::string_view token) {
  auto from = models.begin();
  if (!token.empty()) {
    const auto last = name_in(token);
    if (!last) return std::nullopt;
    from = std::find_if(models.begin(), models.end(),
                        [&last](const Json& model) { return id_of(model) == *last; });
    if (from == models.end()) return ModelPage{};
    ++from;
  }
  const auto left = static_cast<std::size_t>(models.end() - from);
  const auto to = from + static_cast<std::ptrdiff_t>(std::min(size, left));
  ModelPage page{{from, to}, ""};
  if (to != models.end() && to != models.begin()) page.next = token_after(*(to - 1));
  return page;
}

}  // namespace gembal::gemini
