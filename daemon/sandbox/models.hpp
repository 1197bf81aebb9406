#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "lib/core/json.hpp"

namespace gembal::sandbox {

enum class ModelKind { text, image, speech, embedding, video };

struct Model {
  const char* id;  ///< without "models/"
  const char* version;
  const char* display_name;
  ModelKind kind;
  int generation;  ///< 2, 3 or 4; Gemma models count as 3
  int input_token_limit;
  int output_token_limit;
  bool thinking;
  const char* answers_as;  ///< for an alias, the id that modelVersion names; else ""

  bool is_gemma() const { return std::string_view(id).starts_with("gemma"); }
  /// From the third generation on, parts are signed and calls have ids.
  bool signs_parts() const { return generation >= 3 && !is_gemma(); }
};

/// The model of that id, "models/" and "google/" in front being allowed; nullptr when there is
/// none.
const Model* model_named(std::string_view id);

/// As GET /models/{id} shows it.
Json model_json(const Model& model);

/// One page of GET /models. `page_size` 0: the default of 50. `token` "": the first page.
/// nullopt: a page token that nobody gave out.
std::optional<Json> list_models(std::int64_t page_size, std::string_view token);

/// All of them, in the order of the list.
const std::vector<Model>& all_models();

}  // namespace gembal::sandbox
