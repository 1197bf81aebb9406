#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "lib/core/json.hpp"
#include "lib/gemini/extras.hpp"

namespace gembal::gemini {

/// The models that clients are shown, made of upstream's own: without the filtered ones, each
/// followed by the names that ask for more ("-search"), and with the aliases.
std::vector<Json> offered_models(const std::vector<Json>& models, const ModelRules& rules);

/// The model of a bare name out of upstream's own: itself, an alias, or one with suffixes, also
/// when it is not listed; nullopt when there is none, or when it is filtered.
std::optional<Json> find_model(const std::vector<Json>& models, std::string_view name,
                               const ModelRules& rules);

/// Adds to `models` those of `more` whose names are not there yet.
void merge_models(std::vector<Json>& models, std::vector<Json> more);

/// A page of a list of models.
struct ModelPage {
  std::vector<Json> models;
  std::string next;  ///< the token of the page after; "" for none
};

/// The page that begins after `token`: "" for the first. nullopt when the token is none of ours.
/// When the last model of the page before has gone since, nothing follows.
std::optional<ModelPage> page_of(const std::vector<Json>& models, std::size_t size,
                                 std::string_view token);

}  // namespace gembal::gemini
